"""Predicates as lists of conjuncts, and the few three-valued facts that rules build on.

    conjuncts(a AND (b AND c)) = [a, b, c]          conjoin([a, b, c]) = a AND b AND c

A WHERE keeps a row only if its predicate is *true*: false and NULL are the same there. Hence
`rejects_null(p, columns)`: "p is not true when all of these columns are NULL" turns an outer join
into an inner one. `negate` pushes NOT to the leaves, which holds in three-valued logic too.

`can_fail` says which expressions may raise an error for some row. They are never moved in front of a
filter or join that stood before them. Overflow of +, -, * and of sums is not counted: nearly every
expression could overflow, and the engine reports it only for rows that count where it runs.
"""
from __future__ import annotations

from collections.abc import Collection, Iterable

from ..storage.types import BOOLEAN, Kind, Physical, SqlType
from .columns import columns_of
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
    ScalarSubquery,
)
from .functions import SIGNATURES
from .functions.semistructured import INFALLIBLE_KEYS
from .traverse import walk

TRUE = Literal(True, BOOLEAN)
FALSE = Literal(False, BOOLEAN)
FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
NEGATED = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def conjuncts(expr: Expr | None) -> list[Expr]:
    if expr is None:
        return []
    kind = expr.__class__
    if kind is And:
        return [c for arg in expr.args for c in conjuncts(arg)]  # type: ignore[union-attr]
    return [] if kind is Literal and is_true(expr) else [expr]


def disjuncts(expr: Expr) -> list[Expr]:
    if isinstance(expr, Or):
        return [d for arg in expr.args for d in disjuncts(arg)]
    return [expr]


def conjoin(parts: Iterable[Expr]) -> Expr | None:
    unique = list(parts)
    if len(unique) > 1:
        unique = list(dict.fromkeys(unique)) if len(unique) > _MANY else _distinct(unique)
    if not unique:
        return None
    return unique[0] if len(unique) == 1 else And(tuple(unique))


_MANY = 24  # parts from which on hashing all is cheaper than comparing each with each


def _distinct(parts: list[Expr]) -> list[Expr]:
    unique: list[Expr] = []
    for part in parts:
        if not any(part == other for other in unique):
            unique.append(part)
    return unique


def conjoin_or_true(parts: Iterable[Expr]) -> Expr:
    joined = conjoin(parts)
    return TRUE if joined is None else joined


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
    match expr:
        case Not():
            return negate(expr.arg)
        case And():
            return And(tuple([push_not(a) for a in expr.args]))
        case Or():
            return Or(tuple([push_not(a) for a in expr.args]))
        case _:
            return expr


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


# -- errors and volatility -----------------------------------------------------------------------

# Overflow is not counted as failing, of numbers as of dates; the rest stands in the function catalogue.
_OVERFLOW_ONLY = frozenset({"add", "subtract", "multiply", "negate", "abs", "avg_divide"})
_OVERFLOW_FAMILIES = ("extract_", "date_", "ts_", "moments_")
_INFALLIBLE = _OVERFLOW_ONLY | frozenset(INFALLIBLE_KEYS) | frozenset(
    s.key for s in SIGNATURES if not s.fallible and s.build is None)
VOLATILE = frozenset(s.key for s in SIGNATURES if s.volatility == "volatile")


def can_fail(expr: Expr) -> bool:
    """May raise an error for some row."""
    return any(_node_can_fail(e) for e in walk(expr) if e.__class__ in _MAY_FAIL)


_MAY_FAIL = frozenset((Call, Cast, ScalarSubquery))  # kinds that some expressions of can fail


def _node_can_fail(expr: Expr) -> bool:
    match expr:
        case Call(key="divide" | "modulo"):
            divisor = expr.args[1]
            return not (isinstance(divisor, Literal) and divisor.value)
        case Call():
            return expr.key not in _INFALLIBLE and not expr.key.startswith(_OVERFLOW_FAMILIES)
        case Cast():
            return _cast_can_fail(expr.operand.type, expr.type)
        case ScalarSubquery():
            return True
        case _:
            return False


_INTEGER_ORDER = {Kind.SMALLINT: 0, Kind.INTEGER: 1, Kind.BIGINT: 2}
_INTEGER_DIGITS = {Kind.SMALLINT: 5, Kind.INTEGER: 10, Kind.BIGINT: 19}


def _cast_can_fail(source: SqlType, target: SqlType) -> bool:
    if source == target or (target.is_float and source.is_numeric):
        return False
    if source.is_super or target.is_super:
        return not source.is_super and source.is_float
    if source.is_integer and target.is_integer:
        return _INTEGER_ORDER[source.kind] > _INTEGER_ORDER[target.kind]
    if target.kind is Kind.DECIMAL and source.is_exact:
        digits = _INTEGER_DIGITS.get(source.kind, source.precision - source.scale)
        return target.precision - target.scale < digits
    if source.is_string and target.is_string:
        return target.kind is Kind.CHAR is not source.kind  # an explicit cast cuts the text off
    if source.kind is Kind.DATE:
        return target.kind not in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ)
    return True


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


def is_volatile(expr: Expr) -> bool:
    return any(e.__class__ is Call and e.key in VOLATILE for e in walk(expr))  # type: ignore[union-attr]

