"""Some rows of each table in memory, in physical form: what skew and zone maps of other designs are judged by.

Rows come from row groups spread over the table, as many at random from each; the same seed gives the same rows. A
table of up to SAMPLE_ROWS rows is there whole. Columns are read when first asked for. Deleted rows are sampled too:
they are few, or VACUUM's business.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ...storage.distribution import hash_column, slice_of_hash
from ...storage.schema import Table
from ...storage.stored import stored_column
from ...storage.vector import ColumnData, concat

if TYPE_CHECKING:
    from ...storage.extent import ExtentReader
    from ..context import Context

SAMPLE_ROWS = 100_000
SAMPLE_GROUPS = 64


class TableSample:
    """Rows of one table; `whole`: all of them."""

    def __init__(self, table: Table, context: Context, seed: int, limit: int = SAMPLE_ROWS) -> None:
        self.table = table
        data = context.view.data(table)
        self.table_rows = data.statistics.rows
        self._home = context.home(table)
        self._extents = data.extents
        groups = [(e, g) for e in data.extents for g in range(e.row_groups)]
        stored = sum(e.rows for e in data.extents)
        self.whole = self.table_rows <= stored <= limit  # and no sample of another table
        if not self.whole:
            places = np.linspace(0, len(groups) - 1, min(len(groups), SAMPLE_GROUPS)).astype(int)
            groups = [groups[i] for i in np.unique(places).tolist()]
        share = -(-limit // max(1, len(groups)))
        rng = np.random.default_rng([seed, table.id])
        self._picked = []
        for extent, group in groups:
            rows = int(self._home.reader(extent).group_rows[group])
            chosen = None if self.whole else np.sort(rng.permutation(rows)[:share])
            self._picked.append((extent, group, chosen))
        self.rows = sum(len(c) if c is not None else int(self._home.reader(e).group_rows[g])
                        for e, g, c in self._picked)
        self._columns: dict[int, ColumnData] = {}

    def column(self, position: int) -> ColumnData:
        """The sampled values of a column, in the same order of rows for every column. Of a table with rows."""
        found = self._columns.get(position)
        if found is None:
            parts = []
            for extent, group, chosen in self._picked:
                values = stored_column(self._home.reader(extent), group, self.table.columns[position])
                parts.append(values if chosen is None else values.take(chosen))
            found = self._columns[position] = concat(parts)
        return found

    def extents(self) -> Iterator[tuple[ExtentReader, int]]:
        """The table's extents, all of them, and how many row groups each has."""
        for extent in self._extents:
            yield self._home.reader(extent), extent.row_groups

    def fullest(self, position: int, slices: int) -> float:
        """Rows of the fullest slice as multiples of an even share, were the table distributed by this column."""
        if not self.rows or slices == 1:
            return 1.0
        places = slice_of_hash(hash_column(self.column(position)), slices)
        return float(np.bincount(places, minlength=slices).max()) * slices / self.rows

    def most_frequent(self, position: int) -> float:
        """The share of rows that the most frequent value has."""
        if not self.rows:
            return 0.0
        _, counts = np.unique(hash_column(self.column(position)), return_counts=True)
        return float(counts.max()) / self.rows


class Samples:
    """The samples of a catalogue's tables, made when first asked for."""

    def __init__(self, context: Context, seed: int = 0) -> None:
        self._context = context
        self._seed = seed
        self._tables: dict[int, TableSample] = {}

    def of(self, table: Table) -> TableSample:
        found = self._tables.get(table.id)
        if found is None:
            real = self._context.view.relation(table.schema, table.name)
            assert isinstance(real, Table)
            found = self._tables[table.id] = TableSample(real, self._context, self._seed)
        return found
