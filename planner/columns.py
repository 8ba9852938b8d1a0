"""Which columns a plan makes, which it needs, and how to swap them.

A column is a number that is unique in the whole plan (expressions.py), so most questions are about
sets of numbers:

    output_columns(plan)      what comes out, in order          physical_columns: the same, physical
    columns_of(expr)          ids an expression reads, also inside its subqueries
    free_columns(plan)        ids used in the plan but made nowhere in it = correlation
    substitute(expr, {...})   columns replaced by expressions, also inside its subqueries
    copy_plan(plan, fresh)    the same plan with all columns renamed: needed when a plan is used twice

Which of them hold no NULL: nulls.py.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar, assert_never

from . import physical as p
from .expressions import (
    ColumnId,
    ColumnRef,
    Compare,
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
from .traverse import (
    children,
    expressions,
    map_children,
    map_expressions,
    map_inputs,
    walk,
    walk_plan,
)

LEFT_ONLY = (JoinKind.SEMI, JoinKind.ANTI)
T = TypeVar("T")
Fresh = Callable[[ColumnRef], ColumnRef]


def output_columns(plan: Logical) -> tuple[ColumnRef, ...]:
    match plan:
        case Scan() | VirtualScan() | Project() | CteRef() | WorkingRows():
            return tuple([ref for ref, _ in plan.columns])
        case Values() | SetOperation() | Recursion():
            return plan.columns
        case Filter() | Sort() | Limit():
            return output_columns(plan.input)
        case Join() | DependentJoin():
            if plan.kind in LEFT_ONLY:
                return output_columns(plan.left)
            return output_columns(plan.left) + output_columns(plan.right)
        case Aggregate():
            return tuple([ref for ref, _ in plan.groups]) + tuple([ref for ref, _ in plan.aggregates])
        case GroupingSets():
            pairs = (*plan.groups, *plan.aggregates, *plan.groupings)
            return tuple([ref for ref, _ in pairs])
        case Window():
            return output_columns(plan.input) + tuple([ref for ref, _ in plan.calls])
        case Unnest():
            return output_columns(plan.input) + plan.made
        case _:
            assert_never(plan)


def output_ids(plan: Logical) -> frozenset[ColumnId]:
    return frozenset([ref.id for ref in output_columns(plan)])


def physical_columns(node: p.Physical) -> tuple[ColumnRef, ...]:
    """Output columns of a physical node, in the order of its batches."""
    match node:
        case p.TableScan() | p.ExternalScan() | p.VirtualTableScan() | p.ProjectColumns():
            return tuple([ref for ref, _ in node.columns])
        case p.Shared() | p.WorkingTable():
            return tuple([ref for ref, _ in node.columns])
        case p.ConstantRows() | p.UnionAll() | p.RecursiveUnion():
            return node.columns
        case p.FilterRows() | p.SortRows() | p.LimitRows() | p.Exchange():
            return physical_columns(node.input)
        case p.InsertRows():
            return ()
        case p.HashAggregate():
            return tuple([ref for ref, _ in node.groups]) + tuple([ref for ref, _ in node.aggregates])
        case p.WindowRows():
            return physical_columns(node.input) + tuple([ref for ref, _ in node.calls])
        case p.UnnestRows():
            return physical_columns(node.input) + node.made
        case p.HashJoin():
            match node.type:
                case p.JoinType.SEMI | p.JoinType.ANTI:
                    return physical_columns(node.probe)
                case p.JoinType.RIGHT_SEMI | p.JoinType.RIGHT_ANTI:
                    return physical_columns(node.build)
                case _:
                    return physical_columns(node.probe) + physical_columns(node.build)
        case _:
            assert_never(node)


def physical_inputs(node: p.Physical) -> tuple[p.Physical, ...]:
    match node:
        case p.TableScan() | p.ExternalScan() | p.VirtualTableScan() | p.ConstantRows() | p.WorkingTable():
            return ()
        case p.RecursiveUnion():
            return (node.seed, node.step)
        case p.FilterRows() | p.ProjectColumns() | p.HashAggregate() | p.SortRows() | p.WindowRows():
            return (node.input,)
        case p.LimitRows() | p.Exchange() | p.Shared() | p.InsertRows() | p.UnnestRows():
            return (node.input,)
        case p.HashJoin():
            return (node.probe, node.build)
        case p.UnionAll():
            return node.inputs
        case _:
            assert_never(node)


# -- what is used ------------------------------------------------------------------------------


_NESTING = frozenset((ScalarSubquery, Exists, Quantified))


def collect_columns(expr: Expr, into: set[ColumnId]) -> None:
    if expr.__class__ is ColumnRef:
        into.add(expr.id)  # type: ignore[union-attr]
        return
    stack = [expr]
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind is ColumnRef:
            into.add(node.id)  # type: ignore[union-attr]
        elif kind is Compare:
            stack.append(node.left)  # type: ignore[union-attr]
            stack.append(node.right)  # type: ignore[union-attr]
        elif kind is not Literal:
            if kind in _NESTING:
                into |= free_columns(node.plan)  # type: ignore[union-attr]
            stack.extend(children(node))


def columns_of(expr: Expr) -> set[ColumnId]:
    if expr.__class__ is ColumnRef:
        return {expr.id}  # type: ignore[union-attr]
    found: set[ColumnId] = set()
    collect_columns(expr, found)
    return found


def columns_of_all(exprs: Iterable[Expr]) -> set[ColumnId]:
    found: set[ColumnId] = set()
    for expr in exprs:
        collect_columns(expr, found)
    return found


def has_subquery(expr: Expr) -> bool:
    return not _NESTING.isdisjoint(map(type, walk(expr)))


def defined_columns(plan: Logical) -> set[ColumnId]:
    """Every id that some node of the plan makes."""
    made: set[ColumnId] = set()
    for node in walk_plan(plan):
        match node:
            case Scan() | VirtualScan() | Project() | CteRef() | WorkingRows():
                made.update([ref.id for ref, _ in node.columns])
            case Values() | SetOperation() | Recursion():
                made.update([ref.id for ref in node.columns])
            case Aggregate() | GroupingSets():
                made.update([ref.id for ref in output_columns(node)])
            case Aggregate():
                made.update([ref.id for ref, _ in node.groups])
                made.update([ref.id for ref, _ in node.aggregates])
            case Window():
                made.update([ref.id for ref, _ in node.calls])
            case Unnest():
                made.update([ref.id for ref in node.made])
            case Filter() | Sort() | Limit() | Join() | DependentJoin():
                pass
            case _:
                assert_never(node)
    return made


def free_columns(plan: Logical) -> set[ColumnId]:
    used: set[ColumnId] = set()
    for node in walk_plan(plan):
        for expr in expressions(node):
            collect_columns(expr, used)
    return used - defined_columns(plan)


# -- swapping columns --------------------------------------------------------------------------


def substitute(expr: Expr, mapping: Mapping[ColumnId, Expr]) -> Expr:
    if not mapping:
        return expr

    def visit(node: Expr) -> Expr:
        if isinstance(node, ColumnRef):
            return mapping.get(node.id, node)
        node = map_children(node, visit)
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

    return visit(expr)


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
