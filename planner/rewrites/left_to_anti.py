"""A left join of which only the rows without a partner are kept is an anti join.

    Filter u.k IS NULL                     Project t..., u.k := NULL
      Join Left ON t.a = u.k        ->       Join Anti ON t.a = u.k
        Scan t                                 Scan t
        Scan u                                 Scan u

Holds if the tested column is not NULL in any row that has a partner: its table has no NULL there, or the
join's condition is not true for one.
"""
from __future__ import annotations

from ..columns import output_columns, output_ids
from ..expressions import ColumnRef, Expr, IsNull, Literal
from ..logical import Filter, Join, JoinKind, Logical, Project
from ..nulls import never_null
from ..predicates import conjoin, conjuncts, rejects_null
from .context import RewriteContext
from .subjects import LEFT_JOIN, rewrite_where


def left_to_anti(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        match node:
            case Filter(input=Join(kind=JoinKind.LEFT) as join):
                return _converted(node, join)
            case _:
                return node

    return rewrite_where(plan, LEFT_JOIN, visit)


def _converted(node: Filter, join: Join) -> Logical:
    parts = conjuncts(node.predicate)
    tests = [c for c in parts if _says_no_partner(c, join)]
    if not tests:
        return node
    anti = Join(JoinKind.ANTI, join.left, join.right, join.condition)
    nulls: list[tuple[ColumnRef, Expr]] = [(c, Literal(None, c.type)) for c in output_columns(join.right)]
    passed: list[tuple[ColumnRef, Expr]] = [(c, c) for c in output_columns(join.left)]
    rest = conjoin([c for c in parts if c not in tests])
    made = Project(anti, tuple(passed + nulls))
    return made if rest is None else Filter(made, rest)


def _says_no_partner(conjunct: Expr, join: Join) -> bool:
    match conjunct:
        case IsNull(arg=ColumnRef() as ref, negated=False) if ref.id in output_ids(join.right):
            strict = join.condition is not None and rejects_null(join.condition, {ref.id})
            return strict or ref.id in never_null(join.right)
        case _:
            return False
