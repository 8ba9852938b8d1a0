"""A set of leaves in the search for a join order: a side of joins, and the plans that are kept for it.

    {orders, lineitem}   120 (hashed by orderkey), 90 (anywhere)     limits: 120 by orderkey, 90 anywhere, else none

Of each distribution the cheapest plan is kept, if what it saves above may be worth its price. Rows that are hashed by
something lie as well as rows that are anywhere; hashed by columns that no join above has for keys, they are anywhere as
far as the search goes. What one more plan has to cost less than is kept beside the plans: by where its rows lie, and
the most of these numbers (`Part.limit`), by which the search knows that it need not look further at all.
"""
from __future__ import annotations

from dataclasses import field
from math import inf
from operator import attrgetter

from ...records import dataclass
from ..expressions import ColumnId, Expr
from ..physical import JoinType
from .join_graph import Key
from .join_links import Link
from .movement import Movement, Roots, Side, Where

NEARLY = 1 + 1e-9  # sums of costs are as good as equal
_LESS = 1 - 1e-9  # and one that is less is so by more than this

ANYWHERE: tuple[Where, ...] = ("anywhere",)

_cost = attrgetter("cost")


@dataclass(slots=True)
class Choice:
    """How a candidate joins its two parts."""

    type: JoinType
    probe: Candidate
    build: Candidate
    keys: tuple[Key, ...]  # (probe side, build side)
    roots: Roots  # the classes of their columns
    residual: tuple[Expr, ...]
    movement: Movement
    null_aware: bool
    after: tuple[Expr, ...]  # filters on the joined rows


@dataclass(slots=True, eq=False)
class Candidate:
    """A plan of a set of leaves; `joined`: how it is made of two others, None for a leaf."""

    mask: int
    rows: float
    cost: float
    where: Where
    joined: tuple[Way, Candidate, Candidate, Movement] | None = None  # with the probe side and the build side
    split: bool = False  # read one copy of what would be replicated

    @property
    def choice(self) -> Choice | None:
        """Spelled out for the few that become part of a plan."""
        if self.joined is None:
            return None
        way, probe, build, move = self.joined
        link = way.link
        keys = tuple([(b, a) for a, b in link.keys]) if way.turned else link.keys
        return Choice(way.type, probe, build, keys, way.roots, link.residual, move, link.null_aware, link.after)


@dataclass(slots=True, eq=False)
class Way:
    """A kind of join of two parts, one probing and one building; `turned`: the link's second part probes; `work`: what
    it costs to build and to probe."""

    type: JoinType
    turned: bool
    link: Link
    probe: Part
    build: Part
    work: float

    @property
    def roots(self) -> Roots:
        return self.link.turned if self.turned else self.link.roots


@dataclass(slots=True, eq=False)
class Part(Side):
    """A set of leaves with its plans. `leaf_rows`: of all its leaves; `output`: what its rows cost the join that
    makes them; `most`: what a plan may cost to be part of a better whole; `live`: the classes of columns that joins
    with other leaves may have for keys; `places`: where plans worth keeping may lie, if that is known; `is_still`:
    others can be joined to one of its plans without moving a row; `is_hashed`: one of them lies by columns.

    What one more plan must cost less than: `limit`, wherever it lies; `limit_anywhere`, if it lies anywhere."""

    mask: int
    leaf_rows: float
    output: float
    most: float
    live: frozenset[ColumnId]
    places: tuple[Where, ...]
    is_still: bool
    limit: float
    limit_anywhere: float
    plans: dict[Where, Candidate] = field(default_factory=dict)
    cheapest: float = inf
    is_hashed: bool = False
    _dearest: float = inf  # the limit of plans that lie as none of those kept
    _sorted: list[Candidate] | None = None

    def cheapest_first(self) -> list[Candidate]:
        if self._sorted is None:
            self._sorted = sorted(self.plans.values(), key=_cost)
        return self._sorted

    def where(self, where: Where) -> Where:
        """The same as far as joins above can tell."""
        return "anywhere" if where.__class__ is tuple and not self.live.issuperset(where) else where

    def begin(self, plans: list[Candidate]) -> None:
        """Of a leaf: these are its plans."""
        for plan in plans:
            plan.where = self.where(plan.where)
            self.plans.setdefault(plan.where, plan)
            self.is_hashed |= plan.where.__class__ is tuple
        self.cheapest = min([plan.cost for plan in plans])

    def admits(self, where: Where, cost: float) -> bool:
        """Whether a plan would be worth keeping."""
        if cost >= self.limit or (where == "anywhere" and cost >= self.limit_anywhere):
            return False
        known = self.plans.get(where)
        return cost < (self._dearest if known is None else known.cost * _LESS)

    def keep(self, plan: Candidate, count: int) -> None:
        """Keeps a plan in the place of those that it beats, and no more than `count`."""
        plans, where, cost = self.plans, plan.where, plan.cost
        if self.places is ANYWHERE:  # the common case: any plan beats the one before
            self.plans, self._sorted, self.cheapest = {where: plan}, [plan], cost
            self.limit = self.limit_anywhere = min(self.most, cost * _LESS)
            return
        plans.pop(where, None)
        if where.__class__ is tuple:
            self.is_hashed = True
            if "anywhere" in plans and plans["anywhere"].cost >= cost:
                del plans["anywhere"]
        if len(plans) >= count:
            del plans[max(plans, key=lambda place: plans[place].cost)]
        plans[where] = plan
        self._sorted = None
        if cost < self.cheapest:
            self.cheapest = cost
        self.set_limits(count)

    def set_limits(self, count: int) -> None:
        """By the plans that are kept now."""
        plans = self.plans
        dearest, anywhere = 0.0, inf  # rows hashed by something lie as well as rows that are anywhere
        for where, plan in plans.items():
            cost = plan.cost
            if cost > dearest:
                dearest = cost
            if cost < anywhere and (where == "anywhere" or where.__class__ is tuple):
                anywhere = cost
        others = inf if len(plans) < count else dearest
        highest = 0.0 if self.places else others
        for place in self.places:
            highest = max(highest, plans[place].cost if place in plans else others)
        self._dearest = others * _LESS
        self.limit = limit = min(self.most, (self.cheapest + self.to_slices) * NEARLY, highest * _LESS)
        self.limit_anywhere = min(limit, anywhere * _LESS, self._dearest)


def least_costs(one: Part, other: Part) -> tuple[float, float]:
    """What a join of plans of the two costs at least, but for its own rows; and one whose rows are hashed by a key."""
    there = (one.far if other.is_large else one.rows) + other.work
    back = (other.far if one.is_large else other.rows) + one.work
    least = one.cheapest + other.cheapest + (there if there < back else back)
    moved, by_key = 0.0, 0.0
    if not (one.is_hashed and other.is_hashed):
        still = one.is_still or other.is_still
        moved = 0.0 if still else min(one.to_slices, one.to_all, other.to_slices, other.to_all)
        by_key = moved
        if not (one.is_hashed or other.is_hashed or (one.is_still and other.is_still)):
            by_key = one.to_slices + other.to_slices
    return least + moved, least + by_key
