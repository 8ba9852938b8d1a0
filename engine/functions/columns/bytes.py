"""Functions that work on a column's bytes at once: one table look-up per byte, or one step per byte position.

    offsets  0    3        8          the bytes of all texts stand one behind the other; a table of 256 entries
    data     a b c d e f g h          changes them all in one pass, and rows keep their offsets

INITCAP and TRANSLATE change bytes (ASCII ones; those of other characters are 128 and more). FNV_HASH and CRC32 go
through the texts side by side: step j takes the j-th byte of every text that has one.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ....storage.types import Kind, SqlType
from .. import hashes
from .argument import Argument, Form, constants

TEXT = pa.large_string()
_MASK = np.uint32(0xFFFFFFFF)
_PRIME = np.uint64(hashes.FNV_PRIME)


def parts(array: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """(offsets from 0, bytes) of a text column."""
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64, len(array) + 1, array.offset * 8)
    first, last = int(offsets[0]), int(offsets[-1])
    raw = np.frombuffer(data, np.uint8, last - first, first) if last > first else np.empty(0, np.uint8)
    return offsets - first, raw


def made(array: pa.Array, offsets: np.ndarray, data: np.ndarray) -> pa.Array:
    """A text column with the NULLs of another."""
    bitmap = None
    if array.null_count:
        bitmap = pa.py_buffer(np.packbits(np.asarray(array.is_valid()), bitorder="little"))
    return pa.LargeStringArray.from_buffers(len(array), pa.py_buffer(offsets), pa.py_buffer(data), bitmap)


# -- tables --------------------------------------------------------------------------------------


def _table(change: Callable[[str], str]) -> np.ndarray:
    return np.array([ord(change(chr(i))) if i < 128 else i for i in range(256)], np.uint8)


_UPPER, _LOWER = _table(str.upper), _table(str.lower)
_IN_WORD = np.array([i < 128 and chr(i).isalnum() for i in range(256)])


def _initcap(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    """Of ASCII columns: a letter behind a letter or digit of its own row is lower."""
    array = args[0].array
    if array is None:
        return None
    offsets, data = parts(array)
    if len(data) and data.max() >= 128:
        return None
    inside = np.empty(len(data), bool)
    if len(data):
        inside[1:] = _IN_WORD[data[:-1]]
        starts = offsets[:-1]
        inside[starts[starts < len(data)]] = False
    return made(array, offsets, np.where(inside, _LOWER[data], _UPPER[data]))


def _translate(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    """Of ASCII characters by ASCII characters."""
    given, array = constants(args[1:]), args[0].array
    if given is None or array is None or not (given[0].isascii() and given[1].isascii()):
        return None
    old, new = (text.encode() for text in given)
    table, gone = np.arange(256, dtype=np.uint8), np.zeros(256, bool)
    for i, byte in reversed(list(enumerate(old))):  # the first mention of a character counts
        gone[byte] = i >= len(new)
        table[byte] = new[i] if i < len(new) else byte
    offsets, data = parts(array)
    if not gone.any():
        return made(array, offsets, table[data])
    kept = ~gone[data]
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(kept)])
    return made(array, before[offsets], table[data[kept]])


# -- byte by byte ----------------------------------------------------------------------------------


def _steps(array: pa.Array) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(rows, their j-th bytes) for j = 0, 1, ...; rows that have ended are left out."""
    offsets, data = parts(array)
    starts, lengths = offsets[:-1], np.diff(offsets)
    rows = np.flatnonzero(lengths > 0)
    step = 0
    while len(rows):
        yield rows, data[starts[rows] + step]
        step += 1
        rows = rows[lengths[rows] > step]


def _fnv(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    """Of text and integers."""
    array, type = args[0].array, types[0]
    if array is None or not (type.is_integer or type.kind is Kind.VARCHAR):
        return None
    seeds = _seeds(args, len(array))
    if seeds is None:
        return None
    if type.is_integer:
        numbers = args[0].numbers()
        assert numbers is not None
        for shift in range(0, 8 * type.storage_bytes, 8):
            seeds = (seeds ^ ((numbers >> shift) & 255).astype(np.uint64)) * _PRIME
    else:
        for rows, data in _steps(array):
            seeds[rows] = (seeds[rows] ^ data) * _PRIME
    result = pa.array(seeds.view(np.int64), pa.int64())
    nulls = [a.array for a in args if a.array is not None and a.array.null_count]
    for other in nulls:
        result = pc.if_else(other.is_null(), pa.scalar(None, pa.int64()), result)
    return result


def _seeds(args: Sequence[Argument], rows: int) -> np.ndarray | None:
    if len(args) == 1:
        return np.full(rows, hashes.FNV_BASIS, np.uint64)
    if args[1].array is None:
        return None if args[1].constant is None else np.full(rows, args[1].constant, np.int64).view(np.uint64)
    seeds = args[1].numbers()
    return None if seeds is None else seeds.view(np.uint64).copy()


def _crc32(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    array = args[0].array
    if array is None:
        return None
    table = np.array(hashes.CRC_TABLE, np.uint32)
    values = np.full(len(array), _MASK, np.uint32)
    for rows, data in _steps(array):
        now = values[rows]
        values[rows] = table[(now ^ data) & np.uint32(255)] ^ (now >> np.uint32(8))
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    values ^= _MASK
    nibbles = (values[:, None] >> np.arange(28, -1, -4, dtype=np.uint32)) & np.uint32(15)
    return made(array, np.arange(len(array) + 1, dtype=np.int64) * 8, digits[nibbles].reshape(-1))


def _digest(make: Callable[[str], str]) -> Form:
    """MD5, SHA1: a call per value, but no more than that."""

    def form(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
        if args[0].array is None:
            return None
        return pa.array([None if v is None else make(v) for v in args[0].array.to_pylist()], TEXT)

    return form


FORMS: dict[str, Form] = {
    "initcap": _initcap,
    "translate": _translate,
    "fnv_hash": _fnv,
    "crc32": _crc32,
    "md5": _digest(hashes.md5),
    "sha1": _digest(hashes.sha1),
}
