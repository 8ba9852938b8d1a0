"""LISTAGG over sorted partitions, the native part: how long each result is, then its bytes. Arrays: windows.py.

    window_listagg_sizes(views, keep, starts, parts, delimiter length, limit, sizes)
        bytes of each partition's result; answers the first partition with more than `limit`, or -1
    window_listagg_write(views, keep, starts, parts, delimiter, its length, heap, out)
        writes the results one behind the other, and their views

`keep` marks the rows whose text takes part.
"""
from __future__ import annotations

from .abi import OK
from .intrinsics import i64p, memory_copy, u8p
from .registry import kernel


@kernel("window_listagg_sizes", arity=7)
def window_listagg_sizes(views, keep, starts, parts, delimiter_length, limit, sizes):
    x, k, s, o = i64p(views), u8p(keep), i64p(starts), i64p(sizes)
    for p in range(parts):
        size, count = 0, 0
        for i in range(s[p], s[p + 1]):
            if k[i] != 0:
                size += x[2 * i + 1] + (delimiter_length if count > 0 else 0)
                count += 1
        if size > limit:
            return p
        o[p] = size
    return -1


@kernel("window_listagg_write", arity=8)
def window_listagg_write(views, keep, starts, parts, delimiter, delimiter_length, heap, out):
    x, k, s, o = i64p(views), u8p(keep), i64p(starts), i64p(out)
    at = heap
    for p in range(parts):
        begin = at
        for i in range(s[p], s[p + 1]):
            if k[i] != 0:
                if at != begin:
                    memory_copy(at, delimiter, delimiter_length)
                    at += delimiter_length
                memory_copy(at, x[2 * i], x[2 * i + 1])
                at += x[2 * i + 1]
        o[2 * p] = begin
        o[2 * p + 1] = at - begin
    return OK
