"""Slots of a running program as Arrow arrays, and Arrow arrays back into slots.

    I64 int64    F64 double    BOOL bool    I128 decimal128(38, 0) (the scaled number)    STR large_string

Reading shares memory where the layout is Arrow's own (numbers); strings are copied together once, natively.
An array that was read is valid until its slot is written again: during one call. Writing copies; new strings
lie in an arena that lives until the next batch of the same instruction.
"""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import InternalError
from ...kernels import memory, pack
from ...storage.types import Physical, SqlType
from ...storage.vector import TEXT_PADDING
from .batch import Value
from .program import Place

WIDE = pa.decimal128(38, 0)
ARROW_TYPES = {
    Physical.I64: pa.int64(), Physical.F64: pa.float64(), Physical.BOOL: pa.bool_(), Physical.I128: WIDE,
    Physical.STR: pa.large_string(),
}
_DTYPES: dict[Physical, Any] = {Physical.I64: np.int64, Physical.F64: np.float64}
_ARENAS = -(1 << 20)  # task state keys of arenas


def view(address: int, dtype: Any, count: int) -> np.ndarray:
    """Memory at an address as an array."""
    size = count * np.dtype(dtype).itemsize
    return np.frombuffer((ctypes.c_char * size).from_address(address), dtype) if size else np.empty(0, dtype)


def mask(task: Any, place: Place, rows: int) -> np.ndarray:
    """A BOOL slot's rows."""
    return view(task.instance.address(place), np.uint8, rows)


def read(task: Any, value: Value, rows: int) -> pa.Array:
    """The rows of a value that lies in slots."""
    assert value.place is not None
    address = task.instance.address(value.place)
    valid = None if value.valid is None else mask(task, value.valid, rows)
    bitmap = None
    if valid is not None and not valid.all():
        bitmap = pa.py_buffer(np.packbits(valid, bitorder="little"))
    kind = ARROW_TYPES[value.carried]
    if value.carried is Physical.STR:
        offsets, data = _together(view(address, np.int64, rows * 2).reshape(rows, 2))
        return pa.LargeStringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(data), bitmap)
    if value.carried is Physical.BOOL:
        bits = np.packbits(view(address, np.uint8, rows), bitorder="little")
        return pa.Array.from_buffers(kind, rows, [bitmap, pa.py_buffer(bits)])
    if value.carried is Physical.I128:
        words = view(address, np.int64, rows * 2)
    else:
        words = view(address, _DTYPES[value.carried], rows)
    return pa.Array.from_buffers(kind, rows, [bitmap, pa.py_buffer(words)])


def _together(views: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Offsets and bytes of string views."""
    offsets = memory.empty(len(views) + 1, np.int64)
    offsets[0] = 0
    np.cumsum(views[:, 1], out=offsets[1:])
    data = memory.empty(int(offsets[-1]) + TEXT_PADDING, np.uint8)
    pack.native("copy_text")(memory.address(views), len(views), memory.address(data))
    return offsets, data


def write(task: Any, array: pa.Array, out: Place, valid: Place | None, carried: Physical) -> None:
    """Write an array of the class's Arrow type into its slots; what is NULL becomes 0."""
    rows = len(array)
    present = validity(array)
    if valid is not None:
        mask(task, valid, rows)[:] = 1 if present is None else present
    address = task.instance.address(out)
    if carried is Physical.STR:
        _write_text(task, array, present, address, out)
    elif carried is Physical.BOOL:
        _put(view(address, np.uint8, rows), bits(array), present)
    elif carried is Physical.I128:
        words = _fixed(array, np.int64, 2)
        _put(view(address, np.int64, rows * 2).reshape(rows, 2), words.reshape(rows, 2),
             None if present is None else present[:, None])
    else:
        _put(view(address, _DTYPES[carried], rows), _fixed(array, _DTYPES[carried], 1), present)


def _put(slot: np.ndarray, values: np.ndarray, present: np.ndarray | None) -> None:
    slot[:] = values if present is None else np.where(present, values, values.dtype.type(0))


def _write_text(task: Any, array: pa.Array, present: np.ndarray | None, address: int, out: Place) -> None:
    if not pa.types.is_large_string(array.type):
        raise InternalError(f"a function gave {array.type} for text")
    rows = len(array)
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64, rows + 1, array.offset * 8)
    first, last = int(offsets[0]), int(offsets[-1])
    arena = memory.empty(last - first + TEXT_PADDING, np.uint8)
    if last > first:
        arena[: last - first] = np.frombuffer(data, np.uint8, last - first, first)
    task.states[_ARENAS - out.index] = arena
    lengths = np.diff(offsets)
    if present is not None:
        lengths = np.where(present, lengths, 0)
    views = view(address, np.int64, rows * 2).reshape(rows, 2)
    views[:, 0] = offsets[:-1] - first + memory.address(arena)
    views[:, 1] = lengths


def validity(array: pa.Array) -> np.ndarray | None:
    """Which rows are not NULL, as 0/1 bytes; None: all."""
    buffer = array.buffers()[0]
    if array.null_count == 0 or buffer is None:
        return None
    return _unpacked(buffer, array.offset, len(array))


def bits(array: pa.Array) -> np.ndarray:
    """The values of a boolean array as 0/1 bytes."""
    return _unpacked(array.buffers()[1], array.offset, len(array))


def _unpacked(buffer: pa.Buffer, offset: int, rows: int) -> np.ndarray:
    return np.unpackbits(np.frombuffer(buffer, np.uint8), count=offset + rows, bitorder="little")[offset:]


def _fixed(array: pa.Array, dtype: Any, words: int) -> np.ndarray:
    itemsize = 8 * words
    return np.frombuffer(array.buffers()[1], dtype, len(array) * words, array.offset * itemsize)


def as_values(array: pa.Array) -> list[Any]:
    """An array as Python values in physical form."""
    items: list[Any] = array.to_pylist()
    return [None if v is None else int(v) for v in items] if array.type == WIDE else items


def from_values(items: list[Any], type: SqlType) -> pa.Array:
    """Python values in physical form as an array of the type's class."""
    if type.physical is not Physical.I128:
        return pa.array(items, ARROW_TYPES[type.physical])
    raw = b"".join((0 if v is None else v).to_bytes(16, "little", signed=True) for v in items)
    present = np.array([v is not None for v in items], np.uint8)
    bitmap = pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.Array.from_buffers(WIDE, len(items), [bitmap, pa.py_buffer(raw)])
