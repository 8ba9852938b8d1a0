"""The ways to bring the two sides of a join together, each with its price and Redshift's label.

    DS_DIST_NONE        both sides lie by the join key already
    DS_DIST_ALL_NONE    the build side is on every slice already
    DS_DIST_INNER       the build side is sent to where the probe side lies
    DS_DIST_OUTER       the probe side is sent to where the build side lies
    DS_DIST_BOTH        both are sent by the join key
    DS_BCAST_INNER      the build side is sent to every slice (for the RIGHT kinds the probe side is:
                        Redshift has no word of its own for that)
    DS_DIST_ALL_INNER   the probe side is replicated; the build side stays spread over the slices

What is allowed depends on which rows the join keeps or tests one by one (its *tested* side): each of
them must be on one slice and see all possible partners there. For INNER either side may be it; for
LEFT, SEMI, ANTI and SINGLE it is the probe side, for the RIGHT kinds the build side.
"""
from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Protocol

from ...records import dataclass
from ..expressions import ColumnId
from ..physical import JoinType
from .cost import Weights

# A distribution in the search: a name, or the classes of columns that the rows are hashed by.
Where = str | tuple[ColumnId, ...]
Roots = list[tuple[ColumnId | None, ColumnId | None]]

PROBE_TESTED = (JoinType.LEFT, JoinType.SEMI, JoinType.ANTI, JoinType.SINGLE)
BUILD_TESTED = (JoinType.RIGHT, JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)


class Side(Protocol):
    rows: float
    width: float
    where: Where


@dataclass(frozen=True, slots=True)
class Movement:
    """probe_keys, build_keys: positions of the join keys that a side is distributed by."""

    label: str
    where: Where
    cost: float = 0.0
    probe_keys: tuple[int, ...] | None = None
    build_keys: tuple[int, ...] | None = None
    broadcast_build: bool = False
    broadcast_probe: bool = False
    everywhere: bool = False  # every slice does the whole work


def movements(
    type: JoinType, probe: Side, build: Side, roots: Roots, weights: Weights, null_aware: bool = False,
    most: float = inf,
) -> Iterator[Movement]:
    """`null_aware`: one NULL in the build side decides for every probe row, so all slices must see it.
    Ways that cost `most` or more may be left out."""
    if probe.where == "leader":
        yield Movement("", "leader")
        return
    if weights.slices == 1:
        label = "DS_DIST_ALL_NONE" if build.where == "replicated" else "DS_DIST_NONE"
        yield Movement(label, "anywhere")
        return
    if probe.where == "replicated" or build.where == "replicated":
        yield from _replicated(type, probe, build, weights)
    spread = probe.where != "replicated" and build.where != "replicated"
    if spread and type in BUILD_TESTED:
        price = weights.broadcast(probe.rows, probe.width) + probe.rows * (weights.slices - 1)
        yield Movement("DS_BCAST_INNER", build.where, price, broadcast_probe=True)
    elif spread and type is not JoinType.FULL:
        price = weights.broadcast(build.rows, build.width)
        if price < most:
            yield Movement("DS_BCAST_INNER", probe.where, price, broadcast_build=True)
    if spread and roots and not null_aware:
        yield from _by_key(type, probe, build, roots, weights, most)


def _replicated(type: JoinType, probe: Side, build: Side, weights: Weights) -> Iterator[Movement]:
    if probe.where == build.where and type is not JoinType.FULL:
        yield Movement("DS_DIST_ALL_NONE", "replicated", everywhere=True)
    elif build.where == "replicated" and type not in BUILD_TESTED and type is not JoinType.FULL:
        yield Movement("DS_DIST_ALL_NONE", probe.where)
    elif probe.where == "replicated" and (type in BUILD_TESTED or type is JoinType.INNER):
        extra = probe.rows * (weights.slices - 1)
        yield Movement("DS_DIST_ALL_INNER", build.where, extra)


def _by_key(
    type: JoinType, probe: Side, build: Side, roots: Roots, weights: Weights, most: float
) -> Iterator[Movement]:
    kept = probe.where if type not in BUILD_TESTED else build.where
    from_probe = _positions(probe.where, [a for a, _ in roots])
    from_build = _positions(build.where, [b for _, b in roots])
    if from_probe is not None and from_probe == from_build:
        yield Movement("DS_DIST_NONE", _result(type, kept))
        return
    to_build = weights.distribute(build.rows, build.width)
    to_probe = weights.distribute(probe.rows, probe.width)
    if from_probe is not None and to_build < most:
        where = _hashed(type, roots, from_probe)
        yield Movement("DS_DIST_INNER", where, to_build, build_keys=from_probe)
    if from_build is not None and to_probe < most:
        where = _hashed(type, roots, from_build)
        yield Movement("DS_DIST_OUTER", where, to_probe, probe_keys=from_build)
    if to_probe + to_build >= most:
        return
    for keys in _key_choices(roots):
        where = _hashed(type, roots, keys)
        yield Movement("DS_DIST_BOTH", where, to_probe + to_build, keys, keys)


def _key_choices(roots: Roots) -> Iterator[tuple[int, ...]]:
    """All keys together, or one alone (which more of the joins above can use)."""
    every = tuple(range(len(roots)))
    if len(every) > 1:
        yield from [(i,) for i in every if roots[i][0] is not None]
    yield every


def _positions(where: Where, roots: list[ColumnId | None]) -> tuple[int, ...] | None:
    """The keys that the rows are hashed by, in order; None if they are not."""
    if isinstance(where, str):
        return None
    found = []
    for column in where:
        if column not in roots:
            return None
        found.append(roots.index(column))
    return tuple(found)


def _hashed(type: JoinType, roots: Roots, keys: tuple[int, ...]) -> Where:
    side = 1 if type in BUILD_TESTED else 0
    columns = [roots[i][side] for i in keys]
    known = tuple([c for c in columns if c is not None])
    return _result(type, known if len(known) == len(columns) else "anywhere")


def _result(type: JoinType, where: Where) -> Where:
    """A FULL join makes NULL keys on both sides: its rows are hashed by nothing."""
    return "anywhere" if type is JoinType.FULL else where
