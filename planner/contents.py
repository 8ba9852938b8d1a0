"""What stands inside an expression: told by one walk of it, and kept with it.

    columns_of(expr)        ids it reads, also inside its subqueries
    traits_of(expr)         what it holds that rules ask for, as bits:
      HAS_SUBQUERY            a subquery
      IS_VOLATILE             a function that gives another value each time
      CAN_FAIL                what may raise an error for some row
      CAN_FOLD                an operator over constants, or one that has an argument too many
      COMPARES_BY_KEY         a comparison of values that can be equal without being the same
      CAN_SIMPLIFY            OR, NOT, or conjuncts that say the same
      HAS_NOT                 NOT
      READS_SHARED            a subquery that reads a shared subplan
    free_columns(plan)      ids used in the plan but made nowhere in it = correlation

Rules ask this of the same expressions again and again, and an expression stays as it is for good, so the first
answer is put into two slots that all expressions have for it (expressions.py). An expression that a rule makes is
looked into when somebody asks of it.

`CAN_FAIL` says which expressions are never moved in front of a filter or join that stood before them. Overflow of +, -,
* and of sums is not counted: nearly every expression could overflow, and the engine reports it only for rows that
count where it runs.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..storage.types import Kind, SqlType
from .expressions import (
    AggregateCall,
    And,
    Call,
    Case,
    Cast,
    ColumnId,
    ColumnRef,
    Compare,
    Contents,
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
from .functions import SIGNATURES
from .functions.semistructured import INFALLIBLE_KEYS
from .logical import (
    Aggregate,
    CteRef,
    DependentJoin,
    Filter,
    GroupingSets,
    Join,
    Limit,
    Logical,
    PlanContents,
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
from .traverse import expressions, walk_plan

HAS_SUBQUERY, IS_VOLATILE, CAN_FAIL, CAN_FOLD, COMPARES_BY_KEY, CAN_SIMPLIFY, HAS_NOT, READS_SHARED = (
    1 << bit for bit in range(8)
)


def columns_of(expr: Expr) -> frozenset[ColumnId]:
    known: frozenset[ColumnId] | None = getattr(expr, "reads", None)  # an exception would take ten times as long
    return _look_into(expr)[0] if known is None else known


def traits_of(expr: Expr) -> int:
    if expr.__class__ is ColumnRef:
        return 0
    known: int | None = getattr(expr, "traits", None)
    return _look_into(expr)[1] if known is None else known


def has_subquery(expr: Expr) -> bool:
    return traits_of(expr) & HAS_SUBQUERY != 0


def is_volatile(expr: Expr) -> bool:
    return traits_of(expr) & IS_VOLATILE != 0


def can_fail(expr: Expr) -> bool:
    """May raise an error for some row."""
    return traits_of(expr) & CAN_FAIL != 0


def columns_of_all(exprs: Iterable[Expr]) -> set[ColumnId]:
    found: set[ColumnId] = set()
    for expr in exprs:
        if expr.__class__ is ColumnRef:  # most are
            found.add(expr.id)  # type: ignore[union-attr]
        else:
            found |= columns_of(expr)
    return found


def collect_columns(expr: Expr, into: set[ColumnId]) -> None:
    into |= columns_of(expr)


_put_reads: Callable[[Expr, frozenset[ColumnId]], None] = vars(Contents)["reads"].__set__
_put_traits: Callable[[Expr, int], None] = vars(Contents)["traits"].__set__


def _look_into(expr: Expr) -> tuple[frozenset[ColumnId], int]:
    """Fills the slots. Two threads may both: they find the same."""
    kind = expr.__class__
    if kind is ColumnRef:
        reads, traits = frozenset((expr.id,)), 0  # type: ignore[union-attr]
    elif kind is And:
        reads, traits = _conjuncts(expr)  # type: ignore[arg-type]
    else:
        columns: list[ColumnId] = []
        below: list[Expr] = []
        traits, looks = 0 if kind is Literal else _LOOKS[kind](expr, below, columns), _LOOKS
        for node in below:  # grows while it is gone through
            kind = node.__class__
            if kind is ColumnRef:
                columns.append(node.id)  # type: ignore[union-attr]
            elif kind is not Literal:
                traits |= looks[kind](node, below, columns)
        reads = frozenset(columns)
    _put_reads(expr, reads)
    _put_traits(expr, traits)
    return reads, traits


def _conjuncts(expr: And) -> tuple[frozenset[ColumnId], int]:
    """Each on its own: rules take them apart."""
    args = expr.args
    reads = list(map(columns_of, args))
    traits = _logic(expr, [], [])
    for part in args:
        traits |= part.traits
    if len(set(reads)) < len(reads) and _says_twice(args, reads):
        traits |= CAN_SIMPLIFY
    return frozenset().union(*reads), traits


def _says_twice(args: tuple[Expr, ...], reads: list[frozenset[ColumnId]]) -> bool:
    """Whether two conjuncts are the same, or are lists of one column. They read the same, which is told sooner."""
    if len(args) > MANY:
        return True
    about: dict[frozenset[ColumnId], list[Expr]] = {}
    for part, read in zip(args, reads):
        others = about.setdefault(read, [])
        if part in others or (part.__class__ is InList and InList in set(map(type, others))):
            return True
        others.append(part)
    return False


MANY = 24  # conjuncts that are no longer compared each with each


# -- by class: what a node adds to the traits; its arguments are put to those still to be looked at, the columns of a
# subquery's plan to those that are read ---------------------------------------------------------------------

_Exprs = list[Expr]
_Ids = list[ColumnId]


def _compare(expr: Compare, below: _Exprs, columns: _Ids) -> int:
    left, right = expr.left, expr.right
    for side in (left, right):
        if side.__class__ is ColumnRef:
            columns.append(side.id)  # type: ignore[union-attr]
        elif side.__class__ is not Literal:
            below.append(side)
    one, other = left.type, right.type
    traits = CAN_FOLD if left.__class__ is Literal is right.__class__ else 0
    if one.kind in _KEYED or one.case_insensitive or other.kind in _KEYED or other.case_insensitive:
        traits |= COMPARES_BY_KEY
    return traits


def _call(expr: Call, below: _Exprs, columns: _Ids) -> int:
    key, args = expr.key, expr.args
    below += args
    traits = 0 if key in _INFALLIBLE or key.startswith(_OVERFLOW_FAMILIES) else CAN_FAIL
    if key in VOLATILE:
        return traits | IS_VOLATILE
    if key in _DIVISIONS and args[1].__class__ is Literal:
        divisor: Literal = args[1]  # type: ignore[assignment]
        traits = 0 if divisor.value else CAN_FAIL
        if divisor.parameter >= 0:
            return traits | CAN_FOLD
    for arg in args:
        if arg.__class__ is not Literal:
            return traits
    return traits | CAN_FOLD if args else traits


def _cast(expr: Cast, below: _Exprs, columns: _Ids) -> int:
    operand = expr.operand
    below.append(operand)
    traits = CAN_FAIL if _cast_can_fail(operand.type, expr.type) else 0
    return traits | CAN_FOLD if operand.__class__ is Literal else traits


def _logic(expr: And | Or, below: _Exprs, columns: _Ids) -> int:
    args = expr.args
    below += args
    kind, kinds = expr.__class__, set(map(type, args))
    traits = CAN_SIMPLIFY if kind is Or else 0
    return traits | CAN_FOLD if len(args) < 2 or Literal in kinds or kind in kinds else traits


def _case(expr: Case, below: _Exprs, columns: _Ids) -> int:
    traits = 0 if expr.whens else CAN_FOLD
    for when in expr.whens:
        below += when
        if when[0].__class__ is Literal:
            traits = CAN_FOLD
    below.append(expr.default)
    return traits


def _not(expr: Not, below: _Exprs, columns: _Ids) -> int:
    below.append(expr.arg)
    return HAS_NOT | CAN_SIMPLIFY | (CAN_FOLD if expr.arg.__class__ is Literal else 0)


def _is_null(expr: IsNull, below: _Exprs, columns: _Ids) -> int:
    below.append(expr.arg)
    return CAN_FOLD if expr.arg.__class__ is Literal else 0


def _search(expr: InList | Like, below: _Exprs, columns: _Ids) -> int:
    arg = expr.arg
    below.append(arg)
    traits = COMPARES_BY_KEY if is_keyed(arg.type) else 0
    return traits | CAN_FOLD if arg.__class__ is Literal else traits


def _aggregate(expr: AggregateCall, below: _Exprs, columns: _Ids) -> int:
    below += expr.args
    if expr.order:
        below += [key.expr for key in expr.order]
    return 0


def _window(expr: WindowCall, below: _Exprs, columns: _Ids) -> int:
    below += expr.args
    return 0


def _nested(expr: ScalarSubquery | Exists | Quantified, below: _Exprs, columns: _Ids) -> int:
    free, shared = _look_into_plan(expr.plan)
    columns += free
    if expr.__class__ is Quantified:
        below.append(expr.arg)  # type: ignore[union-attr]
    elif expr.__class__ is ScalarSubquery:
        return shared | HAS_SUBQUERY | CAN_FAIL
    return shared | HAS_SUBQUERY


NESTING = frozenset((ScalarSubquery, Exists, Quantified))
_LOOKS: dict[type, Callable[[Any, _Exprs, _Ids], int]] = {
    Compare: _compare, Call: _call, Cast: _cast, And: _logic, Or: _logic, Case: _case, Not: _not, IsNull: _is_null,
    InList: _search, Like: _search, AggregateCall: _aggregate, WindowCall: _window,
    ScalarSubquery: _nested, Exists: _nested, Quantified: _nested,
}


def is_keyed(type: SqlType) -> bool:
    """Whether equal values of the type can differ in their bytes, or cannot be compared."""
    return type.kind in _KEYED or type.case_insensitive


_KEYED = frozenset((Kind.SUPER, Kind.HLLSKETCH))

# Overflow is not counted as failing, of numbers as of dates; the rest stands in the function catalogue.
_OVERFLOW_ONLY = frozenset({"add", "subtract", "multiply", "negate", "abs", "avg_divide"})
_OVERFLOW_FAMILIES = ("extract_", "date_", "ts_", "moments_")
_DIVISIONS = frozenset({"divide", "modulo"})
_INFALLIBLE = (_OVERFLOW_ONLY | frozenset(INFALLIBLE_KEYS) | frozenset(
    s.key for s in SIGNATURES if not s.fallible and s.build is None)) - _DIVISIONS
VOLATILE = frozenset(s.key for s in SIGNATURES if s.volatility == "volatile")

_INTEGER_ORDER = {Kind.SMALLINT: 0, Kind.INTEGER: 1, Kind.BIGINT: 2}
_INTEGER_DIGITS = {Kind.SMALLINT: 5, Kind.INTEGER: 10, Kind.BIGINT: 19}


def _cast_can_fail(source: SqlType, target: SqlType) -> bool:
    of, to = source.kind, target.kind
    if source == target or (target.is_float and source.is_numeric):
        return False
    if of is Kind.SUPER or to is Kind.SUPER:
        return of is not Kind.SUPER and source.is_float
    if to in _INTEGER_ORDER and of in _INTEGER_ORDER:
        return _INTEGER_ORDER[of] > _INTEGER_ORDER[to]
    if to is Kind.DECIMAL and source.is_exact:
        digits = _INTEGER_DIGITS.get(of, source.precision - source.scale)
        return target.precision - target.scale < digits
    if source.is_string and target.is_string:
        return to is Kind.CHAR is not of  # an explicit cast cuts off; CHAR takes no characters of several bytes
    if of is Kind.DATE:
        return to not in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
    return True


# -- plans -------------------------------------------------------------------------------------


def defined_columns(plan: Logical) -> set[ColumnId]:
    """Every id that some node of the plan makes."""
    made: set[ColumnId] = set()
    for node in walk_plan(plan):
        made.update(_MADE[node.__class__](node))
    return made


_MADE: dict[type, Callable[[Any], list[ColumnId]]] = {
    **dict.fromkeys(
        (Scan, VirtualScan, Project, CteRef, WorkingRows), lambda node: [ref.id for ref, _ in node.columns]
    ),
    **dict.fromkeys((Values, SetOperation, Recursion), lambda node: [ref.id for ref in node.columns]),
    Aggregate: lambda node: [ref.id for ref, _ in node.groups + node.aggregates],
    GroupingSets: lambda node: [ref.id for ref, _ in (*node.groups, *node.aggregates, *node.groupings)],
    Window: lambda node: [ref.id for ref, _ in node.calls],
    Unnest: lambda node: [ref.id for ref in node.made],
    **dict.fromkeys((Filter, Sort, Limit, Join, DependentJoin), lambda node: []),
}


def free_columns(plan: Logical) -> frozenset[ColumnId]:
    known: frozenset[ColumnId] | None = getattr(plan, "free", None)
    return _look_into_plan(plan)[0] if known is None else known


def _look_into_plan(plan: Logical) -> tuple[frozenset[ColumnId], int]:
    """Its free columns, and READS_SHARED if it does."""
    used: set[ColumnId] = set()
    made: set[ColumnId] = set()
    traits = 0
    for node in walk_plan(plan):
        kind = node.__class__
        made.update(_MADE[kind](node))
        if kind is CteRef:
            traits = READS_SHARED
        for expr in expressions(node):
            if expr.__class__ is ColumnRef:
                used.add(expr.id)  # type: ignore[union-attr]
            else:
                used |= columns_of(expr)
                traits |= expr.traits
    free = frozenset(used - made)
    _put_free(plan, free)
    return free, traits & READS_SHARED


_put_free: Callable[[Logical, frozenset[ColumnId]], None] = vars(PlanContents)["free"].__set__
