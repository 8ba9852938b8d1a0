"""Which encodings a load uses for a table's columns, and which of them the columns keep as their own.

    COMPUPDATE       an empty table                                a table with rows
    not given        ENCODE AUTO columns: chosen block by block; a first load of SAMPLE_ROWS names them for good
    ON               all columns chosen                            as not given
    OFF              ENCODE AUTO columns: Redshift's fixed defaults
    PRESET           the defaults for all columns                  as OFF
"""
from __future__ import annotations

from dataclasses import replace

from ..records import dataclass
from .encodings.registry import AUTO, default_for
from .load_files import LoadFiles
from .schema import Column

# Redshift's COMPROWS: fewer rows are no sample to choose a column's encoding for good by.
SAMPLE_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class LoadEncodings:
    """`compupdate`: None (not given), True, False or "preset"; `into_empty`: the table has no rows before."""

    compupdate: bool | str | None
    into_empty: bool
    sort_key: tuple[int, ...]

    @property
    def _presets(self) -> bool:
        return self.compupdate == "preset" and self.into_empty

    @property
    def _chooses(self) -> bool:
        """Are encodings chosen by what is loaded?"""
        return self.compupdate in (None, True)

    def of(self, position: int, column: Column) -> Column:
        """The column as it is loaded."""
        if column.primary_key:
            column = replace(column, nullable=False)
        if self.compupdate is True and self.into_empty:
            return replace(column, encoding=AUTO)
        if self._presets or (not self._chooses and column.encoding == AUTO):
            return replace(column, encoding=default_for(column.type, position in self.sort_key))
        return column

    def chosen(self, columns: tuple[Column, ...], files: LoadFiles, rows: int) -> dict[int, str]:
        """Encodings to record, by Column.id: of a first load that is a sample worth the name."""
        if self._presets:
            return {column.id: column.encoding for column in columns}
        if not self.into_empty or rows < SAMPLE_ROWS or not self._chooses:
            return {}
        return {column.id: files.most_used_encoding(column) for column in columns if column.encoding == AUTO}


def sample_of(comprows: int | None, slices: int) -> int | None:
    """Of how many rows of a slice encodings count (None: all)."""
    return None if comprows is None else max(comprows // slices, SAMPLE_ROWS)
