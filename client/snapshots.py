"""`connection.snapshots`: snapshots of a database, from Python.

    connection.snapshots.create("monday")
    for snapshot in connection.snapshots.list(): print(snapshot.name, snapshot.created, snapshot.own_bytes)
    connection.snapshots.restore_table("monday", "public.sales", "sales_of_monday")
    connection.snapshots.restore("monday", "dw2")               a new folder
    connection.snapshots.schedule(every=timedelta(hours=8), keep=timedelta(days=1))
    connection.snapshots.delete("monday")

What a snapshot is, and why it costs little, is told in storage/snapshots/.
"""
from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..storage.snapshots import create, manifest, restore, tables
from ..storage.snapshots.manifest import Snapshot
from ..storage.snapshots.schedule import DEFAULT_EVERY, DEFAULT_KEEP, Schedule, schedule_of, set_schedule
from .resizing import check_no_transaction, check_superuser

if TYPE_CHECKING:
    from ..storage.database import Database
    from .dbapi import Connection

__all__ = ["Schedule", "Snapshot", "Snapshots"]


class Snapshots:
    """See the module's text. A snapshot holds what is committed, not what the connection's transaction has changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def _home(self) -> Path:
        return create.home_of(self._connection.session.database)

    def _allowed(self, action: str) -> Database:
        session = self._connection.session
        check_superuser(session, action)
        return session.database

    def create(self, name: str) -> Snapshot:
        """Make a snapshot of everything that is committed now. It stays until it is deleted."""
        return create.create(self._allowed("create a snapshot"), name, datetime.now(UTC))

    def list(self) -> list[Snapshot]:
        """All snapshots, oldest first. `own_bytes` is what deleting one would give back."""
        return manifest.list_snapshots(self._home)

    def delete(self, name: str) -> None:
        """Delete a snapshot and give its space back."""
        self._allowed("delete a snapshot").check_writable()
        create.delete(self._home, name)

    def restore(self, name: str, folder: str | os.PathLike[str]) -> None:
        """Make `folder`, which must be new or empty, a database as it was at the snapshot."""
        self._allowed("restore a snapshot")
        restore.restore(self._home, name, Path(folder))

    def copy(self, name: str, folder: str | os.PathLike[str]) -> None:
        """Copy a snapshot, without links, into `folder`/snapshots; restore_table and the command line read it there."""
        self._allowed("copy a snapshot")
        restore.copy(self._home, name, os.fspath(folder))

    def restore_table(
        self, snapshot: str, table: str, new_name: str, *, source: str | os.PathLike[str] | None = None
    ) -> int:
        """Bring a table of a snapshot back as a new table; the number of its rows. Names are "table" or
        "schema.table". `source`: the folder that the snapshot was copied to, if it is not the database's own."""
        from ..engine.handlers.load_arrow import relation_name

        session = self._connection.session
        database = self._allowed("restore a table")
        check_no_transaction(session, "a table cannot be restored")
        old, new = (relation_name(text, session.settings.exact_names) for text in (table, new_name))
        schema = old.schema or "public"
        return tables.restore_table(
            database, snapshot, (schema, old.name), (new.schema or schema, new.name), owner=session.user,
            home=None if source is None else Path(source),
        )

    def schedule(self, every: timedelta = DEFAULT_EVERY, keep: timedelta = DEFAULT_KEEP) -> None:
        """Make a snapshot by itself, every so often while the database is open, and keep each for so long."""
        set_schedule(self._allowed("schedule snapshots"), Schedule(every, keep))

    def unschedule(self) -> None:
        """Make no more automatic snapshots."""
        set_schedule(self._allowed("schedule snapshots"), None)

    @property
    def scheduled(self) -> Schedule | None:
        return schedule_of(self._connection.session.database)
