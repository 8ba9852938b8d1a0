"""CREATE FUNCTION name (types) RETURNS type volatility AS $$ select ... $$ LANGUAGE sql; DROP FUNCTION name (types)."""
from __future__ import annotations

from ...errors import NotSupportedError
from ...storage.types import SqlType
from . import CreateFunction, DropFunction
from .cursor import Cursor
from .tables import read_type

_ELSEWHERE = ("plpythonu", "plpgsql", "exec", "lambda")


def create_function(cursor: Cursor, or_replace: bool) -> CreateFunction:
    """What follows CREATE [OR REPLACE] FUNCTION."""
    _check_language(cursor)
    name = cursor.relation()
    arguments = _types(cursor)
    cursor.expect("returns")
    returns = read_type(cursor)
    volatility = cursor.accept_any("volatile", "stable", "immutable")
    if volatility is None:
        raise cursor.error()
    cursor.expect("as")
    position = cursor.position
    body = cursor.string()
    cursor.expect("language", "sql")
    cursor.finish()
    return CreateFunction(name, arguments, returns, volatility, body, or_replace, position)


def _check_language(cursor: Cursor) -> None:
    """Functions in other languages have arguments with names: they are refused before those are read."""
    for at, token in enumerate(cursor.tokens):
        if at and cursor.tokens[at - 1].text.upper() == "LANGUAGE" and token.text.lower() in _ELSEWHERE:
            raise NotSupportedError(f"CREATE FUNCTION ... LANGUAGE {token.text.lower()} is not supported yet",
                                    hint="Functions in LANGUAGE sql are.", position=token.start)


def _types(cursor: Cursor) -> tuple[SqlType, ...]:
    cursor.expect("(")
    if cursor.accept(")"):
        return ()
    types = cursor.list_of(lambda: read_type(cursor))
    cursor.expect(")")
    return types


def drop_function(cursor: Cursor) -> DropFunction:
    """What follows DROP FUNCTION. (Nothing is known to depend on a function, so CASCADE and RESTRICT are the same.)"""
    name = cursor.relation()
    arguments = _types(cursor)
    cursor.accept_any("cascade", "restrict")
    cursor.finish()
    return DropFunction(name, arguments)
