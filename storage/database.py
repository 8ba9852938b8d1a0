"""A database: the folder, its catalogue and what is committed, for all sessions of this process.

    db = Database.open("dw", nodes=2, slices_per_node=2)
    snapshot = db.pin()                        the newest commit; its files stay until unpin
    view = db.view(snapshot)                   what binder, planner and scans read
    seq = db.commit(Delta(create=(table,)))    all of it or none of it
    db.unpin(snapshot); db.close()

Any number of processes may have the folder open (sharing/); opening it again in the same process answers the same
object, closed when the last user closes it (opening.py). `:memory:` is a database of its own each time: an SQLite
catalogue in memory and, once rows are stored, a private temporary folder.

Rows get here through loader.py. The parts behind it:

    commits.py         deltas into one order, into memory, into the catalogue, and only then to new snapshots
    timeline.py        which commits there are, who sees which, what may be removed
    extent_files.py    where extents lie, which are open, the cache of their blocks
    numbering.py       ids, transactions' numbers, IDENTITY values
"""
from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from .. import errors
from . import topology as topologies
from .access_locks import AccessLocks
from .catalog import folder as folders
from .catalog.delta import Delta, NewRow, numbered
from .catalog.history import History
from .catalog.layout import FORMAT_VERSION
from .catalog.loads import Loads
from .catalog.news import News
from .catalog.state import CatalogState
from .catalog.store import CatalogStore, Loaded
from .catalog.view import DEFAULT_SEARCH_PATH, SnapshotView
from .commits import Commits
from .extent_files import ExtentFiles, arrivals_of
from .failpoints import reach
from .lock_waits import LockOwner
from .locks import TableLocks
from .maintenance.upkeep import Upkeep
from .numbering import Numbering
from .schema import ExtentRef, Topology
from .serializable import ConflictGraph
from .sharing import forks
from .sharing.sessions import Sessions
from .timeline import Timeline

if TYPE_CHECKING:
    from .buffer import BufferCache
    from .catalog.follower import Follower
    from .extent import ExtentReader
    from .sharing.files import FileLock
    from .sharing.shared import Shared
    from .transactions import Transaction

MEMORY = ":memory:"
# What a load writes for a slice is in the catalogue up to so many bytes, and in a file beyond (inline.py).
INLINE_BYTES = 32 << 10


class Database:
    """See the module's text. Made by `Database.open`; safe for use by several threads."""

    inline_bytes = INLINE_BYTES

    def __init__(
        self,
        name: str,
        path: Path | None,
        store: CatalogStore | None,
        loaded: Loaded,
        lock: folders.FolderLock | FileLock | None,
        read_only: bool,
        shared: Shared | None = None,
        follower: Follower | None = None,
    ) -> None:
        """`shared`: what a folder open for writing shares with other processes; `follower`: how one that is open
        read-only learns of commits."""
        self.name = name
        self.path = path
        self.read_only = read_only
        self._shared = shared
        self.history = History(
            None if path is None or read_only else path / folders.HISTORY,
            None if shared is None else shared.numbers,
        )
        self.loads = Loads(None if path is None or read_only else path / folders.HISTORY)
        self._store = store
        self._follower = follower
        self._folder_lock = lock
        self._lock = threading.RLock()
        self.locks = TableLocks(None if shared is None or path is None else path)
        self.access = AccessLocks(path, writable=shared is not None)
        self.sessions = Sessions(None if shared is None else shared.run, self.process)
        self.upkeep = Upkeep(None if shared is None or path is None else path / "locks" / "vacuum", shared)
        self.numbering = Numbering(loaded, shared, self._lock)
        self.files = self._make_files()
        self.timeline = Timeline(
            loaded, shared, follower if store is None else store if shared is not None else None, self.numbering,
            self.upkeep, self._lock, self.files.path_of, self.forget,
        )
        self._commits = None if store is None else Commits(
            store, shared, self.timeline, self.numbering, self.upkeep, self.locks, self._lock
        )
        self._forks = forks.count
        self._users = 1
        self.key: tuple[int, int] | None = None  # in the registry of open folders

    @property
    def is_inherited(self) -> bool:
        """Whether another process opened it, which this one was forked from: nothing of it may be used here."""
        return self._forks != forks.count

    def _make_files(self) -> ExtentFiles:
        data = None if self.path is None else self.path / folders.DATA
        arrivals = None if self.path is None else arrivals_of(self.path)
        return ExtentFiles(data, Path(self.name) / folders.CATALOG, self._named, arrivals)

    # -- opening and closing -------------------------------------------------------------------

    @staticmethod
    def open(
        path: str | os.PathLike[str] = MEMORY,
        *,
        nodes: int | None = None,
        slices_per_node: int | None = None,
        node_type: str | None = None,
        create: bool = True,
        read_only: bool = False,
    ) -> Database:
        """Open a database folder, or make it; see README for what each argument means.

        Raises FileMissing, TopologyMismatch, DatabaseInUse, FormatTooNew, DataCorrupted or
        OperationalError for a path that is something else.
        """
        wanted = topologies.request(nodes, slices_per_node, node_type)
        name = os.fspath(path)
        from . import opening

        if name == MEMORY:
            if read_only:
                raise errors.InterfaceError("a database in memory cannot be opened read-only")
            return opening.open_memory(wanted)
        return opening.open_folder(Path(name).absolute(), wanted, create, read_only)

    def close(self) -> None:
        """Give the database back; the last user's close releases the folder. May be called once only."""
        from .opening import let_go

        let_go(self)

    def start(self, news: News) -> None:
        """Right after opening; see timeline.py."""
        self.timeline.start(news)

    def add_user(self) -> None:
        self._users += 1

    def leave_user(self) -> bool:
        """Whether it was the last one."""
        self._users -= 1
        return self._users == 0

    def shut(self) -> None:
        """Let go of everything; only for the last user."""
        with self._lock:
            self._shut()

    def _shut(self) -> None:
        self.timeline.leave_reads()
        self.history.close()
        self.loads.close()
        self.locks.close()
        self.files.close()
        if self._store is not None:
            reach("close.checkpoint")
            self._store.close()
            reach("close.closed")
        if self._follower is not None:
            self._follower.close()
        self.sessions.close()
        if self._shared is not None:
            self._shared.close()
        if self._folder_lock is not None:
            self._folder_lock.release()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        return self._users <= 0

    # -- commits and who sees them (timeline.py) -----------------------------------------------

    def snapshot(self) -> int:
        """The newest commit's number, of all processes."""
        return self.timeline.see_newest().seq

    def view(
        self, snapshot: int | None = None, search_path: tuple[str, ...] = DEFAULT_SEARCH_PATH
    ) -> SnapshotView:
        """The catalogue as of a snapshot (None: the newest)."""
        if snapshot is None:
            snapshot = self.snapshot()
        return SnapshotView(self.state(snapshot), self.topology, search_path)

    @property
    def newest(self) -> CatalogState:
        """As of the newest commit that this process knows of."""
        return self.timeline.newest

    @property
    def topology(self) -> Topology:
        return self.timeline.topology

    @property
    def conflicts(self) -> ConflictGraph:
        return self.timeline.conflicts

    def state(self, snapshot: int | None) -> CatalogState:
        return self.timeline.state(snapshot)

    def pin(self, snapshot: int | None = None) -> int:
        """Keep a snapshot (None: the newest) and its files until `unpin`; answers its number."""
        return self.timeline.pin(snapshot)

    def unpin(self, snapshot: int) -> None:
        self.timeline.unpin(snapshot)

    def back_up(self, target: Path) -> int:
        """Copy the catalogue into a new file, as of the newest commit, which stays pinned until `unpin`; its number.
        No process commits meanwhile."""
        from .catalog.copies import back_up

        self.check_writable()
        with self._lock:
            if self._store is None or self.closed:
                raise self._is_closed()
            with nullcontext() if self._shared is None else self._shared.looking():
                snapshot = self.pin()
                try:
                    back_up(self._store, target)
                except BaseException:
                    self.unpin(snapshot)
                    raise
        return snapshot

    @contextmanager
    def unchanged_since(self, snapshot: int) -> Iterator[None]:
        """No commit has come since the snapshot, and none comes meanwhile; or OperationalError (40001)."""
        with self._lock, nullcontext() if self._shared is None else self._shared.looking():
            if self.snapshot() != snapshot:
                raise errors.OperationalError(
                    f'database "{self.name}" was changed meanwhile', hint="Try again while nobody writes.",
                    sqlstate="40001",
                )
            yield

    # -- files (extent_files.py) ---------------------------------------------------------------

    def data_folder(self) -> Path:
        """Where extents are; a database in memory makes it now."""
        return self.files.folder()

    def extent_path(self, extent: ExtentRef) -> Path:
        return self.files.path_of(extent)

    def open_extent(self, extent: ExtentRef) -> ExtentReader:
        """The extent, for whoever asks alone, who closes it."""
        return self.files.open(extent)

    def reader(self, extent: ExtentRef) -> ExtentReader:
        """The extent, open: shared, safe for many threads, not to be closed by whoever asks."""
        return self.files.reader(extent)

    def discard(self, paths: Iterable[Path]) -> None:
        """Remove files of extents that no commit names after all."""
        self.files.discard(paths)

    def _named(self, names: list[str]) -> set[str]:
        """Those of the data folder's files that some commit has named."""
        with self._lock:
            if self._store is None:
                raise self._is_closed()
            return self._store.named(names)

    def forget(self, extent: ExtentRef) -> None:
        """Let go of an extent whose file is about to be removed."""
        with self._lock:
            self.files.forget(extent)
            self.upkeep.forget_extent(extent.id)

    @property
    def cache(self) -> BufferCache:
        """The cache of encoded blocks, shared by all sessions."""
        return self.files.cache

    @property
    def durable(self) -> bool:
        """Must files be fsynced? (Not those of a database in memory.)"""
        return self.path is not None

    @property
    def spill_folder(self) -> Path | None:
        """Where statements put rows that do not fit their memory; None: where the system keeps temporary files."""
        return None if self.path is None or self.read_only else self.path / folders.SPILL

    # -- numbers (numbering.py) ----------------------------------------------------------------

    def new_id(self) -> int:
        """An id for a relation that is about to be created; never given twice."""
        return self.numbering.relation()

    def new_extent(self) -> int:
        """An id for an extent that is about to be committed; never given twice."""
        return self.numbering.extent()

    def new_xid(self) -> int:
        """A number for a transaction of a session."""
        return self.numbering.xid()

    def new_transaction(self) -> int:
        """A number for a writer; its extents bear it in their names."""
        self.check_writable()
        return self.numbering.xid()

    @property
    def process(self) -> int:
        """The number of this process among those of the folder; 0 where there are none."""
        return 0 if self._shared is None else self._shared.presence.number

    # -- writing -------------------------------------------------------------------------------

    def commit(self, delta: Delta) -> int:
        """Make one delta true by itself, durably; answers the commit's number, or raises and changes nothing.

        The extents' files must have been synced already (loader.py does).
        """
        return self._open_commits().commit([numbered(delta, self.new_id, self.new_extent)], None)

    def commit_transaction(self, transaction: Transaction, deltas: Sequence[Delta]) -> int:
        """Make all deltas of a transaction true, if it fits in with the others."""
        return self._open_commits().commit(deltas, transaction)

    def append(self, owner: LockOwner, table: int, make: Callable[[CatalogState], NewRow | None]) -> bool:
        """Make one row of a table true by itself; see commits.py."""
        commits = self._commits
        if commits is None or self._users <= 0:
            commits = self._open_commits()  # which says why not
        return commits.append(owner, table, make)

    def move_slices(self, choose: Callable[[Topology], Topology]) -> Topology:
        """Commit that slices are on other nodes; see commits.py."""
        return self._open_commits().move_slices(choose)

    def take_upgrade(self) -> str | None:
        """Once after the first write to a folder of an older format: the words to tell so."""
        store = self._store
        if store is None or store.upgraded_from is None:
            return None
        before, store.upgraded_from = store.upgraded_from, None
        return (
            f'database "{self.name}" was brought from format {before} to {FORMAT_VERSION}: '
            "earlier releases cannot open it any more"
        )

    def check_writable(self) -> None:
        if self.read_only:
            raise errors.ReadOnly(f'database "{self.name}" is open read-only')

    def _open_commits(self) -> Commits:
        self.check_writable()
        if self._commits is None or self.closed:
            raise self._is_closed()
        return self._commits

    def _is_closed(self) -> errors.Error:
        return errors.InterfaceError(f'database "{self.name}" is closed')
