"""PREPARE name [(types)] AS statement, EXECUTE name [(values)], DEALLOCATE [PREPARE] name."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import Error, NotSupportedError
from ...storage.types import SqlType
from . import Deallocate, Delete, Execute, Insert, Prepare, QueryText, Select, Update
from .cursor import Cursor
from .tables import read_type

_PREPARABLE = (Select, QueryText, Insert, Update, Delete)


def parse_prepare(cursor: Cursor, parse: Callable[[str], Any]) -> Prepare:
    """What follows PREPARE; `parse` reads the statement behind AS, whose text stands for itself from then on."""
    position = cursor.position
    name = cursor.name()
    types: tuple[SqlType, ...] = ()
    if cursor.accept("("):
        types = cursor.list_of(lambda: read_type(cursor))
        cursor.expect(")")
    cursor.expect("as")
    start = cursor.position
    if start is None:
        raise cursor.error()
    try:
        statement = parse(cursor.text[start:])
    except Error as error:
        error.position = None if error.position is None else error.position + start
        raise
    if not isinstance(statement, _PREPARABLE):
        raise NotSupportedError("PREPARE is for SELECT, INSERT, UPDATE and DELETE", position=start)
    return Prepare(name, types, statement, position)


def parse_execute(cursor: Cursor) -> Execute:
    """What follows EXECUTE."""
    position = cursor.position
    name = cursor.name()
    arguments = cursor.expressions() if cursor.at("(") else ()
    cursor.finish()
    return Execute(name, arguments, position)


def parse_deallocate(cursor: Cursor) -> Deallocate:
    """What follows DEALLOCATE [PREPARE]."""
    position = cursor.position
    name = cursor.name()
    cursor.finish()
    return Deallocate(name, position)
