"""ESCAPE for the fast path: a chunk without its backslashes.

    1|a\\|b|\\N\\n      1|a<1c>b|\\N\\n        an escaped delimiter or line end becomes a mark, which is put back
    2|c\\\\d||\\n       2|c\\d||\\n           when the fields are apart; \\N alone in a field stays, it means NULL

Chunks that hold a mark themselves, or an escaped carriage return, are left to the strict path.
"""
from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

DELIMITER_MARK, LINE_END_MARK = "\x1c", "\x1d"
_MARKS = (DELIMITER_MARK.encode(), LINE_END_MARK.encode())
_BACKSLASH, _LINE_END, _RETURN, _N = 0x5C, 0x0A, 0x0D, 0x4E


def unescaped(data: bytes, delimiter: str, keep_null: bool) -> bytes | None:
    """`data` without the backslashes that escape; `keep_null`: a field \\N keeps its own. None: not by this way."""
    if any(mark in data for mark in _MARKS):
        return None
    whole = np.frombuffer(data, np.uint8)
    places = np.flatnonzero(whole == _BACKSLASH)
    # Of backslashes in a row, every second one is escaped itself.
    first = np.diff(places, prepend=-2) != 1
    begins = places[np.maximum.accumulate(np.where(first, np.arange(len(places)), 0))]
    escaping = places[(places - begins) % 2 == 0]
    escaped = escaping + 1
    if escaped[-1] >= len(whole) or (whole[escaped] == _RETURN).any():
        return None
    made = whole.copy()
    end = ord(delimiter)
    made[escaped[whole[escaped] == end]] = _MARKS[0][0]
    made[escaped[whole[escaped] == _LINE_END]] = _MARKS[1][0]
    kept = np.ones(len(whole), np.bool_)
    kept[escaping] = False
    if keep_null:
        before, after = made[np.maximum(escaping - 1, 0)], made[np.minimum(escaped + 1, len(whole) - 1)]
        begins_field = (escaping == 0) | (before == end) | (before == _LINE_END)
        ends_field = (escaped == len(whole) - 1) | (after == end) | (after == _LINE_END) | (after == _RETURN)
        kept[escaping[(whole[escaped] == _N) & begins_field & ends_field]] = True
    return made[kept].tobytes()


def with_marks_replaced(array: pa.ChunkedArray, data: bytes, delimiter: str) -> pa.ChunkedArray:
    """A column of texts with what the marks stand for; `data`: the chunk, which tells whether there are any."""
    for mark, text in ((DELIMITER_MARK, delimiter), (LINE_END_MARK, "\n")):
        if mark.encode() in data:
            array = pc.replace_substring(array, mark, text)
    return array
