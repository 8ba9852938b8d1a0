"""Puts a common table expression in the place of its use, unless computing it once pays.

    WITH v AS (SELECT ...) SELECT ... FROM v WHERE x > 1

Used once, a CTE is just a derived table: predicates can move into it. Used more often it is computed
once and read by all (a shared subplan), except when it only reads, filters and renames a table: then
reading again is cheaper than keeping, and each use can prune its own columns and blocks.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..columns import copy_plan, has_subquery
from ..expressions import Exists, Expr, Quantified, ScalarSubquery
from ..logical import CteRef, Filter, Logical, Project, Scan, Values
from ..predicates import is_volatile
from ..traverse import expressions, map_expressions, map_inputs, rewrite, walk, walk_plan
from .context import RewriteContext


def inline_ctes(plan: Logical, context: RewriteContext) -> Logical:
    if not context.ctes:
        return plan
    uses = count_uses([plan, *(body for _, body, _ in context.ctes.values())], context.subqueries)
    for number in sorted(context.ctes):
        _, body, columns = context.ctes[number]
        context.ctes[number] = (number, _inline(body, context, uses), columns)
    plan = _inline(plan, context, uses)
    left = count_uses([plan, *(body for _, body, _ in context.ctes.values())], context.subqueries)
    for number in [n for n in context.ctes if not left[n]]:
        del context.ctes[number]
    return plan


def count_uses(plans: Iterable[Logical], subqueries: bool) -> Counter[int]:
    """How often each shared subplan is read, also in subqueries, where expressions hold some."""
    uses: Counter[int] = Counter()
    pending = list(plans)
    while pending:
        for node in walk_plan(pending.pop()):
            if isinstance(node, CteRef):
                uses[node.cte] += 1
            for expr in expressions(node) if subqueries else ():
                if has_subquery(expr):
                    pending += [e.plan for e in walk(expr) if isinstance(e, (ScalarSubquery, Exists, Quantified))]
    return uses


def _inline(plan: Logical, context: RewriteContext, uses: Counter[int]) -> Logical:
    def in_subquery(expr: Expr) -> Expr:
        match expr:
            case ScalarSubquery():
                return ScalarSubquery(visit(expr.plan), expr.column, expr.span)
            case Exists():
                return Exists(visit(expr.plan), expr.negated, expr.span)
            case Quantified():
                return Quantified(expr.op, expr.all, expr.arg, visit(expr.plan), expr.column, expr.span)
            case _:
                return expr

    def visit(node: Logical) -> Logical:
        node = map_inputs(node, visit)
        if context.subqueries:
            node = map_expressions(node, lambda e: rewrite(e, in_subquery) if has_subquery(e) else e)
        if isinstance(node, CteRef) and node.cte in context.ctes:
            body = context.ctes[node.cte][1]
            if uses[node.cte] == 1:
                return Project(body, node.columns)
            if is_cheap(body):
                copy, names = copy_plan(body, context.like)
                return Project(copy, tuple([(ref, names[made.id]) for ref, made in node.columns]))
        return node

    return visit(plan)


def is_cheap(body: Logical) -> bool:
    """Only reads, filters and renames a table."""
    for node in walk_plan(body):
        if not isinstance(node, (Scan, Filter, Project, Values)):
            return False
        if any(is_volatile(e) for e in expressions(node)):
            return False
    return True


