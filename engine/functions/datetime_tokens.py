"""Datetime format strings taken apart: `'DD Mon YYYY'` -> tokens and the text between them (r_FORMAT_strings).

    DAY Day day       full name, as written, padded to nine characters
    FM                no padding and no leading zeros of the token behind it
    TH, th            behind a number: its ordinal ending
    "literal"         text in double quotes stands for itself; so does all that is no token

Both directions share it: date_format.py writes and reads single values, columns/formats.py whole columns.
"""
from __future__ import annotations

import re
from functools import lru_cache

from ...records import dataclass

# Longest first, where one begins another.
NAMES = (
    "A.D.", "A.M.", "B.C.", "P.M.", "Y,YYY", "IYYY", "MONTH", "YYYY", "HH12", "HH24", "IDDD", "SSSS",
    "DAY", "DDD", "IYY", "MON", "YYY", "AD", "AM", "BC", "CC", "DD", "DY", "HH", "ID", "IW", "IY", "MI", "MM", "MS",
    "OF", "PM", "RM", "SS", "TZ", "US", "WW", "YY", "D", "I", "J", "Q", "W", "Y",
)
# Names whose case is the case of what they print; all others may be written in any case.
CASED = frozenset(("MONTH", "MON", "DAY", "DY", "RM", "A.D.", "AD", "B.C.", "BC", "A.M.", "AM", "P.M.", "PM", "TZ"))
_TOKEN = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<fill>FM)?(?P<name>' + "|".join(map(re.escape, NAMES)) + r")(?P<th>TH)?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One field. `case`: 'upper', 'title' or 'lower', for names that print letters."""

    name: str
    case: str = "upper"
    fill: bool = True  # pad and lead with zeros
    ordinal: str = ""  # TH or th


Part = Token | str


@lru_cache(maxsize=256)
def parse_format(text: str) -> tuple[Part, ...]:
    """The format's parts in order."""
    parts: list[Part] = []
    at = 0
    for found in _TOKEN.finditer(text):
        _literal(parts, text[at : found.start()])
        at = found.end()
        if found.group("quoted") is not None:
            _literal(parts, found.group("quoted").replace('\\"', '"'))
            continue
        written = found.group("name")
        parts.append(Token(written.upper(), _case(written), not found.group("fill"), found.group("th") or ""))
    _literal(parts, text[at:])
    return tuple(parts)


def _literal(parts: list[Part], text: str) -> None:
    if not text:
        return
    if parts and isinstance(parts[-1], str):
        parts[-1] += text
    else:
        parts.append(text)


def _case(written: str) -> str:
    if written.upper() not in CASED or written.isupper():
        return "upper"
    return "title" if written[0].isupper() and len(written) > 1 else "lower"


MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ROMAN_MONTHS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


def cased(text: str, case: str) -> str:
    return text.upper() if case == "upper" else text.lower() if case == "lower" else text


def ordinal_ending(digits: str, style: str) -> str:
    """st, nd, rd or th for a number written in digits."""
    if not style:
        return ""
    teen = len(digits) > 1 and digits[-2] == "1"
    ending = "th" if teen else {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1:], "th")
    return ending.upper() if style.isupper() else ending
