"""Reading rows of collections by row number, copying strings out of views, and the call into Python.

    op                    out                  a                   k
    fetch_chunk_<class>   F_N values           I64 rows, 0 = all   column of the chunk's table
    fetch_chunk_valid     validity             the same            an absent one (address 0) gives 1
                          (classes: i64 bool i128, and f64 and str by registry.ALIASES)
    pycall                -                    -                   asks Python to run the instruction's function

The chunk's table row (addresses by column) stands at frame[F_USER], as chunk_source left it (source.py).

    copy_text   kernel (views, n, out): the bytes of n views one after another
"""
from __future__ import annotations

from typing import Any

from .abi import F_USER, OK, PYCALL
from .intrinsics import i64p, inline, memory_copy, memory_fill, u8p
from .registry import kernel, op


@inline
def _column(k, frame):
    return i64p(i64p(frame)[F_USER])[k]


def _fetch_chunk(suffix: str, width: int, absent: int, pointer: Any, words: int = 1) -> None:
    """Rows of `words` items each; bytes of a column that is not there are `absent`."""

    @op("fetch_chunk_" + suffix)
    def fetch_chunk(out, a, b, c, k, n, frame):
        source = _column(k, frame)
        if source == 0:
            memory_fill(out, absent, n * width)
        elif a == 0:
            memory_copy(out, source, n * width)
        else:
            x, rows, y = pointer(source), i64p(a), pointer(out)
            for i in range(n):
                for word in range(words):
                    y[words * i + word] = x[words * rows[i] + word]
        return OK


_fetch_chunk("i64", 8, 0, i64p)
_fetch_chunk("bool", 1, 0, u8p)
_fetch_chunk("valid", 1, 1, u8p)
_fetch_chunk("i128", 16, 0, i64p, words=2)


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
