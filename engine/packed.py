"""A collection's rows as bytes: what is sent to another process, and what a spilled partition is on disk.

    | magic, columns, rows | per column: class, flags, text bytes | per column: validity? | values          |
                                                                                         | lengths | text  |

All little endian; each part starts at a multiple of 8. Strings travel by value (those of codes too): their lengths,
then their bytes one after the other, wherever they stood before; reading gives them one heap. What the columns are
called and the ranges that are proven for them is not in here: `heads` says it, which the leader keeps (or pickles).

    data = packed(part)                   one buffer; rows start..stop-1 of it: packed(part, start, stop)
    part = unpacked(data, heads(part))

Bytes may have been on a disk: every length is checked before native code gets to see an address. Charging the
memory is up to whoever unpacks.
"""
from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from ..errors import DataCorrupted
from ..kernels import memory
from ..planner.expressions import ColumnRef
from ..records import dataclass
from ..storage.types import Physical
from ..storage.vector import TEXT_PADDING
from .collection import Collection, StoredColumn, allocate, text_of

_MAGIC = b"WHCOLL1\0"
_HEADER = struct.Struct("<8sQQ")
_COLUMN = struct.Struct("<IIQ")
_CLASSES = (Physical.I64, Physical.F64, Physical.BOOL, Physical.I128, Physical.STR)
_NULLABLE, _VALIDITY = 1, 2
_ALIGNMENT = 8


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a column apart from its values."""

    ref: ColumnRef
    lo: int
    hi: int


def heads(part: Collection) -> tuple[Head, ...]:
    return tuple(Head(c.ref, c.lo, c.hi) if c.texts is None else Head(c.ref, 0, 0) for c in part.columns)


def packed(part: Collection, start: int = 0, stop: int | None = None) -> bytearray:
    """Rows start..stop-1 (None: all) as bytes."""
    stop = part.rows if stop is None else stop
    about = [_HEADER.pack(_MAGIC, len(part.columns), stop - start)]
    pieces: list[np.ndarray] = []
    for column in part.columns:
        carried = column.carried if column.texts is None else Physical.STR
        flags, text = _NULLABLE if column.nullable else 0, 0
        if column.valid is not None:
            flags |= _VALIDITY
            pieces.append(np.ascontiguousarray(column.valid[start:stop]))
        if carried is Physical.STR:
            offsets, data = text_of(column.views(start, stop))
            text = int(offsets[-1])
            pieces += [np.diff(offsets), data[:text]]
        else:
            pieces.append(np.ascontiguousarray(column.values[start:stop]))
        about.append(_COLUMN.pack(_CLASSES.index(carried), flags, text))
    return _joined([np.frombuffer(b"".join(about), np.uint8), *pieces])


def _joined(pieces: Sequence[np.ndarray]) -> bytearray:
    whole = bytearray(sum(_aligned(p.nbytes) for p in pieces))
    view, at = np.frombuffer(whole, np.uint8), 0
    for piece in pieces:
        view[at : at + piece.nbytes] = piece.reshape(-1).view(np.uint8)
        at += _aligned(piece.nbytes)
    return whole


def unpacked(data: bytes | bytearray | memoryview, columns: Sequence[Head]) -> Collection:
    """The rows, in memory of their own."""
    reader = _Reader(np.frombuffer(data, np.uint8))
    magic, count, rows = _HEADER.unpack(reader.take(_HEADER.size, aligned=False))
    if magic != _MAGIC or count != len(columns):
        raise DataCorrupted("rows in bytes: not a collection of these columns")
    if columns and rows > len(data):
        raise DataCorrupted(f"rows in bytes: {rows} rows in {len(data)} bytes")
    about = [_COLUMN.unpack(reader.take(_COLUMN.size, aligned=False)) for _ in columns]
    reader.align()
    part = Collection([], rows)
    for head, (number, flags, text) in zip(columns, about, strict=True):
        if number >= len(_CLASSES) or text > len(data):
            raise DataCorrupted(f"rows in bytes: class {number} with {text} bytes of text")
        _add(part, head, _CLASSES[number], flags, reader, text)
    reader.finish()
    return part


def _add(part: Collection, head: Head, carried: Physical, flags: int, reader: _Reader, text: int) -> None:
    valid = None
    if flags & _VALIDITY:
        valid = allocate(Physical.BOOL, part.rows)
        reader.into(valid)
    values = allocate(carried, part.rows)
    if carried is Physical.STR:
        lengths = allocate(Physical.I64, part.rows)
        reader.into(lengths)
        heap = memory.empty(text + TEXT_PADDING, np.uint8)
        reader.into(heap[:text])
        heap[text:] = 0
        part.heaps.append(heap)
        _set_views(values, lengths, heap, text)
    else:
        reader.into(values)
    part.columns.append(StoredColumn(head.ref, carried, bool(flags & _NULLABLE), values, valid, head.lo, head.hi))


def _set_views(values: np.ndarray, lengths: np.ndarray, heap: np.ndarray, text: int) -> None:
    if len(lengths) and (int(lengths.min()) < 0 or int(lengths.max()) > text):
        raise DataCorrupted("rows in bytes: a string longer than all text")
    ends = np.cumsum(lengths)
    if (int(ends[-1]) if len(ends) else 0) != text:
        raise DataCorrupted("rows in bytes: lengths of strings that do not add up")
    values[:, 0] = ends - lengths + memory.address(heap)
    values[:, 1] = lengths


class _Reader:
    """Goes through the bytes; never beyond them."""

    def __init__(self, data: np.ndarray) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int, *, aligned: bool = True) -> np.ndarray:
        end = self._at + size
        if end > len(self._data):
            raise DataCorrupted(f"rows in bytes: {len(self._data)} bytes where {end} are needed")
        found = self._data[self._at : end]
        self._at = _aligned(end) if aligned else end
        return found

    def into(self, out: np.ndarray) -> None:
        """Fill an array."""
        out.reshape(-1).view(np.uint8)[:] = self.take(out.nbytes)

    def align(self) -> None:
        self._at = _aligned(self._at)

    def finish(self) -> None:
        if self._at != len(self._data):
            raise DataCorrupted(f"rows in bytes: {len(self._data)} bytes where {self._at} are known")


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
