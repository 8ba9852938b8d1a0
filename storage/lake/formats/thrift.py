"""Thrift's compact protocol, in which Parquet's footers are written.

    struct     fields, then a byte 0                      {1: 5, 2: b"x"}   15 0a  18 01 78  00
    field      a byte (distance from the field before << 4 | kind) and a value; distance 0: its number follows
    integers   zigzag varints        bytes, lists   their size before them        booleans   are the kind itself

Whatever is cut off or goes on without end is Damaged, or an IndexError.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ....records import dataclass

_DEEPEST = 24  # structs in structs
STOP, TRUE, FALSE, LIST, STRUCT = 0, 1, 2, 9, 12

Struct = dict[int, Any]


class Damaged(Exception):
    """What no footer has, or lacks what each has."""


@dataclass(frozen=True, slots=True)
class Span:
    """A field of a struct, and where its value stands."""

    number: int
    kind: int
    start: int
    stop: int
    value: Any


def struct(data: bytes, at: int, depth: int = 0) -> tuple[Struct, int]:
    """(its fields by number, where it ends)"""
    if depth > _DEEPEST:
        raise Damaged("structs without end")
    fields: Struct = {}
    number = 0
    while True:
        head = data[at]
        at += 1
        if head == STOP:
            return fields, at
        kind = head & 15
        if head > 15:
            number += head >> 4
        else:
            number, at = _integer(data, at)
        if kind == 5 or kind == 6 or kind == 4:
            fields[number], at = _integer(data, at)
        elif kind in (TRUE, FALSE):
            fields[number] = kind == TRUE
        else:
            fields[number], at = _value(data, at, kind, depth)


def spans(data: bytes, at: int) -> Iterator[Span]:
    """The fields of a struct one by one, for who writes some of them anew; those of the short form alone."""
    number = 0
    while data[at] != STOP:
        kind, distance = data[at] & 15, data[at] >> 4
        if not distance:
            raise Damaged("a long form, which footers have no use for")
        number += distance
        start = at + 1
        value, at = (kind == TRUE, start) if kind in (TRUE, FALSE) else _value(data, start, kind, 0)
        yield Span(number, kind, start, at, value)


def list_head(data: bytes, at: int) -> tuple[int, int, int]:
    """(kind of the elements, how many, where the first begins)"""
    kind, count = data[at] & 15, data[at] >> 4
    if count < 15:
        return kind, count, at + 1
    count, at = varint(data, at + 1)
    return kind, count, at


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    match kind:
        case 1 | 2:  # in a list
            return data[at] == 1, at + 1
        case 3:
            return data[at], at + 1
        case 4 | 5 | 6:
            return _integer(data, at)
        case 7:
            return None, at + 8
        case 8:
            size, at = varint(data, at)
            if size > len(data) - at:
                raise Damaged("bytes behind the end")
            return data[at : at + size], at + size
        case 9 | 10:
            return _list(data, at, depth)
        case 12:
            return struct(data, at, depth + 1)
        case _:
            raise Damaged(f"kind {kind}")


def _list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    inner, count, at = list_head(data, at)
    if count > len(data) - at or depth > _DEEPEST:
        raise Damaged("a list behind the end")
    found = []
    for _ in range(count):
        value, at = _value(data, at, inner, depth + 1)
        found.append(value)
    return found, at


def _integer(data: bytes, at: int) -> tuple[int, int]:
    byte = data[at]
    if byte < 0x80:
        return byte >> 1 ^ -(byte & 1), at + 1
    number, at = varint(data, at)
    return number >> 1 ^ -(number & 1), at


def varint(data: bytes, at: int) -> tuple[int, int]:
    """(an unsigned number, the place behind it)"""
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
        if shift > 63:
            raise Damaged("a number without end")
