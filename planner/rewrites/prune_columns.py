"""Every node makes only the columns that someone above needs.

    Project a                        Project a
      Filter b > 1             ->      Filter b > 1
        Scan a, b, c                     Scan a, b

A scan whose columns nobody needs (count(*)) keeps its narrowest one, so that rows can be counted; of an external table
one that is not in the files ($size), so that none of these is read for it.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from ...storage.schema import ExternalTable
from ..columns import collect_columns, columns_of_all
from ..contents import READS_SHARED
from ..expressions import ColumnId, ColumnRef, Expr
from ..logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    GroupingSets,
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
from .subjects import nodes_where


def prune_columns(plan: Logical, needed: Iterable[ColumnId]) -> Logical:
    return _prune(plan, set(needed))


def prune_ctes(plans: Iterable[Logical], context: RewriteContext) -> None:
    """Narrows shared subplans to the columns that their readers (in `plans`) use."""
    wanted: dict[int, set[ColumnId]] = {number: set() for number in context.ctes}
    for plan in plans:
        _note_uses(plan, wanted)
    for number in _readers_first(context):
        _, plan, columns = context.ctes[number]
        kept = tuple([c for c in columns if c.id in wanted[number]]) or columns[:1]
        pruned = _prune(plan, {c.id for c in kept})
        context.ctes[number] = (number, pruned, kept)
        _note_uses(pruned, wanted)


def _readers_first(context: RewriteContext) -> list[int]:
    order: list[int] = []

    def visit(number: int) -> None:
        if number not in order:
            for node in nodes_where(context.ctes[number][1], READS_SHARED):
                if isinstance(node, CteRef):
                    visit(node.cte)
            order.append(number)

    for number in context.ctes:
        visit(number)
    return order[::-1]


def _note_uses(plan: Logical, wanted: dict[int, set[ColumnId]]) -> None:
    for node in nodes_where(plan, READS_SHARED):
        if isinstance(node, CteRef):
            wanted[node.cte].update([made.id for _, made in node.columns])


def _prune(plan: Logical, needed: set[ColumnId]) -> Logical:
    match plan:
        case Scan() | VirtualScan() | CteRef() | WorkingRows():
            return _leaf(plan, needed)
        case Recursion():  # what nobody above needs, the step may
            seed = _prune(plan.seed, {c.id for c in plan.seed_columns})
            return replace(plan, seed=seed, step=_prune(plan.step, {c.id for c in plan.step_columns}))
        case Values():
            return _values(plan, needed)
        case Filter():
            below = set(needed)
            collect_columns(plan.predicate, below)
            return Filter(_prune(plan.input, below), plan.predicate)
        case Project():
            columns = tuple([(ref, e) for ref, e in plan.columns if ref.id in needed])
            source = _prune(plan.input, columns_of_all([e for _, e in columns]))
            return source if _is_identity(columns, source) else Project(source, columns)
        case Join() | DependentJoin():
            return _join(plan, needed)
        case Aggregate():
            calls = tuple([(ref, call) for ref, call in plan.aggregates if ref.id in needed])
            if not plan.groups and not calls:
                calls = plan.aggregates[:1]
            used: list[Expr] = [e for _, e in plan.groups]
            used.extend([call for _, call in calls])
            return Aggregate(_prune(plan.input, columns_of_all(used)), plan.groups, calls)
        case GroupingSets():
            raise AssertionError("grouping sets are gone after the rewrites")
        case Window():
            return _window(plan, needed)
        case Unnest():
            position = plan.position if plan.position is not None and plan.position.id in needed else None
            below = needed - {ref.id for ref in plan.made} | columns_of_all([plan.value])
            return replace(plan, input=_prune(plan.input, below), position=position)
        case Sort():
            below = needed | columns_of_all([k.expr for k in plan.keys])
            return Sort(_prune(plan.input, below), plan.keys)
        case Limit():
            return Limit(_prune(plan.input, needed), plan.count, plan.offset)
        case SetOperation():
            return _union(plan, needed)
        case _:
            assert_never(plan)


def _window(plan: Window, needed: set[ColumnId]) -> Logical:
    calls = tuple([(ref, call) for ref, call in plan.calls if ref.id in needed])
    if not calls:
        return _prune(plan.input, needed)
    below = needed - {ref.id for ref, _ in plan.calls}
    below |= columns_of_all([*plan.partition, *[k.expr for k in plan.order], *[call for _, call in calls]])
    return Window(_prune(plan.input, below), plan.partition, plan.order, calls)


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


def _leaf(plan: Scan | VirtualScan | CteRef | WorkingRows, needed: set[ColumnId]) -> Logical:
    if all(ref.id in needed for ref, _ in plan.columns):
        return plan
    wanted = {ref.id for ref, _ in plan.columns} & needed
    wanted = wanted or {min(_unread(plan) or [ref for ref, _ in plan.columns], key=_width).id}
    match plan:
        case Scan():
            return Scan(plan.table, tuple([c for c in plan.columns if c[0].id in wanted]), plan.alias)
        case VirtualScan():
            return VirtualScan(plan.name, tuple([c for c in plan.columns if c[0].id in wanted]), plan.alias)
        case CteRef():
            return CteRef(plan.cte, tuple([c for c in plan.columns if c[0].id in wanted]))
        case WorkingRows():
            return replace(plan, columns=tuple([c for c in plan.columns if c[0].id in wanted]))
        case _:
            assert_never(plan)


def _unread(plan: Logical) -> list[ColumnRef]:
    """Partition columns and pseudo-columns of an external table."""
    if not isinstance(plan, Scan) or not isinstance(plan.table, ExternalTable):
        return []
    in_files = len(plan.table.source.columns)
    return [ref for ref, place in plan.columns if place >= in_files]


def _width(ref: ColumnRef) -> int:
    return ref.type.storage_bytes or 1000


def _values(plan: Values, needed: set[ColumnId]) -> Logical:
    kept = [i for i, ref in enumerate(plan.columns) if ref.id in needed]
    if len(kept) == len(plan.columns):
        return plan
    rows = tuple([tuple([row[i] for i in kept]) for row in plan.rows])
    return Values(tuple([plan.columns[i] for i in kept]), rows)


def _join(plan: Join | DependentJoin, needed: set[ColumnId]) -> Logical:
    below = set(needed)
    if plan.condition is not None:
        collect_columns(plan.condition, below)
    left, right = _prune(plan.left, below), _prune(plan.right, below)
    return type(plan)(plan.kind, left, right, plan.condition, plan.null_aware)


def _union(plan: SetOperation, needed: set[ColumnId]) -> Logical:
    kept = [i for i, ref in enumerate(plan.columns) if ref.id in needed or not plan.all] or [0]
    left = tuple([plan.left_columns[i] for i in kept])
    right = tuple([plan.right_columns[i] for i in kept])
    return SetOperation(
        plan.kind, plan.all,
        _prune(plan.left, {c.id for c in left}), _prune(plan.right, {c.id for c in right}),
        tuple([plan.columns[i] for i in kept]), left, right,
    )


