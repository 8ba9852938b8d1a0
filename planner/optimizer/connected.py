"""Connected sets of a graph's nodes, as masks: the search for a join order looks at no others.

    0 - 1 - 2      {0} {1}   {0} {1,2}   {0,1} {2}   {1} {2}      and never {0} {2}, a cross product

Moerkotte and Neumann's DPccp: `near[i]` is the mask of the neighbours of node i.
"""
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache


@lru_cache(maxsize=64)
def few_pairs(near: tuple[int, ...], limit: int) -> tuple[tuple[int, int], ...] | None:
    """The pairs of `connected_pairs` if there are fewer than `limit`. Graphs come again, in other queries and in other
    subqueries of one, so they are remembered: 64 of them take a megabyte or two, as most have under a hundred pairs."""
    found = tuple(connected_pairs(len(near), list(near), limit))
    return found if len(found) < limit else None


def connected_pairs(count: int, near: list[int], limit: int) -> Iterator[tuple[int, int]]:
    """All pairs of disjoint connected sets with an edge between them, smaller unions first enough that
    both parts were seen as unions before (DPccp's order). Stops after `limit` pairs."""
    given = 0
    sets = _Sets(near)
    for start in range(count - 1, -1, -1):
        for subset in sets.grow(1 << start, (1 << start + 1) - 1):
            for other in sets.complements(subset):
                yield subset, other
                given += 1
                if given >= limit:
                    return


class _Sets:
    """Connected sets; what lies around each is remembered, for most are met many times."""

    def __init__(self, near: list[int]) -> None:
        self.near = near
        self._reached = {0: 0}

    def around(self, mask: int) -> int:
        """The neighbours of a set that are outside of it."""
        return self._reach(mask) & ~mask

    def _reach(self, mask: int) -> int:
        found = self._reached.get(mask)
        if found is None:
            low = mask & -mask
            found = self._reached[mask] = self._reach(mask ^ low) | self.near[low.bit_length() - 1]
        return found

    def grow(self, mask: int, banned: int) -> list[int]:
        """`mask` and all connected sets around it that avoid `banned`; a set before its supersets."""
        found = [mask]
        self._extend(mask, banned, found)
        return found

    def _extend(self, mask: int, banned: int, found: list[int]) -> None:
        border = self._reach(mask) & ~mask & ~banned
        if not border:
            return
        subset = border & -border
        while subset:
            found.append(mask | subset)
            subset = (subset - border) & border
        subset = border & -border
        while subset:
            self._extend(mask | subset, banned | border, found)
            subset = (subset - border) & border

    def complements(self, mask: int) -> Iterator[int]:
        """The sets that a set can be joined with and that no other pair of the two is listed under."""
        lowest = mask & -mask
        banned = mask | (lowest - 1) | lowest
        border = self.around(mask) & ~banned
        left = border
        while left:
            i = left.bit_length() - 1
            left ^= 1 << i
            yield from self.grow(1 << i, banned | border & ((1 << i + 1) - 1))
