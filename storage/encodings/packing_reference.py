"""Bit packing in numpy: the reference that the native kernels are compared with (packing.py draws it)."""
from __future__ import annotations

import numpy as np

from ...kernels import abi
from ..vector import Array
from .packing import LANES, TAIL_WORDS, VECTOR_ENTRY, VECTOR_ROWS, Packed

_ROWS = VECTOR_ROWS // LANES
_EMPTY_LOW, _EMPTY_HIGH = np.iinfo(np.int64).max, np.iinfo(np.int64).min


def pack(values: Array, valid: Array | None = None, *, allow_delta: bool = True) -> Packed:
    """Pack int64 values; `valid` only narrows the bounds in the table."""
    rows = len(values)
    vectors = -(-rows // VECTOR_ROWS)
    table = np.zeros(vectors, VECTOR_ENTRY)
    if not vectors:
        return Packed(table, np.zeros(TAIL_WORDS, np.int64))
    flat = np.empty(vectors * VECTOR_ROWS, np.int64)
    flat[:rows] = values
    flat[rows:] = values[-1]
    grid = flat.reshape(vectors, VECTOR_ROWS)
    table["base"] = grid.min(axis=1)
    kept = grid.view(np.uint64) - table["base"].astype(np.uint64)[:, None]
    table["width"] = _bit_lengths(kept.max(axis=1))
    _bounds(table, grid, valid, rows)
    if allow_delta:
        _try_delta(table, grid, kept)
    return Packed(table, _pack_words(table, grid, kept))


def _bounds(table: Array, grid: Array, valid: Array | None, rows: int) -> None:
    if valid is None:
        table["low"], table["high"] = grid.min(axis=1), grid.max(axis=1)
        return
    flat = np.zeros(grid.size, bool)
    flat[:rows] = valid
    live = flat.reshape(grid.shape)
    table["low"] = np.where(live, grid, _EMPTY_LOW).min(axis=1)
    table["high"] = np.where(live, grid, _EMPTY_HIGH).max(axis=1)


def _try_delta(table: Array, grid: Array, kept: Array) -> None:
    """Switch vectors to PACK_DELTA where it pays; `kept` gets their deltas."""
    steps = np.empty_like(grid)
    np.subtract(grid[:, 1:], grid[:, :-1], out=steps[:, 1:])
    steps[:, 0] = steps[:, 1]
    base = steps.min(axis=1)
    deltas = steps.view(np.uint64) - base.view(np.uint64)[:, None]
    deltas[:, 0] = 0
    widths = _bit_lengths(deltas.max(axis=1))
    better = (4 * widths.astype(np.int64) < 3 * table["width"].astype(np.int64)) & (table["width"] > 0)
    table["flags"][better] = abi.PACK_DELTA
    table["width"][better] = widths[better]
    table["base"][better] = base[better]
    kept[better] = deltas[better]


def _bit_lengths(values: Array) -> Array:
    """Bits needed for each unsigned value."""
    bits = np.zeros(len(values), np.uint8)
    rest = values.copy()
    for step in (32, 16, 8, 4, 2, 1):
        big = rest >= np.uint64(1) << np.uint64(step)
        bits[big] += np.uint8(step)
        rest[big] >>= np.uint64(step)
    bits[values > 0] += np.uint8(1)
    return bits


def vector_offsets(table: Array) -> tuple[Array, int]:
    """Where each vector's first lane word stands, and the words of all vectors together."""
    delta = (table["flags"] == abi.PACK_DELTA).astype(np.int64)
    sizes = LANES * table["width"].astype(np.int64) + delta
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    return ends - sizes + delta, total


def _pack_words(table: Array, grid: Array, kept: Array) -> Array:
    offsets, total = vector_offsets(table)
    words = np.zeros(total + TAIL_WORDS, np.uint64)
    delta = np.flatnonzero(table["flags"] == abi.PACK_DELTA)
    words[offsets[delta] - 1] = grid[delta, 0].view(np.uint64) - table["base"][delta].astype(np.uint64)
    for width in np.unique(table["width"]).tolist():
        if not width:
            continue
        chosen = np.flatnonzero(table["width"] == width)
        lanes = _pack_width(kept[chosen].reshape(-1, _ROWS, LANES), width)
        words[offsets[chosen][:, None] + np.arange(LANES * width)] = lanes.reshape(len(chosen), -1)
    return words.view(np.int64)


def _pack_width(rows: Array, width: int) -> Array:
    words = np.zeros((len(rows), width + 1, LANES), np.uint64)
    for row in range(_ROWS):
        word, shift = divmod(row * width, 64)
        words[:, word] |= rows[:, row] << np.uint64(shift)
        if shift + width > 64:
            words[:, word + 1] |= rows[:, row] >> np.uint64(64 - shift)
    return words[:, :width]


def unpack(table: Array, words: Array, rows: int) -> Array:
    """The reference decoder: int64 values of checked vectors."""
    offsets, _ = vector_offsets(table)
    source = words.view(np.uint64)
    grid = np.zeros((len(table), VECTOR_ROWS), np.uint64)
    for width in np.unique(table["width"]).tolist():
        chosen = np.flatnonzero(table["width"] == width)
        grid[chosen] = _unpack_width(source, offsets[chosen], width)
    grid += table["base"].astype(np.uint64)[:, None]
    delta = np.flatnonzero(table["flags"] == abi.PACK_DELTA)
    if len(delta):
        previous = source[offsets[delta] - 1]
        grid[delta] = np.cumsum(grid[delta], axis=1, dtype=np.uint64) + previous[:, None]
    return grid.reshape(-1)[:rows].view(np.int64)


def _unpack_width(source: Array, offsets: Array, width: int) -> Array:
    out = np.zeros((len(offsets), _ROWS, LANES), np.uint64)
    if width:
        words = source[offsets[:, None] + np.arange(LANES * (width + 1))].reshape(-1, width + 1, LANES)
        mask = np.uint64((1 << width) - 1)
        for row in range(_ROWS):
            word, shift = divmod(row * width, 64)
            bits = words[:, word] >> np.uint64(shift)
            if shift + width > 64:
                bits |= words[:, word + 1] << np.uint64(64 - shift)
            out[:, row] = bits & mask
    return out.reshape(len(offsets), VECTOR_ROWS)
