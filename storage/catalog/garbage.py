"""Which extents' files may go: nobody's snapshot needs them, or no commit ever named them.

A dropped extent (DROP TABLE, TRUNCATE, a rewrite) is still read by queries that started before. Each
of them pins its snapshot; an extent dropped by commit d is needed by the snapshots below d:

    extent 3 lives in 9..11     pins: 10, 14   -> keep (10 < 12)
    dropped by commit 12        pins: 14       -> unlink

A file that no row of the catalogue names is an orphan if its writer is dead: a load was killed before its commit.
Opening removes orphans. A file's name begins with its transaction's number, which tells the process that wrote it
(sharing/processes.py); the catalogue is read after that process has been found dead, so that a commit which it made
last is seen.
"""
from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from ..failpoints import reach
from ..schema import ExtentRef

# Dropped inline extents, which are no files: so many may wait, for asking all processes what they need costs more.
MOST_WAITING = 64
_log = logging.getLogger("warehouse.storage")


class Pins:
    """Counts the users of each snapshot. The Database's lock guards it."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, snapshot: int) -> None:
        self._counts[snapshot] += 1

    def remove(self, snapshot: int) -> None:
        if self._counts[snapshot] <= 1:
            del self._counts[snapshot]
        else:
            self._counts[snapshot] -= 1

    def oldest(self) -> int | None:
        return min(self._counts, default=None)

    def __contains__(self, snapshot: int) -> bool:
        return snapshot in self._counts


class Garbage:
    """Dropped extents that wait for the last snapshot that can see them."""

    def __init__(self, path_of: Callable[[ExtentRef], Path]) -> None:
        self._path_of = path_of
        self._waiting: list[tuple[int, ExtentRef]] = []  # (commit that dropped it, extent), ascending
        self._files = 0  # how many of them are files
        self._unlinked: list[int] = []  # ids whose catalogue rows may go with the next commit
        self.horizon = 0  # snapshots below this one may miss files

    def add(self, seq: int, extents: Iterable[ExtentRef]) -> None:
        self._wait([(seq, e) for e in extents])

    def learn(self, dropped: Iterable[tuple[int, ExtentRef]]) -> None:
        """What other processes have dropped; what is known already may be among it."""
        known = {extent.id for _, extent in self._waiting}
        self._wait([(seq, e) for seq, e in dropped if e.id not in known])

    def _wait(self, dropped: list[tuple[int, ExtentRef]]) -> None:
        self._waiting.extend(dropped)
        self._files += sum([not e.is_inline for _, e in dropped])

    def collect(self, oldest_pin: int | None) -> list[ExtentRef]:
        """Unlink what no pinned snapshot sees; answers the extents that are gone."""
        gone = [(seq, e) for seq, e in self._waiting if oldest_pin is None or seq <= oldest_pin]
        if not gone:
            return []
        self._waiting = [w for w in self._waiting if oldest_pin is not None and w[0] > oldest_pin]
        self._files = sum([not e.is_inline for _, e in self._waiting])
        for seq, extent in gone:
            self.horizon = max(self.horizon, seq)
            if not extent.is_inline:
                reach("garbage.unlink")
                remove_file(self._path_of(extent))
                reach("garbage.unlinked")
            self._unlinked.append(extent.id)
        return [e for _, e in gone]

    @property
    def is_due(self) -> bool:
        """Whether to look what may go: there is a file among it, or very much."""
        return self._files > 0 or len(self._waiting) > MOST_WAITING

    @property
    def has_unlinked(self) -> bool:
        """Whether there is something that the next commit should forget."""
        return bool(self._unlinked)

    def take_unlinked(self) -> list[int]:
        taken, self._unlinked = self._unlinked, []
        return taken

    def give_back(self, ids: list[int]) -> None:
        """A commit that should have forgotten these failed."""
        self._unlinked.extend(ids)


def remove_file(path: Path) -> None:
    """Unlink a file that nobody needs; one that cannot be unlinked is found again at the next open."""
    try:
        path.unlink(missing_ok=True)
    except OSError as e:
        _log.warning("cannot remove %s: %s", path, e.strerror)


Named = Callable[[], tuple[Iterable[str], Iterable[str]]]


def remove_orphans(
    data: Path, named: Named, is_live: Callable[[int], bool], *, alone: bool = True, absent: Collection[str] = ()
) -> int:
    """Remove the files under `data` that no commit names and whose writer is dead; answers how many.

    `named` reads the catalogue: relative paths of extents, and of those that are dropped and may be gone. `is_live`:
    whether the writer of a transaction with this number is alive; `alone`: nobody else writes, so that empty folders
    may go, too; `absent`: what is named and may be missing, for a streaming restore has still to bring it in.

    Nothing is removed where a named file is missing: folder and catalogue do not fit each other then, and
    what looks like a leftover may be what is missing.
    """
    found = [os.path.join(folder, name) for folder, _, names in os.walk(data) for name in names]
    ended = [path for path in found if not is_live(_transaction(path))]
    needed, dropped = ({str(data / name) for name in names} for names in named())
    absent = {str(data / name) for name in absent}
    missing = [path for path in needed.difference(found, absent) if not os.path.exists(path)]
    if missing:
        _log.warning("leftover files are not looked for: %d files of tables are missing", len(missing))
        return 0
    orphans = [path for path in ended if path not in needed and path not in dropped]
    for path in orphans:
        reach("open.orphan")
        remove_file(Path(path))
    if alone:
        _remove_empty_folders(data)
    if orphans:
        _log.info("removed %d files of unfinished loads", len(orphans))
    return len(orphans)


def _transaction(path: str) -> int:
    """The number of the transaction that wrote a file; 0 for a file that is none of ours."""
    digits = os.path.basename(path).partition("-")[0]
    return int(digits) if digits.isdigit() else 0


def _remove_empty_folders(data: Path) -> None:
    for folder, _, _ in os.walk(data, topdown=False):
        if folder != str(data) and not os.listdir(folder):
            os.rmdir(folder)
