"""Where the rows that a dimension's filter keeps lie among its keys, and how many facts refer to them.

    date_dim      73,049 days, keys 2415022 to 2488070
    store_sales   1,823 different days, 2450816 to 2452642:     0.490 to 0.515 of the way
    d_year = 2001               0.5 % of all days:                0.503 to 0.508, if years rise with keys

A join of n facts with m of N keys gives n * m / N rows if the keys kept are any. But who asks for a year
asks for one in which something was sold. A filter's **band** is the share of the rows below it and up to
it; where the column rises with the key, as calendars do, the band is also where the keys lie. If bands
fall within the facts' own range, the keys kept are counted among those that the facts have. A band
outside of it (d_moy = 11: 0.83 to 0.92) shows that the column does not rise with the key.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..expressions import ColumnRef, Compare, Expr, InList, Literal
from ..logical import DependentJoin, Filter, Join, Logical, Scan
from ..predicates import FLIPPED, conjuncts
from .selectivity import selectivity, share_below

if TYPE_CHECKING:
    from .column_estimates import ColumnEstimate
    from .estimates import Estimator

Band = tuple[float, float]
UNIQUE = 0.9  # distinct values per row from which a column counts as a key


def bands(plan: Logical, filters: Iterable[Expr], est: Estimator) -> list[Band]:
    """One for each conjunct that keeps a range of a column of a table."""
    if isinstance(plan, Filter) and isinstance(plan.input, Scan):
        filters = [*conjuncts(plan.predicate), *filters]
    elif not isinstance(plan, Scan):
        return []
    found = [_band(part, est) for part in filters]
    return [band for band in found if band is not None]


def _band(part: Expr, est: Estimator) -> Band | None:
    match part:
        case Compare(left=Literal(), right=ColumnRef()):
            return _band(Compare(FLIPPED[part.op], part.right, part.left), est)
        case Compare(left=ColumnRef() as ref, right=Literal(value=value)) if value is not None and part.op != "<>":
            low = 0.0 if part.op in ("<", "<=") else share_below(ref, value, part.op == ">", est)
            high = 1.0 if part.op in (">", ">=") else share_below(ref, value, part.op != "<", est)
            return low, high
        case InList(arg=ColumnRef() as ref, negated=False) if part.values:
            low = share_below(ref, min(part.values), False, est)
            return low, share_below(ref, max(part.values), True, est)
        case _:
            return None


def may_have_bands(facts: ColumnEstimate, keys: ColumnEstimate) -> bool:
    """Whether `key_share` asks for the bands of the keys' table at all."""
    return keys.distinct >= UNIQUE * keys.source_rows and keys.distinct > facts.distinct


def key_share(facts: ColumnEstimate, keys: ColumnEstimate, kept: list[Band]) -> float:
    """The share of all pairs of a fact and a key kept that match; `kept` are the bands of the keys' table."""
    apart = 1.0 / max(1.0, facts.distinct, keys.distinct)
    if not kept or not may_have_bands(facts, keys):
        return apart
    ends = (facts.low, facts.high, keys.low, keys.high)
    if any(end is None or isinstance(end, str) for end in ends) or keys.high <= keys.low:
        return apart
    span = keys.high - keys.low
    low, high = (facts.low - keys.low) / span, (facts.high - keys.low) / span
    within = max(1.0, facts.distinct, (min(high, 1.0) - max(low, 0.0)) * keys.distinct)  # keys of the facts' range
    return max(apart, max([_overlap(band, low, high) for band in kept]) / within)


def join_selectivity(join: Join | DependentJoin, est: Estimator) -> float:
    """Share of all pairs that a join's condition keeps."""
    left, right = est.rows(join.left), est.rows(join.right)
    share = 1.0
    for part in conjuncts(join.condition):
        match part:
            case Compare(op="=", left=ColumnRef() as one, right=ColumnRef() as other):
                few, many = est.column(one), est.column(other)
                keys = other
                if few.distinct > many.distinct:
                    few, many, keys = many, few, one
                kept = _bands_of_side(join, keys, est) if may_have_bands(few, many) else []
                share *= key_share(few, many, kept)
            case Compare(op="=", left=one, right=other):
                known = max(est.of_expression(one, left).distinct, est.of_expression(other, right).distinct)
                share /= max(1.0, known)
            case _:
                share *= selectivity(part, est, max(left, right))
    return share


def _bands_of_side(join: Join | DependentJoin, keys: ColumnRef, est: Estimator) -> list[Band]:
    """Those of the side that makes the column, if that is a table."""
    for side in (join.left, join.right):
        inside = side.input if isinstance(side, Filter) else side
        if isinstance(inside, Scan) and any(ref.id == keys.id for ref, _ in inside.columns):
            return bands(side, (), est)
    return []


def _overlap(band: Band, low: float, high: float) -> float:
    """The share of a band that lies between `low` and `high`."""
    width = band[1] - band[0]
    if width <= 0.0:
        return 1.0 if low <= band[0] <= high else 0.0
    return max(0.0, min(band[1], high) - max(band[0], low)) / width
