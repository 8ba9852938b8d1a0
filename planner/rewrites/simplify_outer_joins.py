"""An outer join whose NULL rows a condition above throws away is a plainer join.

    Filter r.x > 5                        Filter r.x > 5
      Join Left ON l.k = r.k       ->       Join Inner ON l.k = r.k
        Scan l                                Scan l
        Scan r                                Scan r

Also FULL to LEFT, RIGHT or INNER; a RIGHT JOIN is turned round to a LEFT JOIN, so that later rules
know one kind less. SINGLE becomes INNER too when its right side is proven to match at most once.
"""
from __future__ import annotations

from dataclasses import replace

from ..columns import columns_of, output_ids, substitute
from ..expressions import ColumnId, Expr
from ..logical import Aggregate, Filter, Join, JoinKind, Limit, Logical, Project, Sort, Unnest
from ..predicates import conjuncts, rejects_null
from ..traverse import map_inputs
from .context import RewriteContext
from .keys import matches_once
from .subjects import OUTER_JOIN, subjects_of


def simplify_outer_joins(plan: Logical, context: RewriteContext) -> Logical:
    return _visit(plan, [])


def _visit(plan: Logical, above: list[Expr]) -> Logical:
    """`above`: conjuncts that every row must satisfy further up, over this node's columns."""
    if not subjects_of(plan) & OUTER_JOIN:
        return plan
    match plan:
        case Filter():
            source = _visit(plan.input, above + conjuncts(plan.predicate))
            return plan if source is plan.input else Filter(source, plan.predicate)
        case Project():
            names: dict[ColumnId, Expr] = {ref.id: e for ref, e in plan.columns}
            source = _visit(plan.input, [substitute(c, names) for c in above])
            return plan if source is plan.input else Project(source, plan.columns)
        case Sort():
            source = _visit(plan.input, above)
            return plan if source is plan.input else Sort(source, plan.keys)
        case Aggregate():
            keys: dict[ColumnId, Expr] = {ref.id: e for ref, e in plan.groups}
            below = [substitute(c, keys) for c in above if columns_of(c) <= keys.keys()]
            return map_inputs(plan, lambda child: _visit(child, below))
        case Unnest():
            ids = output_ids(plan.input)
            source = _visit(plan.input, [c for c in above if columns_of(c) <= ids])
            return plan if source is plan.input else replace(plan, input=source)
        case Join():
            return _join(plan, above)
        case Limit():
            return map_inputs(plan, lambda child: _visit(child, []))
        case _:
            return map_inputs(plan, lambda child: _visit(child, []))


def _join(join: Join, above: list[Expr]) -> Logical:
    kind = join.kind
    left_ids, right_ids = output_ids(join.left), output_ids(join.right)
    rejects_left = any(rejects_null(c, left_ids) for c in above)
    rejects_right = any(rejects_null(c, right_ids) for c in above)
    if kind is JoinKind.FULL:
        kind = {
            (True, True): JoinKind.INNER, (True, False): JoinKind.LEFT,
            (False, True): JoinKind.RIGHT, (False, False): JoinKind.FULL,
        }[rejects_left, rejects_right]
    if kind is JoinKind.RIGHT:
        if not rejects_left:
            return _join(Join(JoinKind.LEFT, join.right, join.left, join.condition), above)
        kind = JoinKind.INNER
    once = kind is JoinKind.SINGLE and matches_once(join.right, join.condition)
    if kind is JoinKind.LEFT or once:
        kind = JoinKind.INNER if rejects_right else JoinKind.LEFT
    own = [] if join.null_aware else conjuncts(join.condition)  # a NULL on the right decides there
    left_above, right_above = _for_sides(kind, above, own)
    left, right = _visit(join.left, left_above), _visit(join.right, right_above)
    if kind is join.kind and left is join.left and right is join.right:
        return join
    return Join(kind, left, right, join.condition, join.null_aware)


def _for_sides(kind: JoinKind, above: list[Expr], own: list[Expr]) -> tuple[list[Expr], list[Expr]]:
    """Which conjuncts hold for every row of either side that matters."""
    match kind:
        case JoinKind.INNER | JoinKind.CROSS:
            return above + own, above + own
        case JoinKind.SEMI:
            return above + own, own
        case JoinKind.LEFT | JoinKind.SINGLE | JoinKind.ANTI:
            return above, own if kind is not JoinKind.SINGLE else []
        case _:
            return [], []
