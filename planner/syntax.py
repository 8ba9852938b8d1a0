"""The seam to sqlglot: text to tokens, tokens to a syntax tree, its errors to ours.

Nothing else imports sqlglot's parser. Seven things are arranged here:

    functions    sqlglot rewrites many functions while parsing (ADD_MONTHS becomes a DATEADD, LEN a
                 LENGTH, TO_CHAR's format is translated). We want the text's own words, so every closing
                 parenthesis carries the comment that makes sqlglot keep a call as Anonymous(name, args).
                 Special syntax (CAST, EXTRACT, TRIM, SUBSTRING FROM ...) still gets its own node.
    positions    sqlglot's errors know line and column; ours know the offset of the token.
    case         names fold to lower case, except those the session wants exact (ExactName); long ones are cut.
    operators    those before their operand bind less than arithmetic (prefix_operators.py)
    PartiQL      paths in FROM become calls (partiql.py). sqlglot looks for plain ones too, by copying every FROM
                 with all its subqueries: a third of the time for a large query. The binder, which knows what
                 is a table, finds them without (binder/unnesting.py), so here it does not (_ForOurs).
    silence      sqlglot logs warnings when it falls back to a raw command; for texts parsed here it does
                 not, they end as syntax errors.

    >>> parse_query("select len(a) from t").sql()
    'SELECT len(a) FROM t'
"""
from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Any

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import ParseError, TokenError
from sqlglot.parsers.redshift import RedshiftParser
from sqlglot.tokens import Token, TokenType

from ..errors import ProgrammingError, SqlSyntaxError, UndefinedObject
from ..patterns import pattern
from ..reserved_words import RESERVED
from . import strict
from .partiql import MARKS, rewritten
from .prefix_operators import PREFIXES, parenthesised
from .strict import error_at as syntax_error

_DIALECT = Redshift()
_of_thread = threading.local()  # a tokenizer costs as much to make as a short text to read
_KEEP_CALL = ["sqlglot.anonymous"]
# sqlglot would make an EXTRACT of DATE_PART, which has another type; under its synonym it stays a call.
_SYNONYMS = {"DATE_PART": "pgdate_part"}
_LITERAL_TYPES = (TokenType.DATE, TokenType.TIME, TokenType.TIMESTAMP, TokenType.TIMESTAMPTZ)
_NOT_COLUMNS = (TokenType.NUMBER, TokenType.STRING, TokenType.R_PAREN)
_INTERVAL_FIELDS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")
_LABELS_ONLY = RESERVED | {"regexp", "rlike"}  # sqlglot's operators, names to Redshift
UNIT_MARK = "\x01"  # before units in the text of a qualified interval
WHOLE_MARK = "\x010s"  # behind the text of an interval of which sqlglot would read a part only
_ONE_PART = pattern(r"-?[0-9]+(?:\.[0-9]+)?\s*[a-zA-Z]+")  # what it takes for all: the only one in the text
_UNIT = pattern(r"(?<![A-Za-z\x01])([A-Za-z])")
# `$1,$2`: sqlglot takes `$1,$` for the begin of a dollar quote. It reads @ as the same sign; what is quoted stays. An @
# before the sign, for the absolute value, is read as ~, another prefix.
_GLUED = pattern(r"(?<![\w$])\$[0-9][^\s$]*\$")
_PARAMETER = pattern(
    r"""(?s)'(?:[^'\\]|\\.|'')*'|"[^"]*"|--[^\n]*|/\*.*?\*/|\$([A-Za-z_]*)\$.*?\$\1\$"""
    r"""|(?<![\w$@])(?P<sign>@?\$)(?=[0-9])"""
)
_NO_TYPE = "Required keyword: 'to' missing for"
NAME_BYTES = 127  # of a name, at most; a character has MOST_BYTES
MOST_BYTES = 4
_NAMES = frozenset((TokenType.VAR, TokenType.IDENTIFIER))
TOO_DEEP = "54001"  # statement_too_complex
MAX_NESTING = 250  # parentheses inside each other; sqlglot's time grows with the square of subqueries' depth


class _Quiet(threading.local, logging.Filter):
    """Drops sqlglot's log records while this thread parses."""

    def __init__(self) -> None:
        super().__init__()
        self.parsing = False

    def filter(self, record: logging.LogRecord) -> bool:
        return not self.parsing


_quiet = _Quiet()
logging.getLogger("sqlglot").addFilter(_quiet)


class _ForOurs:
    """A setting of sqlglot's Redshift parser that is another where it parses for us, and as it was for all others.

    The parser is a compiled class: it takes no subclass, and its instances no attributes."""

    def __init__(self, ours: Any, value: Any) -> None:
        self.ours = ours
        self.value = value

    def __get__(self, parser: Any, owner: type) -> Any:
        return self.value if parser is None or parser.dialect is not _DIALECT else self.ours


# Functions of other dialects with a syntax, or a name, of sqlglot's own: here they are calls like any other.
_FOREIGN_FUNCTIONS = """
    ARGMAX ARGMIN ARG_MAX ARG_MIN CEIL CHAR CHR FLOOR GAP_FILL INITCAP JSONB_EXISTS JSON_AGG JSON_OBJECT
    JSON_OBJECTAGG JSON_TABLE JSON_VALUE MATCH MAX_BY MIN_BY NORMALIZE OPENJSON SAFE_CAST STRING_AGG TRY_CONVERT
    WEIGHT_STRING XMLELEMENT XMLTABLE
"""
_NOT_PARSED = frozenset(_FOREIGN_FUNCTIONS.split())
RedshiftParser.SUPPORTS_IMPLICIT_UNNEST = _ForOurs(  # type: ignore[assignment]
    False, RedshiftParser.SUPPORTS_IMPLICIT_UNNEST
)
RedshiftParser.FUNCTION_PARSERS = _ForOurs(  # type: ignore[assignment]
    {name: parse for name, parse in RedshiftParser.FUNCTION_PARSERS.items() if name not in _NOT_PARSED},
    RedshiftParser.FUNCTION_PARSERS,
)


class ExactName(str):
    """A name in double quotes while enable_case_sensitive_identifier is on: folding leaves it as it is.

    Everybody folds names with lower(); so this is told in one place, where they are read."""

    __slots__ = ()

    def lower(self) -> ExactName:
        return self

    def __str__(self) -> ExactName:
        return self


def identifier(name: str) -> exp.Identifier:
    """The identifier of a name as the catalogue has it."""
    made: exp.Identifier = exp.to_identifier(ExactName(name), quoted=True)
    return made


def tokenize(text: str, exact_names: bool = False) -> list[Token]:
    """Tokens with offsets into `text`. `exact_names`: names in double quotes keep their case."""
    tokenizer = getattr(_of_thread, "tokenizer", None)
    if tokenizer is None:
        tokenizer = _of_thread.tokenizer = _DIALECT.tokenizer()
    glued = "$" in text and _GLUED.search(text) is not None
    source = _PARAMETER.sub(_another_sign, text) if glued else text
    try:
        tokens: list[Token] = tokenizer.tokenize(source)
        tokenizer.tokenize("")  # it holds its last tokens: thousands of objects that the collector would go through
    except TokenError as error:
        raise SqlSyntaxError(f"the text cannot be read as SQL: {error}") from None
    if glued:
        for token in tokens:
            if (token.text == "@" and text[token.start] == "$") or (token.text == "~" and text[token.start] == "@"):
                token.text = text[token.start]
    if len(text) > NAME_BYTES // MOST_BYTES:
        _cut_names(tokens)
    if exact_names:
        for token in tokens:
            if token.token_type is TokenType.IDENTIFIER:
                token.text = ExactName(token.text)
    return tokens


def _another_sign(found: Any) -> str:
    return str(found[0]) if found["sign"] is None else found["sign"].replace("@", "~").replace("$", "@")


def _cut_names(tokens: list[Token]) -> None:
    """Longer names are cut (r_names), and never within a character."""
    for token in tokens:
        if len(token.text) > NAME_BYTES // MOST_BYTES and token.token_type in _NAMES:
            data = token.text.encode()
            if len(data) > NAME_BYTES:
                token.text = data[:NAME_BYTES].decode(errors="ignore")


def parse_query(text: str, tokens: Sequence[Token] | None = None, exact_names: bool = False) -> exp.Expr:
    """The tree of one query: SELECT, WITH, a set operation, or one of them in parentheses."""
    tokens = tokenize(text, exact_names) if tokens is None else list(tokens)
    trees = _run(tokens, text, None)
    if len(trees) != 1 or not isinstance(trees[0], (exp.Query, exp.Subquery)):
        raise syntax_error(tokens[0] if tokens else None)
    return trees[0]


def has_limit(tree: exp.Expr) -> bool:
    """Has the outermost SELECT or set operation a LIMIT, TOP, FETCH or OFFSET? Those of its subqueries do not count."""
    while isinstance(tree, exp.Subquery) and not any(tree.args.get(clause) for clause in ("limit", "offset")):
        tree = tree.this
    return any(tree.args.get(clause) is not None for clause in ("limit", "offset"))


def parse_expression(text: str, tokens: Sequence[Token] | None = None) -> exp.Expr:
    """The tree of one scalar expression."""
    tokens = tokenize(text) if tokens is None else list(tokens)
    if not tokens:
        raise syntax_error(None)
    trees = _run(tokens, text, exp.Condition)
    if len(trees) != 1 or trees[0] is None:
        raise syntax_error(tokens[0])
    return trees[0]


def _run(tokens: list[Token], text: str, into: Any) -> list[Any]:
    tokens = _prepared(tokens)
    parser = RedshiftParser(dialect=_DIALECT)
    _quiet.parsing = True
    try:
        return parser.parse(tokens, text) if into is None else parser.parse_into(into, tokens, text)
    except ParseError as error:
        raise _translated(error, tokens) from None
    except RecursionError:
        raise ProgrammingError("the statement is nested too deeply", sqlstate=TOO_DEEP) from None
    except (TypeError, AttributeError, ValueError, IndexError) as error:
        # sqlglot trips over some malformed texts instead of reporting them
        raise SqlSyntaxError("syntax error", detail=str(error)) from error
    finally:
        _quiet.parsing = False


def _prepared(given: list[Token]) -> list[Token]:
    """The tokens as sqlglot's parser has to see them. What seldom stands in a text is looked for in sets first."""
    tokens, kinds = given, list(map(_KIND, given))
    if TokenType.DOT in kinds:
        _names_behind_dots(tokens, kinds)
    present, words = set(kinds), set(map(str.upper, texts_of(given)))
    strict.check(tokens, kinds, present, words)
    if not words.isdisjoint(PREFIXES):
        tokens = parenthesised(tokens)
    if TokenType.INTERVAL in present:
        tokens = _whole_intervals(_qualified_intervals(tokens))
    if TokenType.DCOLON in present:
        tokens = _typed_literals(_bare_types(tokens))
    elif "PG_CATALOG" in words:
        tokens = _bare_types(tokens)
    if "APPROXIMATE" in words:
        tokens = _approximate(tokens)
    if not words.isdisjoint(MARKS):
        tokens = rewritten(tokens)
    if TokenType.JOIN_MARKER in present:
        _check_markers(tokens)
    if "#" in words or not words.isdisjoint(_SYNONYMS):
        _rename(tokens)
    _close_calls(tokens, kinds if tokens is given else list(map(_KIND, tokens)))
    return tokens


_KIND, _TEXT = attrgetter("token_type"), attrgetter("text")


def texts_of(tokens: Sequence[Token]) -> set[str]:
    """The words and signs that stand in a text."""
    return set(map(_TEXT, tokens))


def _names_behind_dots(tokens: list[Token], kinds: list[TokenType]) -> None:
    """Behind a dot a reserved word is a name, too (PostgreSQL's ColLabel): svv_table_info.table.

    Types keep their kind (`::pg_catalog.timestamp`), and what is called stays a function's name.
    """
    dot, at = TokenType.DOT, -1
    for _ in range(kinds[:-1].count(dot)):
        at = kinds.index(dot, at + 1)
        token = tokens[at + 1]
        if (token.text.lower() in _LABELS_ONLY and tokens[at - 1].text.lower() != "pg_catalog"
                and not _is_called(tokens, at + 1)):
            token.token_type = kinds[at + 1] = TokenType.IDENTIFIER
            token.text = token.text.lower()


def _close_calls(tokens: list[Token], kinds: list[TokenType]) -> None:
    """Comments at closing parentheses; not too many of them inside each other."""
    opening, closing = TokenType.L_PAREN, TokenType.R_PAREN  # members of an Enum are slow to come by
    if kinds.count(opening) > MAX_NESTING:
        _check_nesting(tokens)
    at = -1
    for _ in range(kinds.count(closing)):
        at = kinds.index(closing, at + 1)
        tokens[at].comments = _KEEP_CALL


def _check_nesting(tokens: list[Token]) -> None:
    depth = 0
    for token in tokens:
        if token.token_type is TokenType.R_PAREN:
            depth -= 1
        elif token.token_type is TokenType.L_PAREN:
            depth += 1
            if depth > MAX_NESTING:
                raise ProgrammingError(
                    "the statement is nested too deeply", position=token.start, sqlstate=TOO_DEEP
                )


def _check_markers(tokens: list[Token]) -> None:
    """sqlglot would drop a (+) behind anything but a column."""
    for before, token in pairwise(tokens):
        if token.token_type is TokenType.JOIN_MARKER and before.token_type in _NOT_COLUMNS:
            raise syntax_error(token)


def _rename(tokens: list[Token]) -> None:
    for i, token in enumerate(tokens):
        if token.text == "#" and token.token_type is TokenType.VAR:
            token.token_type = TokenType.HASH  # the operator; names may begin with it
        elif token.text.upper() in _SYNONYMS and token.token_type is not TokenType.STRING and _is_called(tokens, i):
            token.text = _SYNONYMS[token.text.upper()]


def _is_called(tokens: list[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].token_type is TokenType.L_PAREN


# Types of the catalogue's columns that sqlglot knows by no name: what they are here (registered.py).
_CATALOGUE_TYPES = {
    (TokenType.IDENTIFIER, "char"): TokenType.CHAR, (TokenType.VAR, "xid"): TokenType.INT,
    **{(TokenType.VAR, name): TokenType.TEXT
       for name in ("aclitem", "int2vector", "oidvector", "anyarray", "pg_node_tree")},
}  # fmt: skip


def _bare_types(tokens: list[Token]) -> list[Token]:
    """Types without the schema pg_catalog, which sqlglot does not read: x::pg_catalog.regtype, and behind CAST's AS."""
    places = [
        i for i, (cast, schema, dot) in enumerate(zip(tokens, tokens[1:], tokens[2:]))
        if cast.token_type in (TokenType.DCOLON, TokenType.ALIAS) and dot.token_type is TokenType.DOT
        and schema.text.lower() == "pg_catalog"
    ]
    for i in reversed(places):
        tokens = [*tokens[: i + 1], *tokens[i + 3 :]]
    for cast, type in pairwise(tokens):
        if cast.token_type is TokenType.DCOLON and type.token_type in (TokenType.VAR, TokenType.IDENTIFIER):
            type.token_type = _CATALOGUE_TYPES.get((type.token_type, type.text.lower()), type.token_type)
    return tokens


def _qualified_intervals(tokens: list[Token]) -> list[Token]:
    """Marks the text of INTERVAL 'text' DAY TO SECOND: sqlglot would take a unit that stands in the text for the
    qualifier. The binder takes the marks out again (interval_text)."""
    for kind, literal, unit in zip(tokens, tokens[1:], tokens[2:]):
        if (kind.token_type is TokenType.INTERVAL and literal.token_type is TokenType.STRING
                and unit.text.upper() in _INTERVAL_FIELDS):
            literal.text = _UNIT.sub(UNIT_MARK + r"\1", literal.text)
    return tokens


def _whole_intervals(tokens: list[Token]) -> list[Token]:
    """Marks the text of INTERVAL '3 days 4:05' and the like: sqlglot would keep '3 days' and lose the rest. The
    binder takes the mark away again."""
    for kind, literal in pairwise(tokens):
        if kind.token_type is TokenType.INTERVAL and literal.token_type is TokenType.STRING:
            parts = _ONE_PART.findall(literal.text)
            if len(parts) == 1 and literal.text.strip() != parts[0]:
                literal.text += WHOLE_MARK
    return tokens


def _typed_literals(tokens: list[Token]) -> list[Token]:
    """Parentheses round `date '2020-01-01'` before `::`; sqlglot would cast the text, then make a date."""
    places = [
        i for i, (kind, literal, cast) in enumerate(zip(tokens, tokens[1:], tokens[2:]))
        if cast.token_type is TokenType.DCOLON and literal.token_type is TokenType.STRING
        and kind.token_type in _LITERAL_TYPES
    ]
    for i in reversed(places):
        first, last = tokens[i], tokens[i + 1]
        opening = Token(TokenType.L_PAREN, "(", first.line, first.col, first.start, first.start)
        closing = Token(TokenType.R_PAREN, ")", last.line, last.col, last.end, last.end)
        tokens = [*tokens[:i], opening, first, last, closing, *tokens[i + 2 :]]
    return tokens


def _translated(error: ParseError, tokens: Sequence[Token]) -> ProgrammingError:
    """sqlglot's error with the offset of the token it stopped at."""
    where = error.errors[0] if error.errors else {}
    line, column = where.get("line"), where.get("col")
    for i, token in enumerate(tokens):
        if token.line == line and token.col == column:
            if i and tokens[i - 1].token_type is TokenType.DCOLON:
                return UndefinedObject(f'type "{token.text}" does not exist', position=token.start)
            problem, last = str(where.get("description")), i + 1 == len(tokens)
            if problem == "Expected TYPE after CAST" and token.token_type is TokenType.VAR:
                return UndefinedObject(f'type "{token.text.lower()}" does not exist', position=token.start)
            if problem.startswith(_NO_TYPE) and i and tokens[i - 1].token_type is TokenType.VAR:  # CONVERT(type, ...)
                return UndefinedObject(f'type "{tokens[i - 1].text.lower()}" does not exist',
                                       position=tokens[i - 1].start)
            if last and ("missing" in problem or "Expect" in problem):
                return SqlSyntaxError("syntax error at end of input", position=token.end + 1)
            return syntax_error(tokens[i + 1] if "missing" in problem else token)
    return SqlSyntaxError(f"syntax error: {where.get('description', error)}")


def _approximate(tokens: list[Token]) -> list[Token]:
    """APPROXIMATE COUNT and APPROXIMATE PERCENTILE_DISC as one name each: approximate_count ..."""
    places = [
        i for i, (token, after) in enumerate(pairwise(tokens))
        if token.text.upper() == "APPROXIMATE" and after.text.upper() in ("COUNT", "PERCENTILE_DISC")
    ]
    for i in reversed(places):
        first, last = tokens[i], tokens[i + 1]
        name = f"approximate_{last.text.lower()}"
        joined = Token(TokenType.VAR, name, first.line, first.col, first.start, last.end)
        tokens = [*tokens[:i], joined, *tokens[i + 2 :]]
    return tokens
