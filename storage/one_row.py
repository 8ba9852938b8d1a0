"""The inline extent of a single row, byte for byte as extent.py would write it, made without arrays.

    row_extent(columns, values)      values in physical form, None for NULL -> the extent's bytes
    row_delta(db, table, data, ...)  the whole load of a row, as loader.py does it for many

An INSERT of one row waits for this, and preparing arrays for a value costs many times what packing it does. The value
stands as it is, whatever encoding its column asks for: one is not made smaller, and the rewrite that turns inline
extents into files encodes them (inline.py). Rows of an interleaved key are left to the general way (loader.py).

    block of a value    | head | entries of its parts | at 64: NULLS, if it is one | VALUES; the packed length, TEXT |
"""
from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..errors import NotNullViolation, NumericOutOfRange
from .block import ALIGNMENT, ENTRY, HEADER, MAGIC, VERSION
from .catalog.delta import AddExtents, Delta
from .encodings.base import Part
from .encodings.registry import RAW
from .footer import frame_footer, header_bytes, type_to_json
from .inline import inline_name
from .native import NULL_BYTES_PER_VECTOR
from .placement import AUTO_ALL_BYTES, AUTO_ALL_ROWS, Placement
from .schema import Column, DistStyle, ExtentRef, Table, TableData
from .types import Physical, SqlType
from .vector import from_list
from .zones import Bounded, text_key

if TYPE_CHECKING:
    from .database import Database

_FOOTER_ENTRY = struct.Struct("<QQIIqqBBH")  # footer.ENTRY; the keys as int64
_FLOAT_ENTRY, _TEXT_ENTRY = struct.Struct("<QQIIddBBH"), struct.Struct("<QQIIQQBBH")
_ONE_NULL = b"\x01" + bytes(NULL_BYTES_PER_VECTOR - 1)
_LENGTH = struct.Struct("<BBqqq")  # packing.VECTOR_ENTRY: no bits, no delta, the one length
_NO_WORDS = bytes(128)
_INT64 = range(-(1 << 63), 1 << 63)
_FORMATS = {Physical.BOOL: {1: "<B"}, Physical.F64: {4: "<f", 8: "<d"}, Physical.I64: {2: "<h", 4: "<i", 8: "<q"}}
# No extent of a row takes more than these, and its text.
_FRAME_BYTES, _COLUMN_BYTES, _BYTES_OF_A_CHARACTER = 512, 640, 4
_FILE_HEADER = header_bytes()


def row_extent(columns: Sequence[Column], values: Sequence[Any]) -> bytes:
    """The bytes of an extent of one row."""
    parts, entries, at = [_FILE_HEADER], [], len(_FILE_HEADER)
    for column, value in zip(columns, values):
        block = _block(column.type, value)
        entries.append(_entry(column.type, value, at, block))
        parts.append(block)
        at += len(block)
    head = _head(tuple([(c.id, c.type) for c in columns]))
    parts.append(frame_footer(head, b"\x01\0\0\0", b"".join(entries), b"", at))
    return b"".join(parts)


@lru_cache(maxsize=256)
def _head(columns: tuple[tuple[int, SqlType], ...]) -> bytes:
    """The footer's JSON."""
    named = [{"id": id, "type": type_to_json(type)} for id, type in columns]
    return json.dumps({"columns": named, "groups": 1, "sketches": [0] * len(named)}, separators=(",", ":")).encode()


@lru_cache(maxsize=1024)
def _layout(lengths: tuple[tuple[Part, int], ...], is_null: bool) -> tuple[bytes, tuple[int, ...], int]:
    """(head of a block with parts of these lengths, how many zeros follow each part, the head's padding included)."""
    at = -(-(HEADER.size + ENTRY.size * len(lengths)) // ALIGNMENT) * ALIGNMENT
    head = [HEADER.pack(MAGIC, RAW.code, VERSION, len(lengths), 1, int(is_null))]
    paddings = []
    for part, length in lengths:
        head.append(ENTRY.pack(part, 0, 0, at, length, length))
        paddings.append(-length % ALIGNMENT)
        at += length + paddings[-1]
    frame = b"".join(head)
    return frame + bytes(-len(frame) % ALIGNMENT), tuple(paddings), at


def _block(type: SqlType, value: Any) -> bytes:
    parts = _parts(type, value)
    if value is None:
        parts = ((Part.NULLS, _ONE_NULL), *parts)
    frame, paddings, _ = _layout(tuple([(part, len(data)) for part, data in parts]), value is None)
    return b"".join([frame, *[data + bytes(padding) for (_, data), padding in zip(parts, paddings)]])


def _parts(type: SqlType, value: Any) -> tuple[tuple[Part, bytes], ...]:
    physical = type.physical
    if physical is Physical.STR:
        text = _text(value)
        length = _LENGTH.pack(0, 0, len(text), len(text), len(text))
        return (Part.LENGTH_VECTORS, length), (Part.LENGTH_WORDS, _NO_WORDS), (Part.TEXT, text)
    if physical is Physical.I128:
        return ((Part.VALUES, (value or 0).to_bytes(16, "little", signed=True)),)
    return ((Part.VALUES, struct.pack(_FORMATS[physical][type.storage_bytes], 0 if value is None else value)),)


def _text(value: Any) -> bytes:
    return b"" if value is None else value if isinstance(value, bytes) else str(value).encode()


def _entry(type: SqlType, value: Any, at: int, block: bytes) -> bytes:
    """The block's place, checksum and bounds (zones.py)."""
    head = (at, len(block), zlib.crc32(block), int(value is None))
    if value is None:
        return _FOOTER_ENTRY.pack(*head, 0, 0, RAW.code, Bounded.EMPTY, 0)
    match type.physical:
        case Physical.STR:
            text = _text(value)
            if type.case_insensitive or text[:8].endswith(b"\0"):
                return _FOOTER_ENTRY.pack(*head, 0, 0, RAW.code, Bounded.UNKNOWN, 0)
            return _TEXT_ENTRY.pack(*head, text_key(text, lower=True), text_key(text), RAW.code, Bounded.KNOWN, 0)
        case Physical.F64:
            if value != value:
                return _FOOTER_ENTRY.pack(*head, 0, 0, RAW.code, Bounded.UNKNOWN, 0)
            return _FLOAT_ENTRY.pack(*head, value, value, RAW.code, Bounded.KNOWN, 0)
        case _:
            key = min(max(int(value), _INT64.start), _INT64.stop - 1)
            return _FOOTER_ENTRY.pack(*head, key, key, RAW.code, Bounded.KNOWN, 0)


# -- a load of one row --------------------------------------------------------------------------------


def row_delta(database: Database, table: Table, data: TableData, values: list[Any], given: Collection[int],
              identity: Mapping[int, int]) -> Delta | None:
    """What adds one row to a table whose write lock is held; None: it takes a TableWriter (loader.py).

    `values`: of all columns, in physical form, where `given` has the column's position; IDENTITY columns else get their
    next value. `identity`: next IDENTITY values, by Column.id, of those that the caller has taken itself.
    """
    small_auto = table.dist_style is DistStyle.AUTO and data.replicated
    grown = small_auto and (data.statistics.rows >= AUTO_ALL_ROWS or data.statistics.bytes >= AUTO_ALL_BYTES)
    room = database.inline_bytes - _FRAME_BYTES - _COLUMN_BYTES * len(values)
    if table.interleaved or grown:
        return None
    if sum([len(v) for v in values if isinstance(v, (str, bytes))]) * _BYTES_OF_A_CHARACTER > room:
        return None
    counters = dict(identity)
    for position, column in enumerate(table.columns):
        if position not in given and column.identity is not None:
            values[position], counters[column.id] = next_identity(database, table, column)
        if values[position] is None and (column.primary_key or not column.nullable):
            raise NotNullViolation(f'null value in column "{column.name}" violates not-null constraint')
    extent = row_extent(table.columns, values)
    name = inline_name(database.new_transaction(), 0)
    row = ExtentRef(0, name, _slice(database, table, data, values), 1, len(extent), 1, extent)
    return Delta(add_extents=(AddExtents(table, (row,), {}, data.replicated, counters),))


def next_identity(database: Database, table: Table, column: Column) -> tuple[int, int]:
    """(the next value of an IDENTITY column, the one after it)."""
    assert column.identity is not None
    value, following = database.numbering.identity(table.id, column.id, *column.identity, 1)
    least, most = column.type.integer_limits
    if not least <= value <= most:
        raise NumericOutOfRange(f'the IDENTITY values of column "{column.name}" are used up')
    return value, following


def _slice(database: Database, table: Table, data: TableData, values: list[Any]) -> int:
    placement = Placement(table, database.topology.slices, data.statistics.rows, data.replicated)
    if placement.single is not None:
        return placement.single
    if placement.key is None:
        return placement.next
    return int(placement.place(1, from_list(table.columns[placement.key].type, [values[placement.key]]))[0])
