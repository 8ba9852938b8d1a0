"""The inline extent of a single row, byte for byte as extent.py would write it, made without arrays.

    RowForm(columns).extent(values)  values in physical form, None for NULL -> the extent's bytes
    RowForm(columns).values(bytes)   the way back, of an extent that was made so: rewrites read many at a time
    added_row(db, table, entry, ...) the whole load of a row, as loader.py does it for many

An INSERT of one row waits for this, and preparing arrays for a value costs many times what packing it does. The value
stands as it is, whatever encoding its column asks for: one is not made smaller, and the rewrite that turns inline
extents into files encodes them (inline.py). Rows of an interleaved key are left to the general way (loader.py).

    block of a value    | head | entries of its parts | at 64: NULLS, if it is one | VALUES; the packed length, TEXT |
"""
from __future__ import annotations

import json
import struct
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

from ..errors import NotNullViolation, NumericOutOfRange
from .block import ALIGNMENT, ENTRY, HEADER, MAGIC, VERSION
from .catalog.delta import NewRow
from .encodings.base import Part
from .encodings.registry import RAW
from .footer import footer_head, framed, header_bytes, type_to_json
from .inline import inline_name
from .native import NULL_BYTES_PER_VECTOR
from .placement import AUTO_ALL_BYTES, AUTO_ALL_ROWS, Placement, slice_of_next
from .schema import Column, DistStyle, ExtentRef, Table
from .types import Physical, SqlType
from .vector import from_list
from .zones import KEY_BYTES, Bounded, text_key

if TYPE_CHECKING:
    from .catalog.state import TableEntry
    from .database import Database

# footer.ENTRY, by what its keys are
_ENTRY, _REAL_ENTRY, _TEXT_ENTRY = [struct.Struct(f"<QQII{keys}BBH").pack for keys in ("qq", "dd", "QQ")]
_RAW, _EMPTY, _KNOWN, _UNKNOWN = RAW.code, int(Bounded.EMPTY), int(Bounded.KNOWN), int(Bounded.UNKNOWN)
_ONE_NULL = b"\x01" + bytes(NULL_BYTES_PER_VECTOR - 1)
_LENGTH = struct.Struct("<BBqqq")  # packing.VECTOR_ENTRY: no bits, no delta, the one length
_NO_WORDS = bytes(128)
_TEXT_LENGTH_AT = -(-(HEADER.size + 3 * ENTRY.size) // ALIGNMENT) * ALIGNMENT  # the first part, of three
_INT64 = range(-(1 << 63), 1 << 63)
_FORMATS = {Physical.BOOL: {1: "<B"}, Physical.F64: {4: "<f", 8: "<d"}, Physical.I64: {2: "<h", 4: "<i", 8: "<q"}}
_FILE_HEADER = header_bytes()

# A value that is not NULL, and where its block is to stand -> the block, its entry in the footer
Maker = Callable[[Any, int], tuple[bytes, bytes]]
Whole = tuple[bytes, Callable[[int], bytes], bytes]


class RowForm:
    """How rows of some columns become extents; what all of them share is made once."""

    __slots__ = ("_head", "_makers", "_readers", "generated", "required")

    def __init__(self, columns: Sequence[Column]) -> None:
        named = [{"id": c.id, "type": type_to_json(c.type)} for c in columns]
        head = {"columns": named, "groups": 1, "sketches": [0] * len(named)}
        self._head = footer_head(json.dumps(head, separators=(",", ":")).encode(), b"\x01\0\0\0")
        # One that is None has the other.
        self._makers: list[tuple[Any, tuple[bytes, int], Whole | None]] = [
            (_maker(c.type), _null(c.type), _whole(c.type)) for c in columns
        ]
        self._readers = [_reader(c.type) for c in columns]
        # Positions of columns that make their own values, and of those that must have one.
        self.generated = tuple([i for i, c in enumerate(columns) if c.identity is not None])
        self.required = tuple([i for i, c in enumerate(columns) if c.primary_key or not c.nullable])

    def extent(self, values: Sequence[Any]) -> bytes:
        """The bytes of an extent of one row."""
        parts, entries, at = [_FILE_HEADER], [self._head], len(_FILE_HEADER)
        for (make, null, whole), value in zip(self._makers, values):
            if value is None:
                block, crc = null
                entry = _ENTRY(at, len(block), crc, 1, 0, 0, _RAW, _EMPTY, 0)
            elif whole is not None:
                frame, pack, tail = whole
                block = frame + pack(value) + tail
                entry = _ENTRY(at, len(block), crc32(block), 0, value, value, _RAW, _KNOWN, 0)
            else:
                block, entry = make(value, at)
            parts.append(block)
            entries.append(entry)
            at += len(block)
        parts += framed(b"".join(entries), at)
        return b"".join(parts)

    def values(self, data: bytes) -> list[Any] | None:
        """The row that an extent has; None unless `extent` makes these very bytes of it, so that nothing need be
        checked besides."""
        found: list[Any] = []
        at = len(_FILE_HEADER)
        try:
            for read, (_, null, _) in zip(self._readers, self._makers):
                if data.startswith(null[0], at):
                    found.append(None)
                    at += len(null[0])
                else:
                    value, length = read(data, at)
                    found.append(value)
                    at += length
            return found if self.extent(found) == data else None
        except (struct.error, OverflowError):
            return None


def row_extent(columns: Sequence[Column], values: Sequence[Any]) -> bytes:
    """The bytes of an extent of one row."""
    return RowForm(columns).extent(values)


def _layout(lengths: Sequence[tuple[Part, int]], is_null: bool) -> tuple[bytes, tuple[int, ...]]:
    """(head of a block with parts of these lengths, how many zeros follow each part)."""
    at = -(-(HEADER.size + ENTRY.size * len(lengths)) // ALIGNMENT) * ALIGNMENT
    head = [HEADER.pack(MAGIC, RAW.code, VERSION, len(lengths), 1, int(is_null))]
    paddings = []
    for part, length in lengths:
        head.append(ENTRY.pack(part, 0, 0, at, length, length))
        paddings.append(-length % ALIGNMENT)
        at += length + paddings[-1]
    frame = b"".join(head)
    return frame + bytes(-len(frame) % ALIGNMENT), tuple(paddings)


def _block(parts: Sequence[tuple[Part, bytes]], is_null: bool = False) -> bytes:
    frame, paddings = _layout([(part, len(data)) for part, data in parts], is_null)
    return b"".join([frame, *[data + bytes(padding) for (_, data), padding in zip(parts, paddings)]])


@lru_cache(maxsize=256)
def _null(type: SqlType) -> tuple[bytes, int]:
    """The block of a NULL, and its checksum."""
    block = _block([(Part.NULLS, _ONE_NULL), *_parts(type, None)], is_null=True)
    return block, crc32(block)


def _parts(type: SqlType, value: Any) -> list[tuple[Part, bytes]]:
    physical = type.physical
    if physical is Physical.STR:
        return _text_parts(_text(value))
    if physical is Physical.I128:
        return [(Part.VALUES, (value or 0).to_bytes(16, "little", signed=True))]
    return [(Part.VALUES, struct.pack(_FORMATS[physical][type.storage_bytes], 0 if value is None else value))]


def _text_parts(text: bytes) -> list[tuple[Part, bytes]]:
    length = _LENGTH.pack(0, 0, len(text), len(text), len(text))
    return [(Part.LENGTH_VECTORS, length), (Part.LENGTH_WORDS, _NO_WORDS), (Part.TEXT, text)]


@lru_cache(maxsize=256)
def _text_frame(length: int) -> tuple[bytes, bytes]:
    """What stands before and behind the bytes of a text of this length in its block."""
    padding = -length % ALIGNMENT
    block = _block(_text_parts(bytes(length)))
    return block[: len(block) - length - padding], bytes(padding)


def _text(value: Any) -> bytes:
    return b"" if value is None else value if isinstance(value, bytes) else str(value).encode()


@lru_cache(maxsize=256)
def _whole(type: SqlType) -> Whole | None:
    """Of the block of an integer: what stands before it, what packs it, what stands behind. It is its own bounds."""
    if type.physical not in (Physical.I64, Physical.BOOL):
        return None
    frame, tail = _around(type)
    return frame, struct.Struct(_FORMATS[type.physical][type.storage_bytes]).pack, tail


def _around(type: SqlType) -> tuple[bytes, bytes]:
    """What stands before and behind the only part of a block."""
    (part, empty), = _parts(type, 0)
    frame, (padding,) = _layout([(part, len(empty))], is_null=False)
    return frame, bytes(padding)


@lru_cache(maxsize=256)
def _maker(type: SqlType) -> Maker | None:
    """What makes the block of a value and its entry, with the value's bounds (zones.py); None of an integer."""
    if type.physical is Physical.STR:
        return _text_maker(type)
    if type.physical is Physical.I128:
        return _wide_maker(*_around(type))
    if type.physical is Physical.F64:
        frame, tail = _around(type)
        return _real_maker(frame, struct.Struct(_FORMATS[type.physical][type.storage_bytes]).pack, tail)
    return None


def _wide_maker(frame: bytes, tail: bytes) -> Maker:
    def make(value: Any, at: int) -> tuple[bytes, bytes]:
        block = frame + value.to_bytes(16, "little", signed=True) + tail
        key = min(max(value, _INT64.start), _INT64.stop - 1)
        return block, _ENTRY(at, len(block), crc32(block), 0, key, key, _RAW, _KNOWN, 0)

    return make


def _real_maker(frame: bytes, pack: Callable[[float], bytes], tail: bytes) -> Maker:
    def make(value: float, at: int) -> tuple[bytes, bytes]:
        block = frame + pack(value) + tail
        low, bounded = (0.0, _UNKNOWN) if value != value else (value, _KNOWN)
        return block, _REAL_ENTRY(at, len(block), crc32(block), 0, low, low, _RAW, bounded, 0)

    return make


def _text_maker(type: SqlType) -> Maker:
    unbounded = type.case_insensitive

    def make(value: Any, at: int) -> tuple[bytes, bytes]:
        text = value.encode() if isinstance(value, str) else _text(value)
        frame, padding = _text_frame(len(text))
        block, low, high, bounded = frame + text + padding, 0, 0, _UNKNOWN
        if not unbounded and not text[:KEY_BYTES].endswith(b"\0"):
            low = high = text_key(text)
            bounded = _KNOWN
            if text[:KEY_BYTES].endswith(b" "):
                low = text_key(text, lower=True)
        return block, _TEXT_ENTRY(at, len(block), crc32(block), 0, low, high, _RAW, bounded, 0)

    return make


@lru_cache(maxsize=256)
def _reader(type: SqlType) -> Callable[[bytes, int], tuple[Any, int]]:
    """What reads the value of the block at a place, if it is one; and the block's length."""
    if type.physical is Physical.STR:
        return _read_text
    (part, empty), = _parts(type, 0)
    frame, (padding,) = _layout([(part, len(empty))], is_null=False)
    start, length = len(frame), len(frame) + len(empty) + padding
    if type.physical is Physical.I128:
        return lambda data, at: (int.from_bytes(data[at + start : at + start + 16], "little", signed=True), length)
    unpack = struct.Struct(_FORMATS[type.physical][type.storage_bytes]).unpack_from
    return lambda data, at: (unpack(data, at + start)[0], length)


def _read_text(data: bytes, at: int) -> tuple[bytes, int]:
    start = at + len(_text_frame(0)[0])
    length = _LENGTH.unpack_from(data, at + _TEXT_LENGTH_AT)[2]
    return data[start : start + length], start + length + -length % ALIGNMENT - at


# -- a load of one row --------------------------------------------------------------------------------


def added_row(database: Database, table: Table, entry: TableEntry, values: list[Any], given: Collection[int],
              identity: Mapping[int, int], form: RowForm | None = None, writer: int = 0) -> NewRow | None:
    """What adds one row to a table whose write lock is held; None: it takes a TableWriter (loader.py).

    `entry`: the table as it is. `values`: of all columns, in physical form, where `given` has the column's position;
    IDENTITY columns else get their next value. `identity`: next IDENTITY values, by Column.id, of those that the caller
    has taken itself. `form`: that of the table's columns, if there is one; `writer`: a transaction's number, if it has
    one, that is given to no other extent.
    """
    if table.interleaved or (entry.replicated and table.dist_style is DistStyle.AUTO and (
        entry.rows >= AUTO_ALL_ROWS or entry.bytes >= AUTO_ALL_BYTES
    )):
        return None
    form = form or RowForm(table.columns)
    counters = identity
    if form.generated:
        if len(form.extent(values)) > database.inline_bytes:  # looked at before a value is used up; NULLs take more
            return None
        counters = _counted(database, table, values, given, identity, form)
    for position in form.required:
        if values[position] is None:
            name = table.columns[position].name
            raise NotNullViolation(f'null value in column "{name}" violates not-null constraint')
    extent = form.extent(values)
    if len(extent) > database.inline_bytes:
        return None
    slice_ = slice_of_next(table, len(database.timeline.topology.node_of_slice), entry.rows, entry.replicated)
    row = ExtentRef(
        database.numbering.extent(), inline_name(writer or database.numbering.xid(), 0),
        _slice_of_key(database, table, entry, values) if slice_ is None else slice_, 1, len(extent), 1, extent,
    )
    return NewRow(table, row, entry.replicated, counters)


def _counted(database: Database, table: Table, values: list[Any], given: Collection[int], identity: Mapping[int, int],
             form: RowForm) -> dict[int, int]:
    """Next IDENTITY values, by Column.id, once `values` have theirs."""
    counters = dict(identity)
    for position in form.generated:
        if position not in given:
            column = table.columns[position]
            values[position], counters[column.id] = next_identity(database, table, column)
    return counters


def next_identity(database: Database, table: Table, column: Column) -> tuple[int, int]:
    """(the next value of an IDENTITY column, the one after it)."""
    assert column.identity is not None
    value, following = database.numbering.identity(table.id, column.id, *column.identity, 1)
    least, most = column.type.integer_limits
    if not least <= value <= most:
        raise NumericOutOfRange(f'the IDENTITY values of column "{column.name}" are used up')
    return value, following


def _slice_of_key(database: Database, table: Table, entry: TableEntry, values: list[Any]) -> int:
    placement = Placement(table, database.topology.slices, entry.rows, entry.replicated)
    assert placement.key is not None
    return int(placement.place(1, from_list(table.columns[placement.key].type, [values[placement.key]]))[0])
