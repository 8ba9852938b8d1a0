"""The rows of some extents of a slice in new extents: sorted by the table's sort key, without the deleted.

    with Rewrite(db, table, extents, deleted, slice) as rewrite:
        rewrite.run()
        ... commit what rewrite.finished() names ...         leaving by an error removes the new files

Only part of the rows are in memory at a time: a **part**, of as many as the given memory holds. Parts are ranges
of the sort key, so that each is sorted by itself and written behind the one before:

    extent 3   [a..f]   [f..m]   [m..z]          codes of the first key column, a sample of every row group
    extent 7   [b............y]                  -> cuts: parts up to g, up to p, up to the end
                 part 1   part 2    part 3       -> each reads the row groups that reach into it

Without a sort key parts are the row groups as they come. A part's rows that fill no row group are left to the
next. Deleted rows are left out (`keep_deleted`: taken along, and deleted in the new places by the swap).
Encodings are the columns' own; ENCODE AUTO chooses anew.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from ...records import dataclass
from ..deletes import DeleteVector, Group, first_row_id
from ..extent import ExtentReader
from ..interleave import Interleaver, word_order, words
from ..load_files import LoadFiles
from ..load_memory import run_cost
from ..placement import Placement
from ..run import GROUP_ROWS, RunPlan, encode_run
from ..schema import ExtentRef, InterleavedIndex, Table
from ..single_rows import RowReader, SingleRows
from ..sort_order import lead_codes, sort_order
from ..statistics import ColumnSketch
from ..stored import stored_column
from ..vector import Array, ColumnData, concat
from .row_map import RowMap, placed_groups

if TYPE_CHECKING:
    from ..database import Database

# Codes kept of each row group to cut the key's range by.
SAMPLED_CODES = 64
MEMORY_BYTES = 256 << 20
_FIRST, _LAST = 0, (1 << 64) - 1


@dataclass(frozen=True, slots=True, eq=False)
class _Source:
    """A row group to be rewritten; `live`: the rows to take, None: all. Its codes lie in low..high."""

    reader: ExtentReader | RowReader
    extent: int
    group: int
    rows: int
    live: Array | None
    low: int = _FIRST
    high: int = _LAST


@dataclass(frozen=True, slots=True, eq=False)
class Rewritten:
    """What the swap must know: extents (numbered) in the rows' order, their sketches, where rows went."""

    extents: tuple[ExtentRef, ...]
    sketches: dict[int, ColumnSketch]
    rows: RowMap


class Rewrite:
    """See the module's text. `memory`: bytes of rows to hold; `progress(rows)` is told of rows as they are written."""

    def __init__(
        self,
        database: Database,
        table: Table,
        extents: Sequence[ExtentRef],
        deleted: Mapping[Group, DeleteVector],
        slice_: int,
        *,
        keep_deleted: bool = False,
        check: Callable[[], None],
        pool: Executor | None = None,
        memory: int = MEMORY_BYTES,
        progress: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self._database = database
        self._table = table
        self._check = check
        self._pool = pool
        self._progress = progress
        deleted = {} if keep_deleted else deleted
        singles = SingleRows(table.columns, extents)
        readers: list[tuple[int, ExtentReader | RowReader]] = [(e.id, database.reader(e)) for e in singles.rest]
        readers += [(extent.id, singles.reader(i)) for i, extent in enumerate(singles.extents)]
        self._sources = [source for extent, reader in readers for source in _sources(reader, extent, deleted)]
        self._part_rows = max(GROUP_ROWS, memory // run_cost(1, _row_bytes(extents)))
        placement = Placement(table, database.topology.slices, 0, replicated=slice_ < 0).on(slice_)
        interleaver = Interleaver(table.index, may_build=False) if table.interleaved else None
        self._plan = RunPlan(table.columns, placement, (), interleaver, table.sort_key)
        self._slice = slice_
        self._files = LoadFiles(database, table.id)
        self._group_rows: list[int] = []
        self._map = RowMap()
        self._done: Rewritten | None = None

    # -- doing it --------------------------------------------------------------------------------------

    def run(self) -> Rewritten:
        """Write the new files and sync them."""
        left: list[ColumnData] | None = None
        parts = list(self._parts())
        for i, (low, high) in enumerate(parts):
            columns, ids = self._read(low, high)
            self._map.add(ids)
            if left is not None:
                columns = [concat(pair) for pair in zip(left, columns)]
            left = self._write(columns, last=i == len(parts) - 1)
            self._progress(len(ids))
        self._files.finish()
        extents = tuple(replace(e, id=self._database.new_extent()) for e in self._files.references())
        self._map.placed(placed_groups(extents, self._group_rows))
        self._done = Rewritten(extents, self._files.sketches(), self._map)
        return self._done

    def _write(self, columns: list[ColumnData], last: bool) -> list[ColumnData] | None:
        if not columns[0].rows:
            return columns
        groups, left = encode_run(self._plan, columns, self._pool, last=last, check=self._check)
        for piece in groups:
            self._files.append(self._slice, piece.groups, self._plan.columns)
            self._group_rows += [group.rows for group in piece.groups]
        return left

    def _read(self, low: int, high: int) -> tuple[list[ColumnData], Array]:
        """The rows whose codes are in low..high, in order, and the ids they have."""
        chosen = [s for s in self._sources if s.low <= high and s.high >= low] if self._is_sorted else self._sources[
            low : high + 1
        ]
        places = [self._places(source, low, high) for source in chosen]
        sort_key = self._table.sort_key if self._is_sorted else ()
        keys = [self._gather(p, chosen, places) for p in sort_key]
        order = sort_order(keys) if self._index is None else word_order(words(self._index, keys))
        ids = np.concatenate([first_row_id(s.extent, s.group) + rows for s, rows in zip(chosen, places)])
        by_position = dict(zip(sort_key, keys))

        def column(position: int) -> ColumnData:
            found = by_position.get(position) or self._gather(position, chosen, places)
            return found if order is None else found.take(order)

        do = map if self._pool is None else self._pool.map
        return list(do(column, range(len(self._table.columns)))), ids if order is None else ids[order]

    def _gather(self, position: int, sources: Sequence[_Source], places: Sequence[Array]) -> ColumnData:
        """A column's rows out of several row groups."""
        column = self._table.columns[position]
        found = []
        singles = [s.reader for s, rows in zip(sources, places) if isinstance(s.reader, RowReader) and len(rows)]
        for source, rows in zip(sources, places):
            if isinstance(source.reader, RowReader):
                break  # they come last, and are taken together
            self._check()
            stored = stored_column(source.reader, source.group, column)
            found.append(stored if len(rows) == stored.rows else stored.take(rows))
        if singles:
            found.append(singles[0].rows.column(position, [reader.index for reader in singles]))
        return concat(found)

    # -- parts -----------------------------------------------------------------------------------------

    @property
    def _is_sorted(self) -> bool:
        """An interleaved key that has no index yet orders nothing."""
        return bool(self._table.sort_key) and not (self._table.interleaved and self._index is None)

    @property
    def _index(self) -> InterleavedIndex | None:
        return self._table.index if self._table.interleaved else None

    def _parts(self) -> Iterator[tuple[int, int]]:
        """Ranges of codes; without a sort key, of sources. All rows are in one, and about `part_rows` in each."""
        rows = sum(_count(s) for s in self._sources)
        if not self._is_sorted:
            yield from self._runs_of_sources()
            return
        if rows <= self._part_rows:
            yield _FIRST, _LAST
            return
        sampled = [self._codes_of(i) for i in range(len(self._sources))]
        codes = np.concatenate([s for s, _ in sampled])
        weights = np.concatenate([np.full(len(s), n / max(1, len(s))) for s, n in sampled])
        order = np.argsort(codes, kind="stable")
        reached = np.cumsum(weights[order])
        count = -(-rows // self._part_rows)
        places = np.searchsorted(reached, [rows * i / count for i in range(1, count)])
        low = _FIRST
        for cut in sorted({int(codes[order[min(p, len(order) - 1)]]) for p in places}):
            if cut < _LAST:
                yield low, cut
                low = cut + 1
        yield low, _LAST

    def _runs_of_sources(self) -> Iterator[tuple[int, int]]:
        first = rows = 0
        for i, source in enumerate(self._sources):
            if rows and rows + _count(source) > self._part_rows:
                yield first, i - 1
                first, rows = i, 0
            rows += _count(source)
        yield first, len(self._sources) - 1

    def _codes_of(self, index: int) -> tuple[Array, int]:
        """(a sample of a row group's codes, its rows); notes the range that its codes have."""
        source = self._sources[index]
        self._check()
        codes = self._codes(source)
        if source.live is not None:
            codes = codes[source.live]
        if not len(codes):
            return codes, 0
        self._sources[index] = replace(source, low=int(codes.min()), high=int(codes.max()))
        return codes[np.linspace(0, len(codes) - 1, SAMPLED_CODES).astype(np.int64)], len(codes)

    def _codes(self, source: _Source) -> Array:
        count = 1 if self._index is None else len(self._table.sort_key)
        columns = [self._table.columns[p] for p in self._table.sort_key[:count]]
        keys = [stored_column(source.reader, source.group, column) for column in columns]
        return lead_codes(keys[0]) if self._index is None else words(self._index, keys)

    def _places(self, source: _Source, low: int, high: int) -> Array:
        """The source's rows to take for a part."""
        if not self._is_sorted or (low <= source.low and source.high <= high):
            return np.arange(source.rows) if source.live is None else source.live
        codes = self._codes(source)
        inside = (codes >= np.uint64(low)) & (codes <= np.uint64(high))
        if source.live is not None:
            alive = np.zeros(source.rows, bool)
            alive[source.live] = True
            inside &= alive
        return np.flatnonzero(inside)

    # -- the end ---------------------------------------------------------------------------------------

    def __enter__(self) -> Rewrite:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self.abandon()

    def abandon(self) -> None:
        """Remove what was written."""
        self._files.remove()
        self._map.close()


def _sources(reader: ExtentReader | RowReader, extent: int, deleted: Mapping[Group, DeleteVector]) -> Iterator[_Source]:
    for group in range(reader.row_groups):
        rows = int(reader.group_rows[group])
        vector = deleted.get((extent, group))
        live = None if vector is None else np.flatnonzero(~vector.mask()[:rows])
        if live is None or len(live):
            yield _Source(reader, extent, group, rows, live)


def _count(source: _Source) -> int:
    return source.rows if source.live is None else len(source.live)


def _row_bytes(extents: Sequence[ExtentRef]) -> int:
    """Bytes of a row in memory: at least what it takes encoded, several times over."""
    rows = max(1, sum(e.rows for e in extents))
    return max(8, 4 * sum(e.bytes for e in extents) // rows)

