"""The options of COPY's text formats, checked once.

Names are COPY's own, in upper case, as the statement's parser gives them. An option that this form
of COPY does not know is refused by name; one that contradicts the format is an error, as on Redshift.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import errors
from ...records import dataclass

# COPY's default null string, backslash N. NULL AS replaces it.
NULL_STRING = "\\N"
AUTO = "auto"
EPOCH_FORMATS = ("epochsecs", "epochmillisecs")


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How the lines of a text file become fields, and fields values."""

    csv: bool = False
    delimiter: str = "|"
    quote: str = '"'
    ignore_header: int = 0
    null_string: str = NULL_STRING
    gzip: bool = False
    date_format: str | None = None  # None: YYYY-MM-DD
    time_format: str | None = None  # None: YYYY-MM-DD HH:MI:SS
    remove_quotes: bool = False
    escape: bool = False
    empty_as_null: bool = False
    blanks_as_null: bool = False
    ignore_blank_lines: bool = False
    trim_blanks: bool = False
    truncate_columns: bool = False
    round_decimals: bool = False
    fill_record: bool = False

    def __post_init__(self) -> None:
        if len(self.delimiter.encode()) != 1:
            raise errors.ProgrammingError(f"DELIMITER must be one ASCII character, not {self.delimiter!r}")
        if self.delimiter in "\n\r":
            raise errors.ProgrammingError("DELIMITER cannot be a line end")
        if len(self.quote.encode()) != 1:
            raise errors.ProgrammingError(f"QUOTE must be one ASCII character, not {self.quote!r}")
        if self.csv and (self.remove_quotes or self.escape):
            raise errors.ProgrammingError("CSV cannot be used with REMOVEQUOTES or ESCAPE")
        if self.csv and self.quote == self.delimiter:
            raise errors.ProgrammingError("DELIMITER and QUOTE must differ")
        if self.ignore_header < 0:
            raise errors.ProgrammingError("IGNOREHEADER must not be negative")
        if "\n" in self.null_string:
            raise errors.ProgrammingError("NULL AS cannot hold a line end")


_FIELDS = {
    "DELIMITER": "delimiter",
    "QUOTE": "quote",
    "IGNOREHEADER": "ignore_header",
    "NULL": "null_string",
    "NULL AS": "null_string",
    "GZIP": "gzip",
    "DATEFORMAT": "date_format",
    "TIMEFORMAT": "time_format",
    "REMOVEQUOTES": "remove_quotes",
    "ESCAPE": "escape",
    "EMPTYASNULL": "empty_as_null",
    "BLANKSASNULL": "blanks_as_null",
    "IGNOREBLANKLINES": "ignore_blank_lines",
    "TRIMBLANKS": "trim_blanks",
    "TRUNCATECOLUMNS": "truncate_columns",
    "ROUNDEC": "round_decimals",
    "FILLRECORD": "fill_record",
}


def text_options(format_: str, options: Mapping[str, Any]) -> TextOptions:
    """Options of `delimited` or `csv`; NotSupportedError names what is not known."""
    csv = format_ == "csv"
    fields: dict[str, Any] = {"csv": csv, "delimiter": "," if csv else "|"}
    for name, value in options.items():
        field = _FIELDS.get(name.upper())
        if field is None:
            raise errors.NotSupportedError(
                f"COPY option {name.upper()} is not supported for {format_.upper()}"
            )
        if name.upper() == "QUOTE" and not csv:
            raise errors.ProgrammingError("QUOTE can be used with CSV only")
        fields[field] = value
    return TextOptions(**fields)
