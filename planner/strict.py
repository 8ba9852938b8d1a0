"""What sqlglot's parser lets pass and Redshift's does not, told by which tokens stand beside each other.

    select a, from t                       a comma before nothing: sqlglot drops it
    select a from t join u where a = 1     a join without its condition: sqlglot takes it for a comma
    select 1 as 'x', a == 1, 'x' 'y'       strings as names, other dialects' operators, strings beside each other
    select count(*) percent from t         a reserved word as a name without AS (reserved_words.py)
    select a from t limit 1, 2             MySQL's LIMIT
    select a::string from t                names of types that Redshift has not

sqlglot reads many dialects at once, and a statement that passes here and fails in production is as bad as a wrong
answer. Names with AS, of columns and of tables are looked at where they are bound (binder/context.py); clauses that get
a place of their own in the tree, where that place is bound.
"""
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlglot.tokens import Token
from sqlglot.tokens import TokenType as T

from ..errors import SqlSyntaxError, UndefinedObject
from ..reserved_words import RESERVED

# Members of an Enum are slow to come by.
_COMMA, _STRING, _ALIAS, _NOT, _RLIKE, _EQ, _STAR, _EXCEPT = (
    T.COMMA, T.STRING, T.ALIAS, T.NOT, T.RLIKE, T.EQ, T.STAR, T.EXCEPT
)
_L_PAREN, _R_PAREN, _L_BRACKET, _JOIN, _CROSS, _NATURAL, _LIMIT = (
    T.L_PAREN, T.R_PAREN, T.L_BRACKET, T.JOIN, T.CROSS, T.NATURAL, T.LIMIT
)
_IDENTIFIER, _SEMICOLON = T.IDENTIFIER, T.SEMICOLON
_PATTERNS = ("~", "~~", "~~*")  # what ! stands before
_OPENS = (T.L_PAREN, T.SELECT)
_ONLY_LABELS = frozenset({T.SELECT, T.JOIN, T.NOT, T.ALIAS})  # words that sqlglot does not take for names behind AS
_ITEM_ENDS = frozenset({
    T.COMMA, T.FROM, T.R_PAREN, T.WHERE, T.GROUP_BY, T.ORDER_BY, T.HAVING, T.QUALIFY, T.LIMIT, T.OFFSET, T.UNION,
    T.EXCEPT, T.INTERSECT, T.SEMICOLON,
})
_NO_LABELS = frozenset({T.COMMA, T.R_PAREN, T.SEMICOLON, T.STRING})
_VALUE_ENDS = frozenset({T.VAR, T.IDENTIFIER, T.NUMBER, T.STRING, T.R_PAREN, T.R_BRACKET, T.END})
_CONSPICUOUS = frozenset({T.STRING, T.EXCEPT, T.L_BRACKET, T.EQ, T.RLIKE, T.NOT})
_BEFORE_ARRAYS = frozenset({T.SELECT, T.L_PAREN, T.EQ, T.IN})
_ENDS = _ITEM_ENDS - {T.R_PAREN}
_OF_JOINS = _ITEM_ENDS | {T.L_PAREN, T.JOIN, T.CROSS, T.NATURAL, T.ON, T.USING}
# Reserved words that may stand behind a value and before the end of an item.
_SUFFIXES = frozenset({
    "end", "asc", "desc", "isnull", "notnull", "nulls", "ignore", "respect",
    "current_date", "current_time", "current_timestamp", "sysdate", "localtime", "localtimestamp",  # AS OF sysdate
})
_NAMES = frozenset([word.upper() for word in RESERVED - _SUFFIXES])
# Statements with none of these are not searched: words that most have, and that nobody takes for a name, are left out.
_COMMON = """
    SELECT FROM WHERE AND OR ON AS JOIN LEFT RIGHT FULL INNER OUTER CROSS IN NOT LIKE BETWEEN CASE WHEN THEN ELSE UNION
    INTERSECT EXCEPT ALL ANY DISTINCT WITH IS NULL TRUE FALSE LIMIT USING CAST HAVING GROUP INTERVAL
"""
_RARE_NAMES = _NAMES - frozenset(_COMMON.split())
# Names of types in other dialects for which sqlglot has another name, often one of Redshift's.
_FOREIGN = """
    BIGNUMERIC BLOB BYTE BYTEA CLOB DOUBLE FIXED HUGEINT INT1 INT16 INT32 INT64 LONG LONGBLOB LONGTEXT LONGVARCHAR
    MEDIUMBLOB MEDIUMINT MEDIUMTEXT NUMBER NVARCHAR2 SHORT STR STRING TIMESTAMPLTZ TIMESTAMPNTZ TIMESTAMP_LTZ
    TIMESTAMP_NTZ TINYBLOB TINYINT TINYTEXT UHUGEINT VARCHAR2
"""
_FOREIGN_TYPES = frozenset(_FOREIGN.split())
_CASTS = ("CAST", "TRY_CAST")


def check(tokens: Sequence[Token], kinds: list[T], present: set[T], words: set[str]) -> None:
    """Raise the syntax error that Redshift has for these tokens. `kinds`: their types, in order; `present`: which
    types there are; `words`: the tokens' texts in upper case."""
    if _doubtful(kinds, present, words):
        _neighbours(tokens, kinds)
    if "JOIN" in words:
        _joins(tokens, kinds)
    if _LIMIT in present:
        _limits(tokens, kinds)
    if not words.isdisjoint(_RARE_NAMES):
        _names(tokens)
    if not words.isdisjoint(_FOREIGN_TYPES):
        _types(tokens)


def error_at(token: Token | None) -> SqlSyntaxError:
    """PostgreSQL's wording."""
    if token is None:
        return SqlSyntaxError("syntax error at end of input")
    return SqlSyntaxError(f'syntax error at or near "{token.text}"', position=token.start)


# Pairs of neighbours without which `_neighbours` finds nothing, but for some operators and the last token.
_DOUBTFUL = frozenset({
    *[(_COMMA, kind) for kind in _ITEM_ENDS], *[(kind, _COMMA) for kind in _OPENS],
    *[(_ALIAS, kind) for kind in _NO_LABELS | _ONLY_LABELS], *[(kind, _L_BRACKET) for kind in _BEFORE_ARRAYS],
    (_STRING, _STRING), (_STAR, _EXCEPT),
})


def _doubtful(kinds: list[T], present: set[T], words: set[str]) -> bool:
    """Whether the tokens have to be looked at one by one, which takes longer than all pairs at once."""
    return (not _DOUBTFUL.isdisjoint(pairwise(kinds)) or _RLIKE in present or "==" in words or "!" in words
            or kinds[-1:] in ([_COMMA], [_ALIAS]))


def _neighbours(tokens: Sequence[Token], kinds: list[T]) -> None:
    """What may not stand beside each other; and names behind AS become names for sqlglot."""
    before: T | None = None
    for i, kind in enumerate(kinds):
        if before is _COMMA:
            if kind in _ITEM_ENDS:
                raise error_at(tokens[i])
        elif before is _ALIAS:
            if kind in _NO_LABELS:
                raise error_at(tokens[i])
            if kind in _ONLY_LABELS and (i + 1 == len(kinds) or kinds[i + 1] in _ITEM_ENDS):
                kind = kinds[i] = tokens[i].token_type = T.VAR  # every word may be a column's name behind AS
        elif kind is _COMMA:
            if before in _OPENS:
                raise error_at(tokens[i])
        elif kind in _CONSPICUOUS:
            _conspicuous(tokens, kinds, i, before)
        before = kind
    if before is _COMMA or before is _ALIAS:
        raise error_at(None)


def _conspicuous(tokens: Sequence[Token], kinds: list[T], i: int, before: T | None) -> None:
    """Tokens that stand where Redshift has them, or where another dialect has."""
    token, kind = tokens[i], kinds[i]
    wrong = (
        (kind is _STRING and before is _STRING and tokens[i - 1].line == token.line)
        or (kind is _EXCEPT and before is _STAR)
        or (kind is _L_BRACKET and before in _BEFORE_ARRAYS)
        or (kind is _EQ and token.text == "==")
        or (kind is _RLIKE and token.text.isalpha())
        or (kind is _NOT and token.text == "!" and not (i + 1 < len(tokens) and tokens[i + 1].text in _PATTERNS))
    )
    if wrong:
        raise error_at(token)


def _joins(tokens: Sequence[Token], kinds: list[T]) -> None:
    """Every JOIN has its ON or USING, unless it is CROSS or NATURAL."""
    open = [0]  # joins that wait for their condition, by depth of parentheses
    free = False
    for token, kind in zip(tokens, kinds):
        if kind not in _OF_JOINS:
            continue
        if kind in _ENDS:  # first, for most are commas
            free = False  # the word was a name behind AS
            if open[-1]:
                raise error_at(token)
        elif kind is _L_PAREN:
            open.append(0)
        elif kind is _R_PAREN:
            if open.pop() or not open:
                raise error_at(token)
        elif kind is _JOIN:
            open[-1] += not free
            free = False
        elif kind is _CROSS or kind is _NATURAL:
            free = True
        else:  # ON or USING
            open[-1] = max(open[-1] - 1, 0)
    if open[-1]:
        raise error_at(None)


def _limits(tokens: Sequence[Token], kinds: list[T]) -> None:
    at = -1
    for _ in range(kinds.count(_LIMIT)):
        at = kinds.index(_LIMIT, at + 1)
        if kinds[at + 2 : at + 3] == [_COMMA]:
            raise SqlSyntaxError("LIMIT #,# syntax is not supported", position=tokens[at + 2].start,
                                 hint="Use separate LIMIT and OFFSET clauses.")


def _names(tokens: Sequence[Token]) -> None:
    """A reserved word between a value and the end of an item would be the item's name."""
    for i, (before, token) in enumerate(pairwise(tokens), 1):
        if (token.text.upper() in _NAMES and before.token_type in _VALUE_ENDS
                and token.token_type not in (_IDENTIFIER, _STRING, _ALIAS)):
            after = tokens[i + 1].token_type if i + 1 < len(tokens) else _SEMICOLON
            if after in _ITEM_ENDS:
                raise error_at(token)


def _types(tokens: Sequence[Token]) -> None:
    """A type behind `::` or CAST's AS, first in CONVERT, or before a string, is one of Redshift's.
    Elsewhere the words are names."""
    for i, token in enumerate(tokens):
        if token.text.upper() not in _FOREIGN_TYPES or token.token_type in (_IDENTIFIER, _STRING) or not i:
            continue
        before = tokens[i - 1].token_type
        literal = i + 1 < len(tokens) and tokens[i + 1].token_type is _STRING
        converted = before is _L_PAREN and i > 1 and tokens[i - 2].text.upper() == "CONVERT"
        cast = before is _ALIAS and _caller(tokens, i) in _CASTS
        if before is T.DCOLON or literal or converted or cast:
            raise UndefinedObject(f'type "{token.text.lower()}" does not exist', position=token.start)


def _caller(tokens: Sequence[Token], at: int) -> str:
    """The word before the parenthesis that is open at a token."""
    depth = 0
    for i in range(at - 1, 0, -1):
        kind = tokens[i].token_type
        depth += (kind is _R_PAREN) - (kind is _L_PAREN)
        if depth < 0:
            return tokens[i - 1].text.upper()
    return ""
