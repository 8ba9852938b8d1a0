"""REGEXP_COUNT, REGEXP_INSTR, REGEXP_REPLACE and REGEXP_SUBSTR over single values; patterns are in posix.py.

Arguments come complete: the catalogue (planner/functions/regexp.py) fills in the defaults.
"""
from __future__ import annotations

import re

from ...planner.like import like_regexp, similar_regexp
from .base import Function, plain
from .posix import Pattern, compile_pattern

_REFERENCE = re.compile(r"\$(\d)")


def count(text: str, pattern: str, position: int, flags: str) -> int:
    """How many matches there are from character `position`."""
    found = compile_pattern(pattern, flags)
    return 0 if position > len(text) else sum(1 for _ in found.matches(text, max(position, 1) - 1))


def found(text: str, pattern: str, flags: str) -> bool:
    """The operator ~: there is a match, also in the empty text."""
    return compile_pattern(pattern, flags).search(text) is not None


def _span(text: str, pattern: Pattern, position: int, occurrence: int, extract: bool) -> tuple[int, int] | None:
    """Where the occurrence-th match is: all of it, or its first group."""
    if position > len(text) or not 1 <= occurrence <= len(text):
        return None
    for number, match in enumerate(pattern.matches(text, max(position, 1) - 1), start=1):
        if number == occurrence:
            group = 1 if extract and pattern.regex.groups else 0
            return match.span(group) if match.start(group) >= 0 else (match.start(), match.start())
    return None


def instr(text: str, pattern: str, position: int, occurrence: int, option: int, flags: str) -> int:
    """The first character of a match, or with `option` the first one behind it; 0: there is none."""
    span = _span(text, compile_pattern(pattern, flags), position, occurrence, "e" in flags)
    return 0 if span is None else span[1 if option else 0] + 1


def substr(text: str, pattern: str, position: int, occurrence: int, flags: str) -> str | None:
    """A match; the empty text where there is none, NULL for an occurrence that cannot be."""
    found = compile_pattern(pattern, flags)
    if position > len(text):
        return ""
    if not 1 <= occurrence <= max(len(text), 1):
        return None
    span = _span(text, found, position, occurrence, "e" in flags)
    return "" if span is None else text[span[0] : span[1]]


def replace(text: str, pattern: str, new: str, position: int, flags: str) -> str:
    """All matches from character `position` by `new`, where $1 to $9 are the match's groups, $0 all of it."""
    found = compile_pattern(pattern, flags)
    if position > len(text):
        return text
    parts: list[str] = []
    at = 0
    for match in found.matches(text, max(position, 1) - 1):
        parts += [text[at : match.start()], _filled(new, match)]
        at = match.end()
    return "".join(parts) + text[at:]


def _filled(new: str, match: re.Match[str]) -> str:
    if "$" not in new:
        return new
    groups = match.re.groups

    def group(reference: re.Match[str]) -> str:
        number = int(reference.group(1))
        return reference.group(0) if number > groups else match.group(number) or ""

    return _REFERENCE.sub(group, new)


FUNCTIONS: dict[str, Function] = {
    "regexp_count": plain(count),
    "regexp_instr": plain(instr),
    "regexp_replace": plain(replace),
    "regexp_substr": plain(substr),
    "regexp_found": plain(found),
    "like_regexp": plain(like_regexp),
    "similar_regexp": plain(similar_regexp),
}
