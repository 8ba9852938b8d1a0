"""A database: the folder, its catalogue and what is committed, for all sessions of this process.

    db = Database.open("dw", nodes=2, slices_per_node=2)
    snapshot = db.pin()                        the newest commit; its files stay until unpin
    view = db.view(snapshot)                   what binder, planner and scans read
    seq = db.commit(Delta(create=(table,)))    all of it or none of it
    db.unpin(snapshot); db.close()

Any number of processes may have the folder open (sharing/); opening it again in the same process answers the same
object, closed when the last user closes it (opening.py). `:memory:` is a database of its own each time: an SQLite
catalogue in memory and, once rows are stored, a private temporary folder.

A commit is validated in memory (catalog/state.py), written by one SQLite transaction (catalog/store.py) and only
then shown to new snapshots; what other processes commit is read when a snapshot is taken (catalog/news.py). Rows get
here through loader.py.
"""
from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from .. import errors
from . import topology as topologies
from .access_locks import AccessLocks
from .catalog import folder as folders
from .catalog.applying import Changes, apply
from .catalog.delta import Delta, changed_tables, numbered
from .catalog.folder import sync_folder
from .catalog.garbage import Garbage, Pins, remove_file
from .catalog.history import History
from .catalog.layout import FORMAT_VERSION
from .catalog.loads import Loads
from .catalog.news import News
from .catalog.state import CatalogState
from .catalog.store import CatalogStore, Loaded
from .catalog.view import DEFAULT_SEARCH_PATH, SnapshotView
from .failpoints import reach
from .locks import TableLocks
from .maintenance.upkeep import Upkeep
from .schema import ExtentRef, Topology
from .serializable import Committed, ConflictGraph
from .sharing.sessions import Sessions
from .snapshot_isolation import is_snapshot, rebased

if TYPE_CHECKING:
    from .buffer import BufferCache
    from .catalog.follower import Follower
    from .extent import ExtentReader
    from .sharing.shared import Shared
    from .transactions import Transaction

MEMORY = ":memory:"
# Numbers of sessions look like Redshift's process ids and are never those of a process on this machine.
FIRST_SESSION = 1 << 30
PRIVATE_VERSIONS = 1 << 40  # versions of relations as their own transaction sees them before its commit
# Snapshots that nobody pinned stay readable for this many commits, so that one may ask for the
# newest number first and for its view a moment later.
RECENT_STATES = 64
# Without a limit given: a quarter of the memory, the rest is for queries and Arrow.
CACHE_SHARE = 0.25
# What a load writes for a slice is in the catalogue up to so many bytes, and in a file beyond (inline.py).
INLINE_BYTES = 32 << 10
# Numbers of extents are drawn so many at a time from those of all processes.
EXTENT_NUMBERS = 64
# Extents kept open: each has a file descriptor, and processes often may have 1,024.
READERS_OPEN = 400


class Database:
    """See the module's text. Made by `Database.open`; safe for use by several threads."""

    inline_bytes = INLINE_BYTES

    def __init__(
        self,
        name: str,
        path: Path | None,
        store: CatalogStore | None,
        loaded: Loaded,
        lock: folders.FolderLock | None,
        read_only: bool,
        shared: Shared | None = None,
        follower: Follower | None = None,
    ) -> None:
        """`shared`: what a folder open for writing shares with other processes; `follower`: how one that is open
        read-only learns of commits."""
        self.name = name
        self.path = path
        self.read_only = read_only
        self.topology: Topology = loaded.topology
        self._shared = shared
        self.history = History(
            None if path is None or read_only else path / folders.HISTORY,
            None if shared is None else shared.numbers,
        )
        self.loads = Loads(None if path is None or read_only else path / folders.HISTORY)
        self._store = store
        self._follower = follower
        self._watched = follower if store is None else store if shared is not None else None
        self._folder_lock = lock
        self._lock = threading.RLock()
        self._newest = loaded.state
        self._states: OrderedDict[int, CatalogState] = OrderedDict({loaded.state.seq: loaded.state})
        self._pins = Pins()
        self._data = None if path is None else path / folders.DATA
        self._garbage = Garbage(self._data)
        self._garbage.horizon = loaded.state.seq
        self.locks = TableLocks(None if shared is None or path is None else path)
        self.access = AccessLocks(path, writable=shared is not None)
        self.conflicts = ConflictGraph()
        self.sessions = Sessions(None if shared is None else shared.run, self.process)
        self.upkeep = Upkeep(None if shared is None or path is None else path / "locks" / "vacuum")
        self._live: dict[int, int] = {}  # snapshots of transactions under way, by their ids
        self._xids = itertools.count(loaded.transaction + 1)
        self._versions = itertools.count(PRIVATE_VERSIONS)
        self._next_relation = loaded.next_relation
        self._next_extent = loaded.next_extent
        self._drawn_extents = range(0)  # numbers that this process has drawn and not given yet
        self._transaction = loaded.transaction
        self._identity = dict(loaded.identity)
        self._durable_folders: set[Path] = set()
        self._auto_locks: dict[int, threading.Lock] = {}
        self._cache: BufferCache | None = None
        self._cache_bytes = 0  # 0: a share of the machine's memory
        self._readers: OrderedDict[int, ExtentReader] = OrderedDict()
        self._inline_readers: dict[int, ExtentReader] = {}  # nothing is open in them
        self._users = 1
        self.key: tuple[int, int] | None = None  # in the registry of open folders
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
        """Right after opening: what waits to be removed, and whom live transactions elsewhere were ordered against."""
        with self._lock:
            self.conflicts.learn(news.transactions)
            self._garbage.learn(news.dropped)
            self._tell_pins()
            self._collect()

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
        self.history.close()
        self.loads.close()
        self._readers.clear()
        self._inline_readers.clear()
        if self._cache is not None:
            self._cache.clear()
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
        """The newest commit's number, of all processes."""
        with self._lock:
            self._see_newest()
            return self._newest.seq

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
            if snapshot is None:
                return self._pin_newest()
            state = self.state(snapshot)
            if state.seq not in self._pins and (state.seq < self._garbage.horizon or not self._alone):
                raise errors.OperationalError(
                    f"snapshot {state.seq} has lost files already", sqlstate="72000"
                )
            self._pins.add(state.seq)
            self._tell_pins()
            return state.seq

    def _pin_newest(self) -> int:
        if self._shared is not None and self._pins.oldest() is None:
            self._shared.pin_everything()
        try:
            self._see_newest()
            self._pins.add(self._newest.seq)
        finally:
            self._tell_pins()
        return self._newest.seq

    def _tell_pins(self) -> None:
        if self._shared is not None:
            self._shared.pin(self._pins.oldest())

    def back_up(self, target: Path) -> int:
        """Copy the catalogue into a new file, as of the newest commit, which stays pinned until `unpin`; its number.
        No process commits meanwhile."""
        from .catalog.copies import back_up

        self.check_writable()
        with self._lock:
            if self._store is None or self.closed:
                raise errors.InterfaceError(f'database "{self.name}" is closed')
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
            self._see_newest()
            if self._newest.seq != snapshot:
                raise errors.OperationalError(
                    f'database "{self.name}" was changed meanwhile', hint="Try again while nobody writes.",
                    sqlstate="40001",
                )
            yield

    def unpin(self, snapshot: int) -> None:
        with self._lock:
            if snapshot not in self._pins:
                raise errors.InternalError(f"snapshot {snapshot} is not pinned")
            self._pins.remove(snapshot)
            self._tell_pins()
            self._collect()

    @property
    def _alone(self) -> bool:
        return self._watched is None or (self._shared is not None and self._shared.alone)

    def _see_newest(self) -> None:
        """Learn what other processes have committed."""
        if self._watched is None or not self._watched.changed():
            return
        news = self._watched.news(self._newest)
        if news is not None:
            self._learn(news)
            self.conflicts.forget(self.oldest_overlapping(0))

    def _learn(self, news: News) -> None:
        loaded = news.loaded
        self.topology = loaded.topology
        self._next_relation = max(self._next_relation, loaded.next_relation)
        self._next_extent = max(self._next_extent, loaded.next_extent)
        self._transaction = max(self._transaction, loaded.transaction)
        for key, following in loaded.identity.items():
            self._identity[key] = following
        self.conflicts.learn(news.transactions)
        self._garbage.learn(news.dropped)
        self._remember(loaded.state)

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
            self.upkeep.forget_moves(min(self._live.values(), default=None))

    def oldest_live(self, but: int) -> int | None:
        """The oldest snapshot of the transactions under way, one left out; None: there are no others."""
        with self._lock:
            return min((s for id, s in self._live.items() if id != but), default=None)

    def oldest_overlapping(self, but: int) -> int | None:
        """As `oldest_live`, and over all processes; there it may be older than it need be."""
        here = self.oldest_live(but)
        return here if self._shared is None else self._shared.oldest_pin(here)

    def others_behind(self) -> bool:
        """Whether another process may be in a transaction that sees an older commit than the newest."""
        with self._lock:
            return self._shared is not None and self._shared.peers.oldest_pin() < self._newest.seq

    def reading(self, transaction: Transaction, table: int) -> None:
        """A transaction is going to read a table: tell those that it may have to be ordered against."""
        with self._lock:
            self.conflicts.reading(transaction.as_committed(transaction.snapshot))
            if self._shared is None or (len(self._live) < 2 and self._shared.alone):
                self._check_reads(transaction)
                return
            with self._shared.looking():
                self._shared.publish(transaction.id, transaction.snapshot, table)
                transaction.published = True
                self._see_newest()
                self._check_reads(transaction)

    def _check_reads(self, transaction: Transaction) -> None:
        if self._newest.seq > transaction.snapshot and not is_snapshot(self._newest):
            transaction.check_serializable(() if self._shared is None else self._shared.readers())

    def forget_reads(self, transaction: Transaction) -> None:
        """A transaction that had published its reads was rolled back."""
        with self._lock:
            if self._shared is not None:
                self._shared.unpublish(transaction.id)

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

    def sync_once(self, folders: Iterable[Path]) -> None:
        """Make the names of `folders`, and of those that they are in, durable: once is enough for each."""
        data = self.data_folder()
        for folder in folders:
            while folder != data and folder not in self._durable_folders:
                sync_folder(folder.parent)
                self._durable_folders.add(folder)
                folder = folder.parent

    @property
    def inline_folder(self) -> Path:
        """What names of inline extents stand behind; nothing is there."""
        return Path(self.name) / folders.CATALOG

    def extent_path(self, extent: ExtentRef) -> Path:
        return (self.inline_folder if extent.is_inline else self.data_folder()) / extent.path

    def discard(self, paths: Iterable[Path]) -> None:
        """Remove files of extents that were not committed after all. Whoever gives up may not know how far a commit
        came (Ctrl-C may fall right behind it): what the catalogue names stays. Where it cannot be asked all stay, and
        are found when the folder is opened."""
        listed = list(paths)
        if not listed:
            return  # nothing is asked at the end of most transactions
        folder = self.data_folder()
        names = {os.path.relpath(path, folder): path for path in listed}
        try:
            named = self._named(list(names))
        except errors.Error:
            return
        for name in names.keys() - named:
            remove_file(names[name])

    def _named(self, names: list[str]) -> set[str]:
        """Those of the data folder's files that some commit has named."""
        with self._lock:
            if self._store is None:
                raise errors.InterfaceError(f'database "{self.name}" is closed')
            return self._store.named(names)

    def open_extent(self, extent: ExtentRef) -> ExtentReader:
        """The extent, for whoever asks alone, who closes it."""
        from .extent import ExtentReader

        return ExtentReader(self.extent_path(extent), extent.data)

    def reader(self, extent: ExtentRef) -> ExtentReader:
        """The extent, open: shared, safe for many threads, not to be closed by whoever asks."""
        with self._lock:
            if extent.is_inline and (found := self._inline_readers.get(extent.id)) is not None:
                return found
            found = self._readers.get(extent.id)
            if found is not None:
                self._readers.move_to_end(extent.id)
                return found
        opened = self.open_extent(extent)
        with self._lock:
            if extent.is_inline:
                return self._inline_readers.setdefault(extent.id, opened)
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
            if self._shared is not None:
                id_ = self._shared.numbers.take("relation", at_least=id_)
            self._next_relation = id_ + 1
            return id_

    def new_extent(self) -> int:
        """An id for an extent that is about to be committed; never given twice."""
        with self._lock:
            if self._shared is None:
                id_ = self._next_extent
                self._next_extent = id_ + 1
                return id_
            if not self._drawn_extents:
                first = self._shared.numbers.take("extent", EXTENT_NUMBERS, at_least=self._next_extent)
                self._drawn_extents = range(first, first + EXTENT_NUMBERS)
            id_, self._drawn_extents = self._drawn_extents[0], self._drawn_extents[1:]
            return id_

    def new_xid(self) -> int:
        """A number for a transaction of a session."""
        if self._shared is None:
            return next(self._xids)
        with self._lock:
            return self._shared.presence.new_transaction()

    def new_version(self) -> int:
        """A version for what a transaction has changed and not committed: no commit's number."""
        return next(self._versions)

    @property
    def process(self) -> int:
        """The number of this process among those of the folder; 0 where there are none."""
        return 0 if self._shared is None else self._shared.presence.number

    def new_session(self) -> int | None:
        """A number for a session that no other one of this folder has; None: any will do."""
        return None if self._shared is None else self._shared.numbers.take("session", at_least=FIRST_SESSION)

    def new_transaction(self) -> int:
        """A number for a writer; its extents bear it in their names."""
        self.check_writable()
        with self._lock:
            self._transaction += 1
            if self._shared is not None:
                self._transaction = self._shared.presence.new_transaction()
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

    def move_slices(self, choose: Callable[[Topology], Topology]) -> Topology:
        """Commit that slices are on other nodes: `choose` answers where, from where they are now. Statements under way
        go on with the nodes that they began with: a slice's rows are the same on any."""
        self.check_writable()
        with self._lock:
            if self._store is None or self.closed:
                raise errors.InterfaceError(f'database "{self.name}" is closed')
            with nullcontext() if self._shared is None else self._shared.committing():
                self._see_newest()
                topology = choose(self.topology)
                if topology.slices != self.topology.slices:
                    raise errors.InternalError(f"{topology.slices} slices, not {self.topology.slices}")
                state, changes = apply(self._newest, ())
                self._write(self._store, state, changes, (), None, topology)
                self.topology = topology
                self._remember(state)
        return topology

    def _commit(self, deltas: Sequence[Delta], transaction: Transaction | None) -> int:
        self.check_writable()
        with self._lock:
            if self._store is None or self.closed:
                raise errors.InterfaceError(f'database "{self.name}" is closed')
            with nullcontext() if self._shared is None else self._shared.committing():
                reach("commit.locked")
                self._see_newest()
                if transaction is not None:
                    if is_snapshot(self._newest):
                        deltas = rebased(deltas, self.state(transaction.snapshot), self._newest, transaction.refuse)
                    else:
                        transaction.check_serializable(() if self._shared is None else self._shared.readers())
                    deltas = self.upkeep.translate(deltas, self.state(transaction.snapshot), self._newest)
                state, changes = apply(self._newest, deltas)
                self._write(self._store, state, changes, deltas, transaction)
                if transaction is not None:
                    transaction.committed(state.seq)
                    self.upkeep.keep_moves(state.seq, transaction.moves, self.oldest_live(transaction.id))
                for counter, following in changes.identity.items():
                    self._identity.setdefault(counter, following)  # of a table that came with its counters
                self._remember(state)
            reach("commit.known")
            self.upkeep.note_inline(state, {table for table, e in changes.added_extents if e.is_inline})
            self._garbage.add(state.seq, [*changes.dropped_extents, *changes.unborn_extents])
            self._collect()
            return state.seq

    def _write(self, store: CatalogStore, state: CatalogState, changes: Changes, deltas: Sequence[Delta],
               transaction: Transaction | None, topology: Topology | None = None) -> None:
        """The commit itself; the lock of commits is held."""
        forget = self._garbage.take_unlinked()
        oldest = self.oldest_overlapping(0 if transaction is None else transaction.id)
        try:
            store.write(
                state, changes, next_relation=self._next_relation, transaction=self._transaction, forget=forget,
                record=self._record(state.seq, deltas, transaction), horizon=self.conflicts.horizon(oldest),
                topology=topology,
            )
        except BaseException:
            self._garbage.give_back(forget)
            raise
        if self._shared is not None:
            self._shared.tidy_reads(self.conflicts.readers)

    def _record(self, seq: int, deltas: Sequence[Delta], transaction: Transaction | None) -> Committed | None:
        """What others must know of a commit to order themselves against it, if there are others."""
        if self._shared is None or (len(self._live) < 2 and self._shared.alone):
            return None
        if transaction is not None:
            return transaction.as_committed(seq)
        writes = frozenset(table for delta in deltas for table in changed_tables(delta))
        return Committed(self.new_xid(), seq - 1, seq, frozenset(), writes)

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

    def forget(self, extent: ExtentRef) -> None:
        """Let go of an extent whose file is about to be removed."""
        with self._lock:
            (self._inline_readers if extent.is_inline else self._readers).pop(extent.id, None)
            self.upkeep.forget_extent(extent.id)
            self._forget_blocks(extent)

    def check_writable(self) -> None:
        if self.read_only:
            raise errors.ReadOnly(f'database "{self.name}" is open read-only')

    def _remember(self, state: CatalogState) -> None:
        self._newest = state
        self._states[state.seq] = state
        for seq in list(self._states)[:-RECENT_STATES]:
            if seq not in self._pins:
                del self._states[seq]

    def _collect(self) -> None:
        """Remove the files that no snapshot needs any more. Pins are read after commits are known."""
        if not self._garbage.waits:
            return
        if self._shared is None:
            self._remove_garbage(self._pins.oldest())
            return
        with self._shared.collecting() as mine:
            if mine:
                self._remove_garbage(self._shared.oldest_pin(self._pins.oldest()))

    def _remove_garbage(self, oldest: int | None) -> None:
        for extent in self._garbage.collect(oldest):
            self.forget(extent)

    def _forget_blocks(self, extent: ExtentRef) -> None:
        if self._cache is not None:
            self._cache.drop(self.extent_path(extent))


def _remove_folder(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)


def _nothing() -> None:
    """The finaliser of a database without a temporary folder."""


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
