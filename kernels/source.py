"""Sources: what gives a program its batches, and reading a collection's columns.

    scan_source    k -> state [S_CURSOR, S_COUNT, S_TABLE, S_COLUMNS, S_ROWS, S_BATCH, S_AT, S_LINE]
                   Row group after row group: int64[count][columns] descriptor addresses at S_TABLE,
                   int64[count][2] = (rows, first row id) at S_ROWS.
    chunk_source   k -> the same state; S_TABLE has addresses of plain columns instead (0 = absent).
                   Chunks have at most S_BATCH rows. An alias (registry.py): the code is the same.

Both set F_N, F_USER (address of the batch's line of the table), F_SOURCE_ROW and F_GROUP, and advance the
cursor; behind the last batch they answer END. A batch of no rows is legal and skipped by the driver.

A row group of more than S_BATCH rows (whole vectors) is handed out in several batches, so that what a program
keeps of a batch stays in the cache. Each looks like a row group of its own: at S_LINE, room for a line of
addresses and for `columns` descriptors behind it, stand copies that begin at the batch's first vector:

    row group   vectors 0 1 2 3 | 4 5 6 7 | 8 9         S_BATCH = 4,096
                                  ^ S_AT                D_META + 4 lines, D_NULLS + 4 * 128 bytes ...

    chunk_{i64 f64 bool i128 str}   VECTOR   out = column k of the chunk
    chunk_valid                     VECTOR   the same for a validity; an absent one gives 1
"""
from __future__ import annotations

from .abi import (
    D_CODES_META,
    D_DATA,
    D_KIND,
    D_META,
    D_NULLS,
    D_OFFSETS,
    D_ROWS,
    D_WIDTH,
    D_ZONES,
    DESCRIPTOR_WORDS,
    DK_RAW_BOOL,
    DK_RAW_FLOAT,
    DK_RAW_I128,
    DK_RAW_INT,
    END,
    F_GROUP,
    F_N,
    F_SOURCE_ROW,
    F_USER,
    F_VECTOR,
    OK,
    VECTOR_ROWS,
)
from .intrinsics import i64p, inline, memory_copy, memory_fill
from .registry import op
from .source_layout import S_AT, S_BATCH, S_COLUMNS, S_COUNT, S_CURSOR, S_LINE, S_ROWS, S_TABLE


@inline
def _move(d, word, bytes):
    d[word] += bytes if d[word] != 0 else 0


@inline
def _cut(line, source, columns, first, rows):
    """Descriptors of `rows` rows from row `first` on (a vector's first), and the line of their addresses."""
    addresses, sources, v = i64p(line), i64p(source), first // VECTOR_ROWS
    for j in range(columns):
        at = line + 8 * (columns + j * DESCRIPTOR_WORDS)
        memory_copy(at, sources[j], 8 * DESCRIPTOR_WORDS)
        addresses[j] = at
        d = i64p(at)
        kind = d[D_KIND]
        d[D_ROWS] = rows
        if kind in (DK_RAW_INT, DK_RAW_FLOAT, DK_RAW_BOOL, DK_RAW_I128):
            width = 16 if kind == DK_RAW_I128 else 1 if kind == DK_RAW_BOOL else d[D_WIDTH]
            d[D_DATA] += first * width
        _move(d, D_NULLS, first // 8)
        _move(d, D_OFFSETS, first * 4)
        _move(d, D_META, v * 32)
        _move(d, D_CODES_META, v * 32)
        _move(d, D_ZONES, v * 16)


@op("scan_source")
def scan_source(out, a, b, c, k, n, frame):
    f, s = i64p(frame), i64p(k)
    cursor, first = s[S_CURSOR], s[S_AT]
    if cursor >= s[S_COUNT]:
        return END
    group, line = i64p(s[S_ROWS] + cursor * 16), s[S_TABLE] + cursor * s[S_COLUMNS] * 8
    rows = min(group[0] - first, s[S_BATCH])
    f[F_GROUP] += 1 if first == 0 else 0
    f[F_N] = rows
    f[F_SOURCE_ROW] = group[1] + first
    if rows < group[0]:
        _cut(s[S_LINE], line, s[S_COLUMNS], first, rows)
        line = s[S_LINE]
    f[F_USER] = line
    s[S_AT] = first + rows
    if s[S_AT] >= group[0]:
        s[S_AT] = 0
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
