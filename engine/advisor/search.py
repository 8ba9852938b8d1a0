"""The joint space of all tables' designs: greedy improvement, begun anew from several places.

One table after the other takes the design that makes the whole workload cheapest, all others staying as they are, until
none wants to change. Tables that are joined must often change together (one DISTKEY alone makes nothing collocated), so
for each join of the workload both sides also try its columns at once. Where it ends depends on where it began:

    start 1   what the database has           start 3 ...   at random, by the seed
    start 2   the heaviest join collocated, small tables everywhere

Distribution is searched first, then sort keys, then both again: a sort key only changes what is read. The best designs
seen, of all starts, are handed out: the cheapest first, and then such as distribute a large table in another way.
"""
from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from ...records import dataclass
from ...storage.schema import DistStyle
from .candidates import Candidates
from .designs import Design, TableDesign, TableName
from .usage import Column

Score = Callable[[Design], float]
Seen = Callable[[int, int, float], None]  # (starts done, of how many, best score)
Frozen = tuple[tuple[TableName, TableDesign], ...]

ROUNDS = 6
WORTH = 1e-9  # seconds: less is no improvement


@dataclass(frozen=True, slots=True)
class Space:
    """Candidates by table, and joins whose columns are candidates on both sides."""

    tables: Mapping[TableName, Candidates]
    joins: tuple[tuple[Column, Column], ...]


def frozen(design: Design) -> Frozen:
    """A design as a key."""
    return tuple(sorted(design.items(), key=lambda item: item[0]))


class Search:
    """See the module's text. `score`: seconds of the workload, remembered here."""

    def __init__(self, space: Space, score: Score, seed: int = 0) -> None:
        self.space = space
        self._score = score
        self._random = random.Random(seed)
        self.scores: dict[Frozen, float] = {}

    def run(self, now: Design, restarts: int, seen: Seen | None = None) -> list[tuple[float, Design]]:
        """Designs and their scores, the best first; `now` is the first start."""
        starts = [now, self._collocated(now), *(self._any() for _ in range(max(0, restarts - 2)))][: max(1, restarts)]
        for i, start in enumerate(starts, 1):
            self._improved(dict(start))
            if seen is not None:
                seen(i, len(starts), min(self.scores.values()))
        return [(score, dict(key)) for key, score in sorted(self.scores.items(), key=lambda item: item[1])]

    def score(self, design: Design) -> float:
        key = frozen(design)
        found = self.scores.get(key)
        if found is None:
            found = self.scores[key] = self._score(design)
        return found

    # -- one start -----------------------------------------------------------------------------------

    def _improved(self, design: dict[TableName, TableDesign]) -> None:
        for _ in range(ROUNDS):
            before = self.score(design)
            self._step(design, self._distributions)
            self._step_joins(design)
            self._step(design, self._sortings)
            if self.score(design) >= before - WORTH:
                return

    def _step(self, design: dict[TableName, TableDesign],
              choices: Callable[[TableName, TableDesign], Iterator[TableDesign]]) -> None:
        """Each table in turn takes its best choice."""
        names = list(self.space.tables)
        self._random.shuffle(names)
        for name in names:
            best = design[name]
            for choice in choices(name, design[name]):
                if self.score({**design, name: choice}) < self.score({**design, name: best}) - WORTH:
                    best = choice
            design[name] = best

    def _step_joins(self, design: dict[TableName, TableDesign]) -> None:
        """Both sides of a join at once."""
        for sides in self.space.joins:
            together = dict(design)
            for name, column in sides:
                together[name] = design[name].with_distribution(DistStyle.KEY, column)
            if self.score(together) < self.score(design) - WORTH:
                design.update(together)

    def _distributions(self, name: TableName, now: TableDesign) -> Iterator[TableDesign]:
        for style, key in self.space.tables[name].distributions:
            yield now.with_distribution(style, key)

    def _sortings(self, name: TableName, now: TableDesign) -> Iterator[TableDesign]:
        for names, interleaved in self.space.tables[name].sortings:
            yield now.with_sort_key(names, interleaved)

    # -- starts --------------------------------------------------------------------------------------

    def _collocated(self, now: Design) -> dict[TableName, TableDesign]:
        """Tables that may be everywhere are; the others have the key of their heaviest join."""
        design = dict(now)
        for name, found in self.space.tables.items():
            if (DistStyle.ALL, None) in found.distributions:
                design[name] = design[name].with_distribution(DistStyle.ALL)
        placed: set[TableName] = set()
        for sides in self.space.joins:
            if not placed & {name for name, _ in sides}:
                for name, column in sides:
                    design[name] = design[name].with_distribution(DistStyle.KEY, column)
                    placed.add(name)
        return design

    def _any(self) -> dict[TableName, TableDesign]:
        return {name: self._random.choice(list(found)) for name, found in self.space.tables.items()}


def joins_within(joins: Sequence[tuple[Column, Column]], tables: Mapping[TableName, Candidates]) -> tuple[
        tuple[Column, Column], ...]:
    """Those between columns that are distribution keys among the candidates of two tables."""
    def known(column: Column) -> bool:
        found = tables.get(column[0])
        return found is not None and (DistStyle.KEY, column[1]) in found.distributions

    return tuple((a, b) for a, b in joins if a[0] != b[0] and known(a) and known(b))


def finalists(ranked: Sequence[tuple[float, Design]], count: int, largest: Sequence[TableName]) -> list[Design]:
    """The best, then the best of those that distribute one of the `largest` tables otherwise than all before: estimates
    may be wrong about what matters most, and less is learned from another key of a small table."""
    found: list[Design] = []
    seen: set[tuple[str, ...]] = set()
    for _, design in ranked:
        key = tuple(design[name].distribution for name in largest)
        if key not in seen and len(found) < count:
            seen.add(key)
            found.append(design)
    return found
