"""Names inside texts: `"Odd"."name"` as regclass and the privilege functions read them."""

from __future__ import annotations

import re

_PART = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^."]+?))\s*(?:\.|\Z)')


def parts(text: str, exact_names: bool) -> list[str]:
    """The parts of a dotted name, quotes taken off; in lower case, but quoted ones as they are if `exact_names`."""
    found: list[str] = []
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            return [text]
        part = match[2] if match[1] is None else match[1].replace('""', '"')
        found.append(part if match[1] is not None and exact_names else part.lower())
        at = match.end()
    return found or [text]
