"""Which columns of a plan, and which expressions, are proven to hold no NULL.

    never_null(plan)             ids that hold none in the plan's output
    is_never_null(expr, ids)     whether an expression gives none where those columns hold none

`ColumnRef.nullable` says what holds where the column is made; an outer join above may add NULLs, so
rules ask `never_null` instead.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never

from .expressions import (
    AggregateCall,
    And,
    Call,
    Case,
    Cast,
    ColumnId,
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
    JoinKind,
    Limit,
    Logical,
    Project,
    Recursion,
    Scan,
    SetKind,
    SetOperation,
    Sort,
    Unnest,
    Values,
    VirtualScan,
    Window,
    WorkingRows,
)

# Window functions that have a value in every row.
NEVER_NULL_WINDOWS = frozenset(
    {"count", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist"}
)
# Functions that give NULL exactly when an argument is NULL.
_STRICT_CALLS = frozenset(
    {"add", "subtract", "multiply", "divide", "modulo", "negate", "abs", "upper", "lower", "substring"}
)


def is_never_null(expr: Expr, never: set[ColumnId]) -> bool:
    """Proven to give no NULL, when the columns in `never` hold none."""
    match expr:
        case ColumnRef():
            return expr.id in never
        case Literal():
            return expr.value is not None
        case IsNull() | Exists():
            return True
        case Compare():
            return is_never_null(expr.left, never) and is_never_null(expr.right, never)
        case And() | Or():
            return all(is_never_null(a, never) for a in expr.args)
        case Not() | Like():
            return is_never_null(expr.arg, never)
        case InList():
            return not expr.has_null and is_never_null(expr.arg, never)
        case Cast():
            return is_never_null(expr.operand, never)
        case Case():
            tested = [is_never_null(v, never) or _tests(c, v) for c, v in expr.whens]
            return all(tested) and is_never_null(expr.default, never)
        case Call():
            strict = expr.key in _STRICT_CALLS or expr.key.startswith(("extract_", "date_add"))
            return strict and all(is_never_null(a, never) for a in expr.args)
        case AggregateCall():
            return expr.function == "count"
        case WindowCall():
            return expr.function in NEVER_NULL_WINDOWS
        case ScalarSubquery() | Quantified():
            return False
        case _:
            assert_never(expr)


def _tests(condition: Expr, value: Expr) -> bool:
    """WHEN value IS NOT NULL THEN value (what COALESCE is bound to)."""
    return isinstance(condition, IsNull) and condition.negated and condition.arg == value


def never_null(plan: Logical) -> set[ColumnId]:
    """Ids of output columns that are proven to hold no NULL. The set is the caller's own."""
    return _PROVEN[plan.__class__](plan)


def _of_made(plan: Scan | VirtualScan | CteRef) -> set[ColumnId]:
    return {ref.id for ref, _ in plan.columns if not ref.nullable}


def _of_values(plan: Values) -> set[ColumnId]:
    return {
        ref.id
        for i, ref in enumerate(plan.columns)
        if all(is_never_null(row[i], set()) for row in plan.rows)
    }


def _of_filter(plan: Filter) -> set[ColumnId]:
    proven = never_null(plan.input)
    _not_null_by(plan.predicate, proven)
    return proven


def _of_project(plan: Project) -> set[ColumnId]:
    below = never_null(plan.input)
    return {
        ref.id for ref, e in plan.columns
        if (e.id in below if e.__class__ is ColumnRef else is_never_null(e, below))  # type: ignore[union-attr]
    }


def _of_join(plan: Join | DependentJoin) -> set[ColumnId]:
    match plan.kind:
        case JoinKind.SEMI | JoinKind.ANTI | JoinKind.LEFT | JoinKind.SINGLE:
            return never_null(plan.left)
        case JoinKind.RIGHT:
            return never_null(plan.right)
        case JoinKind.FULL:
            return set()
        case JoinKind.INNER | JoinKind.CROSS:
            proven = never_null(plan.left)
            proven |= never_null(plan.right)
            if plan.condition is not None:
                _not_null_by(plan.condition, proven)
            return proven
        case _:
            assert_never(plan.kind)


def _of_aggregate(plan: Aggregate) -> set[ColumnId]:
    below = never_null(plan.input)
    proven = {ref.id for ref, e in plan.groups if is_never_null(e, below)}
    for ref, call in plan.aggregates:
        full = bool(plan.groups) and all(is_never_null(a, below) for a in call.args)
        if call.function == "count" or (full and call.function in ("sum", "min", "max", "avg")):
            proven.add(ref.id)
    return proven


def _of_grouping_sets(plan: GroupingSets) -> set[ColumnId]:
    counts = {ref.id for ref, call in plan.aggregates if call.function == "count"}
    return counts | {ref.id for ref, _ in plan.groupings}


def _of_unnest(plan: Unnest) -> set[ColumnId]:
    position = plan.position
    return never_null(plan.input) | (set() if plan.outer or position is None else {position.id})


def _of_window(plan: Window) -> set[ColumnId]:
    return never_null(plan.input) | {ref.id for ref, call in plan.calls if is_never_null(call, set())}


def _of_set_operation(plan: SetOperation) -> set[ColumnId]:
    left, right = never_null(plan.left), never_null(plan.right)
    pairs = zip(plan.columns, plan.left_columns, plan.right_columns)
    only_left = plan.kind is not SetKind.UNION
    return {c.id for c, a, b in pairs if a.id in left and (only_left or b.id in right)}


_PROVEN: dict[type, Callable[[Any], set[ColumnId]]] = {
    **dict.fromkeys((Scan, VirtualScan, CteRef), _of_made), Values: _of_values, Filter: _of_filter,
    **dict.fromkeys((Sort, Limit), lambda plan: never_null(plan.input)), Project: _of_project,
    **dict.fromkeys((Join, DependentJoin), _of_join), Aggregate: _of_aggregate, GroupingSets: _of_grouping_sets,
    **dict.fromkeys((Recursion, WorkingRows), lambda plan: set()), Unnest: _of_unnest, Window: _of_window,
    SetOperation: _of_set_operation,
}


def _not_null_by(predicate: Expr, into: set[ColumnId]) -> None:
    """Adds plain columns that cannot be NULL in a row for which the predicate is true."""
    match predicate:
        case And():
            for part in predicate.args:
                _not_null_by(part, into)
        case Compare():
            for side in (_uncast(predicate.left), _uncast(predicate.right)):
                if isinstance(side, ColumnRef):
                    into.add(side.id)
        case IsNull(arg=ColumnRef() as ref, negated=True):
            into.add(ref.id)
        case InList(arg=ColumnRef() as ref) | Like(arg=ColumnRef() as ref):
            into.add(ref.id)


def _uncast(expr: Expr) -> Expr:
    while isinstance(expr, Cast):
        expr = expr.operand
    return expr


