"""A shared subplan gives only the rows that one of its readers keeps.

    Join ON a.k = b.k                              Shared 0
      Filter year = 2001                             Filter year = 2001 OR year = 2002
        Shared 0                           ->          Aggregate sum(x) BY k, year
      Filter year = 2002
        Shared 0                           (TPC-DS Q4)

What stands directly above each reading, as far as it can be pushed below what the subplan makes, is
joined by OR and becomes a filter on top of the subplan; pushing moves it on. The readers keep their
filters. One reader without a filter wants all rows, and nothing is done.
"""
from __future__ import annotations

from collections.abc import Iterable

from ..columns import columns_of, output_ids, substitute
from ..contents import READS_SHARED
from ..expressions import ColumnId, ColumnRef, Expr
from ..logical import (
    Aggregate,
    CteRef,
    Filter,
    Join,
    JoinKind,
    Logical,
    Project,
    Scan,
    SetOperation,
    Sort,
    VirtualScan,
)
from ..predicates import can_fail, conjoin_or_true, conjuncts, disjoin, is_volatile
from ..traverse import inputs
from .subjects import subjects_of

MOST_READERS = 16  # beyond, the OR costs more than it saves


def restricted(number: int, body: Logical, readers: Iterable[Logical]) -> Logical:
    """The body of shared subplan `number` with a filter for what the plans in `readers` keep of it."""
    asked = _asked(number, readers)
    if asked is None or not 0 < len(asked) <= MOST_READERS:
        return body
    passing = _passing(body)
    kept = [[part for part in parts if _fits(part, passing)] for parts in asked]
    if not all(kept):
        return body
    each = list(dict.fromkeys(conjoin_or_true(parts) for parts in kept))
    return Filter(body, disjoin(each))


def _fits(part: Expr, passing: frozenset[ColumnId]) -> bool:
    used = columns_of(part)
    return bool(used) and used <= passing and not can_fail(part) and not is_volatile(part)


def _asked(number: int, readers: Iterable[Logical]) -> list[list[Expr]] | None:
    """Each reading's conjuncts, over the subplan's own columns; None if one has none."""
    found: list[list[Expr]] = []
    pending = [plan for plan in readers if subjects_of(plan) & READS_SHARED]
    while pending:
        node = pending.pop()
        match node:
            case Filter(input=CteRef() as reading) if reading.cte == number:
                names: dict[ColumnId, Expr] = {ref.id: made for ref, made in reading.columns}
                found.append([substitute(part, names) for part in conjuncts(node.predicate)])
            case CteRef() if node.cte == number:
                return None
            case _:
                pending += [below for below in inputs(node) if below.subjects & READS_SHARED]
    return found


def _within(expr: Expr, below: frozenset[ColumnId]) -> bool:
    return expr.id in below if isinstance(expr, ColumnRef) else columns_of(expr) <= below


def _passing(plan: Logical) -> frozenset[ColumnId]:
    """Output columns by which rows may be dropped below the node as well as above it."""
    match plan:
        case Scan() | VirtualScan() | CteRef():
            return output_ids(plan)
        case Filter() | Sort():
            return _passing(plan.input)
        case Project():
            below = _passing(plan.input)
            return frozenset([ref.id for ref, e in plan.columns if _within(e, below) and not is_volatile(e)])
        case Aggregate():
            below = _passing(plan.input)
            return frozenset([ref.id for ref, e in plan.groups if _within(e, below)])
        case SetOperation():
            left, right = _passing(plan.left), _passing(plan.right)
            feeds = zip(plan.columns, plan.left_columns, plan.right_columns)
            return frozenset([ref.id for ref, a, b in feeds if a.id in left and b.id in right])
        case Join(kind=JoinKind.INNER | JoinKind.CROSS):
            return _passing(plan.left) | _passing(plan.right)
        case Join(kind=JoinKind.LEFT | JoinKind.SEMI | JoinKind.ANTI | JoinKind.SINGLE):
            return _passing(plan.left)
        case _:
            return frozenset()
