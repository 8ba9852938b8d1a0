"""Rows of a load on their way to disk: buffered, placed, sorted, cut into row groups and encoded.

A `RunBuffer` gathers batches as they come, column by column, as narrow as their values are (builder.py, narrow.py).
When it is full, or the load ends, `encode_run` turns it into encoded row groups per slice:

    keys            -->  place (slice of each row), sort (order within the slice)
                             |
                             v   row groups of slice 0, of slice 1, ...
    each row group  -->  of every column: gather its rows, encode          in parallel, a few groups ahead

Row groups are handed over as they are made, in their order, so besides the run itself little is in memory: row
numbers, and a few row groups. Threads work side by side, since numpy, the codecs and native kernels all release the
GIL; where there are too few row groups for that they share out columns.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Union

import numpy as np
import pyarrow as pa

from ..errors import NotNullViolation
from ..records import dataclass
from .arrow import for_load
from .builder import ColumnBuilder
from .extent import GROUP_BYTES, EncodedGroup, encode_group
from .interleave import Interleaver, word_order
from .narrow import BlockColumn, RunColumn, held_bytes, lengths, plain
from .placement import Placement, rows_by_slice
from .schema import Column
from .sort_order import sort_order
from .types import Physical
from .vector import Array, ColumnData

GROUP_ROWS = 65_536
# Rows that are placed at a time: hashing takes several times the space of a narrow key.
PLACED_ROWS = 1 << 20
# With fewer row groups, threads share the columns of each.
FEW_GROUPS = 4
# Row groups that are being encoded, or wait until those before them are written: so many, or what they take in the run.
GROUPS_AHEAD = 6
AHEAD_BYTES = 32 << 20

Values = Union[pa.Array, BlockColumn]
Batch = Sequence[Values]


class RunBuffer:
    """Rows that wait to become row groups."""

    def __init__(self, columns: Sequence[Column], reserve: int) -> None:
        """`reserve`: how many rows to be ready for."""
        self._columns = tuple(columns)
        self._builders = [ColumnBuilder(column.type, reserve) for column in columns]
        self.rows = 0

    @property
    def bytes(self) -> int:
        return sum(builder.bytes for builder in self._builders)

    def add(self, batch: Batch, pool: Executor | None = None) -> None:
        """Convert and take in one batch of all columns."""

        def append(position: int) -> None:
            column = self._columns[position]
            data = convert(batch[position], column)
            if data.null_count and not column.nullable:
                raise NotNullViolation(f'null value in column "{column.name}" violates not-null constraint')
            self._builders[position].append(data)

        places = range(len(batch))
        if pool is None:
            for position in places:
                append(position)
        else:
            list(pool.map(append, places))
        self.rows = self._builders[0].rows

    def take(self) -> list[RunColumn]:
        """All rows; the buffer is used up."""
        return [builder.finish() for builder in self._builders]


@dataclass(frozen=True, slots=True, eq=False)
class SliceGroups:
    """Encoded row groups of one slice, in order. `begins`: they are the first that the run has for it."""

    slice: int
    groups: tuple[EncodedGroup, ...]
    begins: bool


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How rows become row groups: columns with the encodings to use, placement, sort key."""

    columns: tuple[Column, ...]
    placement: Placement
    sort_key: tuple[int, ...]
    interleaver: Interleaver | None = None  # of an interleaved sort key
    interleaved: tuple[int, ...] = ()  # its columns; `sort_key` is empty where rows come in order

    def words(self, columns: Sequence[RunColumn]) -> Array | None:
        """Places of rows in the z-order of an interleaved sort key that has an index."""
        if self.interleaver is None:
            return None
        return self.interleaver.words([plain(columns[p]) for p in self.interleaved])


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """The rows of one slice in their final order (None: all, as they are) and where to cut them."""

    slice: int
    rows: Array | None
    cuts: tuple[int, ...]  # starts at 0, ends at the number of rows


def encode_run(
    plan: RunPlan, columns: Sequence[RunColumn], pool: Executor | None, *, last: bool, check: Callable[[], None]
) -> tuple[Iterator[SliceGroups], list[ColumnData] | None]:
    """Encoded row groups of a run's columns, made as they are asked for, and rows left for the next run.

    Rows that fill no row group are left, unless the table is sorted (a run is one sorted extent) or
    this is the last run. `check` raises when the statement was cancelled.
    """
    words = plan.words(columns)
    pieces = [_cut(plan.columns, columns, piece) for piece in _pieces(plan, columns, words, pool)]
    check()
    left = None
    if not last and not plan.sort_key:
        pieces, tail = _leave_tails(pieces, plan.placement)
        left = list((map if pool is None else pool.map)(lambda column: plain(column.take(tail)), columns))
    return _encoded(_Encoder(plan, columns, words, check), pieces, pool), left


def _encoded(encoder: _Encoder, pieces: list[_Piece], pool: Executor | None) -> Iterator[SliceGroups]:
    groups = [_Group(piece, i) for piece in pieces for i in range(len(piece.cuts) - 1)]
    if pool is None or len(groups) >= FEW_GROUPS:
        size = held_bytes(encoder.columns) // max(1, len(groups))
        found = _in_order(encoder.group, groups, pool, max(2, min(GROUPS_AHEAD, AHEAD_BYTES // max(1, size))))
    else:
        found = iter([encoder.shared(group, pool) for group in groups])
    for group, encoded in zip(groups, found):
        yield SliceGroups(group.piece.slice, (encoded,), group.number == 0)


def _in_order(
    do: Callable[[_Group], EncodedGroup], groups: Sequence[_Group], pool: Executor | None, ahead: int
) -> Iterator[EncodedGroup]:
    """What `do` makes of each, in their order, `ahead` of those taken."""
    if pool is None:
        yield from map(do, groups)
        return
    waiting: deque[Future[EncodedGroup]] = deque()
    try:
        for group in groups:
            if len(waiting) == ahead:
                yield waiting.popleft().result()
            waiting.append(pool.submit(do, group))
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """One row group of a piece."""

    piece: _Piece
    number: int

    @property
    def span(self) -> tuple[int, int]:
        return self.piece.cuts[self.number], self.piece.cuts[self.number + 1]

    @property
    def rows(self) -> Array | slice:
        """Rows of the run, in order; neighbours (EVEN deals them out in runs) as a slice."""
        start, stop = self.span
        if self.piece.rows is None:
            return slice(start, stop)
        rows = self.piece.rows[start:stop].astype(np.int64)
        if rows[-1] - rows[0] + 1 == len(rows) and bool((np.diff(rows) == 1).all()):
            return slice(int(rows[0]), int(rows[-1]) + 1)
        return rows


@dataclass(frozen=True, slots=True, eq=False)
class _Encoder:
    """Makes row groups of a run's columns."""

    plan: RunPlan
    columns: Sequence[RunColumn]
    words: Array | None
    check: Callable[[], None]

    def group(self, group: _Group) -> EncodedGroup:
        """One row group, a column after the other."""
        self.check()
        rows = group.rows
        return self._joined(group, [self._column(position, rows) for position in range(len(self.columns))])

    def shared(self, group: _Group, pool: Executor) -> EncodedGroup:
        """One row group by several threads, the largest columns first."""
        self.check()
        rows = group.rows
        order = sorted(range(len(self.columns)), key=lambda position: -self.columns[position].raw_bytes)
        done = dict(zip(order, pool.map(lambda position: self._column(position, rows), order)))
        return self._joined(group, [done[position] for position in range(len(self.columns))])

    def _column(self, position: int, rows: Array | slice) -> EncodedGroup:
        column = self.columns[position]
        own = column.slice(rows.start, rows.stop) if isinstance(rows, slice) else column.take(rows)
        return encode_group((self.plan.columns[position],), [own])

    def _joined(self, group: _Group, columns: Sequence[EncodedGroup]) -> EncodedGroup:
        """The columns side by side; with the places of the first and last rows, if rows have places."""
        order, index = None, self.plan.interleaver.index if self.plan.interleaver is not None else None
        if self.words is not None and index is not None:
            own = self.words[group.rows]
            order = (index.built, int(own.min()), int(own.max()))
        return EncodedGroup(
            columns[0].rows,
            tuple([c.blocks[0] for c in columns]),
            tuple([c.bounds[0] for c in columns]),
            tuple([s for c in columns for s in c.sketches]),
            order,
            tuple([v for c in columns for v in c.values]),
        )


def convert(values: Values, column: Column) -> BlockColumn:
    return for_load(values, column.type, column.name) if isinstance(values, pa.Array) else values


def _pieces(plan: RunPlan, columns: Sequence[RunColumn], words: Array | None, pool: Executor | None) -> list[_Piece]:
    """Every slice's rows in their final order; not cut yet."""
    placement, rows = plan.placement, columns[0].rows

    def order_of(own: Array | None) -> Array | None:
        if plan.interleaver is not None:
            return word_order(words if own is None or words is None else words[own]) if plan.sort_key else None
        return sort_order([columns[position] for position in plan.sort_key], own)

    if placement.single is not None:
        return [_Piece(placement.single, order_of(None), (0, rows))]

    def order(rows_of_slice: tuple[int, Array]) -> _Piece:
        slice_, own = rows_of_slice
        by_key = order_of(own)
        return _Piece(slice_, own if by_key is None else own[by_key], (0, len(own)))

    places = _places(placement, rows, None if placement.key is None else columns[placement.key])
    return list((map if pool is None else pool.map)(order, rows_by_slice(places)))


def _places(placement: Placement, rows: int, key: RunColumn | None) -> Array:
    """The slice of each row."""
    if key is None:
        return placement.place(rows, None)
    parts = [plain(key.slice(start, min(start + PLACED_ROWS, rows))) for start in range(0, rows, PLACED_ROWS)]
    return np.concatenate([placement.place(part.rows, part) for part in parts])


def _cut(columns: tuple[Column, ...], data: Sequence[RunColumn], piece: _Piece) -> _Piece:
    """Row groups of 65,536 rows, or fewer when a column's text reaches the limit before."""
    rows = piece.cuts[-1]
    wide = [values for column, values in zip(columns, data) if _may_be_wide(column, values)]
    if not wide:
        return replace(piece, cuts=(*range(0, rows, GROUP_ROWS), rows))
    longest = np.zeros(rows, np.int64)
    for values in wide:
        np.maximum(longest, lengths(values, piece.rows), out=longest)
    ends = np.cumsum(longest)
    cuts = [0]
    while cuts[-1] < rows:
        start = cuts[-1]
        before = int(ends[start - 1]) if start else 0
        stop = int(np.searchsorted(ends, before + GROUP_BYTES, side="right"))
        cuts.append(max(start + 1, min(stop, start + GROUP_ROWS, rows)))
    return replace(piece, cuts=tuple(cuts))


def _may_be_wide(column: Column, values: RunColumn) -> bool:
    """May 65,536 of the column's values exceed a row group's limit of bytes?"""
    if column.type.physical is not Physical.STR or column.type.text_limit * GROUP_ROWS <= GROUP_BYTES:
        return False
    return values.raw_bytes > GROUP_BYTES


def _leave_tails(pieces: list[_Piece], placement: Placement) -> tuple[list[_Piece], Array]:
    """The pieces without the last row group of each; the rows left out, in their order."""
    kept, tails = [], []
    for piece in pieces:
        kept.append(replace(piece, cuts=piece.cuts[:-1]))
        rows = np.arange(piece.cuts[-1]) if piece.rows is None else piece.rows
        tails.append(rows[piece.cuts[-2] :])
        placement.take_back(piece.slice, len(tails[-1]))
    return kept, np.sort(np.concatenate(tails))
