"""What a rewrite rule may use besides the plan: fresh columns, constant evaluation, shared subplans."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from ...storage.types import SqlType
from ..columns import largest_id, output_columns
from ..expressions import ColumnRef, Expr
from ..logical import CteRef, Logical, Query

Evaluate = Callable[[Expr], Any]
Cte = tuple[int, Logical, tuple[ColumnRef, ...]]


@dataclass(slots=True)
class RewriteContext:
    """Rules are pure functions of (plan, context); the context only hands out new numbers and keeps
    the list of subplans that are computed once and read in several places (`ctes`)."""

    next_id: count[int]
    evaluate: Evaluate | None = None
    ctes: dict[int, Cte] = field(default_factory=dict)

    @staticmethod
    def of(query: Query, evaluate: Evaluate | None = None) -> RewriteContext:
        plans = [query.plan, *(plan for _, plan, _ in query.ctes)]
        top = max(largest_id(plan) for plan in plans)
        return RewriteContext(count(top + 1), evaluate, {cte[0]: cte for cte in query.ctes})

    def fresh(self, type: SqlType, name: str, nullable: bool = True) -> ColumnRef:
        return ColumnRef(next(self.next_id), type, name, nullable)

    def like(self, ref: ColumnRef) -> ColumnRef:
        """A new column with the type and name of another."""
        return ColumnRef(next(self.next_id), ref.type, ref.name, ref.nullable)

    def share(self, plan: Logical) -> int:
        """Registers a subplan that will be computed once; use it with `use`."""
        number = max(self.ctes, default=-1) + 1
        self.ctes[number] = (number, plan, output_columns(plan))
        return number

    def use(self, number: int, columns: Iterable[ColumnRef] | None = None) -> CteRef:
        """A reading of a shared subplan, with columns of its own."""
        _, _, made = self.ctes[number]
        return CteRef(number, tuple([(self.like(c), c) for c in (made if columns is None else columns)]))
