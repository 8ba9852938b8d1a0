"""One snapshot of the catalogue as binder, planner and scans see it (schema.CatalogView)."""
from __future__ import annotations

from ... import errors
from ..access.facts import Facts
from ..schema import ExternalTable, Table, TableData, TableStatistics, Topology, View
from .state import CatalogState

DEFAULT_SEARCH_PATH = ("public",)


class SnapshotView:
    """A `CatalogView` over an immutable `CatalogState`; costs nothing to make and reads no file."""

    __slots__ = ("_search_path", "_state", "snapshot", "topology")

    def __init__(self, state: CatalogState, topology: Topology, search_path: tuple[str, ...]) -> None:
        self.snapshot = state.seq
        self.topology = topology
        self._state = state
        self._search_path = search_path

    def relation(self, schema: str | None, name: str) -> Table | View | None:
        """Find by name; without schema, along the search path (then pg_catalog)."""
        names = self._state.names
        for candidate in (schema,) if schema is not None else (*self._search_path, "pg_catalog"):
            id_ = names.get((candidate, name))
            if id_ is not None:
                return self._state.relations[id_]
        return None

    def data(self, table: Table) -> TableData:
        entry = self._state.entries.get(table.id)
        if entry is None and isinstance(table, ExternalTable):
            return TableData(table, (), table.statistics or TableStatistics(0), False)
        if entry is None:
            raise errors.UndefinedTable(f'relation "{table.name}" does not exist')
        return entry.data()

    def schemas(self) -> tuple[str, ...]:
        return tuple(sorted(self._state.schemas))

    def relations(self, schema: str | None = None) -> tuple[Table | View, ...]:
        """All relations (of one schema), by schema and name."""
        return tuple(
            self._state.relations[id_]
            for (owner, _), id_ in sorted(self._state.names.items())
            if schema is None or owner == schema
        )

    @property
    def facts(self) -> Facts:
        """Users, grants, comments."""
        return self._state.facts

    @property
    def settings(self) -> dict[str, str]:
        """The database's own settings (not the session's)."""
        return dict(self._state.settings)
