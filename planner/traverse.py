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

from collections.abc import Callable, Iterator
from dataclasses import replace
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


def _map_all(args: tuple[Expr, ...], f: ExprFunction) -> tuple[Expr, ...]:
    mapped = tuple([f(a) for a in args])
    for a, b in zip(args, mapped):
        if a is not b:
            return mapped
    return args


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
        return f(map_children(node, visit))

    return visit(expr)


# -- plans -------------------------------------------------------------------------------------


def unnumbered(expr: Expr) -> Expr:
    """The expression with its literals part of the plan's shape. Expressions must be equal so that one can
    stand for the other (GROUP BY x + 1); a plan where one does holds for these literals only."""
    return expr if isinstance(expr, ColumnRef) else rewrite(expr, _unnumbered)


def _unnumbered(node: Expr) -> Expr:
    return replace(node, parameter=-1) if isinstance(node, Literal) and node.parameter >= 0 else node


def inputs(plan: Logical) -> tuple[Logical, ...]:
    return _INPUTS[plan.__class__](plan)


_SOURCES = frozenset((Scan, VirtualScan, Values, CteRef, WorkingRows))
_OVER_ONE = frozenset((Filter, Project, Aggregate, GroupingSets, Window, Unnest, Sort, Limit))
_INPUTS: dict[type, Callable[[Any], tuple[Logical, ...]]] = {
    **dict.fromkeys(_SOURCES, lambda plan: ()),
    Recursion: lambda plan: (plan.seed, plan.step),
    **dict.fromkeys(_OVER_ONE, lambda plan: (plan.input,)),
    **dict.fromkeys((Join, DependentJoin, SetOperation), lambda plan: (plan.left, plan.right)),
}


def with_inputs(plan: Logical, new: tuple[Logical, ...]) -> Logical:
    match plan:
        case Scan() | VirtualScan() | Values() | CteRef() | WorkingRows():
            return plan
        case Recursion():
            seed, step = new
            return plan if seed is plan.seed and step is plan.step else replace(plan, seed=seed, step=step)
        case Filter() | Project() | Aggregate() | GroupingSets() | Window() | Unnest() | Sort() | Limit():
            return plan if new[0] is plan.input else _over(plan, new[0])
        case Join() | DependentJoin() | SetOperation():
            left, right = new
            if left is plan.left and right is plan.right:
                return plan
            return _over_both(plan, left, right)
        case _:
            assert_never(plan)


def _over(
    plan: Filter | Project | Aggregate | GroupingSets | Window | Unnest | Sort | Limit, source: Logical
) -> Logical:
    match plan:
        case Filter():
            return Filter(source, plan.predicate)
        case Project():
            return Project(source, plan.columns)
        case Aggregate():
            return Aggregate(source, plan.groups, plan.aggregates)
        case GroupingSets() | Unnest():
            return replace(plan, input=source)
        case Window():
            return Window(source, plan.partition, plan.order, plan.calls)
        case Sort():
            return Sort(source, plan.keys)
        case Limit():
            return Limit(source, plan.count, plan.offset)
        case _:
            assert_never(plan)


def _over_both(plan: Join | DependentJoin | SetOperation, left: Logical, right: Logical) -> Logical:
    match plan:
        case Join():
            return Join(plan.kind, left, right, plan.condition, plan.null_aware)
        case DependentJoin():
            return DependentJoin(plan.kind, left, right, plan.condition, plan.null_aware)
        case SetOperation():
            return SetOperation(
                plan.kind, plan.all, left, right, plan.columns, plan.left_columns, plan.right_columns
            )
        case _:
            assert_never(plan)


def map_inputs(plan: Logical, f: PlanFunction) -> Logical:
    """The same node over what f makes of its inputs."""
    kind = plan.__class__
    if kind in _OVER_ONE:
        old = plan.input  # type: ignore[union-attr]
        new = f(old)
        return plan if new is old else _over(plan, new)  # type: ignore[arg-type]
    if kind in _SOURCES:
        return plan
    return with_inputs(plan, tuple([f(child) for child in _INPUTS[kind](plan)]))


def rewrite_plan(plan: Logical, f: PlanFunction) -> Logical:
    """Bottom up: f is applied to every node after its inputs."""

    def visit(node: Logical) -> Logical:
        return f(node if node.__class__ in _SOURCES else map_inputs(node, visit))

    return visit(plan)


def walk_plan(plan: Logical) -> list[Logical]:
    """The node and everything below it, subqueries in expressions not among it."""
    found = [plan]
    for node in found:  # grows while it is gone through
        if node.__class__ not in _SOURCES:
            found.extend(_INPUTS[node.__class__](node))
    return found


def expressions(plan: Logical) -> Iterator[Expr]:
    """The expressions that stand in this node itself."""
    match plan:
        case Scan() | VirtualScan() | Limit() | CteRef() | WorkingRows():
            return
        case SetOperation():
            yield from plan.left_columns
            yield from plan.right_columns
        case Recursion():
            yield from plan.seed_columns
            yield from plan.step_columns
        case Values():
            for row in plan.rows:
                yield from row
        case Filter():
            yield plan.predicate
        case Project():
            for _, expr in plan.columns:
                yield expr
        case Join() | DependentJoin():
            if plan.condition is not None:
                yield plan.condition
        case Aggregate() | GroupingSets():
            for _, expr in plan.groups:
                yield expr
            for _, call in plan.aggregates:
                yield call
        case Window():
            yield from plan.partition
            for key in plan.order:
                yield key.expr
            for _, window in plan.calls:
                yield window
        case Unnest():
            yield plan.value
        case Sort():
            for key in plan.keys:
                yield key.expr
        case _:
            assert_never(plan)


def map_expressions(plan: Logical, f: ExprFunction) -> Logical:
    """The same node with f applied to each expression. The feeds of a set operation are columns by
    definition and stay as they are (columns.py: rename_plan changes them)."""
    match plan:
        case Scan() | VirtualScan() | Limit() | SetOperation() | CteRef() | Recursion() | WorkingRows():
            return plan
        case Filter():
            predicate = f(plan.predicate)
            return plan if predicate is plan.predicate else Filter(plan.input, predicate)
        case Project():
            columns = _map_pairs(plan.columns, f)
            return plan if columns is plan.columns else Project(plan.input, columns)
        case Join() | DependentJoin():
            condition = None if plan.condition is None else f(plan.condition)
            if condition is plan.condition:
                return plan
            return type(plan)(plan.kind, plan.left, plan.right, condition, plan.null_aware)
        case Aggregate():
            groups, aggregates = _map_pairs(plan.groups, f), _map_pairs(plan.aggregates, f)
            if groups is plan.groups and aggregates is plan.aggregates:
                return plan
            return Aggregate(plan.input, groups, aggregates)  # type: ignore[arg-type]
        case GroupingSets():
            groups, aggregates = _map_pairs(plan.groups, f), _map_pairs(plan.aggregates, f)
            if groups is plan.groups and aggregates is plan.aggregates:
                return plan
            return replace(plan, groups=groups, aggregates=aggregates)  # type: ignore[arg-type]
        case Window():
            partition, order = _map_all(plan.partition, f), _map_keys(plan.order, f)
            windows = _map_pairs(plan.calls, f)
            if partition is plan.partition and order is plan.order and windows is plan.calls:
                return plan
            return Window(plan.input, partition, order, windows)  # type: ignore[arg-type]
        case Unnest():
            value = f(plan.value)
            return plan if value is plan.value else replace(plan, value=value)
        case Sort():
            keys = _map_keys(plan.keys, f)
            return plan if keys is plan.keys else Sort(plan.input, keys)
        case Values():
            rows = tuple([_map_all(row, f) for row in plan.rows])
            same = all(a is b for a, b in zip(rows, plan.rows))
            return plan if same else Values(plan.columns, rows)
        case _:
            assert_never(plan)


def _map_keys(keys: tuple[SortKey, ...], f: ExprFunction) -> tuple[SortKey, ...]:
    mapped = tuple([SortKey(f(k.expr), k.descending, k.nulls_first) for k in keys])
    return keys if all(a.expr is b.expr for a, b in zip(mapped, keys)) else mapped


def _map_pairs(
    pairs: tuple[tuple[ColumnRef, Expr], ...], f: ExprFunction
) -> tuple[tuple[ColumnRef, Expr], ...]:
    mapped = tuple([(ref, f(expr)) for ref, expr in pairs])
    return pairs if all(a[1] is b[1] for a, b in zip(pairs, mapped)) else mapped
