"""Where a segment's rows come from: blocks of a table, or a collection.

A source has a part that the program is compiled against (columns, their proven ranges, whether they can be
NULL) and a part per task that feeds the driver: **windows** of batches, so that only a few row groups are
pinned at a time. A batch has as many rows as suit the program (Template.batch_rows).

    ScanSource     extents of the slice, minus row groups that zone maps exclude (engine/pruning.py) and rows
                   that are deleted (hidden.py)
    StoredSource   rows of collections, or in pieces, which are loaded one at a time (rows.py)
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels import abi, memory, source_layout
from ..planner.expressions import And, ColumnRef, Expr
from ..storage.types import Physical
from .collection import Collection, StoredColumn, unify, widened
from .compile.batch import ScanColumn
from .compile.program import External
from .compile.segment import Segment
from .hidden import LIVE, ROW_ID, added, row_ids
from .hidden import live as live_rows
from .pruning import DICTIONARIES, READ_AS_CODES, RowGroup, by_reader, column_proof, encodings
from .rows import Part, Pieces, pieces_of

if TYPE_CHECKING:
    from ..planner.physical import TableScan
    from ..storage.buffer import PinSet
    from ..storage.extent import ExtentReader
    from ..storage.native import Descriptor
    from .context import Context
    from .rows import Piece

# Row groups pinned at a time: enough that Python is entered rarely, few enough to stay small ...
WINDOW_ROW_GROUPS = 16
# ... and together within a share of the cache: fewer of many columns where that is small.
PINNED_SHARE = 0.125
_BLOCK_WIDTH = {Physical.STR: 24, Physical.I128: 16, Physical.BOOL: 1}  # bytes a row, at a guess
_ANY = (-(1 << 63), (1 << 63) - 1)


class ScanSource:
    """Row groups of a table by slice. `groups[i]` are task i's, after pruning."""

    def __init__(self, node: TableScan, groups: list[list[RowGroup]], skipped: int, context: Context) -> None:
        self.node = node
        self.groups = groups
        self.skipped = skipped
        self.context = context
        self.columns = [node.table.columns[position].id for _, position in node.columns]
        self.some_deleted = any(g.deleted is not None for share in groups for g in share)

    @cached_property
    def window(self) -> int:
        """Row groups that a task pins at a time."""
        each = max((g.rows for share in self.groups for g in share), default=1) * sum(
            _BLOCK_WIDTH.get(ref.type.physical, 8) for ref, _ in self.node.columns)
        fitting = int(self.context.database.cache.limit * PINNED_SHARE) // max(each, 1)
        return min(max(fitting, 1), WINDOW_ROW_GROUPS)

    @property
    def filter(self) -> Expr | None:
        """What a row must fulfil to be of the scan."""
        if not self.some_deleted:
            return self.node.filter
        return LIVE if self.node.filter is None else And((LIVE, self.node.filter))

    @property
    def tasks(self) -> int:
        return len(self.groups)

    def rows(self, task: int) -> int:
        return sum(g.rows for g in self.groups[task])

    def emit(self, segment: Segment) -> None:
        """Write the source instruction and tell the batch which columns there are."""
        segment.builder.node = self.node
        segment.builder.block("scan_source", k=External(lambda task: task.source.state_address))
        chosen = by_reader(g for groups in self.groups for g in groups)
        for index, (ref, position) in enumerate(self.node.columns):
            column = self.node.table.columns[position]
            if column.id == ROW_ID.id:
                segment.batch.scan[ref.id] = ScanColumn(index, column.type, Physical.I64, False, *_ANY)
                continue
            lo, hi, nullable = column_proof(chosen, column)
            kinds = encodings(chosen, column.id) if column.type.physical is Physical.STR else {None}
            segment.batch.scan[ref.id] = ScanColumn(
                index, column.type, column.type.physical, nullable, lo, hi,
                dictionary=kinds <= DICTIONARIES, coded=kinds <= READ_AS_CODES,
            )

        if self.some_deleted:
            live = len(self.node.columns)
            segment.batch.scan[LIVE.id] = ScanColumn(live, LIVE.type, Physical.BOOL, False)

    def split(self, task: int, shares: int) -> list[ScanTask]:
        """The task's row groups in up to `shares` runs of neighbours."""
        groups = self.groups[task]
        bounds = [len(groups) * i // shares for i in range(shares + 1)]
        runs = [groups[a:b] for a, b in pairwise(bounds) if a < b]
        return [ScanTask(self, run) for run in runs or [groups]]


class ScanTask:
    """Feeds one task: pins a window of blocks, describes it to the driver."""

    def __init__(self, source: ScanSource, groups: list[RowGroup]) -> None:
        self._source = source
        self._groups = groups
        self._state = memory.zeros(source_layout.STATE_WORDS, np.int64)
        self.state_address = memory.address(self._state)
        self.window = source.window
        self.rows = sum(g.rows for g in groups)
        self.blocks = 0
        self._constants: list[Descriptor] = []  # in use, so that they stay

    def windows(self, batch_rows: int) -> Iterator[None]:
        context = self._source.context
        cache = context.database.cache
        columns = self._source.columns
        line_words = source_layout.line_words(len(columns) + self._source.some_deleted)
        for start in range(0, len(self._groups), self.window):
            window = self._groups[start : start + self.window]
            with cache.pins() as pins:
                parts = [self._pinned(reader, numbers, pins) for reader, numbers in _by_extent(window)]
                table, made = self._with_hidden(parts[0] if len(parts) == 1 else np.concatenate(parts), window)
                sizes = [n for g in window for n in (g.rows, 0)]
                rest = memory.empty(len(sizes) + line_words, np.int64)  # the sizes, then the driver's line
                rest[: len(sizes)] = sizes
                at = memory.address(rest)
                self._state[:] = (0, len(window), memory.address(table), table.size // len(window), at, batch_rows, 0,
                                  at + 8 * len(sizes))
                yield
                del made
            self.blocks += len(window) * len(columns)
            context.progress.blocks_done += len(window) * len(columns)

    def _pinned(self, reader: ExtentReader, numbers: list[int], pins: PinSet) -> np.ndarray:
        """Descriptors of row groups of one extent; columns that are younger than the extent are the same all over."""
        source = self._source
        cache = source.context.database.cache
        columns = [source.node.table.columns[position] for _, position in source.node.columns]
        columns = [c for c in columns if c.id != ROW_ID.id]
        places = [reader.position(c.id) for c in columns]
        there = [i for i, place in enumerate(places) if place is not None]
        if len(there) == len(places):
            return cache.pin_table(reader, numbers, places, pins)  # type: ignore[no-any-return]
        table = np.empty((len(numbers), len(places)), np.int64)
        if there:
            table[:, there] = cache.pin_table(reader, numbers, [places[i] for i in there], pins)
        for i, column in enumerate(columns):
            if places[i] is None:
                constant = added(column.type, column.added)
                self._constants.append(constant)
                table[:, i] = constant.address
        return table

    def _with_hidden(self, stored: np.ndarray, window: Sequence[RowGroup]) -> tuple[np.ndarray, list[Descriptor]]:
        """The window's table of descriptors with the columns of hidden.py in their places, and those columns."""
        made: list[Descriptor] = []
        source, table = self._source, stored
        if ROW_ID.id in source.columns:
            ids = [row_ids(g.extent, g.number, g.rows) for g in window]
            table = np.insert(table, source.columns.index(ROW_ID.id), [d.address for d in ids], axis=1)
            made += ids
        if source.some_deleted:
            live = [live_rows(g.deleted, g.rows) for g in window]
            table = np.insert(table, table.shape[1], [d.address for d in live], axis=1)
            made += live
        return memory.padded(np.ascontiguousarray(table).reshape(-1)), made


def _by_extent(window: Sequence[RowGroup]) -> Iterator[tuple[Any, list[int]]]:
    """Neighbouring row groups of one extent together."""
    i = 0
    while i < len(window):
        j = i
        while j < len(window) and window[j].reader is window[i].reader:
            j += 1
        yield window[i].reader, [g.number for g in window[i:j]]
        i = j


class StoredSource:
    """Collections, one a task (or one that is split or shared by the tasks); or pieces."""

    filter = None  # all rows are wanted

    def __init__(self, parts: Sequence[Part], node: Any) -> None:
        self.parts = list(parts)
        self.node = node
        here = [p for part in parts for p in pieces_of(part) if isinstance(p, Collection)]
        self._in_pieces = any(isinstance(p, Pieces) for p in parts)
        for piece in here:
            piece.trimmed()
            for i in range(len(piece.columns)) if self._in_pieces else ():
                piece.decode(i)  # as text is on disk
        if here:
            unify(here)  # one program reads all parts
        pieces = [p for part in parts for p in pieces_of(part)]
        self._columns = [_described(i, [p.columns[i] for p in pieces]) for i in range(len(pieces[0].columns))]

    @property
    def tasks(self) -> int:
        return len(self.parts)

    def rows(self, task: int) -> int:
        return self.parts[task].rows

    def emit(self, segment: Segment) -> None:
        segment.builder.block("chunk_source", k=External(lambda task: task.source.state_address))
        for ref, column in self._columns:
            segment.batch.scan[ref.id] = column

    def split(self, task: int, shares: int) -> list[StoredTask]:
        """The task's rows in up to `shares` runs of whole batches."""
        part = self.parts[task]
        if isinstance(part, Pieces):
            return self._split_pieces(part, shares)
        batches = -(-part.rows // abi.BATCH_ROWS)
        bounds = [batches * i // shares * abi.BATCH_ROWS for i in range(shares + 1)]
        runs = [(a, min(b, part.rows)) for a, b in pairwise(bounds) if a < b]
        return [StoredTask([part], a, b, self._columns) for a, b in runs or [(0, 0)]]

    def _split_pieces(self, part: Pieces, shares: int) -> list[StoredTask]:
        """Pieces side by side for each share."""
        runs: list[list[Piece]] = [[] for _ in range(shares)]
        before = 0
        for piece in part.pieces:
            runs[min(before * shares // max(part.rows, 1), shares - 1)].append(piece)
            before += piece.rows
        return [StoredTask(run, 0, sum(p.rows for p in run), self._columns) for run in runs if run]


def _described(index: int, columns: Sequence[Any]) -> tuple[ColumnRef, ScanColumn]:
    """A column as the program must take it, over all pieces."""
    first = columns[0]
    texts = first.texts if isinstance(first, StoredColumn) else None  # of pieces none has any
    carried = Physical.I128 if any(c.carried is Physical.I128 for c in columns) else first.carried
    nullable = any(c.valid is not None if isinstance(c, StoredColumn) else c.nullable for c in columns)
    return first.ref, ScanColumn(
        index, first.ref.type, carried if texts is None else Physical.STR, nullable,
        min(c.lo for c in columns), max(c.hi for c in columns), stored=True, texts=texts,
    )


class StoredTask:
    """Describes rows first .. last - 1 of pieces to the driver: per batch and column the addresses of values and
    validity."""

    def __init__(self, pieces: Sequence[Piece], first: int, last: int,
                 columns: Sequence[tuple[ColumnRef, ScanColumn]]) -> None:
        self._pieces = pieces
        self._columns = columns
        self._first, self._last = first, last
        self.rows = last - first
        self._state = memory.zeros(source_layout.STATE_WORDS, np.int64)
        self.state_address = memory.address(self._state)
        self.window = 0  # batches at a time; 0: all of a piece at once, for they are in memory already

    def windows(self, batch_rows: int) -> Iterator[None]:
        if len(self._pieces) == 1:
            yield from self._windows(self._loaded(self._pieces[0]), self._first, self._last, batch_rows)
            return
        for piece in self._pieces:
            yield from self._windows(self._loaded(piece), 0, piece.rows, batch_rows)

    def _loaded(self, piece: Piece) -> Collection:
        """The piece with its columns in the classes that the program takes."""
        part = piece.load()
        if part is not piece:
            for i, (_, wanted) in enumerate(self._columns):
                if wanted.carried is Physical.I128:
                    part.columns[i] = widened(part.columns[i])
        return part

    def _windows(self, part: Collection, first: int, last: int, batch_rows: int) -> Iterator[None]:
        if first == last:
            return
        if last - first <= batch_rows:
            line: list[int] = []
            for column in part.columns:
                line.append(memory.address(column.values) + first * column.carried.width)
                line.append(0 if column.valid is None else memory.address(column.valid) + first)
            words = memory.words(*line, last - first, first)
            at = memory.address(words)
            self._state[:] = (0, 1, at, len(line), at + 8 * len(line), batch_rows, 0, 0)
            yield
            return
        starts = np.arange(first, last, batch_rows, dtype=np.int64)
        table = memory.empty(len(starts) * len(part.columns) * 2, np.int64)
        grid = table.reshape(len(starts), len(part.columns) * 2)
        for i, column in enumerate(part.columns):
            width = column.carried.width
            grid[:, 2 * i] = memory.address(column.values) + starts * width
            grid[:, 2 * i + 1] = 0 if column.valid is None else memory.address(column.valid) + starts
        sizes = memory.empty(len(starts) * 2, np.int64)
        sizes[0::2] = np.minimum(last - starts, batch_rows)
        sizes[1::2] = starts
        for a in range(0, len(starts), self.window or len(starts)):
            count = min(self.window or len(starts), len(starts) - a)
            batches, lengths = memory.address(grid[a:]), memory.address(sizes[2 * a :])
            self._state[:] = (0, count, batches, len(part.columns) * 2, lengths, batch_rows, 0, 0)
            yield
