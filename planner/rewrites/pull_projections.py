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
from ..traverse import expressions, map_expressions, map_inputs, walk, with_inputs
from .context import RewriteContext
from .subjects import PROJECTION, subjects_of

Names = dict[ColumnId, Expr]
_LEFT_KINDS = (JoinKind.LEFT, JoinKind.SEMI, JoinKind.ANTI, JoinKind.SINGLE)
_INNER_KINDS = (JoinKind.INNER, JoinKind.CROSS)


def pull_projections(plan: Logical, context: RewriteContext) -> Logical:
    return _visit(plan)


def _visit(node: Logical) -> Logical:
    if not subjects_of(node) & PROJECTION:
        return node
    if isinstance(node, Join):
        core, names = _join(node)
        return _computed(core, names, node)
    node = map_inputs(node, _visit)
    below = getattr(node, "input", None)
    return _over(node, below) if isinstance(below, Project) else node


def _over(node: Logical, below: Project) -> Logical:
    """The node, and the projection under it, in another order or as one."""
    match node:
        case Filter() if isinstance(below.input, Join) and _is_cheap(node, below):
            names = {ref.id: e for ref, e in below.columns}
            return Project(Filter(below.input, substitute(node.predicate, names)), below.columns)
        case Project() | Aggregate():
            return _merge(node, below)
        case Sort() if _is_renaming(below):
            names = {ref.id: e for ref, e in below.columns}
            keys = map_expressions(node, lambda e: substitute(e, names))
            return Project(with_inputs(keys, (below.input,)), below.columns)
        case _:
            return node


def _is_renaming(project: Project) -> bool:
    return all(isinstance(e, ColumnRef) for _, e in project.columns)


def _is_cheap(node: Logical, below: Project) -> bool:
    """Putting the projection's expressions into `node` computes none of them more than once."""
    computed = [(ref.id, e) for ref, e in below.columns if e.__class__ is not ColumnRef and e.__class__ is not Literal]
    if not computed:
        return True
    uses = Counter([e.id for expr in expressions(node) for e in walk(expr) if isinstance(e, ColumnRef)])
    return all(uses[id] <= 1 and not is_volatile(e) for id, e in computed)


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
    return worth and not any(is_volatile(e) for _, e in plan.columns if not isinstance(e, ColumnRef))


# -- joins ---------------------------------------------------------------------------------------


def _join(join: Join) -> tuple[Join, Names]:
    """The join over what its inputs' projections stood on, and what those compute of its columns. A tree of joins is
    gone down in one go and its columns are listed once, at the top: it may have many of both."""
    keeps_right = join.kind not in (JoinKind.SEMI, JoinKind.ANTI)
    left, names = _operand(join.left, join.kind in (*_INNER_KINDS, *_LEFT_KINDS))
    free = join.kind in _INNER_KINDS or not keeps_right
    right, others = _operand(join.right, free, only_renaming=join.kind in _LEFT_KINDS)
    if left is join.left and right is join.right:
        return join, names
    condition = join.condition
    if condition is not None and others:
        condition = substitute(condition, others)
    if condition is not None and names:
        condition = substitute(condition, names)
    if keeps_right:
        names.update(others)
    return Join(join.kind, left, right, condition, join.null_aware), names


def _operand(plan: Logical, free: bool, only_renaming: bool = False) -> tuple[Logical, Names]:
    """A join's input without the projection on it, and what that computes. `free`: any projection may go,
    `only_renaming`: one that computes nothing."""
    if not subjects_of(plan) & PROJECTION:
        return plan, {}
    if isinstance(plan, Join):
        core, names = _join(plan)
        if free or (only_renaming and all(isinstance(e, ColumnRef) for e in names.values())):
            return core, names
        return _computed(core, names, plan), {}
    plan = _visit(plan)
    if isinstance(plan, Project) and _movable(plan) and (free or (only_renaming and _is_renaming(plan))):
        return plan.input, {ref.id: e for ref, e in plan.columns}
    return plan, {}


def _computed(core: Join, names: Names, join: Join) -> Logical:
    """The columns of `join` over the join without projections."""
    return Project(core, tuple([(c, names.get(c.id, c)) for c in output_columns(join)])) if names else core
