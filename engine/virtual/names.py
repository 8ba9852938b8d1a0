"""Names inside texts: `"Odd"."name"` as regclass and the privilege functions read them."""

from __future__ import annotations

import re

_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^."]+?))\s*(?:\.|\Z)')


def parts(text: str) -> list[str]:
    """The parts of a dotted name, quotes taken off; all in lower case, as identifiers are."""
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            return [text]
        found.append((match[1].replace('""', '"') if match[1] is not None else match[2]).lower())
        at = match.end()
    return found or [text]
