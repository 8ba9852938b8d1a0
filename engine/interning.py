"""Text keys as small integers: equal strings get equal ids, so grouping works on integers.

    dictionary column   the block's dictionary entries are interned once a block, rows map their codes
    other text          each row is looked up

The ids are dense in order of first appearance, per task; `Interned.texts` gives the strings back. NULL has
an id of its own, whose string is not valid.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels import memory
from ..kernels.columns import ColumnScratch, make_intern
from ..kernels.group_table import Column, GroupKey, GroupTable
from ..planner.expressions import ColumnRef, Expr
from ..storage.types import BIGINT, Physical
from .compile.batch import Value
from .compile.program import External, Place

if TYPE_CHECKING:
    from .compile.segment import Segment

ID_LIMIT = (1 << 31) - 2


@dataclass(slots=True)
class InternState:
    """One task's table of strings, and the parameter block of a scanned column."""

    table: GroupTable
    block: np.ndarray | None = None
    scratch: ColumnScratch | None = None


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


def intern(segment: Segment, expr: Expr) -> tuple[Interned, Value]:
    """Write the instruction that answers the ids of a text expression; ids are never NULL."""
    builder, batch = segment.builder, segment.batch
    out = builder.slot(Physical.I64)
    value = Value(BIGINT, Physical.I64, out, None, 0, ID_LIMIT)
    scan = batch.scan.get(expr.id) if isinstance(expr, ColumnRef) else None
    if scan is not None and not scan.stored:
        index = scan.index

        def resolve(task: Any) -> int:
            return memory.address(task.state(out.index, lambda: _column_state(index)).block)

        pc = builder.block("intern_column", out, batch.index_from(0), k=External(resolve))
    else:
        text = segment.compiler.filled(segment.compiler.values([expr], slots=True)[0])
        pc = builder.block("group_generic", out, k=External(lambda task: _bound(task, out.index, text)),
                           touches=tuple(p for p in (text.place, text.valid) if p is not None))
    builder.growers[pc] = lambda task: task.states[out.index].table.grow()
    return Interned(out.index), value


def _column_state(index: int) -> InternState:
    table, scratch = GroupTable([GroupKey("str")]), ColumnScratch()
    return InternState(table, make_intern(scratch, index, table), scratch)


def _bound(task: Any, key: int, text: Value) -> int:
    """The table's address, told where the batch's strings stand."""
    state: InternState = task.state(key, lambda: InternState(GroupTable([GroupKey("str")])))

    def address(place: Place | None) -> int:
        return 0 if place is None else task.instance.address(place)

    state.table.bind([address(text.place)], [address(text.valid)])
    return state.table.address
