"""Text keys as small integers: equal strings get equal ids, so grouping works on integers.

    column of codes     the codes are there already (texts.py): the numbers that they have
    dictionary columns  entries, or combinations of them, are interned when first met in a row group; rows map
                        their codes (kernels/intern_ops.py)
    build side column   the build rows are interned once, rows gather the ids
    other text          not worth it: groups compare the strings themselves

Interned ids are dense in order of first appearance, per task, and NULL has an id of its own. Ids of all the keys of a
GROUP BY together are its groups. `Interned` gives the strings back: of one column as codes with their dictionary.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels import memory
from ..kernels.columns import Interner
from ..kernels.group_table import Column, GroupKey, GroupTable
from ..planner.expressions import ColumnRef, Expr
from ..records import dataclass
from ..storage.types import BIGINT, Physical
from .collection import StoredColumn
from .compile.batch import BuildColumn, Value
from .compile.codes import known_texts, looked_up
from .compile.program import External
from .context import Charge
from .texts import EMPTY, Texts

if TYPE_CHECKING:
    from .compile.segment import Segment

ID_LIMIT = (1 << 30) - 2
BUILD_ROWS = 1 << 16  # build sides up to this size are interned


@dataclass(slots=True)
class InternState:
    """One task's table of strings, with what its instruction needs."""

    table: GroupTable
    interner: Interner | None = None
    ids: np.ndarray | None = None  # of a build side's rows


@dataclass(frozen=True, slots=True)
class Interned:
    """Interned texts of a segment; `key` finds their state among the task's."""

    key: int
    columns: int = 1

    def texts(self, states: dict[int, Any], ids: Column) -> list[Column]:
        """The strings of a column of ids, for each text that was interned together."""
        state: InternState | None = states.get(self.key)
        if state is None or not len(ids.values):
            return [Column("str", np.empty((0, 2), np.int64), None) for _ in range(self.columns)]
        return [
            Column("str", strings.values[ids.values],
                   None if strings.valid is None else strings.valid[ids.values], strings.owner)
            for strings in state.table.export()
        ]

    def stored(self, states: dict[int, Any], ref: ColumnRef, ids: np.ndarray, charge: Charge) -> StoredColumn:
        """A column of ids of one text, as codes with their dictionary."""
        state: InternState | None = states.get(self.key)
        return coded_column(None if state is None else state.table, ref, ids, charge)


def coded_column(table: GroupTable | None, ref: ColumnRef, ids: np.ndarray, charge: Charge) -> StoredColumn:
    """A column of ids in a table of one text key, as codes."""
    texts = EMPTY if table is None else Texts.of_table(table, charge.like(0))
    codes = memory.empty(len(ids), np.int64)
    codes[:] = ids + 1
    valid = None
    if table is not None and (known := table.export()[0].valid) is not None:
        null = int(np.argmin(known))  # its id; the dictionary leaves it out
        valid = memory.empty(len(ids), np.uint8)
        valid[:] = ids != null
        codes -= ids >= null
        codes *= valid
    return StoredColumn(ref, Physical.I64, valid is not None, codes, valid, 0, len(texts) - 1, texts)


def in_dictionaries(segment: Segment, expr: Expr) -> bool:
    """Whether an expression is a scanned column whose blocks are all dictionaries."""
    scan = segment.batch.scan.get(expr.id) if isinstance(expr, ColumnRef) else None
    return scan is not None and scan.dictionary


def numbers(segment: Segment, expr: Expr) -> tuple[Texts, Value] | None:
    """The numbers of a column of codes, where it is one: equal where the strings are, 0 under NULL."""
    texts = known_texts(segment.batch, expr.id) if isinstance(expr, ColumnRef) else None
    if texts is None or not isinstance(expr, ColumnRef):
        return None
    codes = segment.batch.codes(expr.id)
    return texts, codes if texts.numbers is None else looked_up(segment.batch, codes, texts.numbers)


def intern(segment: Segment, expr: Expr) -> tuple[Interned, Value] | None:
    """Write the instruction that answers the ids of a text expression, where that is cheap; ids are never NULL."""
    if not isinstance(expr, ColumnRef):
        return None
    batch = segment.batch
    if in_dictionaries(segment, expr):
        return intern_together(segment, [expr])
    build = batch.build.get(expr.id)
    if build is not None and not batch.is_outer(build.join):
        rows = max(p.rows for p in segment.sides[build.side].parts)
        if rows <= BUILD_ROWS:
            return _from_build(segment, build, rows)
    return None


def intern_together(segment: Segment, exprs: Sequence[Expr],
                    table: Callable[[Any], tuple[InternState, Callable[[], None]]] | None = None,
                    ) -> tuple[Interned, Value]:
    """Write the instruction that answers one id for the texts of several columns, `in_dictionaries` all; `table`:
    a task's state and what makes it larger, if not one that is kept for it under `Interned.key`."""
    builder, batch = segment.builder, segment.batch
    indices = [batch.scan[expr.id].index for expr in exprs if isinstance(expr, ColumnRef)]
    out = builder.slot(Physical.I64)

    def kept(task: Any) -> tuple[InternState, Callable[[], None]]:
        state: InternState = task.state(out.index, lambda: new_state(len(indices)))
        return state, state.table.grow

    found = table or kept

    def resolve(task: Any) -> int:
        state, _ = found(task)
        state.interner = Interner(indices, state.table)
        return memory.address(state.interner.block)

    pc = builder.block("intern_columns", out, batch.index_from(0), k=External(resolve))
    builder.growers[pc] = lambda task: found(task)[1]()
    return Interned(out.index, len(indices)), Value(BIGINT, Physical.I64, out, None, 0, ID_LIMIT)


def new_state(columns: int) -> InternState:
    return InternState(GroupTable([GroupKey("str")] * columns))


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
    return InternState(table, ids=table.ids(values, valid))
