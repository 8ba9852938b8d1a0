"""What is wrong with rows: those that cannot be loaded, and those that were mended.

    reader --rejected(Rejection)--> Findings     by default the error that COPY ends with: RejectedRow
           --replaced(Replacement)-->            a row with characters replaced by ACCEPTINVCHARS

Codes and reasons are Redshift's (Load error reference of the manual).
"""
from __future__ import annotations

from ... import errors
from ...records import dataclass

EXTRA_COLUMNS = (1202, "Extra column(s) found")
TOO_LONG = (1204, "String length exceeds DDL length")
OUT_OF_RANGE = 1204
BAD_DATE = 1205
BAD_TIMESTAMP = 1206
BAD_INTERVAL = (1206, "Invalid interval format or value")
BAD_NUMBER = 1207
BAD_FLOAT = 1208
BAD_DECIMAL = 1209
BAD_BOOLEAN = (1210, "Unknown boolean format")
NOT_NULL = (1213, "Missing data for not-null field")
NO_DELIMITER = (1214, "Delimiter not found")
MISSING_END_QUOTE = (1214, "Delimited value missing end quote")
NOT_ASCII = 1215
BAD_LINE = 1216
BAD_QUOTES = (BAD_LINE, "Invalid quote formatting for CSV")
BAD_UTF8 = 1220
INTEGER_OVERFLOW = 1222
BAD_TYPE = 1223
BAD_JSON = 1224

# What an error message shows of a long line or value.
SHOWN_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Rejection:
    """Where and why: a row of stl_load_errors. `values`: what was read of the row, up to the field that is wrong."""

    file: str
    line: int
    column: str | None
    type: str | None
    position: int  # bytes into the line where the field starts
    raw_line: str
    raw_value: str | None
    code: int
    reason: str
    values: tuple[str | None, ...] = ()
    length: str = ""  # of the column, where its type has one
    start_offset: int = 0  # of the part, where a file is read in ranges


@dataclass(frozen=True, slots=True)
class Replacement:
    """A row in which ACCEPTINVCHARS replaced characters: a row of stl_replacements."""

    file: str
    line: int
    column: str
    raw_line: str


class Findings:
    """Is told what readers find; this one bears no refusal. Subclasses are for any thread."""

    def rejected(self, rejection: Rejection) -> None:
        """A row is left out; raises RejectedRow where that ends the load."""
        raise RejectedRow(rejection)

    def lines(self, count: int) -> None:
        """A range of a file is read, of which lines were numbered from 1: it had so many."""

    def replaced(self, replacement: Replacement) -> None:
        """A row was loaded with characters replaced."""


class RejectedRow(errors.LoadError):
    """The row that ends a COPY; `rejection` says all that is known of it."""

    def __init__(self, rejection: Rejection) -> None:
        r = rejection
        column = f', column "{r.column}"' if r.column is not None else ""
        value = "" if r.raw_value is None else f"Value: {_short(r.raw_value)!r}. "
        super().__init__(
            f'file "{r.file}", line {r.line}{column}: {r.reason}',
            detail=f"{value}Line: {_short(r.raw_line)!r}",
            hint="Check 'stl_load_errors' system table for details.",
        )
        self.rejection = rejection


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 3] + "..."
