"""Which share of the rows satisfies a predicate.

    column = constant        1 / distinct values          out of [min, max]: next to nothing
    column < constant        position between min and max, text by its first bytes
    lower and upper bound    of one column are taken together, not as independent
    a IN (n values)          n / distinct
    LIKE 'abc%'              0.05 a letter, at least       LIKE '%x%'   0.1
    AND, OR, NOT             as if independent

Where a column's sample says that its values are not spread like this, the sample counts (sampled.py).
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...storage.types import SqlType
from ..expressions import (
    And,
    Case,
    ColumnId,
    ColumnRef,
    Compare,
    Expr,
    InList,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
)
from ..predicates import FLIPPED, conjuncts
from .sampled import Sampled, position, sampled

if TYPE_CHECKING:
    from .column_estimates import ColumnEstimate
    from .estimates import Estimator

UNKNOWN_RANGE = 1.0 / 3.0
UNKNOWN_EQUALITY = 0.05
CONTAINS = 0.1
FEWEST = 1e-7  # nothing is impossible: estimates of 0 rows breed absurd plans


def selectivity(predicate: Expr, estimator: Estimator, rows: float) -> float:
    return min(1.0, max(FEWEST, _selectivity(predicate, estimator, rows)))


def _selectivity(predicate: Expr, est: Estimator, rows: float) -> float:
    if predicate.__class__ is Compare:
        return _compare(predicate, est, rows)  # type: ignore[arg-type]
    match predicate:
        case And():
            return _conjunction(conjuncts(predicate), est, rows)
        case Or():
            miss = 1.0
            for arg in predicate.args:
                miss *= 1.0 - selectivity(arg, est, rows)
            return 1.0 - miss
        case Not():
            return 1.0 - _selectivity(predicate.arg, est, rows)
        case IsNull():
            nulls = _known(predicate.arg, est, rows).nulls
            return 1.0 - nulls if predicate.negated else max(nulls, 0.001)
        case InList():
            share = _in_list(predicate, est, rows)
            return 1.0 - share if predicate.negated else share
        case Like():
            share = _like_share(predicate, _known(predicate.arg, est, rows))
            return 1.0 - share if predicate.negated else share
        case Literal():
            return 1.0 if predicate.value else 0.0
        case ColumnRef() | Case():
            return 0.5
        case _:
            return UNKNOWN_RANGE


def _known(expr: Expr, est: Estimator, rows: float) -> ColumnEstimate:
    return est.of_expression(expr, rows)


def _conjunction(parts: list[Expr], est: Estimator, rows: float) -> float:
    """Bounds on the same column are subtracted from each other; the rest multiplies."""
    below: dict[ColumnId, float] = {}
    above: dict[ColumnId, float] = {}
    share = 1.0
    for part in parts:
        side = _bound(part, est, rows)
        if side is None:
            share *= selectivity(part, est, rows)
            continue
        column, upper, value = side
        kept = below if upper else above
        kept[column] = min(kept.get(column, 1.0), value)
    for column in below.keys() | above.keys():
        up, down = below.get(column, 1.0), above.get(column, 1.0)
        share *= max(FEWEST, up + down - 1.0) if up + down > 1.0 else max(FEWEST, 0.02 * min(up, down))
    return share


def _bound(part: Expr, est: Estimator, rows: float) -> tuple[ColumnId, bool, float] | None:
    """(column, is upper bound, share below or above it) of `column op constant`."""
    if not isinstance(part, Compare) or part.op in ("=", "<>"):
        return None
    left, right, op = part.left, part.right, part.op
    if isinstance(left, Literal):
        left, right, op = right, left, FLIPPED[op]
    if isinstance(left, ColumnRef) and isinstance(right, Literal) and right.value is not None:
        return left.id, op in ("<", "<="), _range(op, right.value, est.column(left), left.type)
    return None


def _compare(predicate: Compare, est: Estimator, rows: float) -> float:
    left, right, op = predicate.left, predicate.right, predicate.op
    if isinstance(left, Literal):
        left, right, op = right, left, FLIPPED[op]
    if not isinstance(right, Literal):
        return _between_columns(left, right, op, est, rows)
    if right.value is None:
        return 0.0
    if op in ("=", "<>"):
        share = _equality(left, right.value, est, rows)
        return share if op == "=" else 1.0 - share
    if isinstance(left, ColumnRef):
        return _range(op, right.value, est.column(left), left.type)
    return UNKNOWN_RANGE


def _equality(left: Expr, value: Any, est: Estimator, rows: float) -> float:
    known = _known(left, est, rows)
    if not isinstance(left, ColumnRef):
        return max(UNKNOWN_EQUALITY if known.distinct <= 1 else 0.0, 1.0 / max(1.0, known.distinct))
    if _outside(value, known):
        return FEWEST
    found = _sample_of(known, left.type, value)
    share = 1.0 / max(1.0, known.distinct) if found is None else found.equal(value, known.distinct)
    return (1.0 - known.nulls) * share


def _in_list(predicate: InList, est: Estimator, rows: float) -> float:
    known = _known(predicate.arg, est, rows)
    if isinstance(predicate.arg, ColumnRef) and known.sample is not None:
        return min(1.0, sum([_equality(predicate.arg, value, est, rows) for value in predicate.values]))
    return min(1.0, len(predicate.values) / max(1.0, est.distinct(predicate.arg, rows)))


def _sample_of(known: ColumnEstimate, type: SqlType, value: Any) -> Sampled | None:
    """The column's sample, if it may be compared with `value` the plain way."""
    if type.case_insensitive or value is None:
        return None
    return sampled(known.sample, known.low, known.high, value)


def _outside(value: Any, known: ColumnEstimate) -> bool:
    if known.low is None or known.high is None or isinstance(value, str) != isinstance(known.low, str):
        return False
    return bool(value < known.low or value > known.high)


def _between_columns(left: Expr, right: Expr, op: str, est: Estimator, rows: float) -> float:
    distinct = max(est.distinct(left, rows), est.distinct(right, rows))
    if op == "=":
        return 1.0 / max(1.0, distinct)
    return 1.0 - 1.0 / max(1.0, distinct) if op == "<>" else 0.5


def share_below(ref: ColumnRef, value: Any, inclusive: bool, est: Estimator) -> float:
    """The share of a column's values below a constant, or up to it."""
    return _range("<=" if inclusive else "<", value, est.column(ref), ref.type)


def _range(op: str, value: Any, known: ColumnEstimate, type: SqlType) -> float:
    found = _sample_of(known, type, value)
    if found is not None and not _outside(value, known):
        share = found.below(value, op in ("<=", ">"))
    elif known.low is None or known.high is None or isinstance(value, str) != isinstance(known.low, str):
        return UNKNOWN_RANGE
    else:
        share = _on_the_line(value, known)
    share = share if op in ("<", "<=") else 1.0 - share
    return max(FEWEST, share * (1.0 - known.nulls))


def _on_the_line(value: Any, known: ColumnEstimate) -> float:
    low, high, at = position(known.low), position(known.high), position(value)
    if high <= low:
        return 1.0 if at >= high else 0.0
    return min(1.0, max(0.0, (at - low) / (high - low)))


def _like_share(predicate: Like, known: ColumnEstimate) -> float:
    otherwise = _like(predicate.pattern, predicate.escape)
    found = _sample_of(known, predicate.arg.type, predicate.pattern)
    if found is None:
        return otherwise
    share = found.like(predicate.pattern, predicate.escape, predicate.case_insensitive, otherwise)
    return share * (1.0 - known.nulls)


def _like(pattern: str, escape: str) -> float:
    if not any(c in pattern for c in "%_"):
        return UNKNOWN_EQUALITY
    head = len(pattern) - len(pattern.lstrip("%_"))
    if head == 0:
        fixed = min(pattern.find(c) for c in "%_" if c in pattern)
        return max(0.001, 0.25 ** min(fixed, 3))
    words = [w for w in pattern.replace(escape, "").split("%") if w.strip("_")]
    return max(0.005, CONTAINS ** max(1, len(words)))
