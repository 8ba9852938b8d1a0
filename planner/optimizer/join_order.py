"""Join order: the cheapest tree over a join graph, counting rows and bytes moved.

Dynamic programming over connected subgraphs (Moerkotte and Neumann's DPccp): every connected set of
leaves gets its cheapest plans from all ways to split it into two connected, valid parts. A set keeps
one plan for each **distribution** that may be worth its price, since a dearer plan whose rows lie
right can save a move above (join_parts.py):

    {orders, lineitem} -> 120 (hashed by orderkey), 90 (anywhere)

A plan that costs more than the cheapest one plus redistributing its result is never worth keeping, nor one that costs
what another does. It is known before two sets are looked at what a plan of both must cost less than, and at least does:
comparing two sums leaves out most pairs.

Beyond MAX_EXACT leaves, a greedy search joins the two parts with the smallest result until one is left. Below, it
goes first: its plan's cost is the bound for all parts of better ones.

What holds between two sets is join_links.py's to say. Costs and rows are plain numbers here, plans are small
`Candidate` objects; joins.py makes physical nodes from the winner.
"""
from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heappop, heappush
from math import inf

from ..columns import LEFT_ONLY
from ..expressions import ColumnId
from ..logical import JoinKind
from ..physical import JoinType
from .connected import few_pairs
from .cost import Weights
from .estimates import Estimator
from .join_graph import CONSTRAINED, JoinGraph, Leaf, neighbours
from .join_links import Link, Links
from .join_orders import live_orders, orders
from .join_parts import ANYWHERE, NEARLY, Candidate, Choice, Part, Way, least_costs
from .movement import Where, movements, prices, where_joined

MAX_EXACT = 11
MAX_PAIRS = 4000  # a star of 11 leaves has 5,120: greedy beyond this
# Plans kept for a set of leaves, by the number of pairs of sets to be looked at: planning must not take long.
KEEP = ((120, 4), (400, 2), (MAX_PAIRS, 1))
FEW_PAIRS = 20  # from here on a greedy search first says what a whole plan needs to cost at most
PAIR_COST = 0.3  # one comparison in a join without keys


class JoinOrder:
    """`leaves`: the plans of each leaf."""

    def __init__(
        self, graph: JoinGraph, estimator: Estimator, weights: Weights, leaves: Sequence[list[Candidate]]
    ) -> None:
        self.graph = graph
        self.weights = weights
        self.links = Links(graph, estimator)
        self.parts: dict[int, Part] = {}
        self.constrained = [leaf for leaf in graph.leaves if leaf.kind in CONSTRAINED]
        self._orders = orders(graph, [[plan.where for plan in plans] for plans in leaves])
        self._has_no_keys = not graph.pairs and not graph.classes and not self.constrained
        self._everywhere = sum([plans[0].mask for plans in leaves if plans[0].where == "replicated"])
        self._is_on_leader = leaves[0][0].where == "leader"
        self._links: dict[tuple[int, int], Link] = {}
        self._bound = inf  # what a whole plan costs: parts that cost more are of no use
        self._leaf_rows = sum([leaf.rows for leaf in graph.leaves])
        self._kept = KEEP[0][1]
        for leaf, plans in zip(graph.leaves, leaves):
            self._part(1 << leaf.index, leaf.rows, leaf.rows, leaf.width).begin(plans)

    # -- searching -------------------------------------------------------------------------------

    def solve(self) -> Candidate:
        count = len(self.graph.leaves)
        pairs = self._pairs(count) if count <= MAX_EXACT else None
        if pairs is not None:
            self._kept = next(most for limit, most in KEEP if len(pairs) <= limit)
            if len(pairs) > FEW_PAIRS:
                self._bind(self._greedy().cost)
            for one, other in pairs:
                self._join(one, other)
            everything = self.parts.get((1 << count) - 1)
            if everything is not None and everything.plans:
                return everything.cheapest_first()[0]
        return self._greedy()

    def _pairs(self, count: int) -> tuple[tuple[int, int], ...] | None:
        """All pairs of sets to be looked at, if they are few."""
        return _TWO if count == 2 else few_pairs(tuple(neighbours(self.graph)), MAX_PAIRS)

    def _greedy(self) -> Candidate:
        """Joins those two parts that give the fewest rows, the older ones first, until one is left."""
        parts = [1 << leaf.index for leaf in self.graph.leaves]
        near = neighbours(self.graph)
        alive = list(range(len(parts)))
        waiting = [(self._score(parts[i], parts[j], near[i]), i, j) for j in alive for i in range(j)]
        heapify(waiting)
        while len(alive) > 1:
            _, i, j = heappop(waiting)
            if i not in alive or j not in alive:
                continue
            self._join(parts[i], parts[j])
            alive.remove(i)
            alive.remove(j)
            place, both = len(parts), parts[i] | parts[j]
            for k in alive:
                heappush(waiting, (self._score(parts[k], both, near[k]), k, place))
            parts.append(both)
            near.append(near[i] | near[j])
            alive.append(place)
        return self.parts[parts[-1]].cheapest_first()[0]

    def _score(self, one: int, other: int, near: int) -> float:
        """The smaller, the sooner the greedy search joins the two. `near`: what the first has conditions with."""
        if self.constrained and not self._valid(one, other):
            return inf
        if near & other:
            link = self._between(one, other)
            if link.keys:
                return link.rows
        return 1e6 + self.parts[one].rows * self.parts[other].rows

    def _between(self, one: int, other: int) -> Link:
        """The link of two free sets; the greedy search asks for many before the exact one does."""
        found = self._links.get((one, other))
        if found is None:
            found = self._links[one, other] = self.links.between(one, other)
        return found

    def _valid(self, one: int, other: int) -> bool:
        both = one | other
        for leaf in self.constrained:
            bit = 1 << leaf.index
            if both & bit and leaf.after & ~both:
                return False
            if (bit == one and leaf.after & ~other) or (bit == other and leaf.after & ~one):
                return False
        return True

    def _join(self, one: int, other: int) -> None:
        """Plans of two sets together, unless it is known that none of them will be of use."""
        mask, parts = one | other, self.parts
        a, b, made = parts.get(one), parts.get(other), parts.get(mask)
        if a is None or b is None:
            return
        output, limit = (0.0, self._most_of(a.leaf_rows + b.leaf_rows)) if made is None else (made.output, made.limit)
        if a.cheapest + b.cheapest + output >= limit:
            return
        least, least_hashed = least_costs(a, b)
        if self._has_no_keys:
            least = least_hashed = least + PAIR_COST * a.rows * b.rows
        limit_anywhere = limit if made is None else made.limit_anywhere
        if least + output >= limit_anywhere and least_hashed + output >= limit:
            return
        if mask & self.graph.constrained:
            if not self._valid(one, other):
                return
            for leaf in self.constrained:
                bit = 1 << leaf.index
                if bit == other:
                    return self._join_constrained(a, b, leaf, made)
                if bit == one:
                    return self._join_constrained(b, a, leaf, made)
        link = self._between(one, other)
        made = made or self._part(mask, a.leaf_rows + b.leaf_rows, link.rows, a.width + b.width)
        self._offer_all(a, b, made, link, _FREE)

    def _join_constrained(self, free: Part, bound: Part, leaf: Leaf, made: Part | None) -> None:
        link = self.links.constrained(free.mask, leaf.index)
        width = free.width if leaf.kind in LEFT_ONLY else free.width + bound.width
        made = made or self._part(free.mask | bound.mask, free.leaf_rows + bound.leaf_rows, link.rows, width)
        plain, right = _KINDS[leaf.kind]
        kinds = [] if leaf.residual else [plain]
        if right is not None and not leaf.null_aware:
            kinds.append(right)
        self._offer_all(free, bound, made, link, kinds)

    # -- sets of leaves --------------------------------------------------------------------------

    def _part(self, mask: int, leaf_rows: float, rows: float, width: float) -> Part:
        weights, most = self.weights, self._most_of(leaf_rows)
        is_everywhere = not mask & ~self._everywhere
        live, places = live_orders(self._orders, mask) if self._orders else _NO_ORDERS, ANYWHERE
        if live or is_everywhere or self._is_on_leader:
            places = self._places(live, is_everywhere)
        self.links.rows[mask] = rows
        made = self.parts[mask] = Part(
            rows, width, *weights.side(rows, width), mask, leaf_rows, rows * weights.output_row, most, live, places,
            is_everywhere or self._is_on_leader or weights.slices == 1, most, most,
        )
        return made

    def _places(self, live: frozenset[ColumnId], is_everywhere: bool) -> tuple[Where, ...]:
        """Where a set's plans may lie, but for places that are no better for what is above than one of these. With
        several keys they may be many: none are named."""
        if self._is_on_leader:
            return ("leader",)
        if len(live) > 1:
            return ()
        best: Where = tuple(live) or "anywhere"
        return (best, "replicated") if is_everywhere else (best,)

    def _bind(self, bound: float) -> None:
        """From now on only what is part of a cheaper plan counts."""
        self._bound = bound
        for part in self.parts.values():
            if part.mask & (part.mask - 1):  # of a leaf there are no other plans
                part.most = self._most_of(part.leaf_rows)
                part.set_limits(self._kept)

    def _most_of(self, leaf_rows: float) -> float:
        """What a plan of leaves with so many rows may cost: each leaf outside has to be probed or built from."""
        return self._bound * NEARLY - (self._leaf_rows - leaf_rows)

    # -- costs -----------------------------------------------------------------------------------

    def _offer_all(self, one: Part, other: Part, made: Part, link: Link, kinds: Sequence[Kind]) -> None:
        """All plans of one part with all of the other, in both directions, the cheapest first."""
        fixed = made.output if link.keys else made.output + PAIR_COST * one.rows * other.rows
        most = made.limit - one.cheapest - other.cheapest
        ways = []
        for type, turned in kinds:
            probe, build = (other, one) if turned else (one, other)
            work = (probe.far if build.is_large else probe.rows) + build.work + fixed
            if work < most:
                ways.append(Way(type, turned, link, probe, build, work))
        for left in one.cheapest_first():
            for right in other.cheapest_first():
                base = left.cost + right.cost
                for way in ways:
                    if base + way.work < made.limit:
                        if way.turned:
                            self._offer(way, right, left, made, base)
                        else:
                            self._offer(way, left, right, made, base)

    def _offer(self, way: Way, probe: Candidate, build: Candidate, made: Part, base: float) -> None:
        slices, work, priced = self.weights.slices, way.work, None
        for move in movements(way.type, probe.where, build.where, way.roots, slices, way.link.null_aware):
            cost = base + work
            if move.price:
                priced = priced or prices(way.probe, way.build, slices)
                cost += priced[move.price]
            elif move.everywhere:
                if made.admits("anywhere", cost):
                    once = Candidate(made.mask, made.rows, cost, "anywhere", (way, probe, build, move), True)
                    made.keep(once, self._kept)
                cost = base + work * slices
            if cost < made.limit:
                where = made.where(where_joined(move, way.type, probe.where, build.where, way.roots))
                if made.admits(where, cost):
                    made.keep(Candidate(made.mask, made.rows, cost, where, (way, probe, build, move)), self._kept)


Kind = tuple[JoinType, bool]  # a join, and whether the second of two sides probes
_TWO = ((1, 2),)  # the pairs of two leaves
_NO_ORDERS: frozenset[ColumnId] = frozenset()
_FREE: tuple[Kind, ...] = ((JoinType.INNER, False), (JoinType.INNER, True))
_KINDS: dict[JoinKind, tuple[Kind, Kind | None]] = {
    JoinKind.LEFT: ((JoinType.LEFT, False), (JoinType.RIGHT, True)),
    JoinKind.SEMI: ((JoinType.SEMI, False), (JoinType.RIGHT_SEMI, True)),
    JoinKind.ANTI: ((JoinType.ANTI, False), (JoinType.RIGHT_ANTI, True)),
    JoinKind.SINGLE: ((JoinType.SINGLE, False), None),
    JoinKind.FULL: ((JoinType.FULL, False), None),
}


__all__ = ["Candidate", "Choice", "JoinOrder"]
