"""Ids of the texts of scanned columns: equal texts get equal ids, dense in order of first appearance.

    op               out       a                    k                                          level
    intern_columns   I64 ids   selection, 0 = all   block of columns.Interner (N_* words)      BLOCK

Several columns are interned together: a row's id stands for all its texts, and grouping by them is done. NULL is
a text of its own. NEED_SPACE: the table's grow(); the instruction is repeated from its start.

Where the columns are stored as dictionaries of few entries, the rows' codes are made into one number, and a
memo by this number tells the id; only a combination that is met first in a row group is looked up:

    returnflag  A 0, N 1, R 2, NULL 3     number = returnflag's code * 3 + linestatus' code
    linestatus  F 0, O 1, NULL 2          memo   1 - -   0 3 -   2 - -   - - -          - = not met: -1

Else (raw text, or more combinations than MEMO_ENTRIES) the table's op runs over views, 1,024 rows at a time.
"""
from __future__ import annotations

from .abi import (
    D_CODES_META,
    D_DATA,
    D_DICT,
    D_DICT_ROWS,
    D_KIND,
    D_NULLS,
    DK_DICT_STR,
    F_GROUP,
    OK,
    VECTOR_ROWS,
)
from .descriptors import descriptor, is_null
from .fetch import packed_rows, run_start
from .intrinsics import call_op, i64p, inline, memory_fill, shared, u8p
from .registry import op
from .text_layout import (
    MEMO_ENTRIES,
    N_CODES,
    N_COLUMNS,
    N_COUNT,
    N_FETCH,
    N_FETCH_VALID,
    N_GROUP,
    N_MEMO,
    N_OP,
    N_ROWS,
    N_TABLE,
    N_VALID,
    N_VIEWS,
)
from .unpack import META_BYTES, unpack


@inline
def _combinations(w, frame):
    """How many there are of the columns' codes and NULLs; 0 = the memo is not for them."""
    count = 1
    for j in range(w[N_COUNT]):
        d = descriptor(frame, w[N_COLUMNS + j])
        count = count * (d[D_DICT_ROWS] + 1) if d[D_KIND] == DK_DICT_STR else 0
        count = count if count <= MEMO_ENTRIES else 0
    return count


@shared
def _codes(d, selection, start, out, n):
    """Codes of n rows: from row `start` on, or if that is -1 those of a selection. NULL: one behind all."""
    if start >= 0 and start & (VECTOR_ROWS - 1) == 0:
        unpack(d[D_DATA], d[D_CODES_META] + start // VECTOR_ROWS * META_BYTES, out)
    else:
        packed_rows(d[D_DATA], d[D_CODES_META], selection, out, n)
    codes, rows, null = i64p(out), i64p(selection), d[D_DICT_ROWS]
    if start < 0:
        for i in range(n):
            codes[i] = null if rows[i] < 0 else codes[i]
    if d[D_NULLS] != 0:
        for i in range(n):
            row = rows[i] if start < 0 else start + i
            codes[i] = null if is_null(d[D_NULLS], max(row, 0)) != 0 else codes[i]
    return 0


@shared
def _numbers(block, selection, first, n, frame):
    """The number of each row's combination of codes; its address."""
    w = i64p(block)
    numbers, codes = i64p(w[N_CODES]), i64p(w[N_CODES] + 8 * VECTOR_ROWS)
    start = first if selection == 0 else run_start(selection, n)
    for j in range(w[N_COUNT]):
        d = descriptor(frame, w[N_COLUMNS + j])
        if j == 0:
            _codes(d, selection, start, w[N_CODES], n)
        else:
            _codes(d, selection, start, w[N_CODES] + 8 * VECTOR_ROWS, n)
            entries = d[D_DICT_ROWS] + 1
            for i in range(n):
                numbers[i] = numbers[i] * entries + codes[i]
    return w[N_CODES]


@shared
def _look_up(block, number, to, frame):
    """The id of a combination of codes, from the table; a status."""
    w = i64p(block)
    for j in range(w[N_COUNT] - 1, -1, -1):
        d = descriptor(frame, w[N_COLUMNS + j])
        entries = d[D_DICT_ROWS] + 1
        code, number = number % entries, number // entries
        view, text = i64p(w[N_VIEWS] + 16 * VECTOR_ROWS * j), i64p(d[D_DICT])
        valid = code < d[D_DICT_ROWS]
        u8p(w[N_VALID] + VECTOR_ROWS * j)[0] = valid
        view[0] = text[2 * code] if valid else 0
        view[1] = text[2 * code + 1] if valid else 0
    return call_op(w[N_OP], to, 0, 0, 0, w[N_TABLE], 1, frame)


@shared
def _by_memo(out, block, selection, first, n, frame):
    """Ids of n rows by the memo; a status."""
    w, o = i64p(block), i64p(out)
    numbers, memo, missing = i64p(_numbers(block, selection, first, n, frame)), i64p(w[N_MEMO]), 0
    for i in range(n):
        id = memo[numbers[i]]
        o[i] = id
        missing |= id
    if missing < 0:
        for i in range(n):
            if memo[numbers[i]] < 0:
                status = _look_up(block, numbers[i], out + 8 * i, frame)
                if status != OK:
                    return status
                memo[numbers[i]] = o[i]
            o[i] = memo[numbers[i]]
    return OK


@shared
def _by_views(out, block, selection, first, n, frame):
    """Ids of n rows by their texts; a status."""
    w = i64p(block)
    if selection == 0:
        rows = i64p(w[N_ROWS])
        for i in range(n):
            rows[i] = first + i
        selection = w[N_ROWS]
    for j in range(w[N_COUNT]):
        column = w[N_COLUMNS + j]
        status = call_op(w[N_FETCH], w[N_VIEWS] + 16 * VECTOR_ROWS * j, selection, 0, 0, column, n, frame)
        call_op(w[N_FETCH_VALID], w[N_VALID] + VECTOR_ROWS * j, selection, 0, 0, column, n, frame)
        if status != OK:
            return status
    return call_op(w[N_OP], out, 0, 0, 0, w[N_TABLE], n, frame)


@op("intern_columns")
def intern_columns(out, a, b, c, k, n, frame):
    w, group = i64p(k), i64p(frame)[F_GROUP]
    combinations = _combinations(w, frame)
    if combinations > 0 and (group == 0 or w[N_GROUP] != group):
        memory_fill(w[N_MEMO], 255, 8 * combinations)
        w[N_GROUP] = group
    for first in range(0, n, VECTOR_ROWS):
        rows, at, selection = min(VECTOR_ROWS, n - first), out + 8 * first, a + 8 * first if a != 0 else 0
        if combinations > 0:
            status = _by_memo(at, k, selection, first, rows, frame)
        else:
            status = _by_views(at, k, selection, first, rows, frame)
        if status != OK:
            return status
    return OK
