"""What a rewrite rule may use besides the plan: fresh columns, constant evaluation, shared subplans."""
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from itertools import count
from typing import Any

from ...records import dataclass
from ...storage.types import Kind, SqlType
from ..columns import output_columns
from ..expressions import ColumnRef, Expr, Literal
from ..logical import CteRef, Logical, Query
from ..nulls import never_null
from ..traverse import expressions, walk, walk_plan

Evaluate = Callable[[Expr], Any]
Cte = tuple[int, Logical, tuple[ColumnRef, ...]]


DERIVED = 1 << 20  # numbers from here on are literals that folding made of numbered ones


@dataclass(slots=True)
class LiteralTrace:
    """What became of the statement's numbered literals (Literal.parameter), for the plan cache.

    A rule that looks at a literal's value to decide what the plan is **pins** it: the plan then holds for
    that value only. A literal folded from others is **derived**: its recipe computes it for other values.
    """

    pinned: set[int] = field(default_factory=set)
    derived: dict[int, Expr] = field(default_factory=dict)

    def pin(self, expr: Expr) -> None:
        for part in walk(expr):
            if part.__class__ is Literal:
                number = part.parameter  # type: ignore[union-attr]
                if number >= DERIVED:
                    self.pin(self.derived[number])
                elif number >= 0:
                    self.pinned.add(number)

    def pin_plan(self, plan: Logical) -> None:
        for node in walk_plan(plan):
            for expr in expressions(node):
                self.pin(expr)

    def derive(self, expr: Expr, value: Any) -> Literal:
        """The literal that an expression over literals folds to."""
        span = getattr(expr, "span", None)
        for part in walk(expr):
            if part.__class__ is Literal and part.parameter >= 0:  # type: ignore[union-attr]
                break
        else:
            return Literal(value, expr.type, -1, span)
        if value is None or expr.type.kind is Kind.BOOLEAN:  # rules look at truth and NULL
            self.pin(expr)
            return Literal(value, expr.type, -1, span)
        number = DERIVED + len(self.derived)
        self.derived[number] = expr
        return Literal(value, expr.type, number, span)

    def fixed(self, literal: Literal) -> Literal:
        """The literal without its number, pinned."""
        number = literal.parameter
        if number < 0:
            return literal
        if number < DERIVED:
            self.pinned.add(number)
        else:
            self.pin(literal)
        return Literal(literal.value, literal.type, -1, literal.span, literal.local)


@dataclass(slots=True)
class RewriteContext:
    """Rules are pure functions of (plan, context); the context only hands out new numbers and keeps
    the list of subplans that are computed once and read in several places (`ctes`)."""

    next_id: count[int]
    evaluate: Evaluate | None = None
    ctes: dict[int, Cte] = field(default_factory=dict)
    literals: LiteralTrace = field(default_factory=LiteralTrace)

    @staticmethod
    def of(query: Query, evaluate: Evaluate | None = None) -> RewriteContext:
        ctes = {cte[0]: cte for cte in query.ctes}
        return RewriteContext(count(query.next_id), evaluate, ctes)

    def fresh(self, type: SqlType, name: str, nullable: bool = True) -> ColumnRef:
        return ColumnRef(next(self.next_id), type, name, nullable)

    def like(self, ref: ColumnRef) -> ColumnRef:
        """A new column with the type and name of another."""
        return ColumnRef(next(self.next_id), ref.type, ref.name, ref.nullable)

    def share(self, plan: Logical) -> int:
        """Registers a subplan that will be computed once; use it with `use`. Its columns are nullable unless
        proven otherwise: where they were made they may not be, but an outer join may stand above."""
        number = max(self.ctes, default=-1) + 1
        never = never_null(plan)
        columns = tuple([ColumnRef(c.id, c.type, c.name, c.id not in never, c.span) for c in output_columns(plan)])
        self.ctes[number] = (number, plan, columns)
        return number

    def use(self, number: int, columns: Iterable[ColumnRef] | None = None) -> CteRef:
        """A reading of a shared subplan, with columns of its own."""
        _, _, made = self.ctes[number]
        return CteRef(number, tuple([(self.like(c), c) for c in (made if columns is None else columns)]))
