"""Inline extents into real ones: what small commits have left in the catalogue goes to files (storage/inline.py).

    insert, insert, ...   each an inline extent
    at FLUSH_EXTENTS      of a table, the background worker is woken and rewrites them as a vacuum would: read, written
                          sorted to one file a slice, swapped in one commit (swap.py)
    at OVERDUE_EXTENTS    there is no worker, or it cannot keep up: the session that commits does it before it goes on

The files are small as well; joining them is the work of quiet times (vacuum.py). Whoever flushes holds the turn to
flush, and so does VACUUM, so that neither takes extents from under the other.
"""
from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from ...errors import Error
from ..schema import ExtentRef
from .upkeep import OVERDUE_EXTENTS
from .vacuum import Plan, Step, Work, run

if TYPE_CHECKING:
    from ..database import Database


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
    overdue = database.upkeep.take_inline(OVERDUE_EXTENTS)
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
    by_slice: dict[int, list[ExtentRef]] = defaultdict(list)
    for extent in extents:
        if extent.is_inline:
            by_slice[extent.slice].append(extent)
    return tuple(Step(slice_, tuple(found)) for slice_, found in sorted(by_slice.items()))
