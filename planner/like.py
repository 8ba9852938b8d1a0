"""Patterns for one string: LIKE as kernels/like.py has it, for constants and as its reference; LIKE and SIMILAR TO as
regular expressions of the REGEXP functions (engine/functions/posix.py), for patterns that differ from row to row.

    like_regexp('a_%.', '\\')          ^(a..*[.])$
    similar_regexp('a(b|c)%.', '\\')   ^(a(b|c).*[.])$
"""
from __future__ import annotations

import functools
import re
from collections.abc import Callable

from ..errors import DataError

ENDS_IN_ESCAPE = "LIKE pattern must not end with escape character"
_SPECIAL = "|*+?{}()^$.\\["  # of regular expressions, outside of brackets
_PLAIN = {"%": ".*", "_": "."}


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


def ends_in_escape(pattern: str, escape: str) -> bool:
    """Whether the last character is an escape with nothing behind it."""
    trailing = len(pattern) - len(pattern.rstrip(escape)) if escape else 0
    return trailing % 2 == 1


def like_regexp(pattern: str, escape: str) -> str:
    """The regular expression that finds what `LIKE pattern` matches as a whole."""
    return _translated(pattern, escape, lambda c: _PLAIN.get(c) or _literal(c))


def similar_regexp(pattern: str, escape: str) -> str:
    """The same of SIMILAR TO: | * + ? {} () and [] are those of regular expressions (SQL:1999), ^ $ . are plain."""
    return _translated(pattern, escape, lambda c: _PLAIN.get(c) or (_literal(c) if c in "^$.\\" else c), brackets=True)


def _literal(c: str) -> str:
    return f"[{c}]" if c in "|*+?{}()$.[" else "\\" + c if c in _SPECIAL else c


def _translated(pattern: str, escape: str, of: Callable[[str], str], brackets: bool = False) -> str:
    if ends_in_escape(pattern, escape):
        raise DataError(ENDS_IN_ESCAPE, sqlstate="22025")
    parts: list[str] = []
    i = 0
    while i < len(pattern):
        if escape and pattern[i] == escape:
            i += 1
            parts.append(_literal(pattern[i]))
        elif brackets and pattern[i] == "[":
            end = _bracket_end(pattern, i)
            parts.append(pattern[i:end])
            i = end - 1
        else:
            parts.append(of(pattern[i]))
        i += 1
    return f"^({''.join(parts)})$"


def _bracket_end(pattern: str, start: int) -> int:
    """Behind the ] that closes the [ at `start`; a ] right behind [ or [^ is one of the characters, as in POSIX."""
    i = start + 1
    i += pattern[i : i + 1] == "^"
    i += pattern[i : i + 1] == "]"
    while i < len(pattern) and pattern[i] != "]":
        if pattern[i : i + 2] == "[:" and ":]" in pattern[i:]:
            i = pattern.index(":]", i) + 1
        i += 1
    return i + 1
