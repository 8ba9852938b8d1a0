"""Bit packing in vectors of 1,024 values: the layout that native code unpacks (kernels/abi.py).

Every vector is packed on its own, with the fewest bits that its range needs:

    PACK_FOR     kept[i] = value[i] - base                              base = smallest value
    PACK_DELTA   kept[i] = value[i] - value[i-1] - base                 base = smallest step

64-bit lanes, 16 of them interleaved: value i lives in lane i % 16, row i // 16, at bit row * width of
its lane, so 16 neighbours unpack with one shift and one mask:

    words    [previous]  w0: lane0 lane1 ... lane15   w1: lane0 ... lane15   ...   (16 * width words)
              |          row 0 .. row 63/width         the rest of the bits
              only before a DELTA vector: value[-1]

On disk a vector costs its words and one entry of the vector table; where its words begin follows from
the entries before it, so no offset can point outside:

    VECTOR_ENTRY   | width u8 | flags u8 | base i64 | low i64 | high i64 |        26 bytes

low and high bound the vector's values that are not NULL (low > high: there are none). The tail vector
is filled up with its last value. 16 words of zeros follow the last vector, because unpacking may load
one row of words too many.

DELTA is chosen where it saves more than a quarter of the bits, for it unpacks at a third of the speed.
The work is native (kernels/encode.py); packing_reference.py is the same in numpy, for tests.
"""
from __future__ import annotations

import threading

import numpy as np

from ...errors import DataCorrupted
from ...kernels import abi, memory
from ...kernels import pack as kernels
from ...records import dataclass
from ..vector import Array

LANES = 16
VECTOR_ROWS = abi.VECTOR_ROWS
TAIL_WORDS = LANES

VECTOR_ENTRY = np.dtype([("width", "u1"), ("flags", "u1"), ("base", "<i8"), ("low", "<i8"), ("high", "<i8")])

_MAX_VECTOR_WORDS = VECTOR_ROWS + 1
_TABLE_WORDS = 5  # the kernel's table: width, flags, base, low, high

_local = threading.local()


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """A column's packed vectors: `table` of VECTOR_ENTRY, `words` of int64."""

    table: Array
    words: Array

    @property
    def nbytes(self) -> int:
        return int(self.table.nbytes + self.words.nbytes)


def pack(values: Array, valid: Array | None = None, *, allow_delta: bool = True) -> Packed:
    """Pack int64 values; `valid` only narrows the bounds in the table."""
    rows = len(values)
    vectors = -(-rows // VECTOR_ROWS)
    table = np.zeros(vectors, VECTOR_ENTRY)
    if not vectors:
        return Packed(table, np.zeros(TAIL_WORDS, np.int64))
    grid = _whole_vectors(values, vectors, values[-1])
    live = None if valid is None else _whole_vectors(valid, vectors, 0)
    words, entries = _scratch(vectors), np.empty((vectors, _TABLE_WORDS), np.int64)
    used = kernels.native("pack_vectors")(
        memory.address(grid), 0 if live is None else memory.address(live), vectors,
        memory.address(entries), memory.address(words), int(allow_delta),
    )
    for place, name in enumerate(("width", "flags", "base", "low", "high")):
        table[name] = entries[:, place]
    return Packed(table, words[: used + TAIL_WORDS].copy())


def _whole_vectors(array: Array, vectors: int, filling: int) -> Array:
    """`array` itself when it ends with a vector, else a copy filled up to one."""
    if len(array) == vectors * VECTOR_ROWS and array.flags.c_contiguous:
        return array
    whole = np.empty(vectors * VECTOR_ROWS, array.dtype)
    whole[: len(array)] = array
    whole[len(array) :] = filling
    return whole


def _scratch(vectors: int) -> Array:
    """This thread's buffer for words: a fresh one every time would be touched page by page."""
    needed = vectors * _MAX_VECTOR_WORDS + TAIL_WORDS
    if getattr(_local, "words", None) is None or len(_local.words) < needed:
        _local.words = memory.empty(needed, np.int64)
    words: Array = _local.words
    return words


def read_table(table: Array) -> tuple[Array, Array, int]:
    """(D_META, D_ZONES of abi.py, words of all vectors together) of a vector table.

    meta int64[vectors][4] = (offset in words, width, base, flags);  zones int64[vectors][2] = (low, high).
    Refuses what native code must not follow.
    """
    vectors = len(table)
    meta = memory.empty(4 * vectors, np.int64)
    zones = memory.empty(2 * vectors, np.int64)
    used = kernels.native("read_vectors")(
        memory.address(table), vectors, memory.address(meta), memory.address(zones)
    )
    if used < 0:
        raise DataCorrupted("a packed vector has an impossible width or kind")
    return meta.reshape(vectors, 4), zones.reshape(vectors, 2), used


def check(table: Array, words: Array, rows: int) -> None:
    """Refuse a vector table that does not fit its words and its number of rows."""
    if len(table) != -(-rows // VECTOR_ROWS):
        raise DataCorrupted(f"{len(table)} packed vectors for {rows} rows")
    if read_table(table)[2] + TAIL_WORDS != len(words):
        raise DataCorrupted("the packed vectors' words do not add up to their section")


def meta_words(table: Array) -> Array:
    """D_META of a table."""
    return read_table(table)[0]


def unpack(table: Array, words: Array, rows: int) -> Array:
    """int64 values of checked vectors."""
    out = memory.empty(len(table) * VECTOR_ROWS, np.int64)
    meta, words = meta_words(table), _readable(words)
    kernels.native("unpack_vectors")(
        memory.address(words), memory.address(meta), len(table), memory.address(out)
    )
    return out[:rows]


def unpack_offsets(table: Array, words: Array, rows: int, total: int) -> Array:
    """uint32[rows + 1] offsets from checked vectors of lengths, which must add up to `total`."""
    out = memory.empty(rows + 1, np.uint32)
    meta, words = meta_words(table), _readable(words)
    found = kernels.native("unpack_offsets")(
        memory.address(words), memory.address(meta), rows, total, memory.address(out)
    )
    if found != total:
        raise DataCorrupted(f"the strings' lengths do not add up to their {total} bytes")
    return out


def all_below(table: Array, words: Array, limit: int) -> bool:
    """Whether every value of checked vectors, the tail's filling too, lies in 0..limit-1."""
    meta, words = meta_words(table), _readable(words)
    found = kernels.native("codes_within")(memory.address(words), memory.address(meta), len(table), limit)
    return found == 1


def _readable(words: Array) -> Array:
    """Contiguous and aligned to words, as kernels need it (a part of an unaligned block is neither)."""
    return words if memory.address(words) % 8 == 0 and words.flags.c_contiguous else words.copy()


def fill_nulls(values: Array, valid: Array | None) -> Array:
    """int64 values with each NULL row bearing the live value before it, so that NULLs widen no vector."""
    if valid is None or not len(values):
        return values
    out = np.empty(len(values), np.int64)
    source, live = np.ascontiguousarray(values), np.ascontiguousarray(valid)
    kernels.native("repeat_live")(
        memory.address(source), memory.address(live), len(values), memory.address(out)
    )
    return out
