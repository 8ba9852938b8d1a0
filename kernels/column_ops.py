"""String predicates applied to a scanned column as it is stored: dictionaries once per entry, blocks as a whole.

    op              out      a                       k                                        level
    pred_column     BOOL     selection, 0 = all      block of make_column (op gives BOOL)     BLOCK

Blocks are made by columns.py. A block names an op over STR views (like_str, compare_str_k, in_list_str),
its k, and the column. What is done depends on how the column is stored in this row group:

    DK_DICT_STR   the op runs over the dictionary's entries, once a row group; rows look their code up in the
                  results
    DK_RAW_STR    a LIKE block, all rows: the block's bytes are searched for the needle, hits are mapped
                  to rows and only those matched; else views are made and the op runs over them, 1,024 at a time

Results for NULL (and for row -1) are 0, as abi.py asks. Ids of texts: intern_ops.py.
"""
from __future__ import annotations

import numpy as np

from .abi import (
    BATCH_ROWS,
    D_DATA,
    D_DICT,
    D_DICT_ROWS,
    D_KIND,
    D_NULLS,
    D_OFFSETS,
    D_ROWS,
    DK_DICT_STR,
    DK_RAW_STR,
    F_GROUP,
    OK,
)
from .descriptors import descriptor, is_null, unknown_kind
from .intrinsics import call_op, i64p, inline, memory_fill, shared, u8p, u32p
from .join_layout import CHUNK
from .like_ops import like_text
from .registry import op
from .text import find_text
from .text_layout import (
    L_NEEDLE,
    L_NEEDLE_LENGTH,
    P_CODES,
    P_COLUMN,
    P_FETCH_CODES,
    P_GROUP,
    P_K,
    P_LIKE,
    P_OP,
    P_RESULTS,
    P_VALID,
    P_VIEWS,
)


@inline
def _usable(d):
    """Whether the column is stored in a way these ops know."""
    return d[D_KIND] == DK_RAW_STR or (d[D_KIND] == DK_DICT_STR and d[D_DICT_ROWS] <= BATCH_ROWS)


@inline
def _is_valid(d, selection, i):
    """Whether the i-th output stands for a row that is not NULL."""
    row = i64p(selection)[i] if selection != 0 else i
    missing = row < 0
    if not missing and d[D_NULLS] != 0:
        missing = is_null(d[D_NULLS], row) != 0
    return not missing


@shared
def _clear_missing_bytes(d, selection, out, n):
    if selection != 0 or d[D_NULLS] != 0:
        o = u8p(out)
        for i in range(n):
            o[i] &= 1 if _is_valid(d, selection, i) else 0


@shared
def _chunk_views(w, d, selection, first, n):
    """Views of rows first .. first + n of the batch, and their validities, into the block's scratch."""
    offsets, data = u32p(d[D_OFFSETS]), d[D_DATA]
    views, valid = i64p(w[P_VIEWS]), u8p(w[P_VALID])
    for i in range(n):
        ok = _is_valid(d, selection, first + i)
        row = i64p(selection)[first + i] if selection != 0 else first + i
        row = row if ok else 0
        start, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        views[2 * i] = data + start
        views[2 * i + 1] = stop - start if ok else 0
        valid[i] = 1 if ok else 0


@inline
def _fetch_codes(w, selection, n, frame):
    return call_op(w[P_FETCH_CODES], w[P_CODES], selection, 0, 0, w[P_COLUMN], n, frame)


@inline
def _run_dictionary(w, d, frame):
    """The op over the dictionary's entries, into the block's results, once a row group; its status."""
    group = i64p(frame)[F_GROUP]
    status = np.int64(OK)
    if group == 0 or w[P_GROUP] != group:
        status = call_op(w[P_OP], w[P_RESULTS], d[D_DICT], 0, 0, w[P_K], d[D_DICT_ROWS], frame)
        w[P_GROUP] = group if status == OK else 0
    return status


@shared
def _search_block(out, d, block, n):
    """LIKE over all rows of a raw block: find the needle in all bytes, match the rows where it stands."""
    w, o, offsets, data = i64p(block), u8p(out), u32p(d[D_OFFSETS]), d[D_DATA]
    memory_fill(out, 0, n)
    needle, length = w[L_NEEDLE], w[L_NEEDLE_LENGTH]
    at, end, row = np.int64(offsets[0]), np.int64(offsets[n]), 0
    while at + length <= end:
        hit = find_text(data + at, end - at, needle, length)
        if hit < 0:
            break
        at += hit
        while offsets[row + 1] <= at:
            row += 1
        start, stop = np.int64(offsets[row]), np.int64(offsets[row + 1])
        if at + length <= stop:
            o[row] = 1 if like_text(block, data + start, stop - start) else 0
        at = stop


@op("pred_column")
def pred_column(out, a, b, c, k, n, frame):
    w = i64p(k)
    d = descriptor(frame, w[P_COLUMN])
    if not _usable(d):
        return unknown_kind(frame)
    status = np.int64(OK)
    if d[D_KIND] == DK_DICT_STR:
        status = _run_dictionary(w, d, frame)
        _fetch_codes(w, a, n, frame)
        o, codes, results = u8p(out), i64p(w[P_CODES]), u8p(w[P_RESULTS])
        for i in range(n):
            o[i] = results[codes[i]]
    elif w[P_LIKE] != 0 and a == 0 and n == d[D_ROWS]:
        _search_block(out, d, w[P_K], n)
    else:
        for first in range(0, n, CHUNK):
            rows = min(CHUNK, n - first)
            _chunk_views(w, d, a, first, rows)
            status |= call_op(w[P_OP], out + first, w[P_VIEWS], 0, 0, w[P_K], rows, frame)
    _clear_missing_bytes(d, a, out, n)
    return status
