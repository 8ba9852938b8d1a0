"""A database: the folder, its catalogue and what is committed, for all sessions of this process.

    db = Database.open("dw", nodes=2, slices_per_node=2)
    snapshot = db.pin()                        the newest commit; its files stay until unpin
    view = db.view(snapshot)                   what binder, planner and scans read
    seq = db.commit(Delta(create=(table,)))    all of it or none of it
    db.unpin(snapshot); db.close()

One process holds the folder at a time (catalog/folder.py); opening it again in the same process
answers the same object, closed when the last user closes it. `:memory:` is a database of its own each
time: an SQLite catalogue in memory and, once rows are stored, a private temporary folder.

A commit is validated in memory (catalog/state.py), written by one SQLite transaction
(catalog/store.py) and only then shown to new snapshots. Rows get here through loader.py.
"""
from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from .. import errors
from . import topology as topologies
from .catalog import folder as folders
from .catalog.delta import Delta, numbered
from .catalog.garbage import Garbage, Pins, remove_orphans
from .catalog.history import History
from .catalog.state import CatalogState, apply
from .catalog.store import CatalogStore, Loaded
from .catalog.view import DEFAULT_SEARCH_PATH, SnapshotView
from .locks import TableLocks
from .schema import ExtentRef, Topology
from .serializable import ConflictGraph

if TYPE_CHECKING:
    from .buffer import BufferCache
    from .extent import ExtentReader
    from .transactions import Transaction

MEMORY = ":memory:"
PRIVATE_VERSIONS = 1 << 40  # versions of relations as their own transaction sees them before its commit
# Snapshots that nobody pinned stay readable for this many commits, so that one may ask for the
# newest number first and for its view a moment later.
RECENT_STATES = 64
# Without a limit given: a quarter of the memory, the rest is for queries and Arrow.
CACHE_SHARE = 0.25
# Extents kept open: each has a file descriptor, and processes often may have 1,024.
READERS_OPEN = 400

_open: dict[tuple[int, int], Database] = {}  # by (device, inode) of the folder
_registry_lock = threading.RLock()


class Database:
    """See the module's text. Made by `Database.open`; safe for use by several threads."""

    def __init__(
        self,
        name: str,
        path: Path | None,
        store: CatalogStore | None,
        loaded: Loaded,
        lock: folders.FolderLock | None,
        read_only: bool,
    ) -> None:
        self.name = name
        self.path = path
        self.read_only = read_only
        self.topology: Topology = loaded.topology
        self.history = History(None if path is None or read_only else path / folders.HISTORY)
        self._store = store
        self._folder_lock = lock
        self._lock = threading.RLock()
        self._newest = loaded.state
        self._states: OrderedDict[int, CatalogState] = OrderedDict({loaded.state.seq: loaded.state})
        self._pins = Pins()
        self._data = None if path is None else path / folders.DATA
        self._garbage = Garbage(self._data)
        self._garbage.horizon = loaded.state.seq
        self.locks = TableLocks()
        self.conflicts = ConflictGraph()
        self._live: dict[int, int] = {}  # snapshots of transactions under way, by their ids
        self._xids = itertools.count(loaded.transaction + 1)
        self._versions = itertools.count(PRIVATE_VERSIONS)
        self._next_relation = loaded.next_relation
        self._next_extent = loaded.next_extent
        self._transaction = loaded.transaction
        self._identity = dict(loaded.identity)
        self._auto_locks: dict[int, threading.Lock] = {}
        self._cache: BufferCache | None = None
        self._cache_bytes = 0  # 0: a share of the machine's memory
        self._readers: OrderedDict[int, ExtentReader] = OrderedDict()
        self._users = 1
        self._key: tuple[int, int] | None = None
        self._finalizer: weakref.finalize[..., Database] = weakref.finalize(self, _nothing)

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
        if name == MEMORY:
            if read_only:
                raise errors.InterfaceError("a database in memory cannot be opened read-only")
            return _open_memory(wanted)
        with _registry_lock:
            return _open_folder(Path(name).absolute(), wanted, create, read_only)

    def close(self) -> None:
        """Give the database back; the last user's close releases the folder. May be called once only."""
        with _registry_lock:
            self._users -= 1
            if self._users != 0:
                return
            if self._key is not None:
                _open.pop(self._key, None)
            with self._lock:
                self._shut()

    def _shut(self) -> None:
        self.history.close()
        self._readers.clear()
        if self._cache is not None:
            self._cache.clear()
        if self._store is not None:
            self._store.close()
        if self._folder_lock is not None:
            self._folder_lock.release()
        self._finalizer()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def closed(self) -> bool:
        return self._users <= 0

    # -- reading -------------------------------------------------------------------------------

    def snapshot(self) -> int:
        """The newest commit's number."""
        return self._newest.seq

    def view(
        self, snapshot: int | None = None, search_path: tuple[str, ...] = DEFAULT_SEARCH_PATH
    ) -> SnapshotView:
        """The catalogue as of a snapshot (None: the newest)."""
        return SnapshotView(self.state(snapshot), self.topology, search_path)

    @property
    def newest(self) -> CatalogState:
        return self._newest

    def state(self, snapshot: int | None) -> CatalogState:
        newest = self._newest
        if snapshot is None or snapshot == newest.seq:
            return newest
        with self._lock:
            state = self._states.get(snapshot)
        if state is None:
            raise errors.OperationalError(
                f"snapshot {snapshot} is not kept any more (the newest is {newest.seq})",
                hint="Pin a snapshot while it is used.",
                sqlstate="72000",
            )
        return state

    def pin(self, snapshot: int | None = None) -> int:
        """Keep a snapshot (None: the newest) and its files until `unpin`; answers its number."""
        with self._lock:
            state = self.state(snapshot)
            if state.seq < self._garbage.horizon and state.seq not in self._pins:
                raise errors.OperationalError(
                    f"snapshot {state.seq} has lost files already", sqlstate="72000"
                )
            self._pins.add(state.seq)
            return state.seq

    def unpin(self, snapshot: int) -> None:
        with self._lock:
            if snapshot not in self._pins:
                raise errors.InternalError(f"snapshot {snapshot} is not pinned")
            self._pins.remove(snapshot)
            self._collect()

    def enter(self, transaction: int) -> int:
        """Pin the newest commit for a transaction under way; its number. No commit can come in between and forget
        what the transaction may have to be ordered against."""
        with self._lock:
            self._live[transaction] = self.pin()
            return self._live[transaction]

    def leave(self, transaction: int, snapshot: int) -> None:
        """A transaction no longer sees its snapshot."""
        with self._lock:
            del self._live[transaction]
            self.unpin(snapshot)

    def oldest_live(self, but: int) -> int | None:
        """The oldest snapshot of the transactions under way, one left out; None: there are no others."""
        with self._lock:
            return min((s for id, s in self._live.items() if id != but), default=None)

    def data_folder(self) -> Path:
        """Where extents are; a database in memory makes it now."""
        if self._data is None:
            with self._lock:
                if self._data is None:
                    made = self._make_folder()
                    self._finalizer = weakref.finalize(self, _remove_folder, made)
                    self._garbage.data = made
                    self._data = made
        return self._data

    def _make_folder(self) -> Path:
        """A private folder for the extents of a database that has none."""
        return Path(tempfile.mkdtemp(prefix="warehouse-"))

    def extent_path(self, extent: ExtentRef) -> Path:
        return self.data_folder() / extent.path

    def reader(self, extent: ExtentRef) -> ExtentReader:
        """The extent, open: shared, safe for many threads, not to be closed by whoever asks."""
        with self._lock:
            found = self._readers.get(extent.id)
            if found is not None:
                self._readers.move_to_end(extent.id)
                return found
        from .extent import ExtentReader

        opened = ExtentReader(self.extent_path(extent))
        with self._lock:
            kept = self._readers.setdefault(extent.id, opened)
            while len(self._readers) > READERS_OPEN:
                self._readers.popitem(last=False)  # its file closes when the last user lets it go
        return kept

    @property
    def durable(self) -> bool:
        """Must files be fsynced? (Not those of a database in memory.)"""
        return self.path is not None

    @property
    def spill_folder(self) -> Path | None:
        """Where statements put rows that do not fit their memory; None: where the system keeps temporary files."""
        return None if self.path is None or self.read_only else self.path / folders.SPILL

    @property
    def cache(self) -> BufferCache:
        """The cache of encoded blocks, shared by all sessions."""
        if self._cache is None:
            with self._lock:
                if self._cache is None:
                    from .buffer import BufferCache

                    self._cache = BufferCache(self._cache_bytes or int(_memory_bytes() * CACHE_SHARE))
        return self._cache

    def bound_cache(self, limit: int) -> None:
        """Let the cache of blocks hold at most `limit` bytes from now on."""
        with self._lock:
            self._cache_bytes = limit
            if self._cache is not None:
                self._cache.bound(limit)

    # -- writing -------------------------------------------------------------------------------

    def new_id(self) -> int:
        """An id for a relation that is about to be created; never given twice."""
        with self._lock:
            id_ = self._next_relation
            self._next_relation += 1
            return id_

    def new_extent(self) -> int:
        """An id for an extent that is about to be committed; never given twice."""
        with self._lock:
            id_ = self._next_extent
            self._next_extent += 1
            return id_

    def new_xid(self) -> int:
        """A number for a transaction of a session."""
        return next(self._xids)

    def new_version(self) -> int:
        """A version for what a transaction has changed and not committed: no commit's number."""
        return next(self._versions)

    def new_transaction(self) -> int:
        """A number for a writer; its extents bear it in their names."""
        self._check_writable()
        with self._lock:
            self._transaction += 1
            return self._transaction

    def take_identity(
        self, table_id: int, column_id: int, seed: int, step: int, count: int
    ) -> tuple[int, int]:
        """Reserve `count` values of an IDENTITY column: (first value, next free value)."""
        with self._lock:
            first = self._identity.get((table_id, column_id), seed)
            following = first + step * count
            self._identity[table_id, column_id] = following
            return first, following

    def placement_lock(self, table_id: int) -> threading.Lock:
        """Held by whoever writes to an AUTO table, whose rows may have to change places as it grows."""
        with self._lock:
            return self._auto_locks.setdefault(table_id, threading.Lock())

    def commit(self, delta: Delta) -> int:
        """Make one delta true by itself, durably; answers the commit's number, or raises and changes nothing.

        The extents' files must have been synced already (loader.py does).
        """
        return self._commit([numbered(delta, self.new_id, self.new_extent)], None)

    def commit_transaction(self, transaction: Transaction, deltas: Sequence[Delta]) -> int:
        """Make all deltas of a transaction true, if it fits in with the others."""
        return self._commit(deltas, transaction)

    def _commit(self, deltas: Sequence[Delta], transaction: Transaction | None) -> int:
        self._check_writable()
        with self._lock:
            if self._store is None or self.closed:
                raise errors.InterfaceError(f'database "{self.name}" is closed')
            if transaction is not None:
                transaction.check_serializable()
            state, changes = apply(self._newest, deltas)
            forget = self._garbage.take_unlinked()
            try:
                self._store.write(
                    state, changes, next_relation=self._next_relation,
                    transaction=self._transaction, forget=forget,
                )
            except BaseException:
                self._garbage.give_back(forget)
                raise
            if transaction is not None:
                transaction.committed(state.seq)
            self._garbage.add(state.seq, [*changes.dropped_extents, *changes.unborn_extents])
            self._remember(state)
            self._collect()
            return state.seq

    def forget(self, extent: ExtentRef) -> None:
        """Let go of an extent whose file is about to be removed."""
        with self._lock:
            self._readers.pop(extent.id, None)
            self._forget_blocks(extent)

    def _check_writable(self) -> None:
        if self.read_only:
            raise errors.ReadOnly(f'database "{self.name}" is open read-only')

    def _remember(self, state: CatalogState) -> None:
        self._newest = state
        self._states[state.seq] = state
        for seq in list(self._states)[:-RECENT_STATES]:
            if seq not in self._pins:
                del self._states[seq]

    def _collect(self) -> None:
        for extent in self._garbage.collect(self._pins.oldest()):
            self.forget(extent)

    def _forget_blocks(self, extent: ExtentRef) -> None:
        if self._cache is not None:
            self._cache.drop(self.extent_path(extent))


def _remove_folder(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)


def _nothing() -> None:
    """The finaliser of a database without a temporary folder."""


def _open_memory(wanted: topologies.TopologyRequest) -> Database:
    store = CatalogStore(None)
    store.create(wanted.new_topology())
    return Database(MEMORY, None, store, store.load(), None, read_only=False)


def _open_folder(
    path: Path, wanted: topologies.TopologyRequest, create: bool, read_only: bool
) -> Database:
    """Open a folder under the registry's lock: share it, or lock it, read it and tidy it up."""
    exists = folders.prepare(path, create=create, read_only=read_only)
    status = path.stat()
    key = (status.st_dev, status.st_ino)
    if key in _open:
        return _share(_open[key], wanted, read_only)
    lock = folders.FolderLock(path, shared=read_only)
    try:
        if read_only:
            database = _read_folder(path, lock)
        else:
            database = _write_folder(path, lock, wanted, create, exists)
        wanted.check(database.topology, database.name)
    except BaseException:
        lock.release()
        raise
    database._key = key
    _open[key] = database
    return database


def _share(database: Database, wanted: topologies.TopologyRequest, read_only: bool) -> Database:
    wanted.check(database.topology, database.name)
    if database.read_only != read_only:
        mode = "read-only" if database.read_only else "for writing"
        raise errors.DatabaseInUse(
            f'this process (process {os.getpid()}) has database "{database.name}" open {mode} already',
            hint="Open it in the same way, or close it first.",
        )
    database._users += 1
    return database


def _read_folder(path: Path, lock: folders.FolderLock) -> Database:
    """Read the catalogue once into memory; no connection stays open and nothing is written."""
    catalog, copied_to = folders.readable_catalog(path)
    try:
        store = CatalogStore(catalog, read_only=copied_to is None)
        try:
            if store.is_empty():
                raise errors.FileMissing(f'database "{path}" does not exist: its creation was cut short')
            loaded = store.load()
        finally:
            store.close()
    finally:
        if copied_to is not None:
            shutil.rmtree(copied_to)
    return Database(str(path), path, None, loaded, lock, read_only=True)


def _write_folder(
    path: Path, lock: folders.FolderLock, wanted: topologies.TopologyRequest, create: bool, exists: bool
) -> Database:
    from .temporary import remove_leftovers

    store = CatalogStore(path / folders.CATALOG)
    try:
        if store.is_empty():
            if exists and not create:
                raise errors.FileMissing(f'database "{path}" does not exist: its creation was cut short')
            folders.check_no_data(path)
            store.create(wanted.new_topology())
            folders.sync_folder(path)
        loaded = store.load()
        wanted.check(loaded.topology, str(path))
        if store.has_dropped():
            store.purge_dropped()
        named = [e.path for entry in loaded.state.entries.values() for e in entry.extents]
        remove_orphans(path / folders.DATA, named)
        remove_leftovers(path)
        folders.clear_spill(path)
    except BaseException:
        store.close()
        raise
    return Database(str(path), path, store, loaded, lock, read_only=False)


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
