"""Gets projections out of the way of joins, and merges them with what is above.

    Join Inner ON a.x = b.y                Project x, y, x + 1
      Project x, x + 1                ->     Join Inner ON a.x = b.y
        Join Inner ...                         Join Inner ...
      Scan b                                   Scan b

    Project z := y * 2                     Project z := (x + 1) * 2
      Project y := x + 1              ->     Scan
        Scan

Derived tables and views thereby join the region of inner joins around them, and expressions are
computed late, for the rows that are left. A computed column is put into the node above only if it is
used once there or costs nothing; volatile functions stay. Projections over a plain scan stay in place
below joins: nothing is gained by moving them.
"""
from __future__ import annotations

from collections import Counter

from ..columns import output_columns, substitute
from ..expressions import ColumnId, ColumnRef, Expr, Literal
from ..logical import (
    Aggregate,
    Filter,
    Join,
    JoinKind,
    Logical,
    Project,
    Sort,
)
from ..predicates import is_volatile
from ..traverse import expressions, map_expressions, rewrite_plan, walk, with_inputs
from .context import RewriteContext

_LEFT_KINDS = (JoinKind.LEFT, JoinKind.SEMI, JoinKind.ANTI, JoinKind.SINGLE)
_INNER_KINDS = (JoinKind.INNER, JoinKind.CROSS)


def pull_projections(plan: Logical, context: RewriteContext) -> Logical:
    def visit(node: Logical) -> Logical:
        match node:
            case Join():
                return _join(node)
            case Filter(input=Project() as below) if isinstance(below.input, Join) and _is_cheap(node, below):
                names: dict[ColumnId, Expr] = {ref.id: e for ref, e in below.columns}
                return Project(Filter(below.input, substitute(node.predicate, names)), below.columns)
            case Project(input=Project() as below) | Aggregate(input=Project() as below):
                return _merge(node, below)
            case Sort(input=Project() as below) if _is_renaming(below):
                names = {ref.id: e for ref, e in below.columns}
                keys = map_expressions(node, lambda e: substitute(e, names))
                return Project(with_inputs(keys, (below.input,)), below.columns)
            case _:
                return node

    return rewrite_plan(plan, visit)


def _is_plain(expr: Expr) -> bool:
    return isinstance(expr, (ColumnRef, Literal))


def _is_renaming(project: Project) -> bool:
    return all(isinstance(e, ColumnRef) for _, e in project.columns)


def _is_cheap(node: Logical, below: Project) -> bool:
    """Putting the projection's expressions into `node` computes none of them more than once."""
    uses = Counter(e.id for expr in expressions(node) for e in walk(expr) if isinstance(e, ColumnRef))
    return all(_is_plain(e) or (uses[ref.id] <= 1 and not is_volatile(e)) for ref, e in below.columns)


def _merge(node: Logical, below: Project) -> Logical:
    if not _is_cheap(node, below):
        return node
    names: dict[ColumnId, Expr] = {ref.id: e for ref, e in below.columns}
    return with_inputs(map_expressions(node, lambda e: substitute(e, names)), (below.input,))


def _movable(plan: Logical) -> bool:
    """A projection over a join (or one that only renames) without volatile expressions."""
    if not isinstance(plan, Project):
        return False
    worth = isinstance(plan.input, (Join, Filter)) or _is_renaming(plan)
    return worth and not any(is_volatile(e) for _, e in plan.columns)


def _join(join: Join) -> Logical:
    names: dict[ColumnId, Expr] = {}
    left, right = join.left, join.right
    columns: list[tuple[ColumnRef, Expr]] = []
    keeps_right = join.kind not in (JoinKind.SEMI, JoinKind.ANTI)
    if isinstance(left, Project) and join.kind in (*_INNER_KINDS, *_LEFT_KINDS) and _movable(left):
        names.update({ref.id: e for ref, e in left.columns})
        columns.extend(left.columns)
        left = left.input
    else:
        columns.extend([(c, c) for c in output_columns(left)])
    free_right = join.kind in _INNER_KINDS or not keeps_right
    if isinstance(right, Project) and _movable(right) and (
        free_right or (join.kind in _LEFT_KINDS and _is_renaming(right))
    ):
        names.update({ref.id: e for ref, e in right.columns})
        if keeps_right:
            columns.extend(right.columns)
        right = right.input
    elif keeps_right:
        columns.extend([(c, c) for c in output_columns(right)])
    if left is join.left and right is join.right:
        return join
    condition = None if join.condition is None else substitute(join.condition, names)
    return Project(Join(join.kind, left, right, condition, join.null_aware), tuple(columns))
