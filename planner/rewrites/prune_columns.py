"""Every node makes only the columns that someone above needs.

    Project a                        Project a
      Filter b > 1             ->      Filter b > 1
        Scan a, b, c                     Scan a, b

A scan whose columns nobody needs (count(*)) keeps its narrowest one, so that rows can be counted; of an external table
one that is not in the files ($size), so that none of these is read for it.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from ...storage.schema import ExternalTable
from ..columns import columns_of, columns_of_all
from ..expressions import ColumnId, ColumnRef, Expr
from ..logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    Join,
    Limit,
    Logical,
    Project,
    Recursion,
    Scan,
    SetOperation,
    Sort,
    Unnest,
    Values,
    VirtualScan,
    Window,
    WorkingRows,
)
from .context import RewriteContext

_Leaf = TypeVar("_Leaf", Scan, VirtualScan, CteRef, WorkingRows)


def prune_columns(plan: Logical, needed: Iterable[ColumnId]) -> Logical:
    return _Pruning().visit(plan, set(needed))


def prune_all(
    plan: Logical, needed: Iterable[ColumnId], readers_first: Iterable[int], context: RewriteContext
) -> Logical:
    """Also narrows shared subplans, which come after those that read them, to the columns that these use."""
    pruning = _Pruning()
    pruned = pruning.visit(plan, set(needed))
    for number in readers_first:
        _, body, columns = context.ctes[number]
        wanted = pruning.read.get(number, ())
        kept = tuple([c for c in columns if c.id in wanted]) or columns[:1]
        context.ctes[number] = (number, pruning.visit(body, {c.id for c in kept}), kept)
    return pruned


class _Pruning:
    """A walk from the top; nodes that need all that they have stay as they are."""

    def __init__(self) -> None:
        self.read: dict[int, set[ColumnId]] = {}  # of each shared subplan, the columns that are kept somewhere

    def visit(self, plan: Logical, needed: set[ColumnId]) -> Logical:
        return _VISITS[plan.__class__](self, plan, needed)

    def filter(self, plan: Filter, needed: set[ColumnId]) -> Logical:
        source = self.visit(plan.input, needed | columns_of(plan.predicate))
        return plan if source is plan.input else Filter(source, plan.predicate)

    def project(self, plan: Project, needed: set[ColumnId]) -> Logical:
        columns = plan.columns
        kept = [pair for pair in columns if pair[0].id in needed]
        if len(kept) < len(columns):
            columns = tuple(kept)
        source = self.visit(plan.input, columns_of_all([e for _, e in columns]))
        if _is_identity(columns, source):
            return source
        return plan if source is plan.input and columns is plan.columns else Project(source, columns)

    def join(self, plan: Join | DependentJoin, needed: set[ColumnId]) -> Logical:
        below = needed if plan.condition is None else needed | columns_of(plan.condition)
        left, right = self.visit(plan.left, below), self.visit(plan.right, below)
        if left is plan.left and right is plan.right:
            return plan
        return type(plan)(plan.kind, left, right, plan.condition, plan.null_aware)

    def aggregate(self, plan: Aggregate, needed: set[ColumnId]) -> Logical:
        calls = plan.aggregates
        kept = [pair for pair in calls if pair[0].id in needed]
        if len(kept) < len(calls):
            calls = tuple(kept) if kept or plan.groups else calls[:1]
        below = columns_of_all([e for _, e in plan.groups])
        for _, call in calls:
            below |= columns_of(call)
        source = self.visit(plan.input, below)
        if source is plan.input and calls is plan.aggregates:
            return plan
        return Aggregate(source, plan.groups, calls)

    def window(self, plan: Window, needed: set[ColumnId]) -> Logical:
        calls = tuple([(ref, call) for ref, call in plan.calls if ref.id in needed])
        if not calls:
            return self.visit(plan.input, needed)
        below = needed - {ref.id for ref, _ in plan.calls}
        below |= columns_of_all([*plan.partition, *[k.expr for k in plan.order], *[call for _, call in calls]])
        return Window(self.visit(plan.input, below), plan.partition, plan.order, calls)

    def unnest(self, plan: Unnest, needed: set[ColumnId]) -> Logical:
        position = plan.position if plan.position is not None and plan.position.id in needed else None
        below = needed - {ref.id for ref in plan.made} | columns_of(plan.value)
        return replace(plan, input=self.visit(plan.input, below), position=position)

    def sort(self, plan: Sort, needed: set[ColumnId]) -> Logical:
        source = self.visit(plan.input, needed | columns_of_all([k.expr for k in plan.keys]))
        return plan if source is plan.input else Sort(source, plan.keys)

    def limit(self, plan: Limit, needed: set[ColumnId]) -> Logical:
        source = self.visit(plan.input, needed)
        return plan if source is plan.input else Limit(source, plan.count, plan.offset)

    def union(self, plan: SetOperation, needed: set[ColumnId]) -> Logical:
        kept = [i for i, ref in enumerate(plan.columns) if ref.id in needed or not plan.all] or [0]
        left = tuple([plan.left_columns[i] for i in kept])
        right = tuple([plan.right_columns[i] for i in kept])
        one, other = self.visit(plan.left, {c.id for c in left}), self.visit(plan.right, {c.id for c in right})
        if len(kept) == len(plan.columns) and one is plan.left and other is plan.right:
            return plan
        columns = tuple([plan.columns[i] for i in kept])
        return SetOperation(plan.kind, plan.all, one, other, columns, left, right)

    def recursion(self, plan: Recursion, needed: set[ColumnId]) -> Logical:
        """What nobody above needs, the step may."""
        seed = self.visit(plan.seed, {c.id for c in plan.seed_columns})
        return replace(plan, seed=seed, step=self.visit(plan.step, {c.id for c in plan.step_columns}))

    def values(self, plan: Values, needed: set[ColumnId]) -> Logical:
        kept = [i for i, ref in enumerate(plan.columns) if ref.id in needed]
        if len(kept) == len(plan.columns):
            return plan
        rows = tuple([tuple([row[i] for i in kept]) for row in plan.rows])
        return Values(tuple([plan.columns[i] for i in kept]), rows)

    def reading(self, plan: CteRef, needed: set[ColumnId]) -> Logical:
        pruned = _leaf(plan, needed)
        self.read.setdefault(plan.cte, set()).update([made.id for _, made in pruned.columns])
        return pruned

    def leaf(self, plan: _Leaf, needed: set[ColumnId]) -> Logical:
        return _leaf(plan, needed)


_VISITS: dict[type, Callable[[_Pruning, Any, set[ColumnId]], Logical]] = {
    **dict.fromkeys((Scan, VirtualScan, WorkingRows), _Pruning.leaf), CteRef: _Pruning.reading,
    Recursion: _Pruning.recursion, Values: _Pruning.values, Filter: _Pruning.filter, Project: _Pruning.project,
    **dict.fromkeys((Join, DependentJoin), _Pruning.join), Aggregate: _Pruning.aggregate, Window: _Pruning.window,
    Unnest: _Pruning.unnest, Sort: _Pruning.sort, Limit: _Pruning.limit, SetOperation: _Pruning.union,
}  # grouping sets are gone after the rewrites


def _is_identity(columns: tuple[tuple[ColumnRef, Expr], ...], source: Logical) -> bool:
    """The projection passes exactly what its input makes."""
    if not isinstance(source, (Project, Aggregate, Scan)):
        return False
    if not all(isinstance(e, ColumnRef) and e.id == ref.id for ref, e in columns):
        return False
    match source:
        case Aggregate():
            return len(columns) == len(source.groups) + len(source.aggregates)
        case _:
            return len(columns) == len(source.columns)


def _leaf(plan: _Leaf, needed: set[ColumnId]) -> _Leaf:
    columns = tuple([pair for pair in plan.columns if pair[0].id in needed])
    if len(columns) == len(plan.columns):
        return plan
    if not columns:
        one = min(_unread(plan) or [ref for ref, _ in plan.columns], key=_width)
        columns = tuple([pair for pair in plan.columns if pair[0] is one])
    if isinstance(plan, Scan):
        return Scan(plan.table, columns, plan.alias)  # type: ignore[return-value]
    return replace(plan, columns=columns)


def _unread(plan: Logical) -> list[ColumnRef]:
    """Partition columns and pseudo-columns of an external table."""
    if not isinstance(plan, Scan) or not isinstance(plan.table, ExternalTable):
        return []
    in_files = len(plan.table.source.columns)
    return [ref for ref, place in plan.columns if place >= in_files]


def _width(ref: ColumnRef) -> int:
    return ref.type.storage_bytes or 1000
