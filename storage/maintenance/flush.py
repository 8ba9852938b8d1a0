"""Inline extents into real ones: what small commits have left in the catalogue goes to files (storage/inline.py).

    insert, insert, ...   each an inline extent
    at FLUSH_EXTENTS      of a table, the background worker is woken and rewrites them as a vacuum would: read, written
                          sorted to one file a slice, swapped in one commit (swap.py); while nothing but rows comes, at
                          MANY_EXTENTS
    at OVERDUE_EXTENTS    there is no worker, or it cannot keep up: the session that commits does it before it goes on

The files are small as well. A slice that has JOINED_FILES of about the size of what is flushed has them joined with
it, so that a table filled row by row has few extents at any time; the rest is the work of quiet times (vacuum.py).
Whoever flushes holds the turn to flush, and so does VACUUM, so that neither takes extents from under the other.
"""
from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from ...errors import Error
from ..schema import ExtentRef
from . import upkeep
from .vacuum import Plan, Step, Work, run

if TYPE_CHECKING:
    from ..database import Database


JOINED_FILES = 8
_log = logging.getLogger("warehouse.storage")


class InUse(Exception):
    """Somebody holds the table's write lock, and who flushes would not wait."""


def flush(database: Database, tables: Collection[int], work: Work) -> bool:
    """Rewrite the inline extents of some tables; False while somebody else flushes or vacuums."""
    if not database.upkeep.flush_turn.try_take():
        return False
    try:
        database.snapshot()
        for table in tables:
            entry = database.newest.entries.get(table)
            if entry is not None:
                run(database, entry.table, Plan("Flush", _steps(entry.extents)), work)
    finally:
        database.upkeep.flush_turn.give_back()
    return True


def flush_overdue(database: Database, check: Callable[[], None] = lambda: None) -> None:
    """What a session does after its commit; nothing while others are at the table."""
    overdue = database.upkeep.take_inline(upkeep.OVERDUE_EXTENTS)
    if overdue:
        try:
            flush(database, overdue, Work(check, waiting=_refuse))
        except InUse:
            pass
        except Error as error:  # the statement itself is done
            _log.warning("small commits of %s stay in its catalogue: %s", database.name, error)


def _refuse() -> None:
    raise InUse


def _steps(extents: tuple[ExtentRef, ...]) -> tuple[Step, ...]:
    inline: dict[int, list[ExtentRef]] = defaultdict(list)
    files: dict[int, list[ExtentRef]] = defaultdict(list)
    for extent in extents:
        (inline if extent.is_inline else files)[extent.slice].append(extent)
    return tuple(Step(slice_, (*_joined(files[slice_], found), *found)) for slice_, found in sorted(inline.items()))


def _joined(files: list[ExtentRef], inline: list[ExtentRef]) -> list[ExtentRef]:
    """Files to join with the inline extents: those of each size that there are too many of, the smallest first."""
    rows, chosen = sum(e.rows for e in inline), list[ExtentRef]()
    left = sorted(files, key=lambda e: (e.rows, e.id))
    while True:
        small = [e for e in left if e.rows <= JOINED_FILES * rows // 2]
        if len(small) < JOINED_FILES:
            return chosen
        chosen += small
        left = left[len(small):]
        rows += sum(e.rows for e in small)
