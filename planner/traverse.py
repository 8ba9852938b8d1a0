"""Walking and rebuilding expressions and logical plans, one level at a time.

Every rewrite is "look at a node, maybe put another in its place". What all of them share is here, so
that a new kind of node has few places to be added to (`assert_never` finds most of them, a test the tables by class):

    map_children(expr, f)      the expression with f applied to its direct arguments
    rewrite(expr, f)           bottom up: f sees each node after its arguments were rewritten
    inputs(plan)               a plan node's children, left to right
    with_inputs(plan, inputs)  the same node over other children
    map_expressions(plan, f)   the same node with f applied to each of its expressions
    rewrite_plan(plan, f)      bottom up over plan nodes

All of them give back the *same object* when nothing changed: rules run often and change little, and
`is` is how a caller sees that nothing happened. Plans inside subquery expressions are not entered:
only `planner/rewrites/extract_subqueries.py` and the column helpers in columns.py look there.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from operator import is_
from typing import Any, assert_never

from .expressions import (
    AggregateCall,
    And,
    Call,
    Case,
    Cast,
    ColumnRef,
    Compare,
    Exists,
    Expr,
    InList,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
    Quantified,
    ScalarSubquery,
    WindowCall,
)
from .logical import (
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
    SortKey,
    Unnest,
    Values,
    VirtualScan,
    Window,
    WorkingRows,
)

ExprFunction = Callable[[Expr], Expr]
PlanFunction = Callable[[Logical], Logical]


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct arguments of an expression (plans of subqueries are not among them)."""
    return _CHILDREN[expr.__class__](expr)


# By class, in place of a `match`: planning asks this more often than anything else.
_CHILDREN: dict[type, Callable[[Any], tuple[Expr, ...]]] = {
    **dict.fromkeys((ColumnRef, Literal, ScalarSubquery, Exists), lambda e: ()),
    Compare: lambda e: (e.left, e.right),
    **dict.fromkeys((Call, WindowCall, And, Or), lambda e: e.args),
    AggregateCall: lambda e: e.args + tuple([key.expr for key in e.order]) if e.order else e.args,
    Cast: lambda e: (e.operand,),
    **dict.fromkeys((Not, IsNull, InList, Like, Quantified), lambda e: (e.arg,)),
    Case: lambda e: (*[part for when in e.whens for part in when], e.default),
}
_LEAVES = frozenset((ColumnRef, Literal, ScalarSubquery, Exists))


def walk(expr: Expr) -> list[Expr]:
    """The expression and everything below it."""
    found = [expr]
    if expr.__class__ in _LEAVES:
        return found
    for node in found:  # grows while it is gone through
        if node.__class__ not in _LEAVES:
            found.extend(_CHILDREN[node.__class__](node))
    return found


def _same(new: Sequence[object], old: Sequence[object]) -> bool:
    """Whether nothing was changed: these are the very same objects."""
    return all(map(is_, new, old))


def _map_all(args: tuple[Expr, ...], f: ExprFunction) -> tuple[Expr, ...]:
    mapped = tuple(map(f, args))
    return args if all(map(is_, mapped, args)) else mapped


def map_children(expr: Expr, f: ExprFunction) -> Expr:
    """The same expression with f applied to its direct arguments."""
    return expr if expr.__class__ in _LEAVES else _MAPPERS[expr.__class__](expr, f)


def _map_compare(expr: Compare, f: ExprFunction) -> Expr:
    left, right = f(expr.left), f(expr.right)
    return expr if left is expr.left and right is expr.right else Compare(expr.op, left, right, expr.span)


def _map_call(expr: Call, f: ExprFunction) -> Expr:
    args = _map_all(expr.args, f)
    return expr if args is expr.args else Call(expr.key, args, expr.type, expr.span)


def _map_logic(expr: And | Or, f: ExprFunction) -> Expr:
    args = _map_all(expr.args, f)
    return expr if args is expr.args else type(expr)(args)


def _map_aggregate(expr: AggregateCall, f: ExprFunction) -> Expr:
    args, order = _map_all(expr.args, f), _map_keys(expr.order, f)
    if args is expr.args and order is expr.order:
        return expr
    return AggregateCall(expr.function, args, expr.type, expr.distinct, expr.span, order)


def _map_window(expr: WindowCall, f: ExprFunction) -> Expr:
    args = _map_all(expr.args, f)
    return expr if args is expr.args else replace(expr, args=args)


def _map_cast(expr: Cast, f: ExprFunction) -> Expr:
    operand = f(expr.operand)
    return expr if operand is expr.operand else Cast(operand, expr.type, expr.implicit, expr.span)


def _map_case(expr: Case, f: ExprFunction) -> Expr:
    whens = tuple([(f(c), f(v)) for c, v in expr.whens])
    default = f(expr.default)
    unchanged = default is expr.default and all(
        a[0] is b[0] and a[1] is b[1] for a, b in zip(whens, expr.whens)
    )
    return expr if unchanged else Case(whens, default, expr.type, expr.span)


_OneArgument = Not | IsNull | InList | Like | Quantified


def _map_arg(expr: _OneArgument, f: ExprFunction) -> Expr:
    arg = f(expr.arg)
    return expr if arg is expr.arg else _with_arg(expr, arg)


def _with_arg(expr: _OneArgument, arg: Expr) -> Expr:
    match expr:
        case Not():
            return Not(arg)
        case IsNull():
            return IsNull(arg, expr.negated)
        case InList():
            return InList(arg, expr.values, expr.negated, expr.has_null, expr.span, expr.local)
        case Like():
            return Like(arg, expr.pattern, expr.escape, expr.case_insensitive, expr.negated, expr.span)
        case Quantified():
            return Quantified(expr.op, expr.all, arg, expr.plan, expr.column, expr.span)
        case _:
            assert_never(expr)


_MAPPERS: dict[type, Callable[[Any, ExprFunction], Expr]] = {
    Compare: _map_compare, Call: _map_call, And: _map_logic, Or: _map_logic, AggregateCall: _map_aggregate,
    WindowCall: _map_window, Cast: _map_cast, Case: _map_case,
    **dict.fromkeys((Not, IsNull, InList, Like, Quantified), _map_arg),
}


def rewrite(expr: Expr, f: ExprFunction) -> Expr:
    """Bottom up: f is applied to every node after its arguments."""

    def visit(node: Expr) -> Expr:
        kind = node.__class__
        return f(node if kind in _LEAVES else _MAPPERS[kind](node, visit))

    return visit(expr)


# -- plans -------------------------------------------------------------------------------------


def unnumbered(expr: Expr) -> Expr:
    """The expression with its literals part of the plan's shape. Expressions must be equal so that one can
    stand for the other (GROUP BY x + 1); a plan where one does holds for these literals only."""
    return expr if isinstance(expr, ColumnRef) else rewrite(expr, _unnumbered)


def _unnumbered(node: Expr) -> Expr:
    return replace(node, parameter=-1) if isinstance(node, Literal) and node.parameter >= 0 else node


def inputs(plan: Logical) -> tuple[Logical, ...]:
    kind = plan.__class__
    if kind in OVER_ONE:
        return (plan.input,)  # type: ignore[union-attr]
    return () if kind in SOURCES else _INPUTS[kind](plan)


SOURCES = frozenset((Scan, VirtualScan, Values, CteRef, WorkingRows))
OVER_ONE = frozenset((Filter, Project, Aggregate, GroupingSets, Window, Unnest, Sort, Limit))
_INPUTS: dict[type, Callable[[Any], tuple[Logical, ...]]] = {
    **dict.fromkeys(SOURCES, lambda plan: ()),
    Recursion: lambda plan: (plan.seed, plan.step),
    **dict.fromkeys(OVER_ONE, lambda plan: (plan.input,)),
    **dict.fromkeys((Join, DependentJoin, SetOperation), lambda plan: (plan.left, plan.right)),
}


def with_inputs(plan: Logical, new: tuple[Logical, ...]) -> Logical:
    if plan.__class__ in SOURCES or _same(new, _INPUTS[plan.__class__](plan)):
        return plan
    return _OVER[plan.__class__](plan, *new)


# The same node over other inputs.
_OVER: dict[type, Callable[..., Logical]] = {
    Filter: lambda plan, source: Filter(source, plan.predicate),
    Project: lambda plan, source: Project(source, plan.columns),
    Aggregate: lambda plan, source: Aggregate(source, plan.groups, plan.aggregates),
    **dict.fromkeys((GroupingSets, Unnest), lambda plan, source: replace(plan, input=source)),
    Window: lambda plan, source: Window(source, plan.partition, plan.order, plan.calls),
    Sort: lambda plan, source: Sort(source, plan.keys),
    Limit: lambda plan, source: Limit(source, plan.count, plan.offset),
    Join: lambda plan, left, right: Join(plan.kind, left, right, plan.condition, plan.null_aware),
    DependentJoin: lambda plan, left, right: DependentJoin(plan.kind, left, right, plan.condition, plan.null_aware),
    SetOperation: lambda plan, left, right: SetOperation(
        plan.kind, plan.all, left, right, plan.columns, plan.left_columns, plan.right_columns
    ),
    Recursion: lambda plan, seed, step: replace(plan, seed=seed, step=step),
}


def map_inputs(plan: Logical, f: PlanFunction) -> Logical:
    """The same node over what f makes of its inputs."""
    kind = plan.__class__
    if kind in OVER_ONE:
        old = plan.input  # type: ignore[union-attr]
        new = f(old)
        return plan if new is old else _OVER[kind](plan, new)
    if kind in SOURCES:
        return plan
    if kind is Join:
        join: Join = plan  # type: ignore[assignment]
        left, right = f(join.left), f(join.right)
        if left is join.left and right is join.right:
            return plan
        return Join(join.kind, left, right, join.condition, join.null_aware)
    one, other = _INPUTS[kind](plan)
    left, right = f(one), f(other)
    return plan if left is one and right is other else _OVER[kind](plan, left, right)


def rewrite_plan(plan: Logical, f: PlanFunction) -> Logical:
    """Bottom up: f is applied to every node after its inputs."""

    def visit(node: Logical) -> Logical:
        return f(node if node.__class__ in SOURCES else map_inputs(node, visit))

    return visit(plan)


def walk_plan(plan: Logical) -> list[Logical]:
    """The node and everything below it, subqueries in expressions not among it."""
    found = [plan]
    for node in found:  # grows while it is gone through
        kind = node.__class__
        if kind in OVER_ONE:
            found.append(node.input)  # type: ignore[union-attr]
        elif kind not in SOURCES:
            found.extend(_INPUTS[kind](node))
    return found


def expressions(plan: Logical) -> Sequence[Expr]:
    """The expressions that stand in this node itself."""
    return _EXPRESSIONS[plan.__class__](plan)


_EXPRESSIONS: dict[type, Callable[[Any], Sequence[Expr]]] = {
    **dict.fromkeys((Scan, VirtualScan, Limit, CteRef, WorkingRows), lambda plan: ()),
    SetOperation: lambda plan: plan.left_columns + plan.right_columns,
    Recursion: lambda plan: plan.seed_columns + plan.step_columns,
    Values: lambda plan: [expr for row in plan.rows for expr in row],
    Filter: lambda plan: (plan.predicate,),
    Project: lambda plan: [expr for _, expr in plan.columns],
    **dict.fromkeys((Join, DependentJoin), lambda plan: () if plan.condition is None else (plan.condition,)),
    **dict.fromkeys((Aggregate, GroupingSets), lambda plan: [expr for _, expr in plan.groups + plan.aggregates]),
    Window: lambda plan: [*plan.partition, *[key.expr for key in plan.order], *[call for _, call in plan.calls]],
    Unnest: lambda plan: (plan.value,),
    Sort: lambda plan: [key.expr for key in plan.keys],
}


def map_expressions(plan: Logical, f: ExprFunction) -> Logical:
    """The same node with f applied to each expression. The feeds of a set operation are columns by
    definition and stay as they are (columns.py: rename_plan changes them)."""
    mapped = _MAPPED.get(plan.__class__)
    return plan if mapped is None else mapped(plan, f)


def _map_filter(plan: Filter, f: ExprFunction) -> Logical:
    predicate = f(plan.predicate)
    return plan if predicate is plan.predicate else Filter(plan.input, predicate)


def _map_project(plan: Project, f: ExprFunction) -> Logical:
    columns = _map_pairs(plan.columns, f)
    return plan if columns is plan.columns else Project(plan.input, columns)


def _map_join(plan: Join | DependentJoin, f: ExprFunction) -> Logical:
    condition = None if plan.condition is None else f(plan.condition)
    if condition is plan.condition:
        return plan
    return type(plan)(plan.kind, plan.left, plan.right, condition, plan.null_aware)


def _map_groups(plan: Aggregate | GroupingSets, f: ExprFunction) -> Logical:
    groups, aggregates = _map_pairs(plan.groups, f), _map_pairs(plan.aggregates, f)
    if groups is plan.groups and aggregates is plan.aggregates:
        return plan
    if isinstance(plan, Aggregate):
        return Aggregate(plan.input, groups, aggregates)  # type: ignore[arg-type]
    return replace(plan, groups=groups, aggregates=aggregates)  # type: ignore[arg-type]


def _map_over(plan: Window, f: ExprFunction) -> Logical:
    partition, order = _map_all(plan.partition, f), _map_keys(plan.order, f)
    windows = _map_pairs(plan.calls, f)
    if partition is plan.partition and order is plan.order and windows is plan.calls:
        return plan
    return Window(plan.input, partition, order, windows)  # type: ignore[arg-type]


def _map_unnest(plan: Unnest, f: ExprFunction) -> Logical:
    value = f(plan.value)
    return plan if value is plan.value else replace(plan, value=value)


def _map_sort(plan: Sort, f: ExprFunction) -> Logical:
    keys = _map_keys(plan.keys, f)
    return plan if keys is plan.keys else Sort(plan.input, keys)


def _map_values(plan: Values, f: ExprFunction) -> Logical:
    rows = tuple([_map_all(row, f) for row in plan.rows])
    return plan if _same(rows, plan.rows) else Values(plan.columns, rows)


_MAPPED: dict[type, Callable[[Any, ExprFunction], Logical]] = {
    Filter: _map_filter, Project: _map_project, Join: _map_join, DependentJoin: _map_join, Aggregate: _map_groups,
    GroupingSets: _map_groups, Window: _map_over, Unnest: _map_unnest, Sort: _map_sort, Values: _map_values,
}
_NOT_MAPPED = frozenset((Scan, VirtualScan, Limit, SetOperation, CteRef, Recursion, WorkingRows))


def _map_keys(keys: tuple[SortKey, ...], f: ExprFunction) -> tuple[SortKey, ...]:
    old = [key.expr for key in keys]
    new = [f(expr) for expr in old]
    if _same(new, old):
        return keys
    return tuple([SortKey(expr, key.descending, key.nulls_first) for key, expr in zip(keys, new)])


def _map_pairs(
    pairs: tuple[tuple[ColumnRef, Expr], ...], f: ExprFunction
) -> tuple[tuple[ColumnRef, Expr], ...]:
    changed, mapped = False, []
    for pair in pairs:
        old = pair[1]
        new = f(old)
        if new is not old:
            changed, pair = True, (pair[0], new)
        mapped.append(pair)
    return tuple(mapped) if changed else pairs
