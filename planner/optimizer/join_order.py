"""Join order: the cheapest tree over a join graph, counting rows and bytes moved.

Dynamic programming over connected subgraphs (Moerkotte and Neumann's DPccp): every connected set of
leaves gets its cheapest plans from all ways to split it into two connected, valid parts. A set keeps
one plan for each **distribution** that may be worth its price, since a dearer plan whose rows lie
right can save a move above:

    {orders, lineitem} -> 120 (hashed by orderkey), 90 (anywhere)

A plan that costs more than the cheapest one plus redistributing its result is never worth keeping.

Beyond MAX_EXACT leaves, a greedy search joins the two parts with the smallest result until one is left. Below, it
goes first: its plan's cost is the bound for all parts of better ones.

What holds between two sets is join_links.py's to say. Costs and rows are plain numbers here, plans are small
`Candidate` objects; joins.py makes physical nodes from the winner.
"""
from __future__ import annotations

from collections.abc import Hashable
from math import inf, nextafter

from ...records import dataclass
from ..expressions import Expr
from ..logical import JoinKind
from ..physical import JoinType
from .connected import few_pairs
from .cost import Weights
from .estimates import Estimator
from .join_graph import CONSTRAINED, JoinGraph, Key, Leaf, neighbours
from .join_links import Link, Links
from .movement import Movement, Prices, Roots, Side, Where, movements, prices

MAX_EXACT = 11
MAX_PAIRS = 4000  # a star of 11 leaves has 5,120: greedy beyond this
# Plans kept for a set of leaves, by the number of pairs of sets to be looked at: planning must not take long.
KEEP = ((120, 4), (400, 2), (MAX_PAIRS, 1))
FEW_PAIRS = 20  # from here on a greedy search first says what a whole plan needs to cost at most
PAIR_COST = 0.3  # one comparison in a join without keys
_NEARLY = 1 + 1e-9  # sums of costs are as good as equal


@dataclass(slots=True)
class Choice:
    """How a candidate joins its two parts."""

    type: JoinType
    probe: Candidate
    build: Candidate
    keys: tuple[Key, ...]  # (probe side, build side)
    residual: tuple[Expr, ...]
    movement: Movement
    null_aware: bool = False
    after: tuple[Expr, ...] = ()  # filters on the joined rows


@dataclass(slots=True, eq=False)
class Candidate:
    """A plan of a set of leaves; `joined`: how it is made of two others, None for a leaf."""

    mask: int
    rows: float
    width: float
    cost: float
    where: Where
    joined: tuple[_Way, Candidate, Candidate, Movement] | None = None  # with the probe side and the build side
    split: bool = False  # read one copy of what would be replicated

    @property
    def choice(self) -> Choice | None:
        """Spelled out for the few that become part of a plan."""
        if self.joined is None:
            return None
        way, probe, build, move = self.joined
        link = way.link
        keys = tuple([(b, a) for a, b in link.keys]) if way.turned else link.keys
        return Choice(way.type, probe, build, keys, link.residual, move, link.null_aware, link.after)


@dataclass(slots=True, eq=False)
class _Way:
    """A kind of join of two sets, one probing and one building; `turned`: the link's second set probes; `slack`: what
    better lying rows are worth; `most`: what a plan of both may cost at most to be part of a better whole; `moves`:
    the ways to move rows that lie so and so, as far as they were asked for; `prices`: theirs (movement.py), once a
    plan is cheap enough to ask for them."""

    type: JoinType
    mask: int
    link: Link
    turned: bool
    roots: Roots
    sides: tuple[Side, Side]
    work: float
    width: float
    slack: float
    most: float
    moves: dict[tuple[Where, Where], tuple[Movement, ...]]
    prices: Prices | None = None


def _cost(candidate: Candidate) -> float:
    return candidate.cost


class JoinOrder:
    def __init__(self, graph: JoinGraph, estimator: Estimator, weights: Weights) -> None:
        self.graph = graph
        self.weights = weights
        self.links = Links(graph, estimator)
        self.rows = self.links.rows
        self.best: dict[int, list[Candidate]] = {}
        self.constrained = [leaf for leaf in graph.leaves if leaf.kind in CONSTRAINED]
        self._cheapest: dict[int, float] = {}
        self._most_by_set: dict[int, float] = {}
        self._limits: dict[int, dict[Where, float]] = {}  # what one more plan of a set must cost less than, by where
        self._ways_to_move: dict[Hashable, dict[tuple[Where, Where], tuple[Movement, ...]]] = {}
        self._links: dict[tuple[int, int], Link] = {}
        self._sides: dict[int, Side] = {}  # what it costs to move or build from a set
        self._bound = inf  # what a whole plan costs: parts that cost more are of no use
        self._most = KEEP[0][1]

    # -- searching -------------------------------------------------------------------------------

    def add_leaf(self, index: int, candidates: list[Candidate]) -> None:
        self.best[1 << index] = candidates
        self.rows[1 << index] = candidates[0].rows
        self._cheapest[1 << index] = min(c.cost for c in candidates)

    def solve(self) -> Candidate:
        count = len(self.graph.leaves)
        near = neighbours(self.graph)
        pairs = few_pairs(tuple(near), MAX_PAIRS) if count <= MAX_EXACT else None
        if pairs is not None:
            self._most = next(most for limit, most in KEEP if len(pairs) <= limit)
            if len(pairs) > FEW_PAIRS:
                self._bound = self._greedy(count).cost
            for one, other in pairs:
                self._join(one, other)
            everything = self.best.get((1 << count) - 1)
            if everything:
                return min(everything, key=lambda c: c.cost)
        return self._greedy(count)

    def _greedy(self, count: int) -> Candidate:
        parts = [1 << i for i in range(count)]
        scores: dict[tuple[int, int], float] = {}  # of pairs met before, which a join elsewhere leaves as they are
        while len(parts) > 1:
            best: tuple[float, int, int] | None = None
            for i, one in enumerate(parts):
                for other in parts[i + 1:]:
                    score = scores.get((one, other))
                    if score is None:
                        score = scores[one, other] = self._score(one, other)
                    if best is None or score < best[0]:
                        best = (score, one, other)
            assert best is not None
            _, one, other = best
            self._join(one, other)
            parts = [p for p in parts if p not in (one, other)] + [one | other]
        return min(self.best[parts[0]], key=lambda c: c.cost)

    def _score(self, one: int, other: int) -> float:
        """The smaller, the sooner the greedy search joins the two."""
        if not self._valid(one, other):
            return inf
        link = self._between(one, other)
        return link.rows if link.keys else 1e6 + self.rows[one] * self.rows[other]

    def _between(self, one: int, other: int) -> Link:
        """The link of two free sets; the greedy search asks for many before the exact one does."""
        found = self._links.get((one, other))
        if found is None:
            found = self._links[one, other] = self.links.between(one, other)
        else:
            found.rows = self.rows.get(one | other, found.rows)
        return found

    def _valid(self, one: int, other: int) -> bool:
        if not self.constrained:
            return True
        both = one | other
        for leaf in self.constrained:
            bit = 1 << leaf.index
            if both & bit and leaf.after & ~both:
                return False
            if (bit == one and leaf.after & ~other) or (bit == other and leaf.after & ~one):
                return False
        return True

    def _join(self, one: int, other: int) -> None:
        if one not in self.best or other not in self.best or self._too_dear(one, other) or not self._valid(one, other):
            return
        for leaf in self.constrained:
            bit = 1 << leaf.index
            if bit == other:
                return self._join_constrained(one, leaf)
            if bit == one:
                return self._join_constrained(other, leaf)
        link = self._between(one, other)
        there = self._way(JoinType.INNER, one, other, link)
        back = self._way(JoinType.INNER, other, one, link, turned=True)
        self._offer_all(one, other, there, back)

    def _join_constrained(self, mask: int, leaf: Leaf) -> None:
        bit = 1 << leaf.index
        link = self.links.constrained(mask, leaf.index)
        plain, right = _TYPES[leaf.kind]
        there = None if leaf.residual else self._way(plain, mask, bit, link)
        back = None if right is None or leaf.null_aware else self._way(right, bit, mask, link, turned=True)
        self._offer_all(mask, bit, there, back)

    # -- costs -----------------------------------------------------------------------------------

    def _way(self, type: JoinType, probe: int, build: int, link: Link, turned: bool = False) -> _Way | None:
        """What all joins of plans of two sets have in common; None if even the cheapest plans make none of use."""
        weights, mask = self.weights, probe | build
        probing = self._sides.get(probe) or self._side(probe)
        building = self._sides.get(build) or self._side(build)
        work = (probing.far if building.is_large else probing.near) + building.work
        if not link.keys:
            work += PAIR_COST * probing.rows * building.rows
        work += link.rows * weights.output_row
        least = self._cheapest[probe] + self._cheapest[build] + work
        most = self._left_of_bound(mask)
        if least >= most:
            return None
        width = 0.0 if type in _BUILD_ONLY else probing.width
        if type not in _PROBE_ONLY:
            width += building.width
        slack = weights.distribute(link.rows, width)
        known = self._cheapest.get(mask)
        if known is not None and least >= (known + slack) * _NEARLY:
            return None
        roots = tuple([(b, a) for a, b in link.roots]) if turned else link.roots
        moves = self._ways_to_move.setdefault((type, roots, link.null_aware), {})
        return _Way(type, mask, link, turned, roots, (probing, building), work, width, slack, most, moves)

    def _side(self, mask: int) -> Side:
        rows, width, weights = self.rows[mask], self.best[mask][0].width, self.weights
        again = rows * (weights.slices - 1)
        found = self._sides[mask] = Side(
            rows, width, weights.probe(rows, False), weights.probe(rows, True), weights.is_large(rows),
            weights.build(rows), weights.distribute(rows, width), weights.broadcast(rows, width), again
        )
        return found

    def _offer_all(self, one: int, other: int, there: _Way | None, back: _Way | None) -> None:
        """All plans of one set with all of the other, in both directions, the cheapest first."""
        lefts, rights = self.best[one], self.best[other]
        if len(lefts) > 1:
            lefts = sorted(lefts, key=_cost)
        if len(rights) > 1:
            rights = sorted(rights, key=_cost)
        for left in lefts:
            for right in rights:
                base = left.cost + right.cost
                if there is not None:
                    self._offer(there, left, right, base)
                if back is not None:
                    self._offer(back, right, left, base)

    def _offer(self, way: _Way, probe: Candidate, build: Candidate, base: float) -> None:
        work, limit = way.work, way.most
        if (cheapest := self._cheapest.get(way.mask)) is not None:
            limit = min(limit, (cheapest + way.slack) * _NEARLY)
        if base + work >= limit:
            return
        moves = way.moves.get((probe.where, build.where))
        if moves is None:
            moves = self._moves(way, probe.where, build.where)
        if way.prices is None:
            way.prices = prices(*way.sides)
        limits = self._limits.get(way.mask, _NONE)
        for move in moves:
            times = self.weights.slices if move.everywhere else 1
            cost = base + work * times + way.prices[move.price]
            if cost >= limit:
                continue
            if cost < limits.get(move.where, limits[""]):
                limits = self._keep(way, probe, build, move, cost, move.where)
            if move.where == "replicated" and base + work < limits["anywhere"]:
                limits = self._keep(way, probe, build, move, base + work, "anywhere", split=True)

    def _moves(self, way: _Way, probe: Where, build: Where) -> tuple[Movement, ...]:
        """The ways to move rows that lie so, found once."""
        made = tuple(movements(way.type, probe, build, way.roots, self.weights.slices, way.link.null_aware))
        way.moves[probe, build] = made
        return made

    def _left_of_bound(self, mask: int) -> float:
        """What a plan of this set may cost at most: each leaf outside of it has to be probed or built from."""
        if self._bound == inf:
            return inf
        found = self._most_by_set.get(mask)
        if found is None:
            outside = sum([self.rows[1 << leaf.index] for leaf in self.graph.leaves if not mask >> leaf.index & 1])
            found = self._most_by_set[mask] = self._bound * _NEARLY - outside
        return found

    def _too_dear(self, one: int, other: int) -> bool:
        """Whether no plan of the two sets joined can be part of a better plan than the one that is known."""
        most = self._left_of_bound(one | other)
        if most == inf:
            return False
        a = self._sides.get(one) or self._side(one)
        b = self._sides.get(other) or self._side(other)
        least = min((a.far if b.is_large else a.near) + b.work, (b.far if a.is_large else b.near) + a.work)
        return self._cheapest[one] + self._cheapest[other] + least >= most

    def _keep(
        self, way: _Way, probe: Candidate, build: Candidate, move: Movement, cost: float, where: Where,
        split: bool = False,
    ) -> dict[Where, float]:
        """Keeps a plan in the place of those that it beats: rows that are hashed by something lie as well as rows that
        are anywhere. Gives what the next one must cost less than, by where its rows lie; "": anywhere else."""
        mask, rows = way.mask, way.link.rows
        hashed = isinstance(where, tuple)
        kept = []
        for other in self.best.get(mask, ()):
            if other.cost < cost or (other.where != where and not (hashed and other.where == "anywhere")):
                kept.append(other)
        if len(kept) >= self._most:
            kept.remove(max(kept, key=_cost))
        limits: dict[Where, float] = {where: cost}
        dearest, least_hashed = cost, cost if hashed else inf
        for other in kept:
            limits[other.where] = other.cost
            dearest = max(dearest, other.cost)
            if isinstance(other.where, tuple):
                least_hashed = min(least_hashed, other.cost)
        kept.append(Candidate(mask, rows, way.width, cost, where, (way, probe, build, move), split))
        limits[""] = inf if len(kept) < self._most else nextafter(dearest, inf)
        limits["anywhere"] = min(limits.get("anywhere", limits[""]), least_hashed)
        self.rows.setdefault(mask, rows)
        self.best[mask], self._limits[mask] = kept, limits
        self._cheapest[mask] = min(cost, self._cheapest.get(mask, inf))
        return limits


_NONE: dict[Where, float] = {"": inf, "anywhere": inf}  # the limits of a set without plans
_PROBE_ONLY = (JoinType.SEMI, JoinType.ANTI)
_BUILD_ONLY = (JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)
_TYPES: dict[JoinKind, tuple[JoinType, JoinType | None]] = {
    JoinKind.LEFT: (JoinType.LEFT, JoinType.RIGHT),
    JoinKind.SEMI: (JoinType.SEMI, JoinType.RIGHT_SEMI),
    JoinKind.ANTI: (JoinType.ANTI, JoinType.RIGHT_ANTI),
    JoinKind.SINGLE: (JoinType.SINGLE, None),
    JoinKind.FULL: (JoinType.FULL, None),
}


__all__ = ["Candidate", "Choice", "JoinOrder"]
