"""A Parquet footer in which decimals are plain integers, so that their values are read as they stand in the file.

    in the file         decimal(15,2) as INT64  1234           unscaled values, eight bytes each
    as Arrow reads it   decimal128              12.34          sixteen bytes each, of which half are signs
    with this footer    int64                   1234           the file's own bytes; a column of the table as it is

Only the schema at the footer's beginning is written anew; what follows (row groups, statistics) is copied byte by
byte. The footer is a struct in Thrift's compact protocol: a field is a byte (distance from the field before << 4 |
kind) and a value, integers are zigzag varints.

    FileMetaData     1: version  2: list of SchemaElement  3: ...
    SchemaElement    1: type (1 INT32, 2 INT64)  6: converted type (5 DECIMAL)  7: scale  8: precision  10: logical type
                     4: name  5: number of children

A footer that is not understood is left as it is: then decimals are read as Arrow reads them.
"""
from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ....records import dataclass
from .parquet_footer import Damaged, varint

_TYPE, _NAME, _CHILDREN, _CONVERTED, _SCALE, _PRECISION, _LOGICAL = 1, 4, 5, 6, 7, 8, 10
_DECIMAL = 5
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 11, 12
_INTEGERS = (4, 5, 6)


@dataclass(frozen=True, slots=True)
class _Field:
    number: int
    kind: int
    start: int  # of the value
    stop: int
    value: Any  # of integers and binaries


def with_plain_decimals(footer: bytes, columns: Collection[str]) -> bytes | None:
    """The footer with those top-level columns as integers; None where there is none to change, or it is not
    understood."""
    try:
        return _rewritten(footer, columns)
    except (Damaged, IndexError, UnicodeDecodeError):
        return None


def _rewritten(footer: bytes, columns: Collection[str]) -> bytes | None:
    fields = _fields(footer, 0, most=2)
    if [f.number for f in fields] != [1, 2] or fields[1].kind != _LIST:
        raise Damaged
    schema = fields[1]
    kind, count, at = _list_head(footer, schema.start)
    if kind != _STRUCT:
        raise Damaged
    out = [footer[:at]]
    changed = False
    inside = 0  # elements of a nested column that follow
    for i in range(count):
        element = _fields(footer, at)
        end = element[-1].stop if element else at
        by_number = {f.number: f for f in element}
        if i and not inside:
            plain = _is_plain_decimal(by_number, columns)
            out.append(_without_decimal(footer, element) if plain else footer[at : end + 1])
            changed |= plain
        else:
            out.append(footer[at : end + 1])
        if i:
            inside = max(inside - 1, 0) + _children(by_number)
        at = end + 1  # behind the stop byte
    out.append(footer[at:])
    return b"".join(out) if changed else None


def _children(fields: dict[int, _Field]) -> int:
    return int(fields[_CHILDREN].value) if _CHILDREN in fields else 0


def _is_plain_decimal(fields: dict[int, _Field], columns: Collection[str]) -> bool:
    return (
        _CHILDREN not in fields and fields[_TYPE].value in (1, 2) and _CONVERTED in fields
        and fields[_CONVERTED].value == _DECIMAL and fields[_NAME].value.decode() in columns
    )  # fmt: skip


def _without_decimal(footer: bytes, fields: list[_Field]) -> bytes:
    """The element without what says that it is a decimal."""
    out, before = bytearray(), 0
    for field in fields:
        if field.number in (_CONVERTED, _SCALE, _PRECISION, _LOGICAL):
            continue
        out.append((field.number - before) << 4 | field.kind)
        out += footer[field.start : field.stop]
        before = field.number
    out.append(_STOP)
    return bytes(out)


# -- the compact protocol ------------------------------------------------------------------------------


def _fields(data: bytes, at: int, most: int = 1 << 30) -> list[_Field]:
    """The fields of a struct that begins there, the first `most` of them."""
    found: list[_Field] = []
    number = 0
    while len(found) < most and data[at] != _STOP:
        head = data[at]
        kind, distance = head & 15, head >> 4
        if not distance:
            raise Damaged  # a long form, which footers have no use for
        number += distance
        start = at + 1
        stop, value = _value(data, start, kind)
        found.append(_Field(number, kind, start, stop, value))
        at = stop
    return found


def _value(data: bytes, at: int, kind: int) -> tuple[int, Any]:
    """(where the value ends, what it is where that matters)"""
    match kind:
        case 1 | 2:
            return at, kind == _TRUE
        case 3:
            return at + 1, data[at]
        case 4 | 5 | 6:
            number, end = varint(data, at)
            return end, number >> 1 ^ -(number & 1)
        case 7:
            return at + 8, None
        case 8:
            size, end = varint(data, at)
            return end + size, data[end : end + size]
        case 9 | 10:
            inner, count, end = _list_head(data, at)
            for _ in range(count):
                end = end + 1 if inner in (_TRUE, _FALSE) else _value(data, end, inner)[0]
            return end, None
        case 12:
            inside = _fields(data, at)
            return (inside[-1].stop if inside else at) + 1, None
        case _:
            raise Damaged


def _list_head(data: bytes, at: int) -> tuple[int, int, int]:
    """(kind of the elements, how many, where the first begins)"""
    kind, count = data[at] & 15, data[at] >> 4
    if count < 15:
        return kind, count, at + 1
    count, end = varint(data, at + 1)
    return kind, count, end
