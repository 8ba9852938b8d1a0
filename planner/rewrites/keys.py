"""What is proven about how many rows: unique column sets and single-row plans.

Only structure proves: a GROUP BY makes its groups unique. Declared PRIMARY KEYs are informational in
Redshift and prove nothing.
"""
from __future__ import annotations

from collections.abc import Collection

from ..columns import columns_of, output_ids
from ..expressions import ColumnId, ColumnRef, Compare, Expr, IsNull
from ..logical import (
    Aggregate,
    Filter,
    Join,
    JoinKind,
    Limit,
    Logical,
    Project,
    SetOperation,
    Sort,
    Values,
)
from ..nulls import is_never_null
from ..predicates import conjuncts, disjoin


def single_row(plan: Logical) -> bool:
    """Exactly one row, whatever the data."""
    match plan:
        case Aggregate():
            return not plan.groups
        case Project() | Sort():
            return single_row(plan.input)
        case Values():
            return len(plan.rows) == 1
        case _:
            return False


def at_most_one_row(plan: Logical) -> bool:
    match plan:
        case Filter() | Project() | Sort():
            return at_most_one_row(plan.input)
        case Limit():
            return (plan.count is not None and plan.count <= 1) or at_most_one_row(plan.input)
        case _:
            return single_row(plan)


def is_unique(plan: Logical, columns: Collection[ColumnId]) -> bool:
    """No two rows agree in all of `columns` (where none of them is NULL)."""
    match plan:
        case Aggregate():
            return all(ref.id in columns for ref, _ in plan.groups)
        case Filter() | Sort() | Limit():
            return at_most_one_row(plan) or is_unique(plan.input, columns)
        case Project():
            below = {e.id for ref, e in plan.columns if ref.id in columns and isinstance(e, ColumnRef)}
            return single_row(plan) or is_unique(plan.input, below)
        case Join(kind=JoinKind.SEMI | JoinKind.ANTI | JoinKind.SINGLE):
            return is_unique(plan.left, columns)
        case Values():
            return len(plan.rows) <= 1
        case SetOperation():
            return not plan.all and all(c.id in columns for c in plan.columns)
        case _:
            return False


def matches_once(right: Logical, condition: Expr | None) -> bool:
    """At most one row of `right` fits a left row: the join's equalities cover a unique key of it."""
    ids = output_ids(right)
    keys = {
        side.id
        for c in conjuncts(condition)
        if isinstance(c, Compare) and c.op == "="
        for side, other in ((c.left, c.right), (c.right, c.left))
        if isinstance(side, ColumnRef) and side.id in ids and not columns_of(other) & ids
    }
    return is_unique(right, keys)


def spell_out_nulls(condition: Expr | None, never: Collection[ColumnId]) -> list[Expr]:
    """The conjuncts of a null-aware anti join's condition, each true also where a side is NULL: what NOT
    IN means for the rows of one outer row. `never`: columns that hold no NULL."""
    found: list[Expr] = []
    for part in conjuncts(condition):
        sides = (part.left, part.right) if isinstance(part, Compare) else ()
        nulls = [IsNull(side) for side in sides if not is_never_null(side, set(never))]
        found.append(disjoin([part, *nulls]))
    return found
