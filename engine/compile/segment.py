"""One segment as a program: a source, filters, projections and probes, and a sink.

    Segment(context)            the builder, the batch's model and the expression compiler together
      .filter(predicate)        rows for which it is true
      .project(columns)         new columns; plain references are only renamed
      .probe(join, side)        a join's probe side; `side` is the finished build (engine/joins.py)

Sources (engine/sources.py) and sinks (engine/sinks.py, engine/aggregation.py) write their instructions
through the same object. What a task must know per slice is resolved through Externals.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...kernels import memory, pack
from ...planner.expressions import ColumnId, ColumnRef, Expr
from ...planner.physical import HashJoin, JoinType
from ...storage.types import Physical
from . import numeric
from .batch import Batch, BuildColumn, Value
from .codes import numbered
from .expressions import Compiler
from .program import External, Place, ProgramBuilder, Template

if TYPE_CHECKING:
    from ..joins import BuildSide, KeyFilter


class Segment:
    """A program being written for one segment; see the module's text."""

    def __init__(self) -> None:
        self.builder = ProgramBuilder()
        self.batch = Batch(self.builder)
        self.compiler = Compiler(self.builder, self.batch)
        self.sides: list[BuildSide] = []
        self.source_rows = 0  # rows that go in
        self.empty = False  # proven: no row reaches the sink

    def finish(self) -> Template:
        return self.builder.finish()

    # -- operators ---------------------------------------------------------------------------------

    def filter(self, predicate: Expr) -> None:
        mask = self.compiler.predicate(predicate)
        if mask is True:
            return
        if mask is False:
            self.empty = True
            mask = self._constant_mask()
        self.select(mask)

    def _constant_mask(self) -> Place:
        slot = self.builder.slot(Physical.BOOL)
        self.builder.vector("fill_b_k", slot, k=0)
        return slot

    def select(self, mask: Place) -> None:
        """Keep the rows of `mask`."""
        rows = self.builder.slot(Physical.I64)
        self.builder.block("select", rows, mask)
        self.batch.advance(rows)

    def project(self, columns: tuple[tuple[ColumnRef, Expr], ...]) -> None:
        computed = [(ref, expr) for ref, expr in columns if not isinstance(expr, ColumnRef)]
        values = self.compiler.values([expr for _, expr in computed], slots=True)
        for ref, expr in columns:
            if isinstance(expr, ColumnRef) and expr.id != ref.id:
                self.batch.alias(ref.id, expr.id)
        for (ref, _), value in zip(computed, values, strict=True):
            self.batch.define(ref.id, value)

    # -- joins -------------------------------------------------------------------------------------

    def probe(self, join: HashJoin, side: BuildSide) -> Place | None:
        """Stream the rows through the join's table. Returns the build row numbers (None: SEMI, ANTI)."""
        side.encode(self.source_rows, join.props.rows)
        keys = self._probe_keys(join, side)
        if join.type is JoinType.ANTI and join.null_aware and not self._not_in(side, keys):
            return None
        number = len(self.sides)
        self.sides.append(side)
        kind = _KINDS[join.type]
        side.prepare(kind, [k.carried for k in keys])
        pidx, bidx = self.builder.slot(Physical.I64), None
        if kind not in ("semi", "anti"):
            bidx = self.builder.slot(Physical.I64)
        single = len(keys) == 1
        self.builder.block(
            External(lambda task: pack.address(task.joins[number].op(kind)[0])), pidx,
            keys[0].place if single else None, keys[0].valid if single else None, bidx,
            External(lambda task: _state(task, number, kind, keys)),
            External(lambda task: task.joins[number].op(kind)[1]),
            tuple(p for k in keys for p in (k.place, k.valid) if p is not None),
        )
        self.batch.advance(pidx)
        if bidx is not None:
            self._add_build_columns(side, number, self.batch.add_join(bidx, kind in ("left", "single")))
        if join.residual is not None:
            self.filter(join.residual)
        return bidx

    def key_filter(self, column: ColumnId, filter: KeyFilter) -> None:
        """Drop rows that a join above will find no match for, ahead of all probes (kernels/keyfilter.py)."""
        value = self.batch.slot_value(column)
        if value.carried is not Physical.I64 or value.is_constant:
            return
        rows = self.builder.slot(Physical.I64)

        def resolve(task: Any) -> int:
            return memory.address(task.state(rows.index, filter.state))

        self.builder.block("key_filter_select", rows, value.place, value.valid, k=External(resolve))
        self.batch.advance(rows)

    def _probe_keys(self, join: HashJoin, side: BuildSide) -> list[Value]:
        found: dict[int, Value] = {}
        for i, (expr, texts) in enumerate(zip(join.probe_keys, side.key_texts(), strict=True)):
            if texts is not None and isinstance(expr, ColumnRef):
                numbers = numbered(self.batch, expr.id, texts, side.charge)
                found.update({} if numbers is None else {i: numbers})
        others = self.compiler.values([e for i, e in enumerate(join.probe_keys) if i not in found], slots=True)
        rest = iter(others)
        keys = [found[i] if i in found else self.compiler.filled(next(rest)) for i in range(len(join.probe_keys))]
        out = []
        for key, wide in zip(keys, side.wide_keys(), strict=True):
            if wide and key.carried is Physical.I64:
                key = self.compiler.to_slot(numeric.widen(self.compiler, key))
            out.append(key)
        return out

    def _not_in(self, side: BuildSide, keys: list[Value]) -> bool:
        """NOT IN: no row passes if the list has a NULL; rows with a NULL key pass only an empty list."""
        if side.rows == 0:
            return False
        if side.has_null():
            self.empty = True
            self.select(self._constant_mask())
            return False
        valid = keys[0].valid
        if valid is not None:
            self.select(valid)
            moved = [self.compiler.filled(v) for v in self._moved(keys)]
            keys[:] = moved
        return True

    def _moved(self, keys: list[Value]) -> list[Value]:
        rows = self.batch.index_from(self.batch.generation - 1)
        out = []
        for key in keys:
            place = self.builder.slot(key.carried)
            self.builder.block(f"gather_{key.carried.value}", place, key.place, rows)
            out.append(Value(key.type, key.carried, place, None, key.lo, key.hi))
        return out

    def _add_build_columns(self, side: BuildSide, number: int, join: int) -> None:
        for position, column in enumerate(side.columns):
            def values(task: Any, p: int = position) -> int:
                return memory.address(task.joins[number].collection.columns[p].values)

            def valid(task: Any, p: int = position) -> int:
                found = task.joins[number].collection.columns[p].valid
                return 0 if found is None else memory.address(found)

            self.batch.build[column.ref.id] = BuildColumn(
                External(values), External(valid), join, number, position, column.ref.type,
                column.carried if column.texts is None else Physical.STR,
                column.nullable, column.lo, column.hi, column.texts,
            )


_KINDS = {
    JoinType.INNER: "inner", JoinType.LEFT: "left", JoinType.SEMI: "semi", JoinType.ANTI: "anti",
    JoinType.SINGLE: "single", JoinType.RIGHT: "inner", JoinType.FULL: "left",
    JoinType.RIGHT_SEMI: "inner", JoinType.RIGHT_ANTI: "inner",
}


def _state(task: Any, number: int, kind: str, keys: list[Value]) -> int:
    """The probe's state for this task, with the addresses of the key slots."""
    instance = task.instance

    def address(place: Place | None) -> int:
        return 0 if place is None else instance.address(place)

    slots = [address(k.place) for k in keys]
    valids = [address(k.valid) for k in keys]
    state: np.ndarray = task.joins[number].table.state(kind, slots, valids)
    task.states[-1 - number] = state  # keep it alive
    return memory.address(state)
