"""Which columns of a plan, and which expressions, are proven to hold no NULL.

    never_null(plan)             ids that hold none in the plan's output
    is_never_null(expr, ids)     whether an expression gives none where those columns hold none

`ColumnRef.nullable` says what holds where the column is made; an outer join above may add NULLs, so
rules ask `never_null` instead.
"""
from __future__ import annotations

from typing import assert_never

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
    """Ids of output columns that are proven to hold no NULL."""
    match plan:
        case Scan() | VirtualScan() | CteRef():
            return {ref.id for ref, _ in plan.columns if not ref.nullable}
        case Values():
            return {
                ref.id
                for i, ref in enumerate(plan.columns)
                if all(is_never_null(row[i], set()) for row in plan.rows)
            }
        case Filter():
            return never_null(plan.input) | _not_null_by(plan.predicate)
        case Sort() | Limit():
            return never_null(plan.input)
        case Project():
            below = never_null(plan.input)
            return {ref.id for ref, e in plan.columns if is_never_null(e, below)}
        case Join() | DependentJoin():
            return _never_null_join(plan)
        case Aggregate():
            below = never_null(plan.input)
            grouped = {ref.id for ref, e in plan.groups if is_never_null(e, below)}
            for ref, call in plan.aggregates:
                full = bool(plan.groups) and all(is_never_null(a, below) for a in call.args)
                if call.function == "count" or (full and call.function in ("sum", "min", "max", "avg")):
                    grouped.add(ref.id)
            return grouped
        case Recursion() | WorkingRows():
            return set()
        case GroupingSets():
            counts = {ref.id for ref, call in plan.aggregates if call.function == "count"}
            return counts | {ref.id for ref, _ in plan.groupings}
        case Unnest():
            position = plan.position
            return never_null(plan.input) | (set() if plan.outer or position is None else {position.id})
        case Window():
            return never_null(plan.input) | {ref.id for ref, call in plan.calls if is_never_null(call, set())}
        case SetOperation():
            left, right = never_null(plan.left), never_null(plan.right)
            pairs = zip(plan.columns, plan.left_columns, plan.right_columns)
            only_left = plan.kind is not SetKind.UNION
            return {c.id for c, a, b in pairs if a.id in left and (only_left or b.id in right)}
        case _:
            assert_never(plan)


def _never_null_join(plan: Join | DependentJoin) -> set[ColumnId]:
    match plan.kind:
        case JoinKind.SEMI | JoinKind.ANTI | JoinKind.LEFT | JoinKind.SINGLE:
            return never_null(plan.left)
        case JoinKind.RIGHT:
            return never_null(plan.right)
        case JoinKind.FULL:
            return set()
        case JoinKind.INNER | JoinKind.CROSS:
            proven = never_null(plan.left) | never_null(plan.right)
            return proven if plan.condition is None else proven | _not_null_by(plan.condition)
        case _:
            assert_never(plan.kind)


def _not_null_by(predicate: Expr) -> set[ColumnId]:
    """Plain columns that cannot be NULL in a row for which the predicate is true."""
    match predicate:
        case And():
            return set().union(*[_not_null_by(a) for a in predicate.args])
        case Compare():
            sides = (predicate.left, predicate.right)
            return {_uncast(e).id for e in sides if isinstance(_uncast(e), ColumnRef)}  # type: ignore[union-attr]
        case IsNull(arg=ColumnRef() as ref, negated=True):
            return {ref.id}
        case InList(arg=ColumnRef() as ref) | Like(arg=ColumnRef() as ref):
            return {ref.id}
        case _:
            return set()


def _uncast(expr: Expr) -> Expr:
    while isinstance(expr, Cast):
        expr = expr.operand
    return expr


