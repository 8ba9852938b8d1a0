"""Reading rows of collections by row number, copying strings out of views, and the call into Python.

    op                    out                  a                   k
    fetch_chunk_<class>   F_N values           I64 rows, 0 = all   column of the chunk's table
    fetch_chunk_valid     validity             the same            an absent one (address 0) gives 1
    pycall                -                    -                   asks Python to run the instruction's function

The chunk's table row (addresses by column) stands at frame[F_USER], as chunk_source left it (source.py).

    copy_text   kernel (views, n, out): the bytes of n views one after another
"""
from __future__ import annotations

from .abi import F_USER, OK, PYCALL
from .intrinsics import i64p, inline, memory_copy, memory_fill, u8p
from .registry import kernel, op


@inline
def _column(k, frame):
    return i64p(i64p(frame)[F_USER])[k]


@inline
def _words(source, out, a, n):
    if a == 0:
        memory_copy(out, source, n * 8)
        return OK
    x, rows, y = i64p(source), i64p(a), i64p(out)
    for i in range(n):
        y[i] = x[rows[i]]
    return OK


@inline
def _bytes(source, out, a, n):
    if a == 0:
        memory_copy(out, source, n)
        return OK
    x, rows, y = u8p(source), i64p(a), u8p(out)
    for i in range(n):
        y[i] = x[rows[i]]
    return OK


@inline
def _pairs(source, out, a, n):
    if a == 0:
        memory_copy(out, source, n * 16)
        return OK
    x, rows, y = i64p(source), i64p(a), i64p(out)
    for i in range(n):
        y[2 * i] = x[2 * rows[i]]
        y[2 * i + 1] = x[2 * rows[i] + 1]
    return OK


@op("fetch_chunk_i64")
def fetch_chunk_i64(out, a, b, c, k, n, frame):
    return _words(_column(k, frame), out, a, n)


@op("fetch_chunk_f64")
def fetch_chunk_f64(out, a, b, c, k, n, frame):
    return _words(_column(k, frame), out, a, n)


@op("fetch_chunk_bool")
def fetch_chunk_bool(out, a, b, c, k, n, frame):
    return _bytes(_column(k, frame), out, a, n)


@op("fetch_chunk_valid")
def fetch_chunk_valid(out, a, b, c, k, n, frame):
    source = _column(k, frame)
    if source == 0:
        memory_fill(out, 1, n)
        return OK
    return _bytes(source, out, a, n)


@op("fetch_chunk_i128")
def fetch_chunk_i128(out, a, b, c, k, n, frame):
    return _pairs(_column(k, frame), out, a, n)


@op("fetch_chunk_str")
def fetch_chunk_str(out, a, b, c, k, n, frame):
    return _pairs(_column(k, frame), out, a, n)


@kernel("copy_text", arity=3)
def copy_text(views, n, out):
    v = i64p(views)
    position = out
    for i in range(n):
        length = v[2 * i + 1]
        memory_copy(position, v[2 * i], length)
        position += length
    return OK


@op("pycall")
def pycall(out, a, b, c, k, n, frame):
    return PYCALL
