"""Blocks that a query will want, read on a thread of its own while the leader compiles what wants them.

In a new process nothing is in the buffer cache, and half of a query's first run is the leader's alone: it compiles
segments, links kernels, runs the small tables. The other cores have nothing to do meanwhile. So scans of tables that
the cache knows nothing of are read in the order in which the executor will come to them:

    leader     compile | part | compile | nation | compile ...        | lineitem: blocks are there
    workers                                                           | lineitem
    ahead      orders's blocks ... lineitem's blocks ... waits while workers work

Only blocks that the scans will ask for are read, as far as can be told before: row groups that zone maps exclude are
not, nor scans that a LIMIT may end early, nor those whose row groups a join's key filter may skip (key_filters.py),
which are those that are narrow in a join's key:

    o_custkey, by row group    [1 ... 149999] [2 ... 149998] ...      wide: whatever the keys are, all are read
    c_custkey, by row group    [1 ... 65536] [65537 ... 131072] ...   narrow: left to the scan

What is counted as read and skipped is what the scans ask for, not what is read here. Nothing is pinned longer than
its reading takes; errors are left to the scan that meets them again; it ends with the statement.
"""
from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..kernels import memory
from ..planner.expressions import ColumnId, ColumnRef, Expr
from ..planner.physical import (
    Exchange,
    FilterRows,
    HashAggregate,
    HashJoin,
    LimitRows,
    PhysicalQuery,
    ProjectColumns,
    Shared,
    SortRows,
    TableScan,
    UnionAll,
    UnnestRows,
    WindowRows,
)
from ..planner.physical import Physical as Node
from ..storage.block_load import NO_FORM, form_of
from ..storage.types import Physical
from ..storage.vector import Array
from .key_filters import DROPPING, equal_columns, key_pairs
from .pruning import RowGroup, scan_groups
from .sources import ScanSource, by_extent

if TYPE_CHECKING:
    from ..storage.extent import ExtentReader
    from ..storage.schema import Table
    from .context import Context
    from .workers import Workers

WORTH_ROWS = 100_000  # tables of fewer rows are the leader's, at once
SHARE = 0.25  # of the cache, for what is read ahead
WIDE = 0.5  # of a key's range: a row group with so much of it
_PAUSE = 0.02  # seconds between looks whether the statement has ended, while workers work


def begin(plan: PhysicalQuery, context: Context, workers: Workers) -> ReadAhead | None:
    """Start reading, where another thread may be used and something big is missing. Only for a plan that is new to
    the process (Context.new_plan): another run of it would look for nothing."""
    if workers.threads == 1 or memory.is_bounded() or not any(_is_large(table, context) for table in plan.tables):
        return None
    coming = [each for each in surely_read(plan.root) if _is_cold(each[0], context)]
    return ReadAhead(coming, context, workers) if coming else None


class ReadAhead:
    """A thread that reads blocks of scans; see the module's text."""

    def __init__(self, coming: Sequence[Coming], context: Context, workers: Workers) -> None:
        self._coming = coming
        self._context = context
        self._workers = workers
        self._left = int(context.database.cache.limit * SHARE)
        self._ended = threading.Event()
        self._at_it = threading.Lock()  # held while files are touched
        self._thread = threading.Thread(target=self._run, name="warehouse-ahead", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Read no more, and wait for what is being read: some row groups, milliseconds."""
        self._ended.set()
        with self._at_it:
            pass  # whoever takes it from here on finds that all is over

    def _run(self) -> None:
        ticket = self._context.ticket
        token = None if ticket is None else ticket.usage.begin(None, -1)
        try:
            for scan, filtered in self._coming:
                if not self._read(scan, filtered):
                    return
        except Exception:  # whatever it is, the scan will meet it, and say where
            return
        finally:
            if ticket is not None:
                ticket.usage.end(token)

    def _read(self, scan: TableScan, filtered: frozenset[ColumnId]) -> bool:
        """Read a scan's blocks; False when the statement has ended or enough is read."""
        context = self._context
        with self._at_it:
            if self._over:
                return False
            data, slices = context.view.data(scan.table), context.view.topology.slices
            shares, _ = scan_groups(scan, data, slices, False, context)
        if may_be_skipped(scan, [g for share in shares for g in share], filtered):
            return True
        for reader, numbers, places in _windows(shares, ScanSource(scan, shares, 0, context)):
            while not self._workers.quiet.wait(_PAUSE):
                if self._over:
                    return False
            self._left -= int(reader.footer.entries["length"][np.ix_(numbers, places)].sum())
            with self._at_it, context.database.cache.pins() as pins:
                if self._over or self._left < 0:
                    return False
                context.database.cache.pin_table(reader, numbers, places, pins)
        return True

    @property
    def _over(self) -> bool:
        return self._ended.is_set() or self._context.cancel.is_set


Coming = tuple[TableScan, frozenset[ColumnId]]  # a scan, and its columns that key filters may come for


def surely_read(root: Node) -> list[Coming]:
    """Scans that are read to their end whoever reads the result, in the order in which they are run."""
    found: dict[int, Coming] = {}
    _walk(root, False, frozenset(), found)
    return list(found.values())


def _walk(node: Node, whole: bool, filtered: frozenset[ColumnId], found: dict[int, Coming]) -> None:
    """`whole`: all rows of the node are made, whatever becomes of them; `filtered`: its columns that filters of joins
    above may hold against."""
    chain: list[Node] = []
    while isinstance(node, HashJoin | FilterRows | ProjectColumns):
        chain.append(node)
        node = node.probe if isinstance(node, HashJoin) else node.input
    equal = equal_columns(chain)
    filtered = _spread(filtered, equal)
    joins = [step for step in chain if isinstance(step, HashJoin)]
    for join in sorted(joins, key=lambda j: j.build.props.rows):  # as `descend` does
        pairs = key_pairs(join)
        _walk(join.build, True, filtered | {b for a, b in pairs if a in filtered}, found)
        if join.type in DROPPING:
            filtered = _spread(filtered | {a for a, _ in pairs}, equal)
    match node:
        case TableScan() if whole:
            found.setdefault(id(node), (node, filtered))
        case HashAggregate():
            _walk(node.input, True, _fed(node.groups, filtered), found)
        case Shared():
            _walk(node.input, True, _fed(node.columns, filtered), found)
        case SortRows() | WindowRows():
            _walk(node.input, True, filtered, found)
        case Exchange() | UnnestRows():
            _walk(node.input, whole, filtered, found)
        case LimitRows():
            _walk(node.input, False, filtered, found)
        case UnionAll():
            for child, feed in zip(node.inputs, node.feeds, strict=True):
                _walk(child, whole, _fed(tuple(zip(node.columns, feed, strict=True)), filtered), found)


def _spread(columns: frozenset[ColumnId], equal: Sequence[tuple[ColumnId, ColumnId]]) -> frozenset[ColumnId]:
    """The columns, and those that are equal to them."""
    known, before = set(columns), -1
    while columns and len(known) > before:
        before = len(known)
        for pair in equal:
            if pair[0] in known or pair[1] in known:
                known.update(pair)
    return frozenset(known)


def _fed(columns: Sequence[tuple[ColumnRef, Expr]], wanted: frozenset[ColumnId]) -> frozenset[ColumnId]:
    """The columns below that are those of `wanted` above."""
    return frozenset(e.id for ref, e in columns if ref.id in wanted and isinstance(e, ColumnRef))


def may_be_skipped(scan: TableScan, groups: Sequence[RowGroup], filtered: frozenset[ColumnId]) -> bool:
    """Whether a filter on one of the columns could show row groups to hold no match: they are narrow in it."""
    for ref, position in scan.columns:
        if ref.id in filtered and ref.type.physical is Physical.I64:
            low, high = _bounds(groups, scan.table.columns[position].id)
            if len(low) and (high - low).mean() < WIDE * (high.max() - low.min()):
                return True
    return False


def _bounds(groups: Sequence[RowGroup], column: int) -> tuple[Array, Array]:
    """The least and the greatest value, as floats, of each row group of which they are known."""
    known = []
    for group in groups:
        place = group.reader.position(column)
        if place is not None:
            zones = group.reader.zones(place)
            if zones.known[group.number]:
                known.append((zones.low[group.number], zones.high[group.number]))
    bounds = np.array(known, np.float64).reshape(-1, 2)
    return bounds[:, 0], bounds[:, 1]


def _is_large(table: Table, context: Context) -> bool:
    """Whether a table's blocks are worth it: many, in files, and here."""
    if table.temporary or context.database.files.arrivals is not None:
        return False  # a streaming restore's blocks may be far away, and nobody waits for those
    extents = context.view.data(table).extents
    return bool(extents) and not extents[0].is_inline and sum([e.rows for e in extents]) >= WORTH_ROWS


def _is_cold(scan: TableScan, context: Context) -> bool:
    """Whether of a large table the cache has nothing, or nothing of some column."""
    if not _is_large(scan.table, context):
        return False
    columns = [scan.table.columns[position].id for _, position in scan.columns]
    first = context.view.data(scan.table).extents[0]
    return bool(columns) and not context.database.cache.has_some(context.database.extent_path(first), columns)


def _windows(shares: Sequence[list[RowGroup]], source: ScanSource,
             ) -> Iterator[tuple[ExtentReader, list[int], list[int]]]:
    """(extent, row groups, columns) to be read at a time, the slices' first row groups first. Of blocks that are opened
    one by one (compressed text) those of one row group: a scan that has begun may wait for them."""
    for start in range(0, max(map(len, shares), default=0), source.window):
        for share in shares:
            for reader, numbers in by_extent(share[start : start + source.window]):
                places = [p for id in source.columns if (p := reader.position(id)) is not None]
                few = any(form_of(reader.type_of(p), int(reader.footer.entries["encoding"][numbers[0], p])) == NO_FORM
                          for p in places)
                for first in range(0, len(numbers), 1 if few else len(numbers)):
                    yield reader, numbers[first : first + 1] if few else numbers, places
