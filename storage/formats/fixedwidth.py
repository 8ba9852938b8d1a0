"""FIXEDWIDTH lines as delimited ones, for the fast path: in a chunk of ASCII lines of one length, a separator is put
behind each field.

    1  Toyota ParkIL        1  \\x1fToyota Park\\x1fIL

Other chunks (longer characters, lines of other lengths, the separator itself) are left to the strict path.
"""
from __future__ import annotations

import numpy as np

SEPARATOR = "\x1f"
_LINE_END, _RETURN = 0x0A, 0x0D


def as_delimited(data: bytes, widths: tuple[int, ...]) -> bytes | None:
    """None for a chunk that is not plain."""
    if not data.isascii() or SEPARATOR.encode() in data:
        return None
    total = sum(widths)
    whole = np.frombuffer(data, np.uint8)
    if whole[-1] != _LINE_END:
        whole = np.append(whole, np.uint8(_LINE_END))
    ends = np.flatnonzero(whole == _LINE_END)
    length = int(ends[0]) + 1
    line_end = length - total
    if line_end not in (1, 2) or len(whole) != length * len(ends) or (ends % length != length - 1).any():
        return None
    lines = whole.reshape(len(ends), length)
    if line_end == 2 and (lines[:, total] != _RETURN).any():
        return None
    made = np.full((len(ends), total + len(widths)), ord(SEPARATOR), np.uint8)
    start = 0
    for number, width in enumerate(widths):
        made[:, start + number : start + number + width] = lines[:, start : start + width]
        start += width
    made[:, -1] = _LINE_END
    return made.tobytes()
