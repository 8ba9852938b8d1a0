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

Which ways there are is told by where the rows lie alone, whatever the columns are called: most joins find theirs among
those of joins before (`_shapes`). What each costs is told by the sizes of the sides (`prices`).
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ...records import dataclass
from ..expressions import ColumnId
from ..physical import JoinType

# A distribution in the search: a name, or the classes of columns that the rows are hashed by.
Where = str | tuple[ColumnId, ...]
Roots = tuple[tuple[ColumnId | None, ColumnId | None], ...]
Positions = tuple[int, ...]  # of join keys
Prices = tuple[float, float, float, float, float, float, float]

PROBE_TESTED = (JoinType.LEFT, JoinType.SEMI, JoinType.ANTI, JoinType.SINGLE)
BUILD_TESTED = (JoinType.RIGHT, JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)

# Places in the prices of a join.
NOTHING, BUILD_SENT, PROBE_SENT, BOTH_SENT, BUILD_TO_ALL, PROBE_TO_ALL, PROBE_AGAIN = range(7)


@dataclass(frozen=True, slots=True)
class Movement:
    """`price`: which of the prices it has; `lies`: where the joined rows do, in a word for it (a `Where`), "probe" or
    "build" if it is where that side's rows lie, or the positions of the keys that they are hashed by; probe_keys,
    build_keys: positions of the join keys that a side is distributed by."""

    label: str
    lies: str | Positions
    price: int = NOTHING
    probe_keys: Positions | None = None
    build_keys: Positions | None = None
    broadcast_build: bool = False
    broadcast_probe: bool = False
    everywhere: bool = False  # every slice does the whole work


@dataclass(slots=True)
class Side:
    """A side of a join: its size, what its rows cost to probe in a table that is large (in another: 1 each), what
    building from it and moving it cost (cost.py)."""

    rows: float
    width: float
    far: float
    is_large: bool
    work: float
    to_slices: float
    to_all: float


def prices(probe: Side, build: Side, slices: int) -> Prices:
    """What moving costs, by a Movement's `price`. Where the probe side is on every slice, all but one probe its rows
    once more."""
    again = probe.rows * (slices - 1)
    return (
        0.0, build.to_slices, probe.to_slices, probe.to_slices + build.to_slices, build.to_all,
        probe.to_all + again, again,
    )


def movements(
    type: JoinType, probe: Where, build: Where, roots: Roots, slices: int, null_aware: bool = False
) -> tuple[Movement, ...]:
    """The ways for sides that lie at `probe` and `build`. `null_aware`: one NULL in the build side decides for
    every probe row, so all slices must see it."""
    from_probe = from_build = None
    if probe.__class__ is tuple:
        from_probe, probe = _positions(probe, [a for a, _ in roots]), "hashed"
    if build.__class__ is tuple:
        from_build, build = _positions(build, [b for _, b in roots]), "hashed"
    known = () if null_aware else tuple([a is not None for a, _ in roots])
    return _shapes(type, probe, build, from_probe, from_build, known, slices == 1)


def where_joined(move: Movement, type: JoinType, probe: Where, build: Where, roots: Roots) -> Where:
    """Where the joined rows lie."""
    lies = move.lies
    if isinstance(lies, str):
        return probe if lies == "probe" else build if lies == "build" else lies
    side = 1 if type in BUILD_TESTED else 0
    columns = [roots[i][side] for i in lies]
    known = tuple([c for c in columns if c is not None])
    return known if len(known) == len(columns) else "anywhere"


def _positions(where: Where, roots: list[ColumnId | None]) -> Positions | None:
    """The keys that the rows are hashed by, in order; None if they are not."""
    found = []
    for column in where:
        if column not in roots:
            return None
        found.append(roots.index(column))
    return tuple(found)


@lru_cache(maxsize=512)
def _shapes(
    type: JoinType, probe: Where, build: Where, from_probe: Positions | None, from_build: Positions | None,
    known: tuple[bool, ...], one_slice: bool,
) -> tuple[Movement, ...]:
    """`probe`, `build`: where the sides lie, in a word; from_probe, from_build: the keys that they are hashed by;
    `known`: for each key that rows may be sent by, whether it is a column on the probe side."""
    if probe == "leader":
        return (Movement("", "leader"),)
    if one_slice:
        return (Movement("DS_DIST_ALL_NONE" if build == "replicated" else "DS_DIST_NONE", "anywhere"),)
    if probe == "replicated" or build == "replicated":
        return tuple(_replicated(type, probe, build))
    return tuple(_spread(type, from_probe, from_build, known))


def _replicated(type: JoinType, probe: Where, build: Where) -> Iterator[Movement]:
    if probe == build and type is not JoinType.FULL:
        yield Movement("DS_DIST_ALL_NONE", "replicated", everywhere=True)
    elif build == "replicated" and type not in BUILD_TESTED and type is not JoinType.FULL:
        yield Movement("DS_DIST_ALL_NONE", "probe")
    elif probe == "replicated" and (type in BUILD_TESTED or type is JoinType.INNER):
        yield Movement("DS_DIST_ALL_INNER", "build", PROBE_AGAIN)


def _spread(
    type: JoinType, from_probe: Positions | None, from_build: Positions | None, known: tuple[bool, ...]
) -> Iterator[Movement]:
    """A FULL join makes NULL keys on both sides: its rows are hashed by nothing."""
    is_full = type is JoinType.FULL
    if type in BUILD_TESTED:
        yield Movement("DS_BCAST_INNER", "build", PROBE_TO_ALL, broadcast_probe=True)
    elif not is_full:
        yield Movement("DS_BCAST_INNER", "probe", BUILD_TO_ALL, broadcast_build=True)
    if not known:
        return
    if from_probe is not None and from_probe == from_build:
        yield Movement("DS_DIST_NONE", "anywhere" if is_full else "build" if type in BUILD_TESTED else "probe")
        return
    if from_probe is not None:
        yield Movement("DS_DIST_INNER", "anywhere" if is_full else from_probe, BUILD_SENT, build_keys=from_probe)
    if from_build is not None:
        yield Movement("DS_DIST_OUTER", "anywhere" if is_full else from_build, PROBE_SENT, probe_keys=from_build)
    for keys in _key_choices(known):
        yield Movement("DS_DIST_BOTH", "anywhere" if is_full else keys, BOTH_SENT, keys, keys)


def _key_choices(known: tuple[bool, ...]) -> Iterator[Positions]:
    """All keys together, or one alone (which more of the joins above can use)."""
    every = tuple(range(len(known)))
    if len(every) > 1:
        yield from [(i,) for i in every if known[i]]
    yield every
