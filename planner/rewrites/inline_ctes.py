"""Puts a common table expression in the place of its use, unless computing it once pays.

    WITH v AS (SELECT ...) SELECT ... FROM v WHERE x > 1

Used once, a CTE is just a derived table: predicates can move into it. Used more often it is computed
once and read by all (a shared subplan), except when it only reads, filters and renames a table: then
reading again is cheaper than keeping, and each use can prune its own columns and blocks.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..columns import copy_plan
from ..contents import HAS_SUBQUERY, READS_SHARED, traits_of
from ..expressions import Exists, Expr, Quantified, ScalarSubquery
from ..logical import CteRef, Filter, Logical, Project, Scan, Values
from ..predicates import is_volatile
from ..traverse import expressions, map_expressions, rewrite, walk, walk_plan
from .context import RewriteContext
from .subjects import nodes_where, rewrite_where, subjects_of


def inline_ctes(plan: Logical, context: RewriteContext) -> Logical:
    if not context.ctes:
        return plan
    uses = count_uses([plan, *(body for _, body, _ in context.ctes.values())])
    changed = False
    for number in sorted(context.ctes):
        _, body, columns = context.ctes[number]
        inlined = _inline(body, context, uses)
        changed = changed or inlined is not body
        context.ctes[number] = (number, inlined, columns)
    inlined = _inline(plan, context, uses)
    if changed or inlined is not plan:
        uses = count_uses([inlined, *(body for _, body, _ in context.ctes.values())])
    for number in [n for n in context.ctes if not uses[n]]:
        del context.ctes[number]
    return inlined


def count_uses(plans: Iterable[Logical]) -> Counter[int]:
    """How often each shared subplan is read, also in subqueries."""
    uses: Counter[int] = Counter()
    pending = list(plans)
    while pending:
        for node in nodes_where(pending.pop(), READS_SHARED):
            if isinstance(node, CteRef):
                uses[node.cte] += 1
            for expr in expressions(node) if node.subjects & HAS_SUBQUERY else ():
                if traits_of(expr) & READS_SHARED:
                    pending += [e.plan for e in walk(expr) if isinstance(e, (ScalarSubquery, Exists, Quantified))]
    return uses


def _inline(plan: Logical, context: RewriteContext, uses: Counter[int]) -> Logical:
    def in_subquery(expr: Expr) -> Expr:
        match expr:
            case ScalarSubquery():
                return ScalarSubquery(inlined(expr.plan), expr.column, expr.span)
            case Exists():
                return Exists(inlined(expr.plan), expr.negated, expr.span)
            case Quantified():
                return Quantified(expr.op, expr.all, expr.arg, inlined(expr.plan), expr.column, expr.span)
            case _:
                return expr

    def visit(node: Logical) -> Logical:
        if subjects_of(node) & HAS_SUBQUERY:
            node = map_expressions(node, lambda e: rewrite(e, in_subquery) if traits_of(e) & READS_SHARED else e)
        if isinstance(node, CteRef) and node.cte in context.ctes:
            body = context.ctes[node.cte][1]
            if uses[node.cte] == 1:
                return Project(body, node.columns)
            if is_cheap(body):
                copy, names = copy_plan(body, context.like)
                return Project(copy, tuple([(ref, names[made.id]) for ref, made in node.columns]))
        return node

    def inlined(plan: Logical) -> Logical:
        return rewrite_where(plan, READS_SHARED, visit)

    return inlined(plan)


def is_cheap(body: Logical) -> bool:
    """Only reads, filters and renames a table."""
    for node in walk_plan(body):
        if not isinstance(node, (Scan, Filter, Project, Values)):
            return False
        if any(is_volatile(e) for e in expressions(node)):
            return False
    return True


