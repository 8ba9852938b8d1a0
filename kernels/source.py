"""Sources: what gives a program its batches, and reading a collection's columns.

    scan_source    k -> state [S_CURSOR, S_COUNT, S_TABLE, S_COLUMNS, S_ROWS]
                   Row group after row group: int64[count][columns] descriptor addresses at S_TABLE,
                   int64[count][2] = (rows, first row id) at S_ROWS.
    chunk_source   k -> the same state; S_TABLE has addresses of plain columns instead (0 = absent).
                   Chunks have at most 65,536 rows. An alias (registry.py): the code is the same.

Both set F_N, F_USER (address of the batch's line of the table) and F_SOURCE_ROW, and advance the
cursor; behind the last batch they answer END. A batch of no rows is legal and skipped by the driver.

    chunk_{i64 f64 bool i128 str}   VECTOR   out = column k of the chunk
    chunk_valid                     VECTOR   the same for a validity; an absent one gives 1
"""
from __future__ import annotations

from .abi import END, F_N, F_SOURCE_ROW, F_USER, F_VECTOR, OK, VECTOR_ROWS
from .intrinsics import i64p, memory_copy, memory_fill
from .registry import op

S_CURSOR, S_COUNT, S_TABLE, S_COLUMNS, S_ROWS = range(5)


@op("scan_source")
def scan_source(out, a, b, c, k, n, frame):
    f, s = i64p(frame), i64p(k)
    cursor = s[S_CURSOR]
    if cursor >= s[S_COUNT]:
        return END
    rows = i64p(s[S_ROWS] + cursor * 16)
    f[F_N] = rows[0]
    f[F_SOURCE_ROW] = rows[1]
    f[F_USER] = s[S_TABLE] + cursor * s[S_COLUMNS] * 8
    s[S_CURSOR] = cursor + 1
    return OK


def _chunk(suffix: str, width: int, absent: int) -> None:
    @op("chunk_" + suffix)
    def chunk(out, a, b, c, k, n, frame):
        f = i64p(frame)
        column = i64p(f[F_USER])[k]
        if column == 0:
            memory_fill(out, absent, n * width)
        else:
            memory_copy(out, column + f[F_VECTOR] * VECTOR_ROWS * width, n * width)
        return OK


_chunk("i64", 8, 0)
_chunk("bool", 1, 0)
_chunk("i128", 16, 0)
_chunk("valid", 1, 1)
