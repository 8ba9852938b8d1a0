"""Join order: the cheapest tree over a join graph, counting rows and bytes moved.

Dynamic programming over connected subgraphs (Moerkotte and Neumann's DPccp): every connected set of
leaves gets its cheapest plans from all ways to split it into two connected, valid parts. A set keeps
one plan for each **distribution** that may be worth its price, since a dearer plan whose rows lie
right can save a move above:

    {orders, lineitem} -> 120 (hashed by orderkey), 90 (anywhere)

A plan that costs more than the cheapest one plus redistributing its result is never worth keeping.

Beyond MAX_EXACT leaves, a greedy search joins the two parts with the smallest result until one is left. Below, it
goes first: its plan's cost is the bound for all parts of better ones.

Costs and rows are plain numbers here, plans are small `Candidate` objects; joins.py makes physical
nodes from the winner.
"""
from __future__ import annotations

from collections.abc import Iterator
from math import inf

from ...records import dataclass
from ..expressions import ColumnId, ColumnRef, Compare, Expr
from ..logical import JoinKind
from ..physical import JoinType
from .cost import Weights
from .distribution import key_column
from .estimates import Estimator, joined_rows
from .join_graph import CONSTRAINED, JoinGraph, Key, bits, neighbours
from .key_bands import bands, key_share
from .movement import Movement, Roots, Where, movements
from .selectivity import selectivity

MAX_EXACT = 11
MAX_PAIRS = 4000  # a star of 11 leaves has 5,120: greedy beyond this
# Plans kept for a set of leaves, by the number of pairs of sets to be looked at: planning must not take long.
KEEP = ((120, 4), (400, 2), (MAX_PAIRS, 1))
FEW_PAIRS = 20  # from here on a greedy search first says what a whole plan needs to cost at most
PAIR_COST = 0.3  # one comparison in a join without keys


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


@dataclass(slots=True)
class Candidate:
    mask: int
    rows: float
    width: float
    cost: float
    where: Where
    choice: Choice | None  # None: a leaf
    split: bool = False  # read one copy of what would be replicated


@dataclass(slots=True)
class _Link:
    """What holds between two sets, seen from the first."""

    keys: tuple[Key, ...]
    residual: tuple[Expr, ...]
    rows: float
    null_aware: bool = False
    after: tuple[Expr, ...] = ()


@dataclass(slots=True)
class _Way:
    """A kind of join of two sets, one probing and one building; `slack`: what better lying rows are worth."""

    type: JoinType
    mask: int
    keys: tuple[Key, ...]  # probe side, build side
    roots: Roots
    link: _Link
    work: float
    width: float
    slack: float


def _cost(candidate: Candidate) -> float:
    return candidate.cost


class JoinOrder:
    def __init__(self, graph: JoinGraph, estimator: Estimator, weights: Weights) -> None:
        self.graph = graph
        self.estimator = estimator
        self.weights = weights
        self.best: dict[int, list[Candidate]] = {}
        self.rows: dict[int, float] = {}
        self._cheapest: dict[int, float] = {}
        self._bound = inf  # what a whole plan costs: parts that cost more are of no use
        self._most = KEEP[0][1]
        self.constrained = [leaf for leaf in graph.leaves if leaf.kind in CONSTRAINED]
        self._corrections = self._correlated_pairs()
        self._bands = [bands(leaf.plan, leaf.filters, estimator) for leaf in graph.leaves]
        self._shares = [selectivity(c.expr, estimator, 1e6) for c in graph.conditions]

    # -- searching -------------------------------------------------------------------------------

    def add_leaf(self, index: int, candidates: list[Candidate]) -> None:
        self.best[1 << index] = candidates
        self.rows[1 << index] = candidates[0].rows

    def solve(self) -> Candidate:
        count = len(self.graph.leaves)
        near = neighbours(self.graph)
        if count <= MAX_EXACT:
            pairs = list(connected_pairs(count, near, MAX_PAIRS))
            if len(pairs) < MAX_PAIRS:
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
        link = self._link(one, other)
        return link.rows if link.keys else 1e6 + self.rows[one] * self.rows[other]

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
        if one not in self.best or other not in self.best or not self._valid(one, other):
            return
        for leaf in self.constrained:
            bit = 1 << leaf.index
            if bit == other:
                return self._join_constrained(one, leaf.index)
            if bit == one:
                return self._join_constrained(other, leaf.index)
        link = self._link(one, other)
        turned = tuple([(b, a) for a, b in link.keys])
        there = self._way(JoinType.INNER, one, other, link.keys, link)
        back = self._way(JoinType.INNER, other, one, turned, link)
        self._offer_all(one, other, there, back)

    def _join_constrained(self, mask: int, index: int) -> None:
        leaf = self.graph.leaves[index]
        bit = 1 << index
        after, share = self._completed(mask, bit)
        for members in self.graph.classes.values():
            partner = next((i for i in members if mask >> i & 1), None)
            if index in members and partner is not None:
                after.append(Compare("=", members[partner], members[index]))
                share /= max(1.0, *[self.estimator.column(members[i]).distinct for i in (partner, index)])
        rows = self.rows.get(mask | bit, self._constrained_rows(mask, index) * share)
        link = _Link(leaf.keys, leaf.residual, rows, leaf.null_aware, tuple(after))
        turned = tuple([(b, a) for a, b in leaf.keys])
        plain, right = _TYPES[leaf.kind]
        there = None if leaf.residual else self._way(plain, mask, bit, leaf.keys, link)
        back = None if right is None or leaf.null_aware else self._way(right, bit, mask, turned, link)
        self._offer_all(mask, bit, there, back)

    # -- costs -----------------------------------------------------------------------------------

    def _way(self, type: JoinType, probe: int, build: int, keys: tuple[Key, ...], link: _Link) -> _Way:
        """What all joins of plans of two sets have in common."""
        weights = self.weights
        probe_rows, build_rows = self.rows[probe], self.rows[build]
        work = weights.probe(probe_rows, build_rows) + weights.build(build_rows)
        if not keys:
            work += PAIR_COST * probe_rows * build_rows
        work += link.rows * weights.output_row
        width = 0.0
        if type not in (JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI):
            width += self.best[probe][0].width
        if type not in (JoinType.SEMI, JoinType.ANTI):
            width += self.best[build][0].width
        roots = [(self._root(a), self._root(b)) for a, b in keys]
        return _Way(type, probe | build, keys, roots, link, work, width, weights.distribute(link.rows, width))

    def _offer_all(self, one: int, other: int, there: _Way | None, back: _Way | None) -> None:
        """All plans of one set with all of the other, in both directions, the cheapest first."""
        mask = one | other
        others = sorted(self.best[other], key=_cost)
        for left in sorted(self.best[one], key=_cost):
            for right in others:
                base = left.cost + right.cost
                if there is not None and base + there.work < self._limit(mask, there):
                    self._offer(there, left, right, base)
                if back is not None and base + back.work < self._limit(mask, back):
                    self._offer(back, right, left, base)

    def _offer(self, way: _Way, probe: Candidate, build: Candidate, base: float) -> None:
        weights, link = self.weights, way.link
        limit = self._limit(way.mask, way)
        spare = limit - base - way.work
        for move in movements(way.type, probe, build, way.roots, weights, link.null_aware, spare):
            times = weights.slices if move.everywhere else 1
            cost = base + way.work * times + move.cost
            if cost >= limit:
                continue
            choice = Choice(
                way.type, probe, build, way.keys, link.residual, move, link.null_aware, link.after
            )
            self._keep(Candidate(way.mask, link.rows, way.width, cost, move.where, choice))
            if move.where == "replicated":
                read_once = base + way.work
                self._keep(Candidate(way.mask, link.rows, way.width, read_once, "anywhere", choice, split=True))

    def _root(self, expr: Expr) -> ColumnId | None:
        column = key_column(expr)
        return None if column is None else self.graph.root(column.id)

    def _limit(self, mask: int, way: _Way) -> float:
        """What a plan of this set may cost at most to be of use."""
        cheapest = self._cheapest.get(mask, inf)
        return min(cheapest + way.slack, self._bound) * (1 + 1e-9)

    def _keep(self, candidate: Candidate) -> None:
        """Keeps it unless another plan is at least as cheap and lies as well: rows that are hashed by something
        lie as well as rows that are anywhere."""
        mask, cost = candidate.mask, candidate.cost
        kept = self.best.setdefault(mask, [])
        self.rows.setdefault(mask, candidate.rows)
        hashed = isinstance(candidate.where, tuple)
        for i, other in enumerate(kept):
            if other.where == candidate.where:
                if cost >= other.cost:
                    return
                del kept[i]
                break
            if candidate.where == "anywhere" and isinstance(other.where, tuple) and other.cost <= cost:
                return
        if hashed:
            kept[:] = [other for other in kept if other.where != "anywhere" or other.cost < cost]
        kept.append(candidate)
        self._cheapest[mask] = min(cost, self._cheapest.get(mask, inf))
        if len(kept) > self._most:
            kept.remove(max(kept, key=_cost))

    # -- rows ------------------------------------------------------------------------------------

    def _link(self, one: int, other: int) -> _Link:
        both = one | other
        keys: list[Key] = []
        share = 1.0
        for members in self.graph.classes.values():
            left = [i for i in members if one >> i & 1]
            right = [i for i in members if other >> i & 1]
            if left and right:
                keys.append((members[left[0]], members[right[0]]))
                share *= self._key_share(members, left, right)
        for pair in self.graph.pairs:
            for a_mask, b_mask, key in (
                (pair.left_mask, pair.right_mask, (pair.left, pair.right)),
                (pair.right_mask, pair.left_mask, (pair.right, pair.left)),
            ):
                if not a_mask & ~one and not b_mask & ~other:
                    keys.append(key)
                    share /= max([1.0, *[self.estimator.of_expression(e, 1e6).distinct for e in key]])
        residual, part = self._completed(one, other)
        share *= part
        for mask, factor in self._corrections:
            if not mask & ~both and mask & one and mask & other:
                share *= factor
        rows = self.rows[one] * self.rows[other] * share
        return _Link(tuple(keys), tuple(residual), self.rows.get(both, rows))

    def _key_share(self, members: dict[int, ColumnRef], left: list[int], right: list[int]) -> float:
        """The share of pairs that a class keeps between two sets of leaves."""
        known = {i: self.estimator.column(members[i]) for i in (*left, *right)}
        one, other = (min(side, key=lambda i: known[i].distinct) for side in (left, right))
        few, many = sorted((one, other), key=lambda i: known[i].distinct)
        return key_share(known[few], known[many], self._bands[many])

    def _completed(self, one: int, other: int) -> tuple[list[Expr], float]:
        """Conditions that become whole with this join, and the share of rows they keep; pairs too,
        where they cannot be keys because a side of them needs both sets."""
        both = one | other
        outside = ~other if not other & self.graph.constrained or other & (other - 1) else -1
        found: list[Expr] = []
        share = 1.0
        for i, condition in enumerate(self.graph.conditions):
            if not condition.mask & ~both and condition.mask & ~one and condition.mask & outside:
                found.append(condition.expr)
                share *= self._shares[i]
        for pair in self.graph.pairs:
            mask = pair.left_mask | pair.right_mask
            if mask & ~both or not mask & ~one or not mask & ~other:
                continue
            sides = (pair.left_mask, pair.right_mask)
            key = any(not a & ~one and not b & ~other for a, b in (sides, sides[::-1]))
            if not key or outside == -1:
                found.append(Compare("=", pair.left, pair.right))
                share *= 0.01
        return found, share

    def _constrained_rows(self, mask: int, index: int) -> float:
        leaf = self.graph.leaves[index]
        left, right = self.rows[mask], self.rows[1 << index]
        share = 1.0
        for a, b in leaf.keys:
            if leaf.kind in (JoinKind.SEMI, JoinKind.ANTI):  # how many of the left values are found
                known = self.estimator.of_expression(a, left).distinct
                share = min(share, self.estimator.distinct(b, right) / max(1.0, known))
            else:
                share /= max(1.0, *[self.estimator.of_expression(e, 1e6).distinct for e in (a, b)])
        for conjunct in leaf.residual:
            share *= selectivity(conjunct, self.estimator, 1e6) ** 0.5
        match leaf.kind:
            case JoinKind.SEMI:
                return left * min(1.0, share)
            case JoinKind.ANTI:
                return left * max(0.05, 1.0 - min(1.0, share))
            case _:
                return joined_rows(leaf.kind, left, right, share)

    def _correlated_pairs(self) -> list[tuple[int, float]]:
        """Two leaves joined by several classes: the combinations that exist are fewer than the product
        of the distinct values, at most the rows of the smaller table."""
        corrections = []
        count = len(self.graph.leaves)
        classes = [m for m in self.graph.classes.values() if len(m) > 1]
        for i in range(count):
            for j in range(i + 1, count):
                shared = [m for m in classes if i in m and j in m]
                if len(shared) < 2:
                    continue
                product, fewest = 1.0, float("inf")
                for members in shared:
                    pair = [self.estimator.column(members[k]) for k in (i, j)]
                    product *= max(p.distinct for p in pair)
                    fewest = min(fewest, *[p.source_rows for p in pair])
                if product > fewest:
                    corrections.append((1 << i | 1 << j, product / max(1.0, fewest)))
        return corrections


_TYPES: dict[JoinKind, tuple[JoinType, JoinType | None]] = {
    JoinKind.LEFT: (JoinType.LEFT, JoinType.RIGHT),
    JoinKind.SEMI: (JoinType.SEMI, JoinType.RIGHT_SEMI),
    JoinKind.ANTI: (JoinType.ANTI, JoinType.RIGHT_ANTI),
    JoinKind.SINGLE: (JoinType.SINGLE, None),
    JoinKind.FULL: (JoinType.FULL, None),
}


# -- connected subgraphs -------------------------------------------------------------------------


def connected_pairs(count: int, near: list[int], limit: int) -> Iterator[tuple[int, int]]:
    """All pairs of disjoint connected sets with an edge between them, smaller unions first enough that
    both parts were seen as unions before (DPccp's order). Stops after `limit` pairs."""
    given = 0
    for start in range(count - 1, -1, -1):
        for subset in _grow(1 << start, (1 << start + 1) - 1, near):
            for other in _complements(subset, near):
                yield subset, other
                given += 1
                if given >= limit:
                    return


def _around(mask: int, near: list[int]) -> int:
    reached = 0
    for i in bits(mask):
        reached |= near[i]
    return reached & ~mask


def _grow(mask: int, banned: int, near: list[int]) -> Iterator[int]:
    """`mask` and all connected sets around it that avoid `banned`; a set before its supersets."""
    yield mask
    yield from _extend(mask, banned, near)


def _extend(mask: int, banned: int, near: list[int]) -> Iterator[int]:
    border = _around(mask, near) & ~banned
    if not border:
        return
    subset = border & -border
    while subset:
        yield mask | subset
        subset = (subset - border) & border
    subset = border & -border
    while subset:
        yield from _extend(mask | subset, banned | border, near)
        subset = (subset - border) & border


def _complements(mask: int, near: list[int]) -> Iterator[int]:
    lowest = mask & -mask
    banned = mask | (lowest - 1) | lowest
    border = _around(mask, near) & ~banned
    for i in sorted(bits(border), reverse=True):
        below = border & ((1 << i + 1) - 1)
        yield from _grow(1 << i, banned | below, near)


__all__ = ["Candidate", "Choice", "JoinOrder", "connected_pairs"]
