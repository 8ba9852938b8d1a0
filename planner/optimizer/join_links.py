"""What holds between two sets of leaves that are joined: keys, other conditions, how many rows come out.

    {orders} {lineitem, part}   keys o.k = l.k      rows 1,500 * 6,000 * 1/1,500

The search (join_order.py) asks for hundreds of pairs of few leaves, so what belongs to a class of equal columns
or to a pair of expressions alone is found once. The rows of a set are those of the first plan that was kept for
it: all ways to join the same leaves give the same rows.
"""
from __future__ import annotations

from dataclasses import field

from ...records import dataclass
from ..expressions import ColumnId, ColumnRef, Compare, Expr
from ..logical import JoinKind
from .column_estimates import joined_rows
from .distribution import key_column
from .estimates import Estimator
from .join_graph import JoinGraph, Key, Pair
from .key_bands import Band, bands, key_share, may_have_bands
from .movement import Roots
from .selectivity import selectivity

_NONE: list[Expr] = []
MANY = 1e6  # rows of a source that has more than enough


@dataclass(slots=True)
class Link:
    """What holds between two sets, seen from the first. `roots`: the classes of the keys' columns; `turned`: the same,
    seen from the second."""

    keys: tuple[Key, ...]
    roots: Roots
    turned: Roots
    residual: tuple[Expr, ...]
    rows: float
    null_aware: bool = False
    after: tuple[Expr, ...] = ()


@dataclass(slots=True)
class _Class:
    """Columns made equal, by leaf; `chosen`: of a mask of its leaves the one that gives the key, and the one
    with the fewest values; `shares`: of pairs that two leaves' columns keep."""

    roots: tuple[ColumnId, ColumnId]  # the class, on both sides
    members: dict[int, ColumnRef]
    mask: int
    chosen: dict[int, tuple[ColumnRef, int]] = field(default_factory=dict)
    shares: dict[tuple[int, int], float] = field(default_factory=dict)


@dataclass(slots=True)
class _PairKey:
    """A pair of expressions as a key, in one direction, and the share of pairs of rows it keeps."""

    left_mask: int
    right_mask: int
    key: Key
    roots: tuple[ColumnId | None, ColumnId | None]
    distinct: float


class Links:
    """All that is asked of pairs of sets; `rows` of the sets met are the search's to fill."""

    def __init__(self, graph: JoinGraph, estimator: Estimator) -> None:
        self.graph = graph
        self.estimator = estimator
        self.rows: dict[int, float] = {}
        self._completes = bool(graph.conditions or graph.pairs)
        self._corrections = self._correlated_pairs()
        self._bands: dict[int, list[Band]] = {}  # by leaf
        self._shares = [selectivity(c.expr, estimator, MANY) for c in graph.conditions]
        self._classes = [
            _Class((root, root), m, sum([1 << i for i in m])) for root, m in graph.classes.items() if len(m) > 1
        ]
        self._pairs = [key for pair in graph.pairs for key in self._pair_keys(pair)]

    def _pair_keys(self, pair: Pair) -> tuple[_PairKey, _PairKey]:
        left, right = self._root(pair.left), self._root(pair.right)
        most = max([1.0, *[self.estimator.of_expression(e, MANY).distinct for e in (pair.left, pair.right)]])
        return (
            _PairKey(pair.left_mask, pair.right_mask, (pair.left, pair.right), (left, right), most),
            _PairKey(pair.right_mask, pair.left_mask, (pair.right, pair.left), (right, left), most),
        )

    def _root(self, expr: Expr) -> ColumnId | None:
        column = key_column(expr)
        return None if column is None else self.graph.root(column.id)

    # -- two free sets ---------------------------------------------------------------------------

    def between(self, one: int, other: int) -> Link:
        """Of two sets that any inner join may join."""
        both = one | other
        keys: list[Key] = []
        roots: list[tuple[ColumnId | None, ColumnId | None]] = []
        share = 1.0
        for c in self._classes:
            left, right = c.mask & one, c.mask & other
            if left and right:
                left_key, i = c.chosen.get(left) or self._choose(c, left)
                right_key, j = c.chosen.get(right) or self._choose(c, right)
                keys.append((left_key, right_key))
                roots.append(c.roots)
                share *= c.shares.get((i, j)) or self._share(c, i, j)
        turned = known = tuple(roots)
        if self._pairs:
            for pair in self._pairs:
                if not pair.left_mask & ~one and not pair.right_mask & ~other:
                    keys.append(pair.key)
                    roots.append(pair.roots)
                    share /= pair.distinct
            known = tuple(roots)
            turned = tuple([(b, a) for a, b in roots])
        residual, part = self.completed(one, other) if self._completes else (_NONE, 1.0)
        share *= part
        for mask, factor in self._corrections:
            if not mask & ~both and mask & one and mask & other:
                share *= factor
        return Link(tuple(keys), known, turned, tuple(residual), self.rows[one] * self.rows[other] * share)

    def _choose(self, c: _Class, mask: int) -> tuple[ColumnRef, int]:
        inside = [i for i in c.members if mask >> i & 1]
        fewest = min(inside, key=lambda i: self.estimator.column(c.members[i]).distinct)
        found = c.chosen[mask] = (c.members[inside[0]], fewest)
        return found

    def _share(self, c: _Class, i: int, j: int) -> float:
        """The share of pairs of rows that a class keeps between two leaves."""
        one, other = self.estimator.column(c.members[i]), self.estimator.column(c.members[j])
        few, many, index = (one, other, j) if one.distinct <= other.distinct else (other, one, i)
        kept = self._bands_of(index) if may_have_bands(few, many) else []
        found = c.shares[i, j] = key_share(few, many, kept)
        return found

    def _bands_of(self, index: int) -> list[Band]:
        found = self._bands.get(index)
        if found is None:
            leaf = self.graph.leaves[index]
            found = self._bands[index] = bands(leaf.plan, leaf.filters, self.estimator)
        return found

    def completed(self, one: int, other: int) -> tuple[list[Expr], float]:
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

    def _correlated_pairs(self) -> list[tuple[int, float]]:
        """Two leaves joined by several classes: the combinations that exist are fewer than the product
        of the distinct values, at most the rows of the smaller table."""
        corrections = []
        count = len(self.graph.leaves)
        classes = [m for m in self.graph.classes.values() if len(m) > 1]
        if len(classes) < 2:
            return []
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

    # -- a set and a leaf with a constraint ------------------------------------------------------

    def constrained(self, mask: int, index: int) -> Link:
        """Of a set and the leaf of a LEFT, SEMI, ANTI, SINGLE or FULL join."""
        leaf = self.graph.leaves[index]
        bit = 1 << index
        after, share = self.completed(mask, bit) if self._completes else ([], 1.0)
        for members in self.graph.classes.values():
            partner = next((i for i in members if mask >> i & 1), None)
            if index in members and partner is not None:
                after.append(Compare("=", members[partner], members[index]))
                share /= max(1.0, *[self.estimator.column(members[i]).distinct for i in (partner, index)])
        rows = self.rows.get(mask | bit)
        if rows is None:
            rows = self._constrained_rows(mask, index) * share
        roots = tuple([(self._root(a), self._root(b)) for a, b in leaf.keys])
        turned = tuple([(b, a) for a, b in roots])
        return Link(leaf.keys, roots, turned, leaf.residual, rows, leaf.null_aware, tuple(after))

    def _constrained_rows(self, mask: int, index: int) -> float:
        leaf = self.graph.leaves[index]
        left, right = self.rows[mask], self.rows[1 << index]
        share = 1.0
        for a, b in leaf.keys:
            if leaf.kind in (JoinKind.SEMI, JoinKind.ANTI):  # how many of the left values are found
                known = self.estimator.of_expression(a, left).distinct
                share = min(share, self.estimator.distinct(b, right) / max(1.0, known))
            else:
                share /= max(1.0, *[self.estimator.of_expression(e, MANY).distinct for e in (a, b)])
        for conjunct in leaf.residual:
            share *= selectivity(conjunct, self.estimator, MANY) ** 0.5
        match leaf.kind:
            case JoinKind.SEMI:
                return left * min(1.0, share)
            case JoinKind.ANTI:
                return left * max(0.05, 1.0 - min(1.0, share))
            case _:
                return joined_rows(leaf.kind, left, right, share)
