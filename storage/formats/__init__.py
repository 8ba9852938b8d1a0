"""File formats for COPY: `open_source(source, format, options)` gives parts that can be read in parallel.

    listing.py   which files a prefix means               source.py    Part, Source: what all formats answer
    parquet.py   FORMAT PARQUET                           rejected.py  a row that cannot be loaded
    text.py      DELIMITER, CSV: fast path by pyarrow     options.py   COPY's options for text
    strict.py    ... and the slow path that explains      chunks.py    pieces of whole records
    values.py    one field's text to a value              datetimes.py formats of dates and times
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import errors
from .source import Part, Progress, Source

__all__ = ["Part", "Progress", "Source", "open_source"]


def open_source(source: str, format: str, options: Mapping[str, Any] | None = None) -> Source:
    """The files that a COPY source names, in a format: 'parquet', 'csv' or 'delimited'.

    Raises FileMissing when nothing is there and NotSupportedError for what is refused by name.
    """
    options = options or {}
    match format.lower():
        case "parquet":
            from .parquet import ParquetSource

            for name in options:
                if name != "SERIALIZETOJSON":
                    raise errors.NotSupportedError(f"COPY option {name.upper()} is not supported for PARQUET")
            return ParquetSource(source, "SERIALIZETOJSON" in options)
        case "csv" | "delimited":
            from .text import TextSource

            return TextSource(source, format.lower(), options)
        case _:
            raise errors.NotSupportedError(f"COPY FORMAT {format.upper()} is not supported")
