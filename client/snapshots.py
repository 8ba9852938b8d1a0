"""`connection.snapshots`: snapshots of a database, from Python.

    connection.snapshots.create("monday")
    for snapshot in connection.snapshots.list(): print(snapshot.name, snapshot.created, snapshot.own_bytes)
    connection.snapshots.restore_table("monday", "public.sales", "sales_of_monday")
    connection.snapshots.restore("monday", "dw2")               a new folder
    connection.snapshots.copy("monday", "s3://backup/dw")       a folder or an object store
    connection.snapshots.restore("monday", "dw3", source="s3://backup/dw", streaming=True)
    connection.snapshots.schedule(every=timedelta(hours=8), keep=timedelta(days=1))
    connection.snapshots.delete("monday")

What a snapshot is, and why it costs little, is told in storage/snapshots/.
"""
from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InterfaceError
from ..storage.snapshots import create, places, restore, tables
from ..storage.snapshots.manifest import Snapshot
from ..storage.snapshots.schedule import DEFAULT_EVERY, DEFAULT_KEEP, Schedule, schedule_of, set_schedule
from .resizing import check_no_transaction, check_superuser

if TYPE_CHECKING:
    from ..storage.database import Database
    from ..storage.snapshots.streaming import Restoring
    from .dbapi import Connection

__all__ = ["Schedule", "Snapshot", "Snapshots"]
Where = str | os.PathLike[str]


class Snapshots:
    """See the module's text. A snapshot holds what is committed, not what the connection's transaction has changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def _home(self) -> Path:
        return create.home_of(self._connection.session.database)

    def _place(self, where: Where | None) -> places.Place:
        """A folder, or a URL of an object store as this connection reaches it; None: the database's own snapshots."""
        if where is None:
            return self._home
        return places.place_of(os.fspath(_where(where)), self._connection.session.stores)

    def _allowed(self, action: str) -> Database:
        session = self._connection.session
        check_superuser(session, action)
        return session.database

    def create(self, name: str) -> Snapshot:
        """Make a snapshot of everything that is committed now. It stays until it is deleted."""
        return create.create(self._allowed("create a snapshot"), name, datetime.now(UTC))

    def list(self, source: Where | None = None) -> list[Snapshot]:
        """All snapshots, oldest first. `own_bytes` is what deleting one would give back. `source`: the folder or URL
        that they were copied to, None: those of the database itself; so in all methods."""
        return places.list_snapshots(self._place(source))

    def delete(self, name: str, *, source: Where | None = None) -> None:
        """Delete a snapshot and give its space back."""
        database = self._allowed("delete a snapshot")
        if source is None:
            database.check_writable()
        places.delete(self._place(source), name)

    def restore(self, name: str, folder: Where, *, source: Where | None = None, streaming: bool = False) -> None:
        """Make `folder`, which must be new or empty, a database as it was at the snapshot. `streaming`: it can be
        opened at once, and brings its blocks in as they are asked for and in the background; until `restoring` of a
        connection to it is None it needs the snapshot where it is."""
        self._allowed("restore a snapshot")
        restore.restore(self._place(source), name, Path(_where(folder)), streaming=streaming)

    @property
    def restoring(self) -> Restoring | None:
        """How far the streaming restore is that this database comes from; None: everything is here."""
        from ..storage.snapshots.filling import progress

        return progress(self._connection.session.database)

    def fill(self) -> None:
        """Bring in now what the streaming restore has not brought in yet."""
        from ..storage.snapshots.filling import fill

        fill(self._allowed("restore a snapshot"), create.go_on)

    def copy(self, name: str, target: Where, *, source: Where | None = None) -> None:
        """Copy a snapshot, without links, below `target`, a folder or the URL of an object store (s3://bucket/prefix),
        which is the `source` of the other methods, and may be of this one. A copy into a store that was cut short goes
        on where it was."""
        self._allowed("copy a snapshot")
        restore.copy(self._place(source), name, self._place(target))

    def restore_table(self, snapshot: str, table: str, new_name: str, *, source: Where | None = None) -> int:
        """Bring a table of a snapshot back as a new table; the number of its rows. Names are "table" or
        "schema.table"."""
        from ..engine.handlers.load_arrow import relation_name

        session = self._connection.session
        database = self._allowed("restore a table")
        check_no_transaction(session, "a table cannot be restored")
        old, new = (relation_name(text, session.settings.exact_names) for text in (table, new_name))
        schema = old.schema or "public"
        return tables.restore_table(
            database, snapshot, (schema, old.name), (new.schema or schema, new.name), owner=session.user,
            home=self._place(source),
        )

    def schedule(self, every: timedelta = DEFAULT_EVERY, keep: timedelta = DEFAULT_KEEP) -> None:
        """Make a snapshot by itself, every so often while the database is open, and keep each for so long."""
        for name, given in (("every", every), ("keep", keep)):
            if not isinstance(given, timedelta):
                raise InterfaceError(f"{name} must be a timedelta, not {given!r}")
        set_schedule(self._allowed("schedule snapshots"), Schedule(every, keep))

    def unschedule(self) -> None:
        """Make no more automatic snapshots."""
        set_schedule(self._allowed("schedule snapshots"), None)

    @property
    def scheduled(self) -> Schedule | None:
        return schedule_of(self._connection.session.database)


def _where(given: Where) -> Where:
    if not isinstance(given, (str, os.PathLike)):
        raise InterfaceError(f"a place must be a path or a URL, not {given!r}")
    return given
