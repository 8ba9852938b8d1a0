"""Rows of a load on their way to disk: buffered, placed, sorted, cut into row groups and encoded.

A `RunBuffer` gathers batches as they come. When it is full, or the load ends, `encode_run` turns them
into encoded row groups per slice:

    batches  --keys only-->  place (slice of each row), sort (order within the slice)
                                  |
                                  v   rows of slice 0, rows of slice 1, ...
    batches  --column by column, in parallel-->  convert, gather by those rows, cut, encode

Only the keys are touched before the order is known, and every other column once: the columns are
the parallel tasks, since Arrow, numpy, the codecs and native kernels all release the GIL.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from .arrow import from_arrow
from .extent import GROUP_BYTES, EncodedGroup, encode_group
from .placement import Placement, rows_by_slice
from .schema import Column
from .sort_order import sort_order
from .types import Physical
from .vector import Array, ColumnData, concat

GROUP_ROWS = 65_536

Values = pa.Array | ColumnData
Batch = Sequence[Values]


@dataclass(slots=True)
class RunBuffer:
    """Batches that wait to become row groups."""

    batches: list[Batch] = field(default_factory=list)
    rows: int = 0
    bytes: int = 0

    def add(self, batch: Batch, rows: int) -> None:
        self.batches.append(batch)
        self.rows += rows
        self.bytes += sum(_bytes(values) for values in batch)


@dataclass(frozen=True, slots=True, eq=False)
class SliceGroups:
    """The encoded row groups of one slice, in order."""

    slice: int
    groups: tuple[EncodedGroup, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Encoded:
    """One column: its row groups per piece, and the rows left for the next run."""

    pieces: list[list[EncodedGroup]]
    left: ColumnData | None


@dataclass(frozen=True, slots=True)
class RunPlan:
    """How rows become row groups: columns with the encodings to use, placement, sort key."""

    columns: tuple[Column, ...]
    placement: Placement
    sort_key: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """The rows of one slice in their final order (None: all, as they are) and where to cut them."""

    slice: int
    rows: Array | None
    cuts: tuple[int, ...]  # starts at 0, ends at the number of rows


def encode_run(
    plan: RunPlan, run: RunBuffer, pool: Executor | None, *, last: bool, check: Callable[[], None]
) -> tuple[list[SliceGroups], RunBuffer]:
    """Encoded row groups of a run, and what is left for the next one.

    Rows that fill no row group are left, unless the table is sorted (a run is one sorted extent) or
    this is the last run. `check` raises when the statement was cancelled.
    """
    keys = _keys(plan, run)
    pieces = _pieces(plan, run, keys)
    check()
    wide = _wide_columns(plan.columns, run)
    pieces = [_cut(plan.columns, run, piece, wide, keys) for piece in pieces]
    tail = None
    if not last and not plan.sort_key:
        pieces, tail = _leave_tails(pieces)
    tasks = sorted(range(len(plan.columns)), key=lambda c: -sum(_bytes(b[c]) for b in run.batches))

    def encode(position: int) -> _Encoded:
        check()
        data = keys[position] if position in keys else _column_data(run, plan.columns[position], position)
        left = None if tail is None or not len(tail) else data.take(tail)
        return _Encoded([_encode_piece(plan.columns[position], data, piece) for piece in pieces], left)

    done = dict(zip(tasks, (map if pool is None else pool.map)(encode, tasks)))
    by_column = [done[position] for position in range(len(plan.columns))]
    groups = [
        SliceGroups(piece.slice, tuple(_join(group) for group in zip(*(c.pieces[p] for c in by_column))))
        for p, piece in enumerate(pieces)
    ]
    rest = RunBuffer()
    if tail is not None and len(tail):
        rest.add([c.left for c in by_column if c.left is not None], len(tail))
    return [g for g in groups if g.groups], rest


def convert(values: Values, column: Column) -> ColumnData:
    return values if isinstance(values, ColumnData) else from_arrow(values, column.type, column.name)


def _column_data(run: RunBuffer, column: Column, position: int) -> ColumnData:
    return concat([convert(batch[position], column) for batch in run.batches])


def _keys(plan: RunPlan, run: RunBuffer) -> dict[int, ColumnData]:
    """The columns that must be known before the others: distribution and sort key."""
    wanted = set(plan.sort_key)
    if plan.placement.key is not None and plan.placement.single is None:
        wanted.add(plan.placement.key)
    return {position: _column_data(run, plan.columns[position], position) for position in wanted}


def _pieces(plan: RunPlan, run: RunBuffer, keys: dict[int, ColumnData]) -> list[_Piece]:
    placement = plan.placement
    sorting = [keys[position] for position in plan.sort_key]
    if placement.single is not None:
        return [_Piece(placement.single, sort_order(sorting), (0, run.rows))]
    key = keys[placement.key] if placement.key is not None else None
    pieces = []
    for slice_, rows in rows_by_slice(placement.place(run.rows, key)):
        order = sort_order([column.take(rows) for column in sorting])
        ordered = rows if order is None else rows[order]
        pieces.append(_Piece(slice_, ordered, (0, len(ordered))))
    return pieces


def _wide_columns(columns: tuple[Column, ...], run: RunBuffer) -> list[int]:
    """Text columns of which 65,536 values might exceed a row group's limit of bytes."""
    return [
        i for i, column in enumerate(columns)
        if column.type.physical is Physical.STR
        and (column.type.length == 0 or column.type.length * GROUP_ROWS > GROUP_BYTES)
        and sum(_bytes(batch[i]) for batch in run.batches) > GROUP_BYTES
    ]  # fmt: skip


def _cut(
    columns: tuple[Column, ...], run: RunBuffer, piece: _Piece, wide: list[int], keys: dict[int, ColumnData]
) -> _Piece:
    """Row groups of 65,536 rows, or fewer when a column's text reaches the limit before."""
    rows = piece.cuts[-1]
    if not wide:
        return replace(piece, cuts=(*range(0, rows, GROUP_ROWS), rows))
    lengths = np.zeros(rows, np.int64)
    for i in wide:
        data = keys[i] if i in keys else _column_data(run, columns[i], i)
        own = np.diff(data.text[0])
        lengths = np.maximum(lengths, own if piece.rows is None else own[piece.rows])
    ends = np.cumsum(lengths)
    cuts = [0]
    while cuts[-1] < rows:
        start = cuts[-1]
        before = int(ends[start - 1]) if start else 0
        stop = int(np.searchsorted(ends, before + GROUP_BYTES, side="right"))
        cuts.append(max(start + 1, min(stop, start + GROUP_ROWS, rows)))
    return replace(piece, cuts=tuple(cuts))


def _leave_tails(pieces: list[_Piece]) -> tuple[list[_Piece], Array]:
    """The pieces without the last, incomplete row group of each; the rows left out, in their order."""
    kept, tails = [], []
    for piece in pieces:
        kept.append(replace(piece, cuts=piece.cuts[:-1]))
        rows = np.arange(piece.cuts[-1]) if piece.rows is None else piece.rows
        tails.append(rows[piece.cuts[-2] :])
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
        tuple(c.blocks[0] for c in columns),
        tuple(c.bounds[0] for c in columns),
        tuple(c.sketches[0] for c in columns),
    )


def _bytes(values: Values) -> int:
    if not isinstance(values, ColumnData):
        return int(values.nbytes)
    if values.values is not None:
        return int(values.values.nbytes)
    return 8 * values.rows + values.text_bytes
