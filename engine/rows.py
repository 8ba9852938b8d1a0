"""Where the rows of a finished subplan are: one collection a slice, one shared, or one on the leader."""
from __future__ import annotations

import enum

from ..records import dataclass
from .collection import Collection, concatenate


class Where(enum.Enum):
    SLICES = "slices"  # parts[i] is slice i's
    SHARED = "shared"  # one part that every slice sees (replicated)
    LEADER = "leader"  # one part, on the leader


@dataclass(slots=True)
class Rows:
    parts: list[Collection]
    where: Where

    @property
    def rows(self) -> int:
        return sum(p.rows for p in self.parts)

    def single(self) -> Collection:
        """All rows in one collection, in slice order."""
        return concatenate(self.parts)
