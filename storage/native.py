"""A column of one row group in the form that native code reads: arrays, and the descriptor over them.

    NativeColumn   kind (DK_* of kernels/abi.py), payload, and per kind: vector table, offsets, dictionary
        |
        v  describe()
    Descriptor     int64[DESCRIPTOR_WORDS] of addresses and counts, plus the arrays they point into

    DK_RAW_INT .. DK_RAW_I128   payload: the values
    DK_PACKED                   payload: words;  meta, zones: per vector
    DK_DICT_INT, DK_DICT_STR    payload: the codes' words;  codes_meta;  dictionary: int64s, or views
    DK_RAW_STR                  payload: bytes;  offsets: uint32[rows + 1]

An address is only as safe as what it points to: whoever makes a NativeColumn has checked offsets,
widths and codes against the arrays' lengths. All arrays have the alignment and the slack of
kernels/memory.py; what was not made there is copied here, save whole vectors of raw values.

A view of a string (in a dictionary) is 16 bytes: int64 address, int64 length.
"""
from __future__ import annotations

import numpy as np

from ..errors import DataCorrupted
from ..kernels import abi, memory
from ..records import dataclass
from .types import Kind, Physical
from .vector import Array, ColumnData

NULL_BYTES_PER_VECTOR = abi.VECTOR_ROWS // 8
_MAX_OFFSET = (1 << 32) - 1


@dataclass(frozen=True, slots=True, eq=False)
class NativeColumn:
    """Checked arrays of one column of one row group; fields that its kind does not use are None."""

    kind: int
    rows: int
    payload: Array
    width: int = 0
    meta: Array | None = None
    zones: Array | None = None
    offsets: Array | None = None
    dictionary: Array | None = None
    dictionary_rows: int = 0
    keep: tuple[Array, ...] = ()  # what views point into
    whole: bool = False  # the payload ends with a vector of raw values: nothing behind it is ever read


@dataclass(frozen=True, slots=True, eq=False)
class Descriptor:
    """`words` for native code at `address`; `nbytes` of memory stay in use while it lives."""

    words: Array
    address: int
    nbytes: int
    keep: tuple[Array, ...]


def raw_column(column: ColumnData) -> NativeColumn:
    """The raw native form of a plain column."""
    type, rows = column.type, column.rows
    match type.physical:
        case Physical.STR:
            offsets, data = column.text
            return text_column(offsets, data)
        case Physical.I64:
            narrow = column.fixed.astype(f"<i{type.storage_bytes}", copy=False)
            return NativeColumn(abi.DK_RAW_INT, rows, narrow, type.storage_bytes)
        case Physical.F64:
            floats = column.fixed.astype("<f4" if type.kind is Kind.REAL else "<f8", copy=False)
            return NativeColumn(abi.DK_RAW_FLOAT, rows, floats, floats.itemsize)
        case Physical.BOOL:
            return NativeColumn(abi.DK_RAW_BOOL, rows, column.fixed, 1)
        case Physical.I128:
            return NativeColumn(abi.DK_RAW_I128, rows, np.ascontiguousarray(column.fixed).reshape(-1), 16)


def text_column(offsets: Array, data: Array) -> NativeColumn:
    """Raw text; int64 or uint32 offsets that start at 0."""
    if int(offsets[-1]) > _MAX_OFFSET:
        raise DataCorrupted(f"a block holds {int(offsets[-1])} bytes of text; the limit is 4 GB")
    return NativeColumn(
        abi.DK_RAW_STR, len(offsets) - 1, data, offsets=offsets.astype(np.uint32, copy=False)
    )


def text_views(lengths: Array, data: Array) -> Array:
    """int64[n][2] views of strings that stand one after the other in `data`."""
    views = np.empty((len(lengths), 2), np.int64)
    ends = np.cumsum(lengths, dtype=np.int64)
    views[:, 0] = ends - lengths + memory.address(data)
    views[:, 1] = lengths
    return views


def describe(column: NativeColumn, nulls: Array | None) -> Descriptor:
    """Descriptor words of a column; `nulls` is its bitmap (1 = NULL) or None."""
    words = memory.zeros(abi.DESCRIPTOR_WORDS, np.int64)
    kept: list[Array] = list(column.keep)

    def place(array: Array | None) -> int:
        if array is None:
            return 0
        array = ready(array)
        kept.append(array)
        return memory.address(array)

    words[abi.D_KIND] = column.kind
    words[abi.D_ROWS] = column.rows
    words[abi.D_NULLS] = place(nulls)
    words[abi.D_DATA] = _as_it_is(column.payload, kept) if column.whole else place(column.payload)
    words[abi.D_BYTES] = column.payload.nbytes
    words[abi.D_WIDTH] = column.width
    coded = column.kind in (abi.DK_DICT_INT, abi.DK_DICT_STR)
    words[abi.D_CODES_META if coded else abi.D_META] = place(column.meta)
    words[abi.D_ZONES] = place(column.zones)
    words[abi.D_OFFSETS] = place(column.offsets)
    words[abi.D_DICT] = place(column.dictionary)
    words[abi.D_DICT_ROWS] = column.dictionary_rows
    nbytes = words.nbytes + sum(array.nbytes + memory.SLACK for array in kept)
    return Descriptor(words, memory.address(words), nbytes, tuple(kept))


def _as_it_is(array: Array, kept: list[Array]) -> int:
    """The address of whole vectors that were not made here, where it is one that native code can use."""
    if memory.address(array) % memory.ALIGNMENT:
        array = memory.padded(array)
    kept.append(array)
    return memory.address(array)


def ready(array: Array) -> Array:
    """`array` flat, aligned and with slack: itself when kernels/memory.py made it, else a copy."""
    flat = array.reshape(-1)
    if memory.address(flat) % memory.ALIGNMENT == 0 and memory.has_slack(flat):
        return flat
    return memory.padded(flat)
