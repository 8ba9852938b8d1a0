"""Rows of a load on their way to disk: buffered, placed, sorted, cut into row groups and encoded.

A `RunBuffer` gathers batches as they come, column by column (builder.py). When it is full, or the load
ends, `encode_run` turns it into encoded row groups per slice:

    keys           -->  place (slice of each row), sort (order within the slice)
                            |
                            v   rows of slice 0, rows of slice 1, ...
    each column    -->  gather by those rows, cut, encode               in parallel

A column of a slice is a parallel task, since numpy, the codecs and native kernels all release the GIL;
the largest go first.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from typing import Union

import numpy as np
import pyarrow as pa

from ..errors import NotNullViolation
from ..records import dataclass
from .arrow import from_arrow
from .builder import ColumnBuilder
from .extent import GROUP_BYTES, EncodedGroup, encode_group
from .interleave import Interleaver, word_order
from .placement import Placement, rows_by_slice
from .schema import Column
from .sort_order import sort_order
from .types import Physical
from .vector import Array, ColumnData, empty_column

GROUP_ROWS = 65_536

Values = Union[pa.Array, ColumnData]
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

        for _ in (map if pool is None else pool.map)(append, range(len(batch))):
            pass
        self.rows = self._builders[0].rows

    def take(self) -> list[ColumnData]:
        """All rows; the buffer is used up."""
        return [builder.finish() for builder in self._builders]


@dataclass(frozen=True, slots=True, eq=False)
class SliceGroups:
    """The encoded row groups of one slice, in order."""

    slice: int
    groups: tuple[EncodedGroup, ...]


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How rows become row groups: columns with the encodings to use, placement, sort key."""

    columns: tuple[Column, ...]
    placement: Placement
    sort_key: tuple[int, ...]
    interleaver: Interleaver | None = None  # of an interleaved sort key
    interleaved: tuple[int, ...] = ()  # its columns; `sort_key` is empty where rows come in order

    def words(self, columns: Sequence[ColumnData]) -> Array | None:
        """Places of rows in the z-order of an interleaved sort key that has an index."""
        if self.interleaver is None:
            return None
        return self.interleaver.words([columns[p] for p in self.interleaved])


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """The rows of one slice in their final order (None: all, as they are) and where to cut them."""

    slice: int
    rows: Array | None
    cuts: tuple[int, ...]  # starts at 0, ends at the number of rows


def encode_run(
    plan: RunPlan, columns: list[ColumnData], pool: Executor | None, *, last: bool, check: Callable[[], None]
) -> tuple[list[SliceGroups], list[ColumnData] | None]:
    """Encoded row groups of a run's columns (the list is emptied), and rows left for the next run.

    Rows that fill no row group are left, unless the table is sorted (a run is one sorted extent) or
    this is the last run. `check` raises when the statement was cancelled.
    """
    do = map if pool is None else pool.map
    words = plan.words(columns)
    pieces = [_cut(plan.columns, columns, piece) for piece in _pieces(plan, columns, words, pool)]
    check()
    left = None
    if not last and not plan.sort_key:
        pieces, tail = _leave_tails(pieces, plan.placement)
        left = list(do(lambda column: column.take(tail), columns))
    shares = _Shares(columns, len(pieces))

    def encode(task: tuple[int, int]) -> list[EncodedGroup]:
        check()
        position, part = task
        with shares.column(position) as data:
            return _encode_piece(plan.columns[position], data, pieces[part])

    tasks = [(position, part) for position in range(len(columns)) for part in range(len(pieces))]
    tasks.sort(key=lambda task: -columns[task[0]].raw_bytes)
    done = dict(zip(tasks, do(encode, tasks)))
    groups = [
        SliceGroups(piece.slice, tuple(map(_join, zip(*(done[c, p] for c in range(len(columns)))))))
        for p, piece in enumerate(pieces)
    ]
    if words is not None and plan.interleaver is not None and plan.interleaver.index is not None:
        groups = [_ordered(g, piece, words, plan.interleaver.index.built) for g, piece in zip(groups, pieces)]
    return [g for g in groups if g.groups], left


class _Shares:
    """The columns of a run, each used by several tasks and let go by the last one."""

    def __init__(self, columns: list[ColumnData], tasks: int) -> None:
        self._columns = columns
        self._left = [tasks] * len(columns)
        self._lock = threading.Lock()

    @contextmanager
    def column(self, position: int) -> Iterator[ColumnData]:
        yield self._columns[position]
        with self._lock:
            self._left[position] -= 1
            if not self._left[position]:
                self._columns[position] = empty_column(self._columns[position].type)


def convert(values: Values, column: Column) -> ColumnData:
    return values if isinstance(values, ColumnData) else from_arrow(values, column.type, column.name)


def _ordered(found: SliceGroups, piece: _Piece, words: Array, index: int) -> SliceGroups:
    """The groups with the places of their first and last rows."""
    own = words if piece.rows is None else words[piece.rows]
    groups = [
        replace(group, order=(index, int(own[a:b].min()), int(own[a:b].max())))
        for group, a, b in zip(found.groups, piece.cuts, piece.cuts[1:])
    ]
    return SliceGroups(found.slice, tuple(groups))


def _pieces(plan: RunPlan, columns: list[ColumnData], words: Array | None, pool: Executor | None) -> list[_Piece]:
    """Every slice's rows in their final order; not cut yet."""
    placement, rows = plan.placement, columns[0].rows

    def order_of(own: Array | None) -> Array | None:
        if plan.interleaver is not None:
            return word_order(words if own is None or words is None else words[own]) if plan.sort_key else None
        sorting = [columns[position] for position in plan.sort_key]
        return sort_order(sorting if own is None else [column.take(own) for column in sorting])

    if placement.single is not None:
        return [_Piece(placement.single, order_of(None), (0, rows))]
    key = columns[placement.key] if placement.key is not None else None

    def order(rows_of_slice: tuple[int, Array]) -> _Piece:
        slice_, own = rows_of_slice
        by_key = order_of(own)
        return _Piece(slice_, own if by_key is None else own[by_key], (0, len(own)))

    return list((map if pool is None else pool.map)(order, rows_by_slice(placement.place(rows, key))))


def _cut(columns: tuple[Column, ...], data: list[ColumnData], piece: _Piece) -> _Piece:
    """Row groups of 65,536 rows, or fewer when a column's text reaches the limit before."""
    rows = piece.cuts[-1]
    wide = [values for column, values in zip(columns, data) if _may_be_wide(column, values)]
    if not wide:
        return replace(piece, cuts=(*range(0, rows, GROUP_ROWS), rows))
    lengths = np.zeros(rows, np.int64)
    for values in wide:
        own = np.diff(values.text[0])
        lengths = np.maximum(lengths, own if piece.rows is None else own[piece.rows])
    ends = np.cumsum(lengths)
    cuts = [0]
    while cuts[-1] < rows:
        start = cuts[-1]
        before = int(ends[start - 1]) if start else 0
        stop = int(np.searchsorted(ends, before + GROUP_BYTES, side="right"))
        cuts.append(max(start + 1, min(stop, start + GROUP_ROWS, rows)))
    return replace(piece, cuts=tuple(cuts))


def _may_be_wide(column: Column, values: ColumnData) -> bool:
    """May 65,536 of the column's values exceed a row group's limit of bytes?"""
    if column.type.physical is not Physical.STR or values.text_bytes <= GROUP_BYTES:
        return False
    return column.type.length == 0 or column.type.length * GROUP_ROWS > GROUP_BYTES


def _leave_tails(pieces: list[_Piece], placement: Placement) -> tuple[list[_Piece], Array]:
    """The pieces without the last row group of each; the rows left out, in their order."""
    kept, tails = [], []
    for piece in pieces:
        kept.append(replace(piece, cuts=piece.cuts[:-1]))
        rows = np.arange(piece.cuts[-1]) if piece.rows is None else piece.rows
        tails.append(rows[piece.cuts[-2] :])
        placement.take_back(piece.slice, len(tails[-1]))
    return kept, np.sort(np.concatenate(tails))


def _encode_piece(column: Column, data: ColumnData, piece: _Piece) -> list[EncodedGroup]:
    own = data if piece.rows is None else _gather(data, piece.rows[: piece.cuts[-1]])
    return [
        encode_group((column,), [own.slice(start, stop)]) for start, stop in zip(piece.cuts, piece.cuts[1:])
    ]


def _gather(data: ColumnData, rows: Array) -> ColumnData:
    """The rows in their order; neighbours (EVEN deals them out in runs) are not copied."""
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows) and bool((np.diff(rows) == 1).all()):
        return data.slice(int(rows[0]), int(rows[-1]) + 1)
    return data.take(rows)


def _join(columns: tuple[EncodedGroup, ...]) -> EncodedGroup:
    """Row groups of one column each, side by side."""
    return EncodedGroup(
        columns[0].rows,
        tuple([c.blocks[0] for c in columns]),
        tuple([c.bounds[0] for c in columns]),
        tuple([s for c in columns for s in c.sketches]),
        None,
        tuple([v for c in columns for v in c.values]),
    )
