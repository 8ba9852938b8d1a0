"""Named places at which a test may end the process or let a step fail. One look into a dictionary otherwise.

    failpoints.ACTIONS["commit.written"] = die         tests/crash/ kills at each of POINTS
    failpoints.ACTIONS["extent.write"] = raise_ENOSPC  tests/storage/test_faults.py

A place is named for what has just been done or, with `write`, `sync` and `unlink`, is about to be done.
"""
from __future__ import annotations

from collections.abc import Callable

POINTS = (
    "extent.write",  # a load's file: before a part of it is written
    "extent.sync",  # ... before it is synced
    "load.synced",  # all files of a load are durable, no commit names them
    "transaction.changed",  # a statement's changes are the transaction's
    "commit.locked",  # no other process commits now
    "commit.begun",  # SQLite's transaction is open
    "commit.written",  # all is written, COMMIT is to come
    "commit.durable",  # SQLite has committed
    "commit.known",  # this process knows
    "rollback.unlink",  # before a file of a transaction that came to nothing is removed
    "garbage.unlink",  # before a dropped extent's file is removed
    "garbage.unlinked",
    "spill.written",  # a part of a query's rows that do not fit memory is on disk
    "close.checkpoint",  # before SQLite is closed, which moves its log into the file
    "close.closed",
    "open.present",  # the process's own file is there
    "open.purge",  # before dropped rows are forgotten
    "snapshot.copied",  # a snapshot's copy of the catalogue is there
    "snapshot.linked",  # ... and its extents, before the manifest is written
    "snapshot.published",  # it has its name
    "snapshot.hidden",  # one that is deleted has lost its name
    "snapshot.sent",  # one that is copied to an object store: an extent is there
    "snapshot.uploaded",  # ... everything but the manifest is
    "restore.fetched",  # of a streaming restore: an extent is here under another name
    "restore.arrived",  # ... and has its own
    "restore.complete",  # all extents are here and durable
    "open.orphan",  # before a file that no commit names is removed
)
ACTIONS: dict[str, Callable[[], None]] = {}


def reach(point: str) -> None:
    """The program is at a place that has a name."""
    action = ACTIONS.get(point)
    if action is not None:
        action()
