"""A row that cannot be loaded: what stl_load_errors keeps of it, and the error that COPY ends with.

Codes and reasons are Redshift's (Load error reference of the manual).
"""
from __future__ import annotations

from ... import errors
from ...records import dataclass

EXTRA_COLUMNS = (1202, "Extra column(s) found")
BAD_QUOTES = (1203, "Invalid quote formatting for CSV")
TOO_LONG = (1204, "String length exceeds DDL length")
BAD_DATE = 1205
BAD_TIMESTAMP = 1206
BAD_NUMBER = 1207
MISSING_END_QUOTE = (1212, "Delimited value missing end quote")
NOT_NULL = (1213, "Missing data for not-null field")
NO_DELIMITER = (1214, "Delimiter not found")
BAD_BOOLEAN = (1210, "Unknown boolean format")
BAD_UTF8 = 1220
BAD_JSON = 1224
OUT_OF_RANGE = 1216

# What an error message shows of a long line or value.
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Rejection:
    """Where and why: a row of stl_load_errors."""

    file: str
    line: int
    column: str | None
    type: str | None
    position: int  # bytes into the line where the field starts
    raw_line: str
    raw_value: str | None
    code: int
    reason: str


class RejectedRow(errors.LoadError):
    """The row that ends a COPY; `rejection` says all that is known of it."""

    def __init__(self, rejection: Rejection) -> None:
        r = rejection
        column = f', column "{r.column}"' if r.column is not None else ""
        value = "" if r.raw_value is None else f"Value: {_short(r.raw_value)!r}. "
        super().__init__(
            f'file "{r.file}", line {r.line}{column}: {r.reason}',
            detail=f"{value}Line: {_short(r.raw_line)!r}",
        )
        self.rejection = rejection


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."
