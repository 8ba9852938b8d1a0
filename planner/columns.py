"""Which columns a plan makes, which it needs, and how to swap them.

A column is a number that is unique in the whole plan (expressions.py), so most questions are about
sets of numbers:

    output_columns(plan)      what comes out, in order          physical_columns: the same, physical
    columns_of, free_columns  what an expression, a plan reads (contents.py)
    substitute(expr, {...})   columns replaced by expressions, also inside its subqueries
    copy_plan(plan, fresh)    the same plan with all columns renamed: needed when a plan is used twice

Which of them hold no NULL: nulls.py.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, assert_never

from . import physical as p
from .contents import NESTING
from .contents import collect_columns as collect_columns
from .contents import columns_of as columns_of
from .contents import columns_of_all as columns_of_all
from .contents import defined_columns as defined_columns
from .contents import free_columns as free_columns
from .contents import has_subquery as has_subquery
from .expressions import (
    ColumnId,
    ColumnRef,
    Exists,
    Expr,
    Literal,
    Quantified,
    ScalarSubquery,
)
from .logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    GroupingSets,
    Join,
    JoinKind,
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
from .traverse import map_children, map_expressions, map_inputs

LEFT_ONLY = (JoinKind.SEMI, JoinKind.ANTI)
T = TypeVar("T")
Fresh = Callable[[ColumnRef], ColumnRef]


def output_columns(plan: Logical) -> tuple[ColumnRef, ...]:
    while plan.__class__ in _PASSING:
        plan = plan.input  # type: ignore[union-attr]
    return _OUTPUTS[plan.__class__](plan)


def _of_join(plan: Join | DependentJoin) -> tuple[ColumnRef, ...]:
    left = output_columns(plan.left)
    return left if plan.kind in LEFT_ONLY else left + output_columns(plan.right)


# By class, in place of a `match`, as in traverse.py.
_OUTPUTS: dict[type, Callable[[Any], tuple[ColumnRef, ...]]] = {
    **dict.fromkeys(
        (Scan, VirtualScan, Project, CteRef, WorkingRows), lambda plan: tuple([ref for ref, _ in plan.columns])
    ),
    **dict.fromkeys((Values, SetOperation, Recursion), lambda plan: plan.columns),
    **dict.fromkeys((Join, DependentJoin), _of_join),
    Aggregate: lambda plan: tuple([ref for ref, _ in plan.groups + plan.aggregates]),
    GroupingSets: lambda plan: tuple([ref for ref, _ in (*plan.groups, *plan.aggregates, *plan.groupings)]),
    Window: lambda plan: output_columns(plan.input) + tuple([ref for ref, _ in plan.calls]),
    Unnest: lambda plan: output_columns(plan.input) + plan.made,
}


_PASSING = frozenset((Filter, Sort, Limit))  # what comes out is what comes in


def output_ids(plan: Logical) -> frozenset[ColumnId]:
    return frozenset([ref.id for ref in output_columns(plan)])


def physical_columns(node: p.Physical) -> tuple[ColumnRef, ...]:
    """Output columns of a physical node, in the order of its batches."""
    return _PHYSICAL_OUTPUTS[node.__class__](node)


def _of_hash_join(node: p.HashJoin) -> tuple[ColumnRef, ...]:
    match node.type:
        case p.JoinType.SEMI | p.JoinType.ANTI:
            return physical_columns(node.probe)
        case p.JoinType.RIGHT_SEMI | p.JoinType.RIGHT_ANTI:
            return physical_columns(node.build)
        case _:
            return physical_columns(node.probe) + physical_columns(node.build)


_PHYSICAL_OUTPUTS: dict[type, Callable[[Any], tuple[ColumnRef, ...]]] = {
    **dict.fromkeys(
        (p.TableScan, p.ExternalScan, p.VirtualTableScan, p.ProjectColumns, p.Shared, p.WorkingTable),
        lambda node: tuple([ref for ref, _ in node.columns]),
    ),
    **dict.fromkeys((p.ConstantRows, p.UnionAll, p.RecursiveUnion), lambda node: node.columns),
    **dict.fromkeys(
        (p.FilterRows, p.SortRows, p.LimitRows, p.Exchange), lambda node: physical_columns(node.input)
    ),
    p.InsertRows: lambda node: (),
    p.HashAggregate: lambda node: tuple([ref for ref, _ in node.groups + node.aggregates]),
    p.WindowRows: lambda node: physical_columns(node.input) + tuple([ref for ref, _ in node.calls]),
    p.UnnestRows: lambda node: physical_columns(node.input) + node.made,
    p.HashJoin: _of_hash_join,
}


def physical_inputs(node: p.Physical) -> tuple[p.Physical, ...]:
    return _PHYSICAL_INPUTS[node.__class__](node)


_PHYSICAL_INPUTS: dict[type, Callable[[Any], tuple[p.Physical, ...]]] = {
    **dict.fromkeys(
        (p.TableScan, p.ExternalScan, p.VirtualTableScan, p.ConstantRows, p.WorkingTable), lambda node: ()
    ),
    **dict.fromkeys(
        (p.FilterRows, p.ProjectColumns, p.HashAggregate, p.SortRows, p.WindowRows, p.LimitRows, p.Exchange, p.Shared,
         p.InsertRows, p.UnnestRows),
        lambda node: (node.input,),
    ),
    p.HashJoin: lambda node: (node.probe, node.build),
    p.UnionAll: lambda node: node.inputs,
    p.RecursiveUnion: lambda node: (node.seed, node.step),
}


# -- swapping columns --------------------------------------------------------------------------


def substitute(expr: Expr, mapping: Mapping[ColumnId, Expr]) -> Expr:
    if not mapping:
        return expr
    kind = expr.__class__
    if kind is ColumnRef:
        return mapping.get(expr.id, expr)  # type: ignore[union-attr]
    known: frozenset[ColumnId] | None = getattr(expr, "reads", None)
    if known is not None and known.isdisjoint(mapping):
        return expr

    def visit(node: Expr) -> Expr:
        kind = node.__class__
        if kind is ColumnRef:
            return mapping.get(node.id, node)  # type: ignore[union-attr]
        if kind is Literal:
            return node
        node = map_children(node, visit)
        return _over_plan(node, mapping) if kind in NESTING else node

    return visit(expr)


def _over_plan(node: Expr, mapping: Mapping[ColumnId, Expr]) -> Expr:
    match node:
        case ScalarSubquery():
            return ScalarSubquery(substitute_plan(node.plan, mapping), node.column, node.span)
        case Exists():
            return Exists(substitute_plan(node.plan, mapping), node.negated, node.span)
        case Quantified():
            inner = substitute_plan(node.plan, mapping)
            return Quantified(node.op, node.all, node.arg, inner, node.column, node.span)
        case _:
            return node


def substitute_plan(plan: Logical, mapping: Mapping[ColumnId, Expr]) -> Logical:
    """Replaces columns in all expressions of a plan (its free ones: it does not touch what it makes)."""
    if not mapping:
        return plan

    def visit(node: Logical) -> Logical:
        return map_expressions(map_inputs(node, visit), lambda e: substitute(e, mapping))

    return visit(plan)


def copy_plan(plan: Logical, fresh: Fresh) -> tuple[Logical, dict[ColumnId, ColumnRef]]:
    """The plan with every column it makes renamed by `fresh`, and the map old id -> new column."""
    names = _Renaming(fresh)

    def visit(node: Logical) -> Logical:
        node = map_inputs(node, visit)
        node = map_expressions(node, lambda e: substitute(e, names.known))
        match node:
            case Scan() | VirtualScan() | CteRef() | WorkingRows() | Project():
                return replace(node, columns=names.pairs(node.columns))  # type: ignore[arg-type]
            case Values():
                return Values(names.all(node.columns), node.rows)
            case Aggregate():
                return Aggregate(node.input, names.pairs(node.groups), names.pairs(node.aggregates))
            case GroupingSets():
                groups, calls = names.pairs(node.groups), names.pairs(node.aggregates)
                return GroupingSets(node.input, groups, calls, node.sets, names.pairs(node.groupings))
            case Window():
                return Window(node.input, node.partition, node.order, names.pairs(node.calls))
            case Unnest():
                position = None if node.position is None else names.new(node.position)
                return replace(node, element=names.new(node.element), position=position)
            case Recursion() | SetOperation():
                return _copied_union(node, names)
            case Filter() | Sort() | Limit() | Join() | DependentJoin():
                return node
            case _:
                assert_never(node)

    return visit(plan), names.known


class _Renaming:
    """New columns for the old ones of a plan."""

    def __init__(self, fresh: Fresh) -> None:
        self._fresh = fresh
        self.known: dict[ColumnId, ColumnRef] = {}

    def new(self, ref: ColumnRef) -> ColumnRef:
        """Of a column that a node makes."""
        if ref.id not in self.known:
            self.known[ref.id] = self._fresh(ref)
        return self.known[ref.id]

    def all(self, refs: Iterable[ColumnRef]) -> tuple[ColumnRef, ...]:
        return tuple([self.new(ref) for ref in refs])

    def pairs(self, made: Iterable[tuple[ColumnRef, T]]) -> tuple[tuple[ColumnRef, T], ...]:
        """Of columns that stand before what they are made of."""
        return tuple([(self.new(ref), of) for ref, of in made])

    def read(self, refs: Iterable[ColumnRef]) -> tuple[ColumnRef, ...]:
        """Of columns that come from below, or from outside the plan: those keep their names."""
        return tuple([self.known.get(ref.id, ref) for ref in refs])


def _copied_union(node: Recursion | SetOperation, names: _Renaming) -> Logical:
    """Columns of two inputs are those of the node, place by place."""
    if isinstance(node, Recursion):
        return replace(
            node, columns=names.all(node.columns), seed_columns=names.read(node.seed_columns),
            step_columns=names.read(node.step_columns),
        )
    left, right = names.read(node.left_columns), names.read(node.right_columns)
    return SetOperation(node.kind, node.all, node.left, node.right, names.all(node.columns), left, right)
