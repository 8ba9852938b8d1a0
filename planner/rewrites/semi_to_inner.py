"""A semi join that finds at most one row is an inner join, which may be reordered freely.

    Join Semi ON o.k = g.k              Join Inner ON o.k = g.k
      Scan o                       ->     Scan o
      Filter s > 300                      Filter s > 300
        Aggregate sum(q) BY g.k             Aggregate sum(q) BY g.k        (TPC-H Q18)

The right side's columns come out too; nobody above uses them.
"""
from __future__ import annotations

from ..logical import Join, JoinKind, Logical
from .context import RewriteContext
from .keys import matches_once
from .subjects import SEMI_JOIN, rewrite_where


def semi_to_inner(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        match node:
            case Join(kind=JoinKind.SEMI) if matches_once(node.right, node.condition):
                return Join(JoinKind.INNER, node.left, node.right, node.condition)
            case _:
                return node

    return rewrite_where(plan, SEMI_JOIN, visit)
