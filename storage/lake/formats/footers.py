"""A Parquet footer in which decimals are plain integers, so that their values are read as they stand in the file.

    in the file         decimal(15,2) as INT64  1234           unscaled values, eight bytes each
    as Arrow reads it   decimal128              12.34          sixteen bytes each, of which half are signs
    with this footer    int64                   1234           the file's own bytes; a column of the table as it is

Only the schema at the footer's beginning is written anew; what follows (row groups, statistics) is copied byte by
byte. The footer is a struct in Thrift's compact protocol (thrift.py).

    FileMetaData     1: version  2: list of SchemaElement  3: ...
    SchemaElement    1: type (1 INT32, 2 INT64)  6: converted type (5 DECIMAL)  7: scale  8: precision  10: logical type
                     4: name  5: number of children

A footer that is not understood is left as it is: then decimals are read as Arrow reads them.
"""
from __future__ import annotations

from collections.abc import Collection
from itertools import islice

from .thrift import LIST, STOP, STRUCT, Damaged, Span, list_head, spans

_TYPE, _NAME, _CHILDREN, _CONVERTED, _SCALE, _PRECISION, _LOGICAL = 1, 4, 5, 6, 7, 8, 10
_DECIMAL = 5


def with_plain_decimals(footer: bytes, columns: Collection[str]) -> bytes | None:
    """The footer with those top-level columns as integers; None where there is none to change, or it is not
    understood."""
    try:
        return _rewritten(footer, columns)
    except (Damaged, IndexError, UnicodeDecodeError):
        return None


def _rewritten(footer: bytes, columns: Collection[str]) -> bytes | None:
    fields = list(islice(spans(footer, 0), 2))
    if [f.number for f in fields] != [1, 2] or fields[1].kind != LIST:
        raise Damaged
    kind, count, at = list_head(footer, fields[1].start)
    if kind != STRUCT:
        raise Damaged
    out = [footer[:at]]
    changed = False
    inside = 0  # elements of a nested column that follow
    for i in range(count):
        element = list(spans(footer, at))
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


def _children(fields: dict[int, Span]) -> int:
    return int(fields[_CHILDREN].value) if _CHILDREN in fields else 0


def _is_plain_decimal(fields: dict[int, Span], columns: Collection[str]) -> bool:
    return (
        _CHILDREN not in fields and fields[_TYPE].value in (1, 2) and _CONVERTED in fields
        and fields[_CONVERTED].value == _DECIMAL and fields[_NAME].value.decode() in columns
    )  # fmt: skip


def _without_decimal(footer: bytes, fields: list[Span]) -> bytes:
    """The element without what says that it is a decimal."""
    out, before = bytearray(), 0
    for field in fields:
        if field.number in (_CONVERTED, _SCALE, _PRECISION, _LOGICAL):
            continue
        out.append((field.number - before) << 4 | field.kind)
        out += footer[field.start : field.stop]
        before = field.number
    out.append(STOP)
    return bytes(out)
