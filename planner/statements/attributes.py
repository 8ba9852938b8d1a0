"""Table attributes, in any order, of CREATE TABLE and CREATE TABLE AS.

    BACKUP YES|NO    DISTSTYLE AUTO|EVEN|KEY|ALL    DISTKEY (column)
    [COMPOUND|INTERLEAVED] SORTKEY (column, ...)    SORTKEY AUTO    ENCODE AUTO
"""
from __future__ import annotations

from typing import Any

from ...errors import InvalidDefinition
from ...storage.schema import DistStyle
from . import TableAttributes
from .cursor import Cursor

MAX_COMPOUND, MAX_INTERLEAVED = 400, 8


def table_attributes(cursor: Cursor, by_number: bool = False) -> TableAttributes:
    """Read attributes until something else comes. `by_number`: keys may name columns by their places."""
    given: dict[str, Any] = {"by_number": True} if by_number else {}
    while _attribute(cursor, given):
        pass
    style, key = given.get("dist_style"), given.get("dist_key")
    if key is not None and style not in (None, DistStyle.KEY):
        raise InvalidDefinition(f"DISTKEY cannot be used with DISTSTYLE {style.value}")
    return TableAttributes(**given)


def _attribute(cursor: Cursor, given: dict[str, Any]) -> bool:
    """Read one attribute into `given`; False when there is none."""
    position = cursor.position
    if cursor.accept("backup"):
        answer = cursor.accept_any("yes", "no")
        if answer is None:
            raise cursor.error()
        _set(given, "backup", answer == "yes", position)
    elif cursor.accept("diststyle"):
        style = cursor.accept_any("auto", "even", "key", "all")
        if style is None:
            raise cursor.error()
        _set(given, "dist_style", DistStyle[style.upper()], position)
    elif cursor.accept("distkey"):
        cursor.expect("(")
        _set(given, "dist_key", _column(cursor, given), position)
        cursor.expect(")")
    elif cursor.accept("encode", "auto"):
        _set(given, "encode_auto", True, position)
    else:
        return _sort_key(cursor, given, position)
    return True


def _sort_key(cursor: Cursor, given: dict[str, Any], position: int | None) -> bool:
    kind = cursor.accept_any("compound", "interleaved")
    if not cursor.accept("sortkey"):
        if kind:
            raise cursor.error()
        return False
    if kind is None and cursor.accept("auto"):
        _set(given, "sort_auto", True, position)
        return True
    cursor.expect("(")
    columns = cursor.list_of(lambda: _column(cursor, given))
    cursor.expect(")")
    limit = MAX_INTERLEAVED if kind == "interleaved" else MAX_COMPOUND
    if len(columns) > limit:
        raise InvalidDefinition(f"a sort key has at most {limit} columns", position=position)
    if len(set(columns)) < len(columns):
        raise InvalidDefinition("a column stands twice in the sort key", position=position)
    _set(given, "sort_key", columns, position)
    given["interleaved"] = kind == "interleaved"
    return True


def _column(cursor: Cursor, given: dict[str, Any]) -> str:
    if given.get("by_number") and cursor.at_number():
        return str(cursor.integer())
    return cursor.name()


def _set(given: dict[str, Any], key: str, value: Any, position: int | None) -> None:
    words = {"dist_style": "DISTSTYLE", "dist_key": "DISTKEY", "backup": "BACKUP", "encode_auto": "ENCODE",
             "sort_key": "SORTKEY", "sort_auto": "SORTKEY"}
    if any(words.get(k) == words[key] for k in given):
        raise InvalidDefinition(f"{words[key]} is given twice", position=position)
    given[key] = value
