"""Probing join tables, the native part. Layouts: join_layout.py; making tables: join_table.py.

Every probe op has these operands:

    out   I64 probe row numbers (rows of the batch before the probe)
    a, b  the key's values and its validity or 0 (tables of one i64 key; others take them from the state)
    c     I64 build row numbers, -1 = none (SEMI and ANTI: absent)
    k     address of the state
    n     rows of the batch; frame[F_N] becomes the number of results

    op                   level       table                    kinds
    join_array_inner     BLOCK       array                    inner
    join_array_filter    BLOCK       array                    semi, anti
    join_bitmap_filter   BLOCK       bitmap                   semi, anti
    join_unique_inner    BLOCK       hash, generic, packed    inner, keys unique
    join_unique_left     BLOCK       any with unique keys     left, single: `out` is 0, 1, 2 ...; N stays
    join_filter          BLOCK       all but bitmap           semi, anti
    join_chain           RESUMABLE   hash, generic, packed    inner, left, single
    join_runs            RESUMABLE   runs                     inner, left, single
    join_pairs           RESUMABLE   constant                 inner, left, single
    join_constant_filter BLOCK       constant                 semi, anti
    mark_rows            BLOCK       -   a = build row numbers, k = address of uint8 marks; skips -1

A resumable op gives at most 65,536 results a call, then sets state[0] = 1 and goes on when called again.
SINGLE answers FAILED with ERR_TOO_MANY_ROWS and the probe row when a row has two matches.

All but the array, bitmap and runs ops ask the table through its lookup op (join_lookup.py), 1,024 rows
at a time.
"""
from __future__ import annotations

import numpy as np

from .abi import BATCH_ROWS, ERR_TOO_MANY_ROWS, F_ERROR_CODE, F_ERROR_ROW, F_N, FAILED, OK
from .intrinsics import as_i64, as_u64, call_op, i32p, i64p, inline, prefetch, u8p, u32p, u64p
from .join_layout import (
    AHEAD,
    CACHED_BYTES,
    CHUNK,
    MODE_ANTI,
    MODE_INNER,
    MODE_SINGLE,
    S_FIRSTS,
    S_LOOKUP,
    S_MODE,
    S_NEXT,
    S_OFFSET,
    S_PENDING,
    S_ROW,
    S_ROWS,
    S_TABLE,
    T_DATA,
    T_LOW,
    T_NEXT,
    T_ROWS,
    T_SPAN,
    T_STARTS,
)
from .join_lookup import place_of
from .registry import op


@inline
def look_up(state, a, b, first, rows, total):
    """Ask the table for rows first .. first + rows; the answers stand at state[S_FIRSTS]."""
    s = i64p(state)
    s[S_OFFSET] = first
    keys = a + first * 8
    valid = b + first if b != 0 else 0
    call_op(s[S_LOOKUP], s[S_FIRSTS], keys, valid, total - first, s[S_TABLE], rows, state)


@inline
def distance(table_bytes, n):
    """How many rows ahead to prefetch: past the batch's end, that is never, when the table is cached."""
    return AHEAD if table_bytes > CACHED_BYTES else n


@inline
def too_many(frame, row):
    f = i64p(frame)
    f[F_ERROR_CODE] = ERR_TOO_MANY_ROWS
    f[F_ERROR_ROW] = row
    return FAILED


# -- keys that are unique: at most one result a row ------------------------------------------------


@op("join_array_inner")
def join_array_inner(out, a, b, c, k, n, frame):
    t = i64p(i64p(k)[S_TABLE])
    rows, low, span = i32p(t[T_DATA]), t[T_LOW], t[T_SPAN]
    o, p, x, valid = i64p(out), i64p(c), i64p(a), u8p(b)
    count, ahead = 0, distance(span * 4, n)
    if b == 0:
        for i in range(n):
            if i + ahead < n:
                prefetch(t[T_DATA] + place_of(x[i + ahead], low, span) * 4)
            row = rows[place_of(x[i], low, span)]
            o[count] = i
            p[count] = row
            count += 1 if row >= 0 else 0
    else:
        for i in range(n):
            if i + ahead < n:
                prefetch(t[T_DATA] + place_of(x[i + ahead], low, span) * 4)
            row = rows[place_of(x[i], low, span)]
            o[count] = i
            p[count] = row
            count += (1 if row >= 0 else 0) & valid[i]
    i64p(frame)[F_N] = count
    return OK


@op("join_array_filter")
def join_array_filter(out, a, b, c, k, n, frame):
    t = i64p(i64p(k)[S_TABLE])
    rows, low, span = i32p(t[T_DATA]), t[T_LOW], t[T_SPAN]
    flip = 1 if i64p(k)[S_MODE] == MODE_ANTI else 0
    o, x, valid = i64p(out), i64p(a), u8p(b)
    count, ahead = 0, distance(span * 4, n)
    if b == 0:
        for i in range(n):
            if i + ahead < n:
                prefetch(t[T_DATA] + place_of(x[i + ahead], low, span) * 4)
            o[count] = i
            count += (1 if rows[place_of(x[i], low, span)] >= 0 else 0) ^ flip
    else:
        for i in range(n):
            o[count] = i
            count += ((1 if rows[place_of(x[i], low, span)] >= 0 else 0) & valid[i]) ^ flip
    i64p(frame)[F_N] = count
    return OK


@op("join_bitmap_filter")
def join_bitmap_filter(out, a, b, c, k, n, frame):
    t = i64p(i64p(k)[S_TABLE])
    words, low, span = u64p(t[T_DATA]), t[T_LOW], t[T_SPAN]
    flip = 1 if i64p(k)[S_MODE] == MODE_ANTI else 0
    o, x, valid = i64p(out), i64p(a), u8p(b)
    count = 0
    if b == 0:
        for i in range(n):
            d = place_of(x[i], low, span)
            o[count] = i
            count += as_i64((words[d >> 6] >> as_u64(d & 63)) & as_u64(1)) ^ flip
    else:
        for i in range(n):
            d = place_of(x[i], low, span)
            o[count] = i
            count += (as_i64((words[d >> 6] >> as_u64(d & 63)) & as_u64(1)) & valid[i]) ^ flip
    i64p(frame)[F_N] = count
    return OK


@op("join_unique_inner")
def join_unique_inner(out, a, b, c, k, n, frame):
    o, p, firsts = i64p(out), i64p(c), i64p(i64p(k)[S_FIRSTS])
    count = 0
    for first in range(0, n, CHUNK):
        rows = min(CHUNK, n - first)
        look_up(k, a, b, first, rows, n)
        for i in range(rows):
            o[count] = first + i
            p[count] = firsts[i]
            count += 1 if firsts[i] >= 0 else 0
    i64p(frame)[F_N] = count
    return OK


@op("join_unique_left")
def join_unique_left(out, a, b, c, k, n, frame):
    o, p, firsts = i64p(out), i64p(c), i64p(i64p(k)[S_FIRSTS])
    for first in range(0, n, CHUNK):
        rows = min(CHUNK, n - first)
        look_up(k, a, b, first, rows, n)
        for i in range(rows):
            o[first + i] = first + i
            p[first + i] = firsts[i]
    return OK


@op("join_filter")
def join_filter(out, a, b, c, k, n, frame):
    o, firsts = i64p(out), i64p(i64p(k)[S_FIRSTS])
    flip = 1 if i64p(k)[S_MODE] == MODE_ANTI else 0
    count = 0
    for first in range(0, n, CHUNK):
        rows = min(CHUNK, n - first)
        look_up(k, a, b, first, rows, n)
        for i in range(rows):
            o[count] = first + i
            count += (1 if firsts[i] >= 0 else 0) ^ flip
    i64p(frame)[F_N] = count
    return OK


# -- keys that repeat: any number of results a row -------------------------------------------------


@inline
def suspend(state, row, following):
    """Remember where to go on: at probe row `row`, with build row `following` (-1: from its beginning)."""
    s = i64p(state)
    s[S_PENDING] = 1
    s[S_ROW] = row
    s[S_NEXT] = following


@inline
def resume(state, n):
    """Rows of the batch in hand; sets S_ROW and S_NEXT for a new one and clears S_PENDING."""
    s = i64p(state)
    if s[S_PENDING] == 0:
        s[S_ROWS] = n
        s[S_ROW] = 0
        s[S_NEXT] = -1
    s[S_PENDING] = 0
    return s[S_ROWS]


@op("join_chain")
def join_chain(out, a, b, c, k, n, frame):
    s, f = i64p(k), i64p(frame)
    total = resume(k, n)
    o, p, firsts, following = i64p(out), i64p(c), i64p(s[S_FIRSTS]), i32p(i64p(s[S_TABLE])[T_NEXT])
    mode, first, pending, count = s[S_MODE], s[S_ROW], s[S_NEXT], 0
    while first < total:
        rows = min(CHUNK, total - first)
        look_up(k, a, b, first, rows, total)
        for i in range(rows):
            if i + AHEAD < rows and firsts[i + AHEAD] >= 0:
                prefetch(i64p(s[S_TABLE])[T_NEXT] + firsts[i + AHEAD] * 4)
            row = firsts[i]
            if pending >= 0:
                row = pending
                pending = -1
            elif row < 0:
                if mode == MODE_INNER:
                    continue
                if count == BATCH_ROWS:
                    suspend(k, first + i, -1)
                    f[F_N] = count
                    return OK
                o[count] = first + i
                p[count] = -1
                count += 1
            elif mode == MODE_SINGLE and following[row] >= 0:
                return too_many(frame, first + i)
            while row >= 0:
                if count == BATCH_ROWS:
                    suspend(k, first + i, row)
                    f[F_N] = count
                    return OK
                o[count] = first + i
                p[count] = row
                count += 1
                row = following[row]
        first += rows
    f[F_N] = count
    return OK


@op("join_runs")
def join_runs(out, a, b, c, k, n, frame):
    s, f = i64p(k), i64p(frame)
    total = resume(k, n)
    t = i64p(s[S_TABLE])
    starts, rows, low, span = u32p(t[T_STARTS]), i32p(t[T_DATA]), t[T_LOW], t[T_SPAN]
    o, p, x, valid, mode = i64p(out), i64p(c), i64p(a), u8p(b), s[S_MODE]
    pending, count, ahead = s[S_NEXT], 0, distance(span * 4, total)
    for i in range(s[S_ROW], total):
        if i + 2 * ahead < total:  # starts first, then, when they are here, the rows they point to
            prefetch(t[T_STARTS] + place_of(x[i + 2 * ahead], low, span) * 4)
            prefetch(t[T_DATA] + np.int64(starts[place_of(x[i + ahead], low, span)]) * 4)
        d = place_of(x[i], low, span) if b == 0 or valid[i] != 0 else span
        at, stop = np.int64(starts[d]), np.int64(starts[d + 1])
        if pending >= 0:
            at = pending
            pending = -1
        elif mode != MODE_INNER:
            if mode == MODE_SINGLE and stop - at > 1:
                return too_many(frame, i)
            if at == stop:
                if count == BATCH_ROWS:
                    suspend(k, i, -1)
                    f[F_N] = count
                    return OK
                o[count] = i
                p[count] = -1
                count += 1
        take = min(stop - at, BATCH_ROWS - count)
        for j in range(take):
            o[count + j] = i
            p[count + j] = rows[at + j]
        count += take
        if at + take < stop:
            suspend(k, i, at + take)
            f[F_N] = count
            return OK
    f[F_N] = count
    return OK


@op("join_pairs")
def join_pairs(out, a, b, c, k, n, frame):
    s, f = i64p(k), i64p(frame)
    total = resume(k, n)
    rows, mode = i64p(s[S_TABLE])[T_ROWS], s[S_MODE]
    o, p, count = i64p(out), i64p(c), 0
    if rows == 0 and mode == MODE_INNER:
        total = 0
    if mode == MODE_SINGLE and rows > 1 and total > 0:
        return too_many(frame, 0)
    width = max(rows, 1)  # no build rows: one result with none
    row, at = s[S_ROW], max(s[S_NEXT], 0)
    while row < total and count < BATCH_ROWS:
        take = min(width - at, BATCH_ROWS - count)
        for j in range(take):
            o[count + j] = row
            p[count + j] = at + j if rows > 0 else -1
        count += take
        at += take
        if at == width:
            at = 0
            row += 1
    if row < total:
        suspend(k, row, at)
    f[F_N] = count
    return OK


@op("join_constant_filter")
def join_constant_filter(out, a, b, c, k, n, frame):
    """SEMI keeps every row when there is a build row; ANTI when there is none."""
    s, o = i64p(k), i64p(out)
    keep = (i64p(s[S_TABLE])[T_ROWS] > 0) != (s[S_MODE] == MODE_ANTI)
    for i in range(n):
        o[i] = i
    i64p(frame)[F_N] = n if keep else 0
    return OK


@op("mark_rows")
def mark_rows(out, a, b, c, k, n, frame):
    rows, marks = i64p(a), u8p(k)
    for i in range(n):
        if rows[i] >= 0:
            marks[rows[i]] = 1
    return OK
