"""Text to statements: split a script, look at the first word, hand over to one small parser.

    "set x to 1; select a from t"  ->  (Parsed("set x to 1", 0, SetOption(...)), Parsed("select ...", 12, Select(tree)))

Queries are parsed by sqlglot (syntax.py) and keep their tree for the binder. Everything else has a
parser in statements/ that reads tokens into a frozen dataclass. What Redshift has and we do not is
refused by its name; anything else is a syntax error at its first word.

The split looks only at what can hide a semicolon (strings, quoted names, comments, dollar quotes).
Positions in errors count from the start of the statement's own text.
"""
from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..errors import NotSupportedError, ProgrammingError, SqlSyntaxError
from ..patterns import pattern
from . import statements as s
from .statements.cursor import Cursor
from .syntax import parse_query, tokenize

if TYPE_CHECKING:
    from sqlglot.tokens import Token

# Each alternative begins with a character, not with a group, so that the search goes from one such to the next.
_HIDING = re.compile(
    r"""
    '(?:[^'\\]|\\.|'')*'
  | "(?:[^"]|"")*"
  | --[^\n]*
  | /\*(?P<block>)
  | \$[A-Za-z_]*\$(?P<dollar>)
  | '(?P<string>)
  | "(?P<identifier>)
  | ;(?P<end>)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_BLANK = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z))*")
_WORD = re.compile(r"[A-Za-z_]+|\(|.", re.DOTALL)
_CHANGES = re.compile(r"\b(delete|update)\b", re.IGNORECASE)
_HIDDEN = re.compile(r"deallocate\s+prepare(?=\s+\S)|vacuum\s+reindex\b", re.IGNORECASE)
_INTO = re.compile(r"\binto\b", re.IGNORECASE)
_PLAIN_WORDS = {_CHANGES: ("delete", "update"), _INTO: ("into",)}
_EXPLAIN = re.compile(r"\s*(verbose|analyze)\b", re.IGNORECASE)


def _of(module: str, function: str, **options: Any) -> Callable[[Cursor], Any]:
    """A parser of statements/, imported with the first statement of its family."""
    def parse(cursor: Cursor) -> Any:
        return getattr(import_module(f"{__package__}.statements.{module}"), function)(cursor, **options)

    return parse


def _prepare(cursor: Cursor) -> s.Statement:
    from .statements.prepared import parse_prepare

    return parse_prepare(cursor, lambda text: parse_statement(text, lazily=True, exact_names=cursor.exact_names))


def _declare(cursor: Cursor) -> s.Statement:
    from .statements.cursors import parse_declare

    return parse_declare(
        cursor, lambda at: parse_statement(cursor.text, at, lazily=True, exact_names=cursor.exact_names))


_PARSERS: dict[str, Callable[[Cursor], Any]] = {
    "CREATE": _of("tables", "parse_create"),
    "DROP": _of("tables", "parse_drop"),
    "INSERT": _of("insert", "parse_insert"),
    "DELETE": _of("dml", "parse_delete"),
    "UPDATE": _of("dml", "parse_update"),
    "MERGE": _of("dml", "parse_merge"),
    "COPY": _of("copy_job", "parse_copy_or_job"),
    "UNLOAD": _of("unload", "parse_unload"),
    "ANALYZE": _of("maintenance", "parse_analyze"),
    "ANALYSE": _of("maintenance", "parse_analyze"),
    "VACUUM": _of("maintenance", "parse_vacuum"),
    "VACUUM REINDEX": _of("maintenance", "parse_vacuum", kind="reindex"),
    "SET": _of("session", "parse_set"),
    "RESET": _of("session", "parse_reset"),
    "SHOW": _of("session", "parse_show"),
    "TRUNCATE": _of("tables", "parse_truncate"),
    "GRANT": _of("grants", "parse_grant", give=True),
    "REVOKE": _of("grants", "parse_grant", give=False),
    "COMMENT": _of("comments", "parse_comment"),
    "CANCEL": _of("session", "parse_cancel"),
    "LOCK": _of("session", "parse_lock"),
    "ALTER": _of("alter", "parse_alter"),
    "PREPARE": _prepare,
    "EXECUTE": _of("prepared", "parse_execute"),
    "DEALLOCATE": _of("prepared", "parse_deallocate"),
    "DECLARE": _declare,
    "FETCH": _of("cursors", "parse_fetch"),
    "CLOSE": _of("cursors", "parse_close"),
    "MSCK": _of("lake", "parse_msck"),
}
_KEPT = ("GRANT", "REVOKE")  # not hidden: GRANT EXECUTE would begin with a word that swallows the rest
_TRANSACTION = ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT")
_QUERY = ("SELECT", "WITH", "(")
LONG = 30_000  # characters; longer texts are mostly rows of data
MAX_STATEMENT = 1 << 24  # bytes of one statement (c_SQL_commands)
_NOT_YET = ("ATTACH", "CALL", "DESC", "DESCRIBE", "DETACH", "REFRESH", "USE", "UNDROP")
# What they are called in full, where a second word belongs to the name.
_IN_FULL = pattern(
    r"(?:ATTACH|DETACH)\s+(?:RLS|MASKING)\s+POLICY|REFRESH\s+MATERIALIZED\s+VIEW|"
    r"DESC(?:RIBE)?\s+(?:DATASHARE|IDENTITY\s+PROVIDER)|UNDROP\s+(?:TABLE|SCHEMA|DATABASE)", re.IGNORECASE)
# PostgreSQL's statements that Redshift lacks too.
_POSTGRES = (
    "CHECKPOINT", "CLUSTER", "DISCARD", "DO", "LISTEN", "LOAD", "MOVE", "NOTIFY", "REASSIGN", "REINDEX", "RELEASE",
    "SAVEPOINT", "SECURITY", "UNLISTEN",
)


def parse_script(text: str) -> tuple[s.Parsed, ...]:
    """All statements of a script, in order; empty ones are skipped."""
    return tuple(
        s.Parsed(statement, offset, parse_statement(statement)) for statement, offset in split(text)
    )


def split(text: str) -> tuple[tuple[str, int], ...]:
    """(statement's text, offset in the script) of each, without surrounding blanks."""
    if len(text) <= LONG:
        return _split_before(text)
    pieces = tuple(_split(text))
    for piece, offset in pieces:
        if len(piece) > MAX_STATEMENT // 4 and (size := len(piece.encode())) > MAX_STATEMENT:
            raise ProgrammingError(f"Statement is too large. Statement Size: {size} bytes. "
                                   f"Maximum Allowed: {MAX_STATEMENT} bytes", sqlstate="54000", position=offset)
    return pieces


@lru_cache(maxsize=64)
def _split_before(text: str) -> tuple[tuple[str, int], ...]:
    """The same of texts that are no data: they come again."""
    return tuple(_split(text))


def _split(text: str) -> Iterator[tuple[str, int]]:
    start = 0
    for end in _ends(text):
        whole = text[start:end]
        body = whole.strip()
        if body and _skip_blank(body, 0) < len(body):
            yield body, start + len(whole) - len(whole.lstrip())
        start = end + 1


def _ends(text: str) -> Iterator[int]:
    """Offsets of the semicolons that end statements, and of the end."""
    at = 0
    while (match := _HIDING.search(text, at)) is not None:
        at, kind = match.end(), match.lastgroup
        if kind is None:
            continue
        if kind == "end":
            yield match.start()
        elif kind == "block":
            at = _comment_end(text, match.start())
        elif kind == "dollar":
            close = text.find(match.group(), at)
            if close < 0:
                raise SqlSyntaxError("unterminated dollar-quoted string", position=match.start())
            at = close + len(match.group())
        else:
            raise SqlSyntaxError(f"unterminated quoted {kind}", position=match.start())
    yield len(text)


def _comment_end(text: str, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise SqlSyntaxError("unterminated comment", position=start)


def _skip_blank(text: str, at: int) -> int:
    """The offset of the first thing that is neither blank nor comment."""
    while True:
        match = _BLANK.match(text, at)
        at = match.end() if match else at
        if not text.startswith("/*", at):
            return at
        at = _comment_end(text, at)


def _mentions(words: re.Pattern[str], text: str, start: int) -> bool:
    return _mentioned(words, text, start) if len(text) <= LONG else words.search(text, start) is not None


@lru_cache(maxsize=128)
def _mentioned(words: re.Pattern[str], text: str, start: int) -> bool:
    """Remembered for texts that come again. Most texts have none of the letters, and are passed over at once."""
    lower = text.lower()
    if text.isascii() and not any(word in lower for word in _PLAIN_WORDS[words]):
        return False
    return words.search(text, start) is not None


def query_tokens(query: s.QueryText) -> list[Token]:
    """What a query consists of."""
    return tokenize(_masked(query.text, query.start), query.exact_names)


def parse_query_text(query: s.QueryText, tokens: Sequence[Token] | None = None) -> s.Select:
    """The query itself; `tokens`: its own, if they are known."""
    return s.Select(parse_query(query.text, query_tokens(query) if tokens is None else tokens))


def parse_statement(
    text: str, start: int = 0, *, lazily: bool = False, exact_names: bool = False
) -> s.Statement:
    """The one statement that begins at text[start:]; positions count from text[0].

    `lazily`: a query stays a QueryText, also behind EXPLAIN. `exact_names`: quoted names keep their case.
    """
    first = _WORD.match(text, _skip_blank(text, start))
    if first is None:
        raise SqlSyntaxError("syntax error at end of input", position=len(text))
    word = first.group().upper()
    if word in _QUERY:
        if word == "WITH" and _mentions(_CHANGES, text, first.end()):
            changing = _behind_with(text, start, exact_names)
            if changing is not None:
                return changing
        query = s.QueryText(text, start, exact_names)
        if lazily and not _mentions(_INTO, text, start):
            return query
        parsed = parse_query_text(query)
        from .statements.select_into import select_into

        into = select_into(parsed.tree)
        return into or (query if lazily else parsed)
    if word == "EXPLAIN":
        return _explain(text, first.end(), lazily, exact_names)
    if word in _NOT_YET:
        full = _IN_FULL.match(text, first.start())
        named = " ".join(full.group().upper().split()) if full else word
        raise NotSupportedError(f"{named} is not supported yet", position=first.start())
    if word in _POSTGRES:
        raise NotSupportedError(f"{word} is not supported by Redshift", position=first.start())
    # The first word is hidden from sqlglot's tokenizer, which swallows the rest behind some of them.
    hidden = _HIDDEN.match(text, first.start()) or first
    begin = first.start() if word in _KEPT else hidden.end()
    cursor = Cursor(tokenize(_masked(text, begin), exact_names), text, 1 if word in _KEPT else 0, exact_names)
    if word == "VALUES":
        from .statements.insert import read_rows

        rows = read_rows(cursor)
        cursor.finish()
        return s.Select(rows)
    if word in _TRANSACTION:
        from .statements.session import parse_transaction

        return parse_transaction(cursor, word)
    parser = _PARSERS.get(" ".join(hidden.group().upper().split())) or _PARSERS.get(word)
    if parser is None:
        near = re.match(r"\S+", text[first.start() :])
        raise SqlSyntaxError(
            f'syntax error at or near "{near.group() if near else word}"', position=first.start()
        )
    return parser(cursor)  # type: ignore[no-any-return]


def _behind_with(text: str, start: int, exact_names: bool) -> s.Statement | None:
    """WITH ... DELETE or UPDATE; None when a query follows the WITH clause."""
    tokens = tokenize(_masked(text, start), exact_names)
    cursor = Cursor(tokens, text, 0, exact_names)
    while not cursor.done:
        if cursor.at("("):
            cursor.group()
        elif cursor.at("select"):
            return None
        elif cursor.at("delete") or cursor.at("update"):
            ctes = tokens[: cursor.index]
            from .statements.dml import parse_delete, parse_update

            parser = parse_delete if cursor.next().text.upper() == "DELETE" else parse_update
            return parser(cursor, ctes)
        else:
            cursor.next()
    return None


def _masked(text: str, start: int) -> str:
    """The text with everything before `start` blanked, so that offsets stay."""
    return " " * start + text[start:] if start else text


def _explain(text: str, start: int, lazily: bool, exact_names: bool) -> s.Explain:
    """EXPLAIN [VERBOSE] [ANALYZE] statement. EXPLAIN ANALYZE runs it."""
    found = set()
    while (option := _EXPLAIN.match(text, start)) is not None:
        found.add(option.group(1).lower())
        start = option.end()
    inner = parse_statement(text, start, lazily=lazily, exact_names=exact_names)
    kinds = s.Select, s.QueryText, s.CreateTableAs, s.Insert, s.Update, s.Delete, s.CreateView, s.Execute
    if not isinstance(inner, kinds):
        raise NotSupportedError(
            "EXPLAIN is for SELECT, SELECT INTO, CREATE TABLE AS, INSERT, UPDATE and DELETE", position=start
        )
    return s.Explain(inner, "analyze" in found, "verbose" in found)
