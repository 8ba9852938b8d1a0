"""What CHAR holds: single-byte characters, and no blanks at its end (r_Character_types).

COPY tells load errors of its own (formats/values.py, formats/columnar.py); this is the rule for every other way in, and
for casts.
"""
from __future__ import annotations

from ..errors import InvalidText


def fixed_text(text: str, position: int | None = None) -> str:
    """Text as CHAR keeps it; InvalidText where it holds a character of several bytes."""
    if not text.isascii():
        bad = next(character for character in text if not character.isascii()).encode().hex(" ")
        raise InvalidText("Only ASCII characters are allowed in fixed length strings.", position=position,
                          detail=f"Invalid ASCII char: {bad}", hint="Use VARCHAR.", sqlstate="22021")
    return text.rstrip(" ")
