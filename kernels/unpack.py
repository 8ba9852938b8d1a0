"""Bit-packed vectors: 1,024 int64 values in 16 interleaved 64-bit lanes, opened with vector IR.

    value i lives in lane i % 16, row i // 16;  word w of lane l stands at  words[offset + w * 16 + l]

    lane 0   1   2  ...  15        width 20: row r starts at bit 20 r of its lane
        v0  v1  v2  ... v15        -> word (20 r) >> 6, shift (20 r) & 63
        v16 v17 ...                a row is one <16 x i64> load (two when it straddles a word),
                                   shift, or, and, add, store: no value is reordered

META, one int64[4] per vector: (offset in words, width 0..64, base, flags).

    PACK_FOR     value = base + packed                      (wrapping: ranges over 2**63 are fine)
    PACK_DELTA   value[i] = value[i-1] + base + packed[i],  value[-1] stands at words[offset - 1]

16 words follow the last vector, so a two-word load never leaves the payload. `unpack` opens a vector,
`unpack_at` reads one value of a FOR vector: cheaper below SPARSE values. Reference in
tests/packing_reference.py; the packing side is storage/encodings/packing.py.
"""
from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from .abi import PACK_DELTA, VECTOR_ROWS
from .intrinsics import (
    I32,
    I64,
    LANES,
    ROW,
    ROW_BYTES,
    as_i64,
    as_u64,
    i64p,
    inline,
    load_row,
    make_intrinsic,
    shared,
    splat,
    store_row,
    u64,
    vector_op,
)

ROWS = VECTOR_ROWS // LANES
META_BYTES = 32
SPARSE = 48  # opening a vector costs about as much as this many single values
_ZERO = ir.Constant(ROW, [0] * LANES)


def _emit_unpack(two_words: bool) -> Any:
    def emit(b: Any, a: Any) -> None:  # source, shift, mask, base, destination
        shift = splat(b, a[1])
        x = b.lshr(load_row(b, a[0]), shift)
        if two_words:
            high = load_row(b, b.add(a[0], I64(ROW_BYTES)))
            x = b.or_(x, b.shl(high, b.sub(splat(b, I64(64)), shift)))
        store_row(b, b.add(b.and_(x, splat(b, a[2])), splat(b, a[3])), a[4])

    return emit


def _emit_fill(b: Any, a: Any) -> None:  # destination, value
    store_row(b, splat(b, a[1]), a[0])


def _emit_scan(b: Any, a: Any) -> Any:
    """Running sum over the row at a[0], started from a[1]; answers its last value."""
    x = load_row(b, a[0])
    for step in (1, 2, 4, 8):
        lanes = [LANES + i if i < step else i - step for i in range(LANES)]
        x = b.add(x, b.shuffle_vector(x, _ZERO, ir.Constant(ir.VectorType(I32, LANES), lanes)))
    x = b.add(x, splat(b, a[1]))
    store_row(b, x, a[0])
    return b.extract_element(x, I32(LANES - 1))


_unpack_one = vector_op(_emit_unpack(False), 5)
_unpack_two = vector_op(_emit_unpack(True), 5)
_fill_row = vector_op(_emit_fill, 2)
_scan_row = make_intrinsic(types.int64(types.int64, types.int64), _emit_scan, 2)


@shared
def unpack(words, meta, out):
    """Open the vector whose META row is at `meta` into 1,024 int64 at `out`."""
    m = i64p(meta)
    width, base = m[1], m[2]
    source = words + m[0] * 8
    if width == 0:
        for row in range(ROWS):
            _fill_row(out + row * ROW_BYTES, base)
    else:
        mask = as_i64(u64(0xFFFFFFFFFFFFFFFF) >> as_u64(64 - width))
        for row in range(ROWS):
            bit = row * width
            word, shift = source + (bit >> 6) * ROW_BYTES, bit & 63
            if shift + width <= 64:
                _unpack_one(word, shift, mask, base, out + row * ROW_BYTES)
            else:
                _unpack_two(word, shift, mask, base, out + row * ROW_BYTES)
    if m[3] == PACK_DELTA:
        carry = i64p(source)[-1]
        for row in range(ROWS):
            carry = _scan_row(out + row * ROW_BYTES, carry)
    return 0


@inline
def unpack_at(words, meta, i):
    """Value `i` (0..1023) of a FOR vector."""
    m = i64p(meta)
    width = m[1]
    if width == 0:
        return m[2]
    bit = (i >> 4) * width
    word, shift = i64p(words + (m[0] + (bit >> 6) * LANES + (i & (LANES - 1))) * 8), bit & 63
    x = as_u64(word[0]) >> as_u64(shift)
    if shift + width > 64:
        x |= as_u64(word[LANES]) << as_u64(64 - shift)
    return as_i64(x & (u64(0xFFFFFFFFFFFFFFFF) >> as_u64(64 - width))) + m[2]
