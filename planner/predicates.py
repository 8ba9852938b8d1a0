"""Predicates as lists of conjuncts, and the few three-valued facts that rules build on.

    conjuncts(a AND (b AND c)) = [a, b, c]          conjoin([a, b, c]) = a AND b AND c

A WHERE keeps a row only if its predicate is *true*: false and NULL are the same there. Hence
`rejects_null(p, columns)`: "p is not true when all of these columns are NULL" turns an outer join
into an inner one. `negate` pushes NOT to the leaves, which holds in three-valued logic too.

Which expressions can fail or are volatile: contents.py.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable
from operator import is_

from ..storage.types import BOOLEAN, Kind, Physical, SqlType
from .contents import MANY, columns_of
from .contents import can_fail as can_fail
from .contents import is_volatile as is_volatile
from .expressions import (
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
)
from .traverse import map_children

TRUE = Literal(True, BOOLEAN)
FALSE = Literal(False, BOOLEAN)
FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
NEGATED = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def conjuncts(expr: Expr | None) -> list[Expr]:
    if expr is None:
        return []
    kind = expr.__class__
    if kind is And:
        args: tuple[Expr, ...] = expr.args  # type: ignore[union-attr]
        if {And, Literal}.isdisjoint(map(type, args)):
            return list(args)
        return [c for arg in args for c in conjuncts(arg)]
    return [] if kind is Literal and is_true(expr) else [expr]


def disjuncts(expr: Expr) -> list[Expr]:
    if isinstance(expr, Or):
        return [d for arg in expr.args for d in disjuncts(arg)]
    return [expr]


def conjoin(parts: Iterable[Expr]) -> Expr | None:
    unique = list(parts)
    if len(unique) > 1:
        unique = _distinct(unique)
    if not unique:
        return None
    return unique[0] if len(unique) == 1 else And(tuple(unique))


def _distinct(parts: list[Expr]) -> list[Expr]:
    """Parts that are equal read the same columns, which is told sooner."""
    if len(set(map(columns_of, parts))) == len(parts):
        return parts
    if len(parts) > MANY:
        return list(dict.fromkeys(parts))
    unique: list[Expr] = []
    for part in parts:
        if part not in unique:
            unique.append(part)
    return unique


def conjoin_or_true(parts: Iterable[Expr]) -> Expr:
    joined = conjoin(parts)
    return TRUE if joined is None else joined


def rejoined(old: Expr, parts: list[Expr]) -> Expr:
    """conjoin_or_true of what has become of the conjuncts of `old`: the same object where that is nothing."""
    if old.__class__ is And:
        args: tuple[Expr, ...] = old.args  # type: ignore[union-attr]
        if len(parts) == len(args) and all(map(is_, parts, args)) and len(_distinct(parts)) == len(parts):
            return old
    return conjoin_or_true(parts)


def disjoin(parts: Iterable[Expr]) -> Expr:
    listed = tuple(parts)
    if not listed:
        return FALSE
    return listed[0] if len(listed) == 1 else Or(listed)


def is_true(expr: Expr) -> bool:
    return isinstance(expr, Literal) and expr.value is not None and expr.value == 1 and expr.type == BOOLEAN


def is_false_or_null(expr: Expr) -> bool:
    return isinstance(expr, Literal) and expr.type == BOOLEAN and not expr.value


def negate(expr: Expr) -> Expr:
    """NOT expr, with the NOT pushed to the leaves."""
    match expr:
        case Not():
            return push_not(expr.arg)
        case And():
            return Or(tuple([negate(a) for a in expr.args]))
        case Or():
            return And(tuple([negate(a) for a in expr.args]))
        case Compare():
            return Compare(NEGATED[expr.op], expr.left, expr.right, expr.span)
        case IsNull():
            return IsNull(expr.arg, not expr.negated)
        case InList():
            return InList(expr.arg, expr.values, not expr.negated, expr.has_null, expr.span, expr.local)
        case Like():
            return Like(
                expr.arg, expr.pattern, expr.escape, expr.case_insensitive, not expr.negated, expr.span
            )
        case Exists():
            return Exists(expr.plan, not expr.negated, expr.span)
        case Quantified():
            op = NEGATED[expr.op]
            return Quantified(op, not expr.all, expr.arg, expr.plan, expr.column, expr.span)
        case Literal() if expr.value is not None:
            return Literal(not expr.value, BOOLEAN)
        case _:
            return Not(expr)


def push_not(expr: Expr) -> Expr:
    """The same predicate with NOT only in front of what has no negative form."""
    kind = expr.__class__
    if kind is Not:
        return negate(expr.arg)  # type: ignore[union-attr]
    return map_children(expr, push_not) if kind is And or kind is Or else expr


# -- NULLs -------------------------------------------------------------------------------------

_STRICT = frozenset({"add", "subtract", "multiply", "divide", "modulo", "negate", "abs", "avg_divide"})


def is_null_when(expr: Expr, columns: Collection[ColumnId]) -> bool:
    """Certainly NULL when all of `columns` are NULL."""
    match expr:
        case ColumnRef():
            return expr.id in columns
        case Literal():
            return expr.value is None
        case Compare():
            return is_null_when(expr.left, columns) or is_null_when(expr.right, columns)
        case Cast():
            return is_null_when(expr.operand, columns)
        case Call():
            return expr.key in _STRICT and any(is_null_when(a, columns) for a in expr.args)
        case Not() | InList() | Like():
            return is_null_when(expr.arg, columns)
        case And() | Or():
            return all(is_null_when(a, columns) for a in expr.args)
        case _:
            return False


def rejects_null(predicate: Expr, columns: Collection[ColumnId]) -> bool:
    """Certainly not true when all of `columns` are NULL."""
    match predicate:
        case And():
            return any(rejects_null(a, columns) for a in predicate.args)
        case Or():
            return all(rejects_null(a, columns) for a in predicate.args)
        case IsNull(negated=True):
            return is_null_when(predicate.arg, columns)
        case Literal():
            return not predicate.value
        case Not(arg=IsNull(negated=False) as test):
            return is_null_when(test.arg, columns)
        case _:
            return is_null_when(predicate, columns)


def null_safe_equal(left: Expr, right: Expr, nullable: bool) -> list[Expr]:
    """`left IS NOT DISTINCT FROM right` as equalities that a hash join can take as keys.

    a = b when neither is NULL, else two keys: (a IS NULL) = (b IS NULL) and, with NULL made an
    arbitrary value of the type, a = b.
    """
    if not nullable:
        return [Compare("=", left, right)]
    both = Compare("=", IsNull(left), IsNull(right))
    return [both, Compare("=", _filled(left), _filled(right))]


def _filled(expr: Expr) -> Expr:
    return Case(((IsNull(expr, negated=True), expr),), zero(expr.type), expr.type)


def zero(type: SqlType) -> Literal:
    """Some value of the type."""
    if type.kind is Kind.BOOLEAN:
        return Literal(False, type)
    if type.is_float:
        return Literal(0.0, type)
    if type.is_super:
        return Literal("0", type)
    return Literal("" if type.physical is Physical.STR else 0, type)


# -- joins ---------------------------------------------------------------------------------------


def joins_by_keys(condition: Expr | None, right: Collection[ColumnId]) -> bool:
    """Whether every conjunct of a join's condition is an equality of both sides or about one side, and one is the
    former: what PostgreSQL calls merge-joinable. `right`: the columns of the right side."""
    keys = 0
    for conjunct in conjuncts(condition):
        used = columns_of(conjunct)
        if used <= set(right) or used.isdisjoint(right):
            continue
        if not isinstance(conjunct, Compare) or conjunct.op != "=":
            return False
        sides = columns_of(conjunct.left), columns_of(conjunct.right)
        if not any(a and a <= set(right) and b.isdisjoint(right) for a, b in (sides, sides[::-1])):
            return False
        keys += 1
    return keys > 0
