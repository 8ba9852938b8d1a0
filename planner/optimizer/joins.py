"""Joins: from a region of the logical plan to hash joins with the moves they need.

    1. join_graph.extract     takes the region apart
    2. the planner            plans every leaf
    3. JoinOrder.solve        finds the order, build sides and moves
    4. realize                makes HashJoin and Exchange nodes of the winner, and advice

What goes into an exchange or a hash table is narrowed to the columns that are needed above; along the
probe side nothing is copied, so nothing is narrowed there.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ...records import dataclass
from ...storage.distribution import family
from ..columns import collect_columns, columns_of_all, physical_columns
from ..expressions import ColumnId, ColumnRef, Expr
from ..logical import Filter, Join
from ..physical import (
    Distribution,
    Exchange,
    FilterRows,
    Hashed,
    HashJoin,
    JoinType,
    Move,
    OnLeader,
    Physical,
    ProjectColumns,
    Props,
)
from ..predicates import conjoin, conjoin_or_true
from .advice import advise
from .cost import filter_cost, join_cost
from .distribution import LEADER, PARTITIONED, REPLICATED, exchange, one_copy
from .join_graph import JoinGraph, Leaf, extract
from .join_order import Candidate, Choice, JoinOrder
from .movement import Where, where_joined
from .reduce_aggregates import reduce_aggregates

if TYPE_CHECKING:
    from .plan import Planner


def plan_join(planner: Planner, join: Join, needed: set[ColumnId]) -> Physical:
    graph = extract(join)
    reduce_aggregates(planner, graph)
    _plan_leaves(planner, graph, needed | _used_in(graph))
    leaves = [_leaf_candidates(graph, leaf) for leaf in graph.leaves]
    best = JoinOrder(graph, planner.estimator, planner.weights, leaves).solve()
    planner.estimator.set_rows(join, best.rows)
    return _Realizer(planner, graph).realize(best, needed).node


def _used_in(graph: JoinGraph) -> set[ColumnId]:
    """Columns that the region's own conditions read."""
    used = {ref.id for members in graph.classes.values() for ref in members.values()}
    for pair in graph.pairs:
        collect_columns(pair.left, used)
        collect_columns(pair.right, used)
    for condition in graph.conditions:
        collect_columns(condition.expr, used)
    for leaf in graph.leaves:
        for expr in (*leaf.residual, *[e for key in leaf.keys for e in key]):
            collect_columns(expr, used)
    return used


def _plan_leaves(planner: Planner, graph: JoinGraph, needed: set[ColumnId]) -> None:
    for leaf in graph.leaves:
        if leaf.filters:
            leaf.plan = Filter(leaf.plan, conjoin_or_true(leaf.filters))
        leaf.physical = planner.plan(leaf.plan, needed & leaf.ids)
        leaf.rows = leaf.physical.props.rows
        columns = tuple([c for c in physical_columns(leaf.physical) if c.id in needed])
        leaf.width = float(planner.estimator.width(columns))
    nodes = [leaf.physical for leaf in graph.leaves if leaf.physical is not None]
    if not all(isinstance(node.props.distribution, OnLeader) for node in nodes):
        for leaf in graph.leaves:
            if leaf.physical is not None and isinstance(leaf.physical.props.distribution, OnLeader):
                leaf.physical = exchange(leaf.physical, Move.BROADCAST, copies=planner.slices)


def _leaf_candidates(graph: JoinGraph, leaf: Leaf) -> list[Candidate]:
    assert leaf.physical is not None
    mask = 1 << leaf.index
    found = [Candidate(mask, leaf.rows, 0.0, where) for where in _places(leaf.physical.props, graph)]
    if found[0].where == "replicated":
        found.append(Candidate(mask, leaf.rows, 0.0, "anywhere", None, True))
    return found


def _places(props: Props, graph: JoinGraph) -> Places:
    """Where rows lie, in terms of the graph's classes of columns."""
    place = props.distribution
    if isinstance(place, Hashed):
        every = (place, *props.also_hashed)
        return tuple(dict.fromkeys([tuple([graph.root(c) for c in h.columns]) for h in every]))
    return ("replicated",) if place is REPLICATED else ("leader",) if place is LEADER else ("anywhere",)


Places = tuple[Where, ...]  # all that is known of where rows lie


@dataclass(slots=True)
class _Made:
    """A subplan with the columns that come out of it and all that is known of where its rows lie."""

    node: Physical
    columns: tuple[ColumnRef, ...]
    places: Places


class _Realizer:
    def __init__(self, planner: Planner, graph: JoinGraph) -> None:
        self.planner = planner
        self.graph = graph
        self._alike: dict[ColumnId, set[ColumnId]] = {}  # columns of a class

    def realize(self, candidate: Candidate, needed: set[ColumnId]) -> _Made:
        choice = candidate.choice
        if choice is None:
            node = self.graph.leaves[candidate.mask.bit_length() - 1].physical
            assert node is not None
            made = _Made(node, physical_columns(node), _places(node.props, self.graph))
        else:
            made = self._join(candidate, choice, needed)
        if candidate.split:
            made.node, made.places = one_copy(made.node), ("anywhere",)
        return made

    def _join(self, candidate: Candidate, choice: Choice, needed: set[ColumnId]) -> _Made:
        below = needed | columns_of_all(choice.after)
        for key in choice.keys:
            collect_columns(key[0], below)
            collect_columns(key[1], below)
        for expr in choice.residual:
            collect_columns(expr, below)
        probe, build = self.realize(choice.probe, below), self.realize(choice.build, below)
        places = self._places(choice, probe, build)
        self._move(choice, probe, build, below)
        columns = _outputs(choice.type, probe.columns, build.columns)
        joined = self._node(candidate, choice, probe, build, columns, places)
        return _Made(self._filtered(joined, choice, candidate, columns, places), columns, places)

    def _places(self, choice: Choice, probe: _Made, build: _Made) -> Places:
        """Where the joined rows lie, with all that is known of the side that keeps its place."""
        move = choice.movement
        if move.lies in ("probe", "build"):
            return probe.places if move.lies == "probe" else build.places
        return (where_joined(move, choice.type, choice.probe.where, choice.build.where, choice.roots),)

    def _move(self, choice: Choice, probe: _Made, build: _Made, needed: set[ColumnId]) -> None:
        """Puts the moves on top of the sides."""
        move, slices = choice.movement, self.planner.slices
        self._narrow(build, needed)
        if move.broadcast_build:
            build.node = exchange(build.node, Move.BROADCAST, copies=slices)
        elif move.broadcast_probe:
            self._narrow(probe, needed)
            probe.node = exchange(probe.node, Move.BROADCAST, copies=slices)
        if move.build_keys is not None:
            keys = tuple([choice.keys[i][1] for i in move.build_keys])
            build.node = exchange(build.node, Move.DISTRIBUTE, keys)
        if move.probe_keys is not None:
            self._narrow(probe, needed)
            keys = tuple([choice.keys[i][0] for i in move.probe_keys])
            probe.node = exchange(probe.node, Move.DISTRIBUTE, keys)
        sides = (probe.node, build.node)
        if Exchange in (sides[0].__class__, sides[1].__class__):
            advise(self.planner, self.graph, choice.keys, (choice.probe.mask, choice.build.mask), sides)

    def _narrow(self, made: _Made, needed: set[ColumnId]) -> None:
        if needed.issuperset([c.id for c in made.columns]):
            return
        made.node = narrow(made.node, needed, self.planner)
        made.columns = physical_columns(made.node)

    def _node(
        self, candidate: Candidate, choice: Choice, probe: _Made, build: _Made, columns: tuple[ColumnRef, ...],
        places: Places,
    ) -> HashJoin:
        above, below = probe.node.props, build.node.props
        pairs = 0.0 if choice.keys else above.rows * below.rows
        first, cost = join_cost(
            (above.first_cost, above.cost), (below.first_cost, below.cost), above.rows, below.rows, pairs
        )
        place, also = self._distribution(places, _true_columns(choice.type, probe.columns, build.columns, columns))
        props = Props(candidate.rows, self.planner.estimator.width(columns), first, cost, place, also)
        return HashJoin(
            choice.type, probe.node, build.node,
            tuple([a for a, _ in choice.keys]), tuple([b for _, b in choice.keys]),
            conjoin(choice.residual), choice.movement.label, props, choice.null_aware,
            self._is_unique(choice, below.rows),
        )

    def _filtered(
        self, join: HashJoin, choice: Choice, candidate: Candidate, columns: tuple[ColumnRef, ...], places: Places
    ) -> Physical:
        predicate = conjoin(choice.after)
        if predicate is None:
            return join
        props = join.props
        cost = filter_cost((props.first_cost, props.cost), props.rows, len(choice.after))
        place, also = self._distribution(places, columns)
        return FilterRows(join, predicate, Props(candidate.rows, props.width, *cost, place, also))

    def _is_unique(self, choice: Choice, rows: float) -> bool:
        if not choice.keys:
            return False
        distinct = 1.0
        for _, key in choice.keys:
            distinct *= self.planner.estimator.distinct(key, rows)
        return distinct >= 0.9 * rows

    def _distribution(
        self, places: Places, outputs: tuple[ColumnRef, ...]
    ) -> tuple[Distribution, tuple[Hashed, ...]]:
        if isinstance(places[0], str):
            return _NAMED.get(places[0], PARTITIONED), ()
        found = [h for roots in places if not isinstance(roots, str) for h in self._hashed(roots, outputs)]
        return (found[0], tuple(found[1:])) if found else (PARTITIONED, ())

    def _hashed(self, roots: tuple[ColumnId, ...], outputs: tuple[ColumnRef, ...]) -> list[Hashed]:
        """Every output column of the class names the same place."""
        members = []
        for root in roots:
            alike = self._columns_of(root)
            found = [ref for ref in outputs if ref.id in alike]
            if not found:
                return []
            members.append(found)
        every = []
        for i in range(max([len(m) for m in members])):
            refs = [m[min(i, len(m) - 1)] for m in members]
            every.append(Hashed(tuple([r.id for r in refs]), tuple([family(r.type) for r in refs])))
        return every

    def _columns_of(self, root: ColumnId) -> set[ColumnId]:
        """All columns of a class, those that are its second ones of a leaf among them."""
        found = self._alike.get(root)
        if found is None:
            graph = self.graph
            found = self._alike[root] = {root, *[c for c in graph.roots if graph.root(c) == root]}
        return found


_NAMED: dict[str, Distribution] = {"replicated": REPLICATED, "leader": LEADER}
_PROBE_ONLY = frozenset((JoinType.SEMI, JoinType.ANTI))
_BUILD_ONLY = frozenset((JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI))


def _outputs(
    type: JoinType, probe: tuple[ColumnRef, ...], build: tuple[ColumnRef, ...]
) -> tuple[ColumnRef, ...]:
    return probe if type in _PROBE_ONLY else build if type in _BUILD_ONLY else probe + build


def _true_columns(
    type: JoinType, probe: tuple[ColumnRef, ...], build: tuple[ColumnRef, ...], outputs: tuple[ColumnRef, ...]
) -> tuple[ColumnRef, ...]:
    """Outputs that hold what their side holds: not those of a side that is filled up with NULLs."""
    if type in (JoinType.LEFT, JoinType.SINGLE):
        return probe
    return build if type is JoinType.RIGHT else outputs


def narrow(node: Physical, needed: set[ColumnId], planner: Planner) -> Physical:
    """Only the needed columns; at least one, so that rows can be counted."""
    columns = physical_columns(node)
    kept = tuple([c for c in columns if c.id in needed])
    if len(kept) == len(columns):
        return node
    kept = kept or (min(columns, key=lambda c: c.type.storage_bytes or 1000),)
    if isinstance(node, Exchange):  # narrow before moving
        inner = narrow(node.input, {c.id for c in kept}, planner)
        return exchange(inner, node.move, node.keys, node.merge_keys, planner.slices)
    old = node.props
    props = Props(
        old.rows, planner.estimator.width(kept), old.first_cost, old.cost, old.distribution, old.also_hashed
    )
    pairs: tuple[tuple[ColumnRef, Expr], ...] = tuple([(c, c) for c in kept])
    return ProjectColumns(node, pairs, props)


