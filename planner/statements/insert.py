"""INSERT INTO t [(columns)] { VALUES (...), ... | query | DEFAULT VALUES }.

Rows of VALUES become one sqlglot `Values` node. Plain literals are built straight from their tokens,
since a script may hold thousands of them; everything else goes through sqlglot. DEFAULT inside a row
is the node `DEFAULT` below.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from . import Insert
from .cursor import Cursor


def is_default(node: Any) -> bool:
    """Whether a node of a VALUES row is the word DEFAULT."""
    return isinstance(node, exp.Var) and node.name == "DEFAULT"


def parse_insert(cursor: Cursor) -> Insert:
    """What follows INSERT."""
    cursor.expect("into")
    table = cursor.relation()
    columns: tuple[str, ...] = ()
    places: tuple[int | None, ...] = ()
    if cursor.at("(") and not _query_in_parentheses(cursor):
        cursor.expect("(")
        named = cursor.list_of(lambda: (cursor.position, cursor.name()))
        cursor.expect(")")
        columns, places = tuple([name for _, name in named]), tuple([place for place, _ in named])
    if cursor.accept("default", "values"):
        cursor.finish()
        return Insert(table, columns, None, places)
    if cursor.accept("values"):
        rows = read_rows(cursor)
        cursor.finish()
        return Insert(table, columns, rows, places)
    return Insert(table, columns, cursor.query(), places)


def _query_in_parentheses(cursor: Cursor) -> bool:
    after = Cursor(cursor.tokens, cursor.text, cursor.index + 1, cursor.exact_names)
    return after.at("select") or after.at("with") or after.at("(")


def read_rows(cursor: Cursor) -> exp.Values:
    """( value, ... ), ... behind VALUES."""
    rows = [_row(cursor)]
    while _accepts(cursor, TokenType.COMMA):
        rows.append(_row(cursor))
    return exp.Values(expressions=rows)


def _accepts(cursor: Cursor, kind: TokenType) -> bool:
    """The same as cursor.accept of the mark, and quicker: there may be thousands."""
    if cursor.index < len(cursor.tokens) and cursor.tokens[cursor.index].token_type is kind:
        cursor.index += 1
        return True
    return False


def _row(cursor: Cursor) -> exp.Tuple:
    position = cursor.position
    if not _accepts(cursor, TokenType.L_PAREN):
        cursor.expect("(")  # which says what is there instead
    values = [_value(cursor)]
    while _accepts(cursor, TokenType.COMMA):
        values.append(_value(cursor))
    row = exp.Tuple(expressions=values)
    if not _accepts(cursor, TokenType.R_PAREN):
        cursor.expect(")")
    row.meta["start"] = row.meta["end"] = position
    return row


def _value(cursor: Cursor) -> exp.Expr:
    tokens, start = cursor.tokens, cursor.index
    negative = start < len(tokens) and tokens[start].token_type is TokenType.DASH
    end = start + negative + 1
    if end < len(tokens) and tokens[end].token_type in _ENDS:
        plain = _plain(tokens[end - 1])
        if plain is not None and (not negative or tokens[end - 1].token_type is TokenType.NUMBER):
            cursor.index = end
            return exp.Neg(this=plain) if negative else plain
    depth = 0
    while not cursor.done:
        kind = cursor.next().token_type
        if depth == 0 and kind in _ENDS:
            cursor.index -= 1
            break
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
    return cursor.expression(start, cursor.index)


_ENDS = (TokenType.COMMA, TokenType.R_PAREN)


def _plain(token: Token) -> exp.Expr | None:
    """The node of a value that is one token."""
    node: exp.Expr
    match token.token_type:
        case TokenType.NUMBER:
            node = exp.Literal.number(token.text)
        case TokenType.STRING:
            node = exp.Literal.string(token.text)
        case TokenType.NULL:
            node = exp.Null()
        case TokenType.DEFAULT:
            node = exp.Var(this="DEFAULT")
        case _:
            return None
    node.meta["start"], node.meta["end"] = token.start, token.end
    return node
