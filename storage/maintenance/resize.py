"""Another number of nodes or slices for a whole database.

    classic    resize(db, Path("dw4"), topology)     every table's rows written anew, into a new folder
    elastic    elastic(db, nodes)                    the slices stay as they are and go to other nodes

A classic resize begins as a snapshot and its restoration do: a copy of the catalogue and links to all extents, in a
folder that is not there yet (staging.py). In it the number of slices is changed, then table by table the rows are
dealt out again (redesign.py) and the links go. So whatever the catalogue holds comes along: definitions, views,
settings, counters of IDENTITY columns. Statistics describe the rows that were written.

The old database serves reads meanwhile. Writers wait: the write locks of all tables are held. What cannot be held,
such as a new table, is found at the end, under the lock of commits, and the resize is given up then, so that the new
folder never lacks anything that was committed before it was there.

An elastic resize is one commit. Statements under way need not wait for it, for which node a slice is on decides what
a move costs and never what a slice holds.
"""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ... import errors
from .. import topology as topologies
from ..catalog import folder as folders
from ..catalog.copies import references, set_topology, settle
from ..database import Database
from ..load_memory import uncounted
from ..lock_waits import LockOwner
from ..schema import Table, Topology
from ..staging import Staging, place, sync_file
from ..topology import usable_cpus
from .redesign import Redesign
from .rewrite import MEMORY_BYTES


def elastic(database: Database, nodes: int, node_type: str | None = None) -> Topology:
    """Move the slices to so many nodes, in place. TopologyMismatch if they do not fit there."""
    return database.move_slices(lambda now: topologies.moved(now, nodes, node_type))


def resize(
    database: Database, target: Path, topology: Topology, *, check: Callable[[], None], memory: int = MEMORY_BYTES
) -> None:
    """Make `target`, a new or empty folder, the same database with another topology.

    Raises OperationalError over anything that exists (58P01), or when the database was changed meanwhile (40001).
    """
    database.check_writable()
    if database.path is None:
        raise errors.NotSupportedError("a database in memory cannot be resized", hint="Open a database folder.")
    if target.resolve().is_relative_to(database.path.resolve()):
        raise errors.OperationalError(
            f'"{target}" is inside "{database.path}": nothing was written', hint="Name a new folder elsewhere.",
            sqlstate="58P01",
        )
    owner = LockOwner(database.new_xid())
    try:
        with Staging(target) as staging:
            database.snapshot()
            database.locks.acquire(owner, database.newest.entries, check)
            commit = database.back_up(staging.folder / folders.CATALOG)
            try:
                _link(database, staging.folder, check)
            finally:
                database.unpin(commit)
            set_topology(staging.folder / folders.CATALOG, topology)
            sync_file(staging.folder / folders.CATALOG)
            _deal_out(staging.folder, check, memory)
            with database.unchanged_since(commit):
                staging.publish()
    finally:
        database.locks.release(owner)


def _link(database: Database, folder: Path, check: Callable[[], None]) -> None:
    settle(folder / folders.CATALOG, everything=True)
    for sub in folders.FOLDERS:
        (folder / sub).mkdir()
    for path in references(folder / folders.CATALOG):
        check()
        place(database.files.local(path, check), folder / folders.DATA / path, link=True)


def _deal_out(folder: Path, check: Callable[[], None], memory: int) -> None:
    """Every table whose rows lie on slices: on the new ones."""
    with Database.open(folder, create=False) as resized:
        for entry in list(resized.newest.entries.values()):
            if entry.extents and not entry.replicated:
                _rewrite(resized, entry.table, check, memory)


def _rewrite(database: Database, table: Table, check: Callable[[], None], memory: int) -> None:
    data = database.view().data(table)
    redesign = Redesign(
        database, data, table, check=check, threads=usable_cpus(), charge=uncounted, memory=memory, deal_out=True
    )
    with redesign:
        database.commit(redesign.run())
