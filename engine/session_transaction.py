"""A session's transaction: over the database, and over that of its temporary tables where there is one.

A change is divided between the two; both parts become true together. Only the database's part can fail to
commit, so it goes first. A statement that is not in a block has a transaction of its own (`single`), which ends
with its first change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from ..errors import ReadOnly
from ..records import dataclass
from ..storage.catalog.delta import Delta
from ..storage.catalog.state import TableEntry
from ..storage.catalog.view import SnapshotView
from ..storage.database import Database
from ..storage.schema import CatalogView, Table
from ..storage.temporary import SessionView, TemporaryDatabase, split
from ..storage.transactions import Transaction

Temporary = Callable[[], "TemporaryDatabase | None"]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Relations, and each table with what its statistics are made of."""

    view: CatalogView
    entry: Callable[[Table], TableEntry]


class SessionTransaction:
    """See the module's text; `temporary` answers the session's temporary database once it has one."""

    def __init__(
        self, database: Database, temporary: Temporary, *, single: bool = False, session: int = 0
    ) -> None:
        self.single = single
        self.read_only = False
        self._base = Transaction(database, session)
        self._temporary = temporary
        self._own: Transaction | None = None
        self.id = self._base.id

    def _parts(self) -> tuple[Transaction, ...]:
        own = self._temporary_part()
        return (self._base,) if own is None else (self._base, own)

    def _temporary_part(self) -> Transaction | None:
        if self._own is None and (database := self._temporary()) is not None:
            self._own = Transaction(database)
        return self._own

    @property
    def wrote(self) -> bool:
        """Whether it has changed anything yet."""
        return any(part.wrote for part in self._parts())

    @property
    def snapshot(self) -> int:
        """The commit that it sees, apart from its own changes."""
        return self._base.snapshot

    # -- seeing --------------------------------------------------------------------------------------

    def view(self, search_path: tuple[str, ...]) -> CatalogView:
        """The catalogue as the next statement sees it, the session's temporary tables first."""
        base, own, database = self._base.view(search_path), self._temporary_part(), self._temporary()
        if own is None or database is None:
            return base
        return SessionView(base, own.view((database.schema,)), database.schema)

    def entry(self, table: Table) -> TableEntry:
        """The table as the next statement sees it, with what its statistics are made of."""
        part = self._temporary_part() if table.temporary else self._base
        assert part is not None
        return part.state().entries[table.id]

    @contextmanager
    def catalogue(self, search_path: tuple[str, ...]) -> Iterator[Catalogue | None]:
        """What system tables tell of in a block when others have committed since its snapshot, which they are no part
        of (c_serial_isolation); None: what the statement sees is all."""
        database, own = self._base.database, self._temporary_part()
        if self.single or database.snapshot() == self._base.snapshot:
            yield None
            return
        pinned = database.pin()
        try:
            state = self._base.newest_state()
            base = SnapshotView(state, database.topology, search_path)
            view: CatalogView = base
            if own is not None and (temporary := self._temporary()) is not None:
                view = SessionView(base, own.view((temporary.schema,)), temporary.schema)
            yield Catalogue(view, lambda table: self.entry(table) if table.temporary else state.entries[table.id])
        finally:
            database.unpin(pinned)

    def refresh(self) -> None:
        """See the newest commit, as long as nothing depends on what was seen before."""
        for part in self._parts():
            part.refresh()

    def pin(self) -> Callable[[], None]:
        """Keep what is seen now for a result that may outlive the transaction, until the answer is called."""
        pinned = [(part.database, part.database.pin(part.snapshot)) for part in self._parts()]

        def release() -> None:
            for database, snapshot in pinned:
                database.unpin(snapshot)

        return release

    def enter(self, tables: Iterable[Table], check: Callable[[], None]) -> bool:
        """Wait until nobody keeps the tables closed, which are going to be read; whether that took any waiting."""
        return self._base.enter([t.id for t in tables if not t.temporary], check)

    def read(self, table: Table, check: Callable[[], None]) -> None:
        """A statement is going to read rows of a table."""
        if table.temporary:
            self._base.reads.add(table.id)
        else:
            self._base.read(table.id, check)

    # -- changing ------------------------------------------------------------------------------------

    def lock(self, tables: Iterable[Table], check: Callable[[], None]) -> None:
        """Write locks of all tables but temporary ones, which nobody else sees."""
        shared = [t for t in tables if not t.temporary]
        if shared:
            self._check_writable()
        self._base.lock(shared, check)

    def lock_at_once(self, table: Table) -> None:
        """The write lock of a table that a statement of its own is going to write, if that takes no waiting."""
        if self.single and not table.temporary:
            self._base.lock_at_once(table.id)

    def came_later(self, schema: str | None, name: str, search_path: tuple[str, ...]) -> bool:
        """Whether a relation that is not seen here has been committed since the snapshot of the block."""
        if self.single:
            return False
        newest = self._base.database.view(search_path=search_path)
        return newest.snapshot > self._base.snapshot and newest.relation(schema, name) is not None

    def close(self, tables: Iterable[Table], check: Callable[[], None], *, alone: bool) -> None:
        """Keep others from reading tables that are locked; `alone`: wait for those who have read them."""
        self._base.close([t for t in tables if not t.temporary], check, alone=alone)

    def check_newest(self, table: Table) -> None:
        if not table.temporary:
            self._base.check_newest(table)

    def change(self, delta: Delta) -> None:
        """Make a statement's changes visible to the statements after it, or true where it stands alone."""
        own = self._temporary_part()
        if own is None:
            self._check_writable()
            self._base.change(delta, last=self.single)
        else:
            base_share, own_share = split(delta)
            if base_share:
                self._check_writable()
                self._base.change(base_share)
            if own_share:
                own.change(own_share)
        if self.single:
            self.commit()

    def _check_writable(self) -> None:
        if self.read_only:
            raise ReadOnly("transaction is read-only", hint="It was begun with READ ONLY.")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Changes made in the block become true as one, also where the statement stands alone."""
        single, self.single = self.single, False
        try:
            yield
        finally:
            self.single = single
        if single:
            self.commit()

    # -- ending --------------------------------------------------------------------------------------

    def commit(self) -> None:
        """Make everything true; on an error everything is rolled back. Each part ends by itself when it is true."""
        try:
            self._base.commit()
            if self._own is not None:
                self._own.commit()
        except BaseException:
            self.rollback()
            raise

    def rollback(self) -> None:
        """Forget everything that is not committed; may be called at any time, and again."""
        self._base.rollback()
        if self._own is not None:
            self._own.rollback()
