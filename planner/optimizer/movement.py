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

Which ways there are is told by where the rows lie alone, so it is found once for all joins that agree in that
(`movements`); what each costs is told by the sizes of the sides (`prices`).
"""
from __future__ import annotations

from collections.abc import Iterator

from ...records import dataclass
from ..expressions import ColumnId
from ..physical import JoinType

# A distribution in the search: a name, or the classes of columns that the rows are hashed by.
Where = str | tuple[ColumnId, ...]
Roots = tuple[tuple[ColumnId | None, ColumnId | None], ...]
Prices = tuple[float, float, float, float, float, float, float]

PROBE_TESTED = (JoinType.LEFT, JoinType.SEMI, JoinType.ANTI, JoinType.SINGLE)
BUILD_TESTED = (JoinType.RIGHT, JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)

# Places in the prices of a join.
NOTHING, BUILD_SENT, PROBE_SENT, BOTH_SENT, BUILD_TO_ALL, PROBE_TO_ALL, PROBE_AGAIN = range(7)


@dataclass(frozen=True, slots=True)
class Movement:
    """`price`: which of the prices it has. probe_keys, build_keys: positions of the join keys that a side is
    distributed by."""

    label: str
    where: Where
    price: int = NOTHING
    probe_keys: tuple[int, ...] | None = None
    build_keys: tuple[int, ...] | None = None
    broadcast_build: bool = False
    broadcast_probe: bool = False
    everywhere: bool = False  # every slice does the whole work


@dataclass(slots=True)
class Side:
    """A side of a join: its size, what its rows cost to probe in a small table (`near`) and in a large one (`far`),
    what building from it and moving it cost (cost.py); `again`: what the rows cost that all slices but one probe once
    more."""

    rows: float
    width: float
    near: float
    far: float
    is_large: bool
    work: float
    to_slices: float
    to_all: float
    again: float


def prices(probe: Side, build: Side) -> Prices:
    """What moving costs, by a Movement's `price`."""
    return (
        0.0, build.to_slices, probe.to_slices, probe.to_slices + build.to_slices, build.to_all,
        probe.to_all + probe.again, probe.again,
    )


def movements(
    type: JoinType, probe: Where, build: Where, roots: Roots, slices: int, null_aware: bool = False
) -> Iterator[Movement]:
    """The ways for sides that lie at `probe` and `build`. `null_aware`: one NULL in the build side decides for
    every probe row, so all slices must see it."""
    if probe == "leader":
        yield Movement("", "leader")
        return
    if slices == 1:
        label = "DS_DIST_ALL_NONE" if build == "replicated" else "DS_DIST_NONE"
        yield Movement(label, "anywhere")
        return
    if probe == "replicated" or build == "replicated":
        yield from _replicated(type, probe, build)
        return
    if type in BUILD_TESTED:
        yield Movement("DS_BCAST_INNER", build, PROBE_TO_ALL, broadcast_probe=True)
    elif type is not JoinType.FULL:
        yield Movement("DS_BCAST_INNER", probe, BUILD_TO_ALL, broadcast_build=True)
    if roots and not null_aware:
        yield from _by_key(type, probe, build, roots)


def _replicated(type: JoinType, probe: Where, build: Where) -> Iterator[Movement]:
    if probe == build and type is not JoinType.FULL:
        yield Movement("DS_DIST_ALL_NONE", "replicated", everywhere=True)
    elif build == "replicated" and type not in BUILD_TESTED and type is not JoinType.FULL:
        yield Movement("DS_DIST_ALL_NONE", probe)
    elif probe == "replicated" and (type in BUILD_TESTED or type is JoinType.INNER):
        yield Movement("DS_DIST_ALL_INNER", build, PROBE_AGAIN)


def _by_key(type: JoinType, probe: Where, build: Where, roots: Roots) -> Iterator[Movement]:
    kept = probe if type not in BUILD_TESTED else build
    from_probe = _positions(probe, [a for a, _ in roots])
    from_build = _positions(build, [b for _, b in roots])
    if from_probe is not None and from_probe == from_build:
        yield Movement("DS_DIST_NONE", _result(type, kept))
        return
    if from_probe is not None:
        yield Movement("DS_DIST_INNER", _hashed(type, roots, from_probe), BUILD_SENT, build_keys=from_probe)
    if from_build is not None:
        yield Movement("DS_DIST_OUTER", _hashed(type, roots, from_build), PROBE_SENT, probe_keys=from_build)
    for keys in _key_choices(roots):
        yield Movement("DS_DIST_BOTH", _hashed(type, roots, keys), BOTH_SENT, keys, keys)


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
