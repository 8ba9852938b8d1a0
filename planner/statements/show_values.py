"""SHOW with parameters, as drivers prepare it: `SHOW TABLES FROM SCHEMA $1.$2 LIKE $3`.

The values take the place of the parameters in the text, since names are no expressions: as quoted names, behind LIKE as
quoted text. What is quoted already stays.
"""

from __future__ import annotations

import re
from typing import Any

from ...errors import DataError, ProgrammingError

_PARTS = re.compile(r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | (?P<like>\blike\s+)?\$(?P<place>\d+)""", re.I | re.X)


def written_out(text: str, values: tuple[Any, ...]) -> str:
    """The statement with its values."""

    def part(found: re.Match[str]) -> str:
        if found["place"] is None:
            return found.group()
        place = int(found["place"])
        if not 1 <= place <= len(values):
            raise ProgrammingError(f"there is no parameter ${place}", sqlstate="42P02")
        value = values[place - 1]
        if not isinstance(value, str):
            raise DataError(f"parameter ${place} of SHOW must be text, not {type(value).__name__}", sqlstate="22023")
        if found["like"]:
            return found["like"] + "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
        return '"' + value.replace('"', '""') + '"'

    return _PARTS.sub(part, text)
