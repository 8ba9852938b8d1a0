"""What a COPY finds wrong with rows: counted exactly, in the order of the rows, up to MAXERROR.

    reader thread of a part --rejected--> PartFindings --with its next batch--> Findings, in the parts' order

Readers are ahead of each other, so that what they find is counted only in its turn: whether a load fails, and by
which row, does not depend on threads. A part that alone has too many ends at once.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import field, replace

from ...errors import LoadError
from ...records import dataclass
from ...storage.formats import rejected
from ...storage.formats.rejected import RejectedRow, Rejection, Replacement
from ...storage.formats.source import Part

# Of a load without a limit (IGNOREALLERRORS), how many of a part's errors are kept for the system tables.
KEPT_ERRORS = 10_000
# STL_REPLACEMENTS has so many rows a slice.
KEPT_REPLACEMENTS = 100


@dataclass(slots=True)
class Found:
    """What a part's thread found since the last time. `more`: rejections beyond those that are kept; `replaced`: rows
    with replacements; `lines`: of a range that has been read to its end."""

    rejections: list[Rejection] = field(default_factory=list)
    replacements: list[Replacement] = field(default_factory=list)
    more: int = 0
    replaced: int = 0
    lines: int = 0


class PartFindings(rejected.Findings):
    """Of one part, for its one thread. `limit`: as many errors end the load; None: none do."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._errors = 0
        self._found = Found()

    def rejected(self, rejection: Rejection) -> None:
        self._errors += 1
        if self._limit is not None or self._errors <= KEPT_ERRORS:
            self._found.rejections.append(rejection)
        else:
            self._found.more += 1
        if self._limit is not None and self._errors >= self._limit:
            raise RejectedRow(rejection)

    def replaced(self, replacement: Replacement) -> None:
        self._found.replaced += 1
        if self._found.replaced <= KEPT_REPLACEMENTS:
            self._found.replacements.append(replacement)

    def lines(self, count: int) -> None:
        self._found.lines = count

    def take(self) -> Found:
        found, self._found = self._found, Found()
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
        self._lines: Counter[str] = Counter()  # of files that are read in ranges, how many lines are behind

    def of_part(self) -> PartFindings:
        return PartFindings(self.limit)

    def add(self, part: int, found: Found) -> None:
        """Count what a part's thread has found; raises once there are `limit` errors."""
        for rejection in found.rejections:
            if rejection.start_offset:
                rejection = replace(rejection, line=rejection.line + self._lines[rejection.file])
            self.errors += 1
            self.rejections.append((part, rejection))
            self.errors_of_part[part] += 1
            if self.limit is not None and self.errors >= self.limit:
                raise self._failure(rejection)
        self.errors += found.more
        self.errors_of_part[part] += found.more
        self.replaced += found.replaced
        self.replacements += [(part, r) for r in found.replacements]

    def read(self, part: Part, found: Found) -> None:
        """A part is read to its end. (A manifest may name a file twice.)"""
        path = part.file.path
        self._lines[path] = found.lines + (self._lines[path] if part.start else 0)

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
