"""The options of COPY's text formats, checked once.

Names are COPY's own, in upper case, as the statement's parser gives them. An option that this form
of COPY does not know is refused by name; one that contradicts the format is an error, as on Redshift.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ... import errors
from ...records import dataclass

# COPY's default null string, backslash N. NULL AS replaces it.
NULL_STRING = "\\N"
AUTO = "auto"
EPOCH_FORMATS = ("epochsecs", "epochmillisecs")
# What ACCEPTINVCHARS writes when it names no character.
REPLACEMENT = "?"


@dataclass(frozen=True, slots=True)
class TextOptions:
    """How the lines of a text file become fields, and fields values."""

    csv: bool = False
    delimiter: str = "|"
    quote: str = '"'
    ignore_header: int = 0
    null_string: str | None = NULL_STRING  # None: no text means NULL
    compression: str | None = None  # GZIP, BZIP2, ZSTD
    encoding: str = "UTF8"
    widths: tuple[int, ...] = ()  # of FIXEDWIDTH's columns, in characters
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
    any_date: bool = False
    replacement: str | None = None  # of ACCEPTINVCHARS

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
        if self.null_string is not None and "\n" in self.null_string:
            raise errors.ProgrammingError("NULL AS cannot hold a line end")
        if self.replacement is not None and (len(self.replacement.encode()) != 1 or self.replacement == "\0"):
            raise errors.ProgrammingError(
                f"ACCEPTINVCHARS takes one ASCII character other than NUL, not {self.replacement!r}"
            )


_FIELDS = {
    "DELIMITER": "delimiter",
    "QUOTE": "quote",
    "IGNOREHEADER": "ignore_header",
    "NULL": "null_string",
    "NULL AS": "null_string",
    "ENCODING": "encoding",
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
    "ACCEPTANYDATE": "any_date",
    "ACCEPTINVCHARS": "replacement",
}
_COMPRESSIONS = ("GZIP", "BZIP2", "ZSTD")
_SHAPES = {"CSV", "DELIMITER", "ESCAPE", "FILLRECORD", "IGNOREBLANKLINES", "NULL", "NULL AS", "QUOTE", "REMOVEQUOTES"}
# The manual's lists of what a format cannot be used with.
_NOT_WITH = {
    "csv": frozenset(),
    "delimited": frozenset(("QUOTE",)),
    "fixedwidth": frozenset(("CSV", "DELIMITER", "ESCAPE", "QUOTE", "REMOVEQUOTES", "FILLRECORD")),
    "json": frozenset(_SHAPES),
    "avro": frozenset(_SHAPES | {"IGNOREHEADER", "ENCODING", "ACCEPTINVCHARS", *_COMPRESSIONS}),
}


def text_options(format_: str, options: Mapping[str, Any]) -> TextOptions:
    """Options of a format that becomes values by way of text: delimited, csv, fixedwidth, json, avro.
    NotSupportedError names what is not known. A format's own argument (FIXEDWIDTH, JSON, AVRO) is not looked at."""
    csv = format_ == "csv"
    fields: dict[str, Any] = {"csv": csv, "delimiter": "," if csv else "|"}
    if format_ in ("json", "avro"):
        fields["null_string"] = None
    for name, value in options.items():
        name = name.upper()
        if name == format_.upper():
            continue
        if name in _NOT_WITH[format_]:
            if name == "QUOTE":
                raise errors.ProgrammingError("QUOTE can be used with CSV only")
            raise errors.ProgrammingError(f"{name} cannot be used with {format_.upper()}")
        if name in _COMPRESSIONS:
            if "compression" in fields:
                raise errors.ProgrammingError(f"COPY has two compressions: {fields['compression']} and {name}")
            fields["compression"] = name
        elif name in _FIELDS:
            fields[_FIELDS[name]] = value
        else:
            raise errors.NotSupportedError(f"COPY option {name} is not supported for {format_.upper()}")
    return TextOptions(**fields)


def widths(spec: str) -> tuple[int, ...]:
    """The widths of a FIXEDWIDTH specification, 'label:width,label:width'."""
    found = []
    for part in spec.split(","):
        match = re.fullmatch(r"\s*[^:,]+:\s*([0-9]+)\s*", part)
        if match is None or int(match[1]) == 0:
            raise errors.ProgrammingError(
                f"FIXEDWIDTH '{spec}' is not a list of label:width", detail=f"What is wrong is {part.strip()!r}."
            )
        found.append(int(match[1]))
    return tuple(found)
