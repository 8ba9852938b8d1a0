"""Appending batches to a growing chunk: what a sink's program ends with.

A chunk is a set of column buffers with room for `capacity` rows. Its counter is int64[2]: (rows, capacity).

    op             a           k -> int64 words
    sink_begin     -           [rows, capacity]                       NEED_SPACE when the batch does not fit
    append_i64     slot        [base address, counter address]        also append_f64, _bool, _i128
    append_valid   validity    the same; a = 0 writes ones
    append_str     STR slot    [base, counter, heap, heap used, heap capacity, missing]
    sink_end       -           [rows, capacity]                       rows += N

append_str copies the bytes into the heap and stores views into it. It adds up the lengths first: when they do
not fit it changes nothing but `missing` and answers NEED_SPACE. Views are absolute, so Python must
give it a *new* heap then (used = 0) and keep the old one. All columns append at `rows`, which only
sink_end moves, so every instruction may be repeated.
"""
from __future__ import annotations

from .abi import NEED_SPACE, OK
from .intrinsics import i64p, inline, memory_copy, memory_fill
from .registry import op

ROWS, CAPACITY = 0, 1
BASE, COUNTER, HEAP, HEAP_USED, HEAP_CAPACITY, MISSING = range(6)


@op("sink_begin")
def sink_begin(out, a, b, c, k, n, frame):
    w = i64p(k)
    return NEED_SPACE if w[ROWS] + n > w[CAPACITY] else OK


@op("sink_end")
def sink_end(out, a, b, c, k, n, frame):
    i64p(k)[ROWS] += n
    return OK


@inline
def _row_address(k, width):
    w = i64p(k)
    return w[BASE] + i64p(w[COUNTER])[ROWS] * width


def _append(suffix: str, width: int, absent: int) -> None:
    """Rows of `width` bytes; bytes of a column that is not there are `absent`."""

    @op("append_" + suffix)
    def append(out, a, b, c, k, n, frame):
        if a == 0:
            memory_fill(_row_address(k, width), absent, n * width)
        else:
            memory_copy(_row_address(k, width), a, n * width)
        return OK


_append("i64", 8, 0)
_append("bool", 1, 0)
_append("i128", 16, 0)
_append("valid", 1, 1)


@op("append_str")
def append_str(out, a, b, c, k, n, frame):
    w, x, o = i64p(k), i64p(a), i64p(_row_address(k, 16))
    total = 0
    for i in range(n):
        total += x[2 * i + 1]
    w[MISSING] = max(w[HEAP_USED] + total - w[HEAP_CAPACITY], 0)
    if w[MISSING] > 0:
        return NEED_SPACE
    at = w[HEAP] + w[HEAP_USED]
    for i in range(n):
        length = x[2 * i + 1]
        memory_copy(at, x[2 * i], length)
        o[2 * i] = at
        o[2 * i + 1] = length
        at += length
    w[HEAP_USED] += total
    return OK
