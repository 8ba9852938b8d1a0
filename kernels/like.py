"""LIKE: patterns compiled into parameter blocks for like_str and pred_column (like_ops.py).

A pattern is cut at its % signs into segments; each must follow the one before, anywhere behind it. Leftmost
placement of each is right, because what follows a segment may be anything. Within a segment an
element is a byte or "any character" (_), which takes one UTF-8 character.

    'a%b_d%'     segments [a] [b ? d]     from the start: yes    to the end: no

    | L_* words | segment words ... | bytes of all segments | kinds of all segments |

A block also names its longest run of plain bytes, the needle: whole blocks of text are searched for it first.
ILIKE folds ASCII letters only, as Redshift does. The escape character makes the next one plain; a
pattern that ends in it is refused.
"""
from __future__ import annotations

import numpy as np

from ..errors import InvalidText
from ..records import dataclass
from . import text_layout as layout
from .memory import zeros
from .text_blocks import put_bytes


@dataclass(slots=True)
class _Segment:
    data: bytearray
    kinds: bytearray

    @property
    def plain(self) -> bool:
        return layout.KIND_ANY not in self.kinds


def compile_like(pattern: str, escape: str | None = "\\", case_insensitive: bool = False) -> np.ndarray:
    """The parameter block of a pattern; keep the array while its address is in use."""
    segments, from_start, to_end = _parse(pattern, escape)
    data = b"".join(bytes(s.data) for s in segments)
    kinds = b"".join(bytes(s.kinds) for s in segments)
    needle, needle_length = _needle(data, segments)
    if case_insensitive:
        data, needle_length = data.lower(), 0
    fixed = layout.L_SEGMENT_WORDS + layout.SEGMENT_WORDS * len(segments)
    kinds_word = fixed + len(data) // 8 + 5  # bytes are followed by 32 readable ones
    block = zeros(kinds_word + len(kinds) // 8 + 5, np.int64)
    at, kinds_at = put_bytes(block, fixed, data), put_bytes(block, kinds_word, kinds)
    block[layout.L_SEGMENTS] = len(segments)
    block[layout.L_FROM_START] = from_start
    block[layout.L_TO_END] = to_end
    block[layout.L_MINIMUM] = len(data)
    block[layout.L_FOLD] = case_insensitive
    block[layout.L_NEEDLE] = at + needle
    block[layout.L_NEEDLE_LENGTH] = needle_length
    offset = 0
    for j, segment in enumerate(segments):
        word = layout.L_SEGMENT_WORDS + layout.SEGMENT_WORDS * j
        plain = segment.plain and not case_insensitive
        block[word : word + 4] = at + offset, kinds_at + offset, len(segment.data), plain
        offset += len(segment.data)
    return block


def _parse(pattern: str, escape: str | None) -> tuple[list[_Segment], bool, bool]:
    """Segments, and whether the first and the last are anchored."""
    segments = [_Segment(bytearray(), bytearray())]
    characters = iter(pattern)
    for character in characters:
        kind = layout.KIND_BYTE
        if escape and character == escape:
            following = next(characters, None)
            if following is None:
                raise InvalidText("LIKE pattern must not end with escape character", sqlstate="22025")
            character = following
        elif character == "%":
            segments.append(_Segment(bytearray(), bytearray()))
            continue
        elif character == "_":
            segments[-1].data.append(0)
            segments[-1].kinds.append(layout.KIND_ANY)
            continue
        data = character.encode()
        segments[-1].data += data
        segments[-1].kinds += bytes([kind]) * len(data)
    from_start, to_end = bool(segments[0].data), bool(segments[-1].data)
    if len(segments) == 1:  # no %: the whole string, be it empty
        return segments, True, True
    return [s for s in segments if s.data], from_start, to_end


def _needle(data: bytes, segments: list[_Segment]) -> tuple[int, int]:
    """Offset and length of the longest run of plain bytes within one segment."""
    best, best_length, offset = 0, 0, 0
    for segment in segments:
        run = 0
        for i, kind in enumerate(segment.kinds):
            run = run + 1 if kind == layout.KIND_BYTE else 0
            if run > best_length:
                best, best_length = offset + i + 1 - run, run
        offset += len(segment.kinds)
    return best, best_length
