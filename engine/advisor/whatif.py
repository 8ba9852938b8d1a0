"""The catalogue as it would be with other table designs: for planning without loading, and for measuring.

    WhatIf(view, {("public", "lineitem"): design})     the planner sees lineitem in that design, with the statistics
                                                       it has
    Routed(view, {("public", "lineitem"): variant})    lineitem is another table, which is really there
    Believed(view, {("public", "lineitem"): ...})      a sample of lineitem with the statistics of all its rows

All are CatalogViews: whoever binds, plans or scans through one does as if nothing else existed. The real catalogue
is not changed, and other sessions see nothing.
"""
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ...storage.schema import CatalogView, DistStyle, Table, TableData, TableStatistics, Topology, View

if TYPE_CHECKING:
    from ...storage.access.facts import Facts
    from .designs import Design, TableName


class _Over(ABC):
    """A view over a view: everything but relations and their data is the lower one's."""

    def __init__(self, view: CatalogView, topology: Topology | None = None) -> None:
        self._view = view
        self.snapshot = view.snapshot
        self.topology = topology or view.topology

    @property
    def facts(self) -> Facts:
        return self._view.facts

    def schemas(self) -> tuple[str, ...]:
        return self._view.schemas()

    def relation(self, schema: str | None, name: str) -> Table | View | None:
        found = self._view.relation(schema, name)
        return self._seen(found) if isinstance(found, Table) else found

    def relations(self, schema: str | None = None) -> tuple[Table | View, ...]:
        return tuple(self._seen(r) if isinstance(r, Table) else r for r in self._view.relations(schema))

    def data(self, table: Table) -> TableData:
        return self._view.data(table)

    @abstractmethod
    def _seen(self, table: Table) -> Table:
        """What stands for a table of the lower view."""


class WhatIf(_Over):
    """Tables as they would be; their statistics are those they have."""

    def __init__(self, view: CatalogView, designs: Design, topology: Topology | None = None) -> None:
        super().__init__(view, topology)
        self._designs = designs

    def _seen(self, table: Table) -> Table:
        design = self._designs.get((table.schema, table.name))
        return table if design is None else design.applied(table)

    def data(self, table: Table) -> TableData:
        found = self._view.data(table)
        if (table.schema, table.name) not in self._designs:
            return found
        replicated = found.replicated if table.dist_style is DistStyle.AUTO else table.dist_style is DistStyle.ALL
        return replace(found, table=table, replicated=replicated)


class Routed(_Over):
    """Names that lead to other tables."""

    def __init__(self, view: CatalogView, routes: Mapping[TableName, Table]) -> None:
        super().__init__(view)
        self._routes = routes

    def _seen(self, table: Table) -> Table:
        return self._routes.get((table.schema, table.name), table)


class Believed(_Over):
    """Tables with statistics that are another's: those of the whole table that a sample was taken from. `known`: that
    table and its statistics; columns go by name."""

    def __init__(self, view: CatalogView, known: Mapping[TableName, tuple[Table, TableStatistics]]) -> None:
        super().__init__(view)
        self._known = known

    def _seen(self, table: Table) -> Table:
        return table

    def data(self, table: Table) -> TableData:
        found = self._view.data(table)
        whole = self._known.get((table.schema, table.name))
        if whole is None:
            return found
        names = {c.name: c.id for c in whole[0].columns}
        columns = {c.id: whole[1].columns[names[c.name]] for c in table.columns
                   if names.get(c.name) in whole[1].columns}
        return replace(found, statistics=replace(whole[1], columns=columns))
