"""DECLARE name CURSOR FOR query, FETCH [NEXT | ALL | FORWARD [count | ALL]] FROM name, CLOSE name."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import NotSupportedError
from . import CloseCursor, DeclareCursor, Fetch, QueryText, Select
from .cursor import Cursor


def parse_declare(cursor: Cursor, parse: Callable[[int], Any]) -> DeclareCursor:
    """What follows DECLARE; `parse` reads the statement that begins at an offset of the text."""
    position = cursor.position
    name = cursor.name()
    if option := cursor.accept_any("binary", "insensitive", "no", "scroll"):
        raise NotSupportedError(f"DECLARE ... {option.upper()}: cursors have no options", position=position)
    cursor.expect("cursor")
    if option := cursor.accept_any("with", "without"):
        raise NotSupportedError(f"DECLARE ... {option.upper()} HOLD: a cursor ends with its transaction",
                                position=position)
    cursor.expect("for")
    if cursor.position is None:
        raise cursor.error()
    start = cursor.position
    query = parse(start)
    if not isinstance(query, Select | QueryText):
        raise NotSupportedError("DECLARE CURSOR is for SELECT", position=start)
    return DeclareCursor(name, query, position)


def parse_fetch(cursor: Cursor) -> Fetch:
    """What follows FETCH."""
    count: int | None = 1
    if cursor.accept("all"):
        count = None
    elif cursor.accept("forward"):
        if cursor.accept("all"):
            count = None
        elif cursor.at_number():
            count = cursor.integer()
    elif way := cursor.accept_any("prior", "backward", "first", "last", "absolute", "relative"):
        raise NotSupportedError(f"FETCH {way.upper()}: cursors only move forward", position=cursor.position)
    else:
        cursor.accept("next")
    cursor.expect("from")
    position = cursor.position
    name = cursor.name()
    cursor.finish()
    return Fetch(name, count, position)


def parse_close(cursor: Cursor) -> CloseCursor:
    """What follows CLOSE."""
    position = cursor.position
    name = cursor.name()
    cursor.finish()
    return CloseCursor(name, position)
