"""LIKE for one string: the plain form of kernels/like.py, for constants and as its reference."""
from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=256)
def _regex(pattern: str, escape: str, case_insensitive: bool) -> re.Pattern[str]:
    parts: list[str] = []
    i = 0
    while i < len(pattern):
        ch = pattern[i]
        if escape and ch == escape and i + 1 < len(pattern):
            i += 1
            parts.append(re.escape(pattern[i]))
        else:
            parts.append({"%": ".*", "_": "."}.get(ch) or re.escape(ch))
        i += 1
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if case_insensitive else 0))


def like_matches(value: str, pattern: str, escape: str = "\\", case_insensitive: bool = False) -> bool:
    """Whether the whole of `value` matches: % any characters, _ one, `escape` takes the next literally."""
    return _regex(pattern, escape, case_insensitive).fullmatch(value) is not None
