"""Text keys as small integers: equal strings get equal ids, so grouping works on integers.

    dictionary column   the block's dictionary entries are interned once a block, rows map their codes
    build side column   the build rows are interned once, rows gather the ids
    other text          not worth it: groups compare the strings themselves

The ids are dense in order of first appearance, per task; `Interned.texts` gives the strings back. NULL has
an id of its own, whose string is not valid.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels import abi, memory, pack
from ..kernels.columns import ColumnScratch, make_intern
from ..kernels.group_table import Column, GroupKey, GroupTable
from ..planner.expressions import ColumnRef, Expr
from ..storage.types import BIGINT, Physical
from .compile.batch import BuildColumn, Value
from .compile.program import External

if TYPE_CHECKING:
    from .compile.segment import Segment

ID_LIMIT = (1 << 30) - 2
BUILD_ROWS = 1 << 16  # build sides up to this size are interned


@dataclass(slots=True)
class InternState:
    """One task's table of strings, with what its instruction needs."""

    table: GroupTable
    block: np.ndarray | None = None
    scratch: ColumnScratch | None = None
    ids: np.ndarray | None = None  # of a build side's rows


@dataclass(frozen=True, slots=True)
class Interned:
    """One interned key of a segment; `key` finds its state among the task's."""

    key: int

    def texts(self, states: dict[int, Any], ids: Column) -> Column:
        """The strings of a column of ids."""
        state: InternState | None = states.get(self.key)
        if state is None or not len(ids.values):
            return Column("str", np.empty((0, 2), np.int64), None)
        strings = state.table.export()[0]
        valid = None if strings.valid is None else strings.valid[ids.values]
        return Column("str", strings.values[ids.values], valid, strings.owner)


def intern(segment: Segment, expr: Expr) -> tuple[Interned, Value] | None:
    """Write the instruction that answers the ids of a text expression, where that is cheap; ids are never NULL."""
    if not isinstance(expr, ColumnRef):
        return None
    batch = segment.batch
    scan = batch.scan.get(expr.id)
    if scan is not None and scan.dictionary:
        return _scanned(segment, scan.index)
    build = batch.build.get(expr.id)
    if build is not None and not batch.is_outer(build.join):
        rows = max(p.rows for p in segment.sides[build.side].parts)
        if rows <= BUILD_ROWS:
            return _from_build(segment, build, rows)
    return None


def _scanned(segment: Segment, index: int) -> tuple[Interned, Value]:
    builder, batch = segment.builder, segment.batch
    out = builder.slot(Physical.I64)

    def resolve(task: Any) -> int:
        return memory.address(task.state(out.index, lambda: _column_state(index)).block)

    pc = builder.block("intern_column", out, batch.index_from(0), k=External(resolve))
    builder.growers[pc] = lambda task: task.states[out.index].table.grow()
    return Interned(out.index), Value(BIGINT, Physical.I64, out, None, 0, ID_LIMIT)


def _from_build(segment: Segment, build: BuildColumn, rows: int) -> tuple[Interned, Value]:
    builder = segment.builder
    out = builder.slot(Physical.I64)

    def resolve(task: Any) -> int:
        def make() -> InternState:
            column = task.joins[build.side].collection.columns[build.position]
            return _build_state(column.values, column.valid)

        state: InternState = task.state(out.index, make)
        assert state.ids is not None
        return memory.address(state.ids)

    builder.block("gather_i64", out, External(resolve), segment.batch.build_rows(build.join))
    return Interned(out.index), Value(BIGINT, Physical.I64, out, None, 0, rows)


def _build_state(values: np.ndarray, valid: np.ndarray | None) -> InternState:
    """Ids of all build rows."""
    table = GroupTable([GroupKey("str")])
    ids = memory.empty(len(values), np.int64)
    frame = memory.zeros(abi.FRAME_WORDS, np.int64)
    run = pack.native(table.op)
    for start in range(0, len(values), abi.BATCH_ROWS):
        end = min(start + abi.BATCH_ROWS, len(values))
        valid_at = 0 if valid is None else memory.address(valid[start:])
        table.bind([memory.address(values[start:])], [valid_at])
        while run(memory.address(ids[start:]), 0, 0, 0, table.address, end - start, memory.address(frame)):
            table.grow()
    return InternState(table, ids=ids)


def _column_state(index: int) -> InternState:
    table, scratch = GroupTable([GroupKey("str")]), ColumnScratch()
    return InternState(table, make_intern(scratch, index, table), scratch)
