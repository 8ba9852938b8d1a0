"""insert_data_bulk: rows of a delimited file through INSERT, as redshift_connector's cursors offer it.

The file's first line is a header. `parameter_indices` says which fields of a line go to which of `column_names`; all
rows are one insert, whatever the batch size is. COPY is the better way for large files.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import InterfaceError

if TYPE_CHECKING:
    from .cursor import Cursor


def insert(
    cursor: Cursor, filename: str, table: str, indices: Sequence[int], columns: Sequence[str], delimiter: str
) -> None:
    if len(indices) != len(columns):
        raise InterfaceError("Column names and parameter indexes must be the same length")
    if not columns:
        raise InterfaceError("insert_data_bulk() needs the names of columns")
    with open(filename, newline="") as file:
        lines = csv.reader(file, delimiter=delimiter)
        next(lines, None)
        rows = [tuple(line[i] for i in indices) for line in lines if line]
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    marks = ", ".join(["%s"] * len(columns))
    style, cursor.paramstyle = cursor.paramstyle, "format"
    try:
        cursor.executemany(f"insert into {table} ({names}) values ({marks})", rows)
    finally:
        cursor.paramstyle = style
