"""The join graph: a region of joins taken apart into leaves, equalities and constraints.

    Join Semi ON l.k = x.k                     leaves   0 orders, 1 lineitem, 2 x (Semi, after {1})
      Join Inner ON o.k = l.k           ->     classes  {o.k, l.k}
        Scan orders                            filters  none
        Scan lineitem

Inner joins may be done in any order. A LEFT, SEMI, ANTI or SINGLE join is a leaf with a constraint:
it is joined alone, to a set that holds all leaves its condition speaks of. (A SINGLE join waits for
everything that stood on its left: earlier it could fail for rows that other joins drop.) A FULL join is
a graph of its own with two leaves; filters that can fail are left where they are.

Columns made equal by inner joins form **classes**. A class is a join key between any two sets that
both have a member, so a = b AND b = c lets a meet c directly. Keys that are not plain columns of one
hash family are **pairs** of expressions.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from itertools import pairwise

from ...errors import NotSupportedError
from ...records import dataclass
from ...storage.distribution import family
from ...storage.types import BIGINT
from ..columns import columns_of, output_ids
from ..expressions import Case, Cast, ColumnId, ColumnRef, Compare, Expr, Literal
from ..logical import Filter, Join, JoinKind, Logical
from ..nulls import never_null
from ..physical import Physical
from ..predicates import can_fail, conjoin, conjuncts
from ..rewrites.keys import spell_out_nulls
from .distribution import key_column

INNER_KINDS = (JoinKind.INNER, JoinKind.CROSS)
_ORDERED = (JoinKind.LEFT, JoinKind.SEMI, JoinKind.ANTI, JoinKind.SINGLE)
CONSTRAINED = (*_ORDERED, JoinKind.FULL)
Key = tuple[Expr, Expr]


@dataclass(slots=True)
class Leaf:
    """One input of the region. For a constrained one: its kind, what it must come after (`after`, a
    mask of leaves), its keys (left, right) and the rest of its condition."""

    index: int
    plan: Logical
    ids: frozenset[ColumnId]
    kind: JoinKind = JoinKind.INNER
    after: int = 0
    keys: tuple[Key, ...] = ()
    residual: tuple[Expr, ...] = ()
    null_aware: bool = False
    filters: list[Expr] = field(default_factory=list)  # conjuncts about this leaf alone
    physical: Physical | None = None  # filled in by the planner
    rows: float = 0.0
    width: float = 8.0


@dataclass(slots=True)
class Pair:
    """An equality of two expressions over different leaves."""

    left: Expr
    right: Expr
    left_mask: int
    right_mask: int


@dataclass(slots=True)
class Condition:
    """Any other conjunct over several leaves."""

    expr: Expr
    mask: int


@dataclass(slots=True)
class JoinGraph:
    leaves: list[Leaf] = field(default_factory=list)
    classes: dict[ColumnId, dict[int, ColumnRef]] = field(default_factory=dict)  # root: leaf -> member
    pairs: list[Pair] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    constrained: int = 0  # mask of leaves with a constraint
    roots: dict[ColumnId, ColumnId] = field(default_factory=dict)
    homes: dict[ColumnId, int] = field(default_factory=dict)  # the leaf of each column, as a mask

    def add(self, leaf: Leaf) -> None:
        self.leaves.append(leaf)
        self.homes.update(dict.fromkeys(leaf.ids, 1 << leaf.index))

    def root(self, column: ColumnId) -> ColumnId:
        while (parent := self.roots.get(column, column)) != column:
            column = parent
        return column

    def mask_of(self, columns: Iterable[ColumnId]) -> int:
        """Those of this graph's leaves that the columns come from."""
        mask = 0
        for column in columns:
            mask |= self.homes.get(column, 0)
        return mask

    def mask_of_expression(self, expr: Expr) -> int:
        if expr.__class__ is ColumnRef:
            return self.homes.get(expr.id, 0)  # type: ignore[union-attr]
        return self.mask_of(columns_of(expr))

    def members(self, root: ColumnId) -> list[ColumnRef]:
        return list(self.classes.get(root, {}).values())


def extract(plan: Join) -> JoinGraph:
    graph = JoinGraph()
    found: list[Expr] = []
    if plan.kind is JoinKind.FULL:
        graph.add(Leaf(0, plan.left, output_ids(plan.left)))
        _add_constrained(plan, graph, 0)
    else:
        _collect(plan, graph, found)
    for conjunct in found:
        _add_condition(graph, conjunct)
    _build_classes(graph)
    return graph


def is_region(plan: Logical) -> bool:
    return isinstance(plan, Join) and plan.kind is not JoinKind.FULL


def _collect(plan: Logical, graph: JoinGraph, found: list[Expr]) -> None:
    if isinstance(plan, Join) and plan.kind in INNER_KINDS:
        _collect(plan.left, graph, found)
        _collect(plan.right, graph, found)
        found.extend(conjuncts(plan.condition))
    elif isinstance(plan, Join) and plan.kind in _ORDERED:
        first = len(graph.leaves)
        _collect(plan.left, graph, found)
        _add_constrained(plan, graph, first)
    elif isinstance(plan, Filter) and is_region(plan.input) and not can_fail(plan.predicate):
        _collect(plan.input, graph, found)
        found.extend(conjuncts(plan.predicate))
    else:
        graph.add(Leaf(len(graph.leaves), plan, output_ids(plan)))


def _add_constrained(join: Join, graph: JoinGraph, first: int) -> None:
    left = 0
    for leaf in graph.leaves[first:]:
        left |= 1 << leaf.index
    made = Leaf(len(graph.leaves), join.right, output_ids(join.right), join.kind)
    made.null_aware = join.null_aware
    keys, left_guards, right_guards, residual = _split_condition(join.condition, made.ids)
    if made.null_aware and not keys:
        # x NOT IN (q), and x or q's column is a constant: a guard makes keys NULL, which must not mean more
        spelled = spell_out_nulls(join.condition, never_null(join.left) | never_null(join.right))
        made.null_aware = False
        keys, left_guards, right_guards, residual = _split_condition(conjoin(spelled), made.ids)
    if residual and (join.kind is JoinKind.SINGLE or made.null_aware):
        raise NotSupportedError(
            "This type of correlated subquery pattern is not supported: "
            "its rows are matched by more than equalities"
        )
    if join.kind is JoinKind.FULL and (residual or not keys):
        raise NotSupportedError("FULL JOIN is only supported with merge-joinable join conditions")
    made.keys = _guarded(keys, left_guards, right_guards)
    made.residual = tuple(residual)
    used = columns_of(join.condition) if join.condition is not None else set()
    after = graph.mask_of(used)
    made.after = left if join.kind is JoinKind.SINGLE or not after else after
    graph.constrained |= 1 << made.index
    graph.add(made)


def _split_condition(
    condition: Expr | None, right_ids: frozenset[ColumnId]
) -> tuple[list[Key], list[Expr], list[Expr], list[Expr]]:
    """Equalities of both sides, conjuncts about the left or the right side only, and the rest."""
    keys: list[Key] = []
    left_guards: list[Expr] = []
    right_guards: list[Expr] = []
    residual: list[Expr] = []
    for conjunct in conjuncts(condition):
        used = columns_of(conjunct)
        if used.isdisjoint(right_ids):
            left_guards.append(conjunct)
        elif used <= right_ids:
            right_guards.append(conjunct)
        elif (key := _equality(conjunct, right_ids)) is not None:
            keys.append(key)
        else:
            residual.append(conjunct)
    return keys, left_guards, right_guards, residual


def _equality(conjunct: Expr, right_ids: frozenset[ColumnId]) -> Key | None:
    if not isinstance(conjunct, Compare) or conjunct.op != "=":
        return None
    for left, right in ((conjunct.left, conjunct.right), (conjunct.right, conjunct.left)):
        inner = columns_of(right)
        if inner and inner <= right_ids and columns_of(left).isdisjoint(right_ids):
            return same_family(left, right)
    return None


def _guarded(keys: list[Key], left: list[Expr], right: list[Expr]) -> tuple[Key, ...]:
    """A condition on one row alone decides whether it may match: its key is NULL otherwise."""
    if not left and not right:
        return tuple(keys)
    one = Literal(1, BIGINT)
    first, *rest = keys or [(one, one)]
    return ((_guard(first[0], left), _guard(first[1], right)), *rest)


def _guard(key: Expr, guards: list[Expr]) -> Expr:
    guard = conjoin(guards)
    return key if guard is None else Case(((guard, key),), Literal(None, key.type), key.type)


def same_family(left: Expr, right: Expr) -> Key:
    """Both sides cast so that equal values hash and compare alike."""
    if left.type is right.type:
        return left, right
    if left.type.physical is right.type.physical and family(left.type) == family(right.type):
        return left, right
    wide_left = left.type.physical.width >= right.type.physical.width
    target = left.type if wide_left else right.type
    return (left, Cast(right, target)) if wide_left else (Cast(left, target), right)


# -- inner conditions ----------------------------------------------------------------------------


def _add_condition(graph: JoinGraph, conjunct: Expr) -> None:
    if conjunct.__class__ is Compare and conjunct.op == "=":  # type: ignore[union-attr]
        assert isinstance(conjunct, Compare)
        left, right = graph.mask_of_expression(conjunct.left), graph.mask_of_expression(conjunct.right)
        if left and right and not left & right and not can_fail(conjunct):
            one, other = same_family(conjunct.left, conjunct.right)
            graph.pairs.append(Pair(one, other, left, right))
            return
    _place(graph, conjunct, graph.mask_of_expression(conjunct))


def _place(graph: JoinGraph, conjunct: Expr, mask: int) -> None:
    """A conjunct about one freely joined leaf (or none) filters that leaf. About a constrained leaf it
    speaks of rows after that leaf's join."""
    mask = mask or 1  # the first leaf is never constrained
    if mask & (mask - 1) == 0 and not mask & graph.constrained:
        graph.leaves[mask.bit_length() - 1].filters.append(conjunct)
    else:
        graph.conditions.append(Condition(conjunct, mask))


def _build_classes(graph: JoinGraph) -> None:
    """Pairs of plain columns that compare alike become classes."""
    rest: list[Pair] = []
    refs: dict[ColumnId, ColumnRef] = {}
    for pair in graph.pairs:
        left, right = key_column(pair.left), key_column(pair.right)
        if left is None or right is None or not _transitive(left, right):
            rest.append(pair)
            continue
        refs[left.id], refs[right.id] = left, right
        graph.roots[graph.root(left.id)] = graph.root(right.id)
    graph.pairs = rest
    for ref in refs.values():
        members = graph.classes.setdefault(graph.root(ref.id), {})
        home = graph.homes[ref.id].bit_length() - 1
        if home in members:  # two columns of one leaf: the second equality is a plain condition there
            _place(graph, Compare("=", members[home], ref), 1 << home)
        else:
            members[home] = ref


def _transitive(left: ColumnRef, right: ColumnRef) -> bool:
    a, b = left.type, right.type
    if a is b:
        return True
    same = a.kind is b.kind and a.scale == b.scale and a.physical is b.physical
    return (same and a.case_insensitive == b.case_insensitive) or (a.is_integer and b.is_integer)


# -- connectivity --------------------------------------------------------------------------------


def neighbours(graph: JoinGraph) -> list[int]:
    """For each leaf the mask of leaves it shares a condition with; islands are tied together."""
    near = [0] * len(graph.leaves)

    def tie(mask: int) -> None:
        for i in bits(mask):
            near[i] |= mask & ~(1 << i)

    for members in graph.classes.values():
        tie(sum(1 << i for i in members))
    for pair in graph.pairs:
        tie(pair.left_mask | pair.right_mask)
    for condition in graph.conditions:
        tie(condition.mask)
    for leaf in graph.leaves:
        if leaf.kind in CONSTRAINED:
            tie(leaf.after | 1 << leaf.index)
    _tie_islands(graph, near)
    return near


def _tie_islands(graph: JoinGraph, near: list[int]) -> None:
    """Cross joins: the smallest leaves of unconnected parts become neighbours."""
    smallest: list[int] = []
    seen = 0
    for start in range(len(near)):
        if seen >> start & 1:
            continue
        island = 1 << start
        while (grown := island | _reach(island, near)) != island:
            island = grown
        seen |= island
        free = [i for i in bits(island) if graph.leaves[i].kind in INNER_KINDS]
        smallest.append(min(free, key=lambda i: graph.leaves[i].rows))
    for a, b in pairwise(smallest):
        near[a] |= 1 << b
        near[b] |= 1 << a


def _reach(mask: int, near: list[int]) -> int:
    reached = 0
    for i in bits(mask):
        reached |= near[i]
    return reached


def bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
