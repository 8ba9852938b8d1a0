"""What a COPY finds wrong with rows: counted exactly, in the order of the rows, up to MAXERROR.

    reader thread of a part --rejected--> PartFindings --with its next batch--> Findings, in the parts' order

Readers are ahead of each other, so that what they find is counted only in its turn: whether a load fails, and by
which row, does not depend on threads. A part that alone has too many ends at once.
"""

from __future__ import annotations

from collections import Counter

from ...errors import LoadError
from ...storage.formats import rejected
from ...storage.formats.rejected import RejectedRow, Rejection, Replacement

# Of a load without a limit (IGNOREALLERRORS), how many of a part's errors are kept for the system tables.
KEPT_ERRORS = 10_000
# STL_REPLACEMENTS has so many rows a slice.
KEPT_REPLACEMENTS = 100

Found = tuple[list[Rejection], list[Replacement], int, int]


class PartFindings(rejected.Findings):
    """Of one part, for its one thread. `limit`: as many errors end the load; None: none do."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._errors = 0
        self._reset()

    def _reset(self) -> None:
        self._found: list[Rejection] = []
        self._replacements: list[Replacement] = []
        self._more = self._replaced = 0

    def rejected(self, rejection: Rejection) -> None:
        self._errors += 1
        if self._limit is not None or self._errors <= KEPT_ERRORS:
            self._found.append(rejection)
        else:
            self._more += 1
        if self._limit is not None and self._errors >= self._limit:
            raise RejectedRow(rejection)

    def replaced(self, replacement: Replacement) -> None:
        self._replaced += 1
        if self._replaced <= KEPT_REPLACEMENTS:
            self._replacements.append(replacement)

    def take(self) -> Found:
        """What has been found since the last time."""
        found = self._found, self._replacements, self._more, self._replaced
        self._reset()
        return found


class Findings:
    """Of the whole load, in order."""

    def __init__(self, table: str, limit: int | None) -> None:
        self._table = table
        self.limit = limit
        self.errors = 0
        self.replaced = 0
        self.rejections: list[tuple[int, Rejection]] = []  # with their parts' numbers
        self.replacements: list[tuple[int, Replacement]] = []
        self.errors_of_part: Counter[int] = Counter()

    def of_part(self) -> PartFindings:
        return PartFindings(self.limit)

    def add(self, part: int, found: Found) -> None:
        """Count what a part's thread has found; raises once there are `limit` errors."""
        rejections, replacements, more, replaced = found
        for rejection in rejections:
            self.errors += 1
            self.rejections.append((part, rejection))
            self.errors_of_part[part] += 1
            if self.limit is not None and self.errors >= self.limit:
                raise self._failure(rejection)
        self.errors += more
        self.errors_of_part[part] += more
        self.replaced += replaced
        self.replacements += [(part, r) for r in replacements]

    def _failure(self, last: Rejection) -> LoadError:
        if self.limit == 1:
            return RejectedRow(last)
        first = RejectedRow(self.rejections[0][1])
        return LoadError(
            f"Load into table '{self._table}' failed: {self.errors} record(s) could not be loaded, MAXERROR is "
            f"{self.limit}",
            detail=f"The first: {first.message}. {first.detail}",
            hint=first.hint,
        )
