"""The data catalogue: databases, tables and partitions, kept as facts of the warehouse's catalogue.

    ("external schema",    "spectrum")                      {"database": "spectrumdb", "options": {...}}
    ("external database",  "spectrumdb")                    {"created": ...}
    ("external table",     '["spectrumdb","sales"]')        {"location": "s3://...", "columns": [...] ...}
    ("external partition", '["spectrumdb","sales","2008-01"]')   {"location": "s3://..."}

On AWS the data catalogue is a service of its own, which many clusters share. Here it is one with the warehouse: its
changes are part of transactions, other processes see them, snapshots have them. The real AWS Glue is behind the same
face (glue.py).
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...records import dataclass
from ..access.facts import Fact
from ..schema import ExternalTable
from .definition import PSEUDO, Partition, Source, table_of

if TYPE_CHECKING:
    from ..access.facts import Facts

SCHEMA, DATABASE, TABLE, PARTITION = (
    "external schema", "external database", "external table", "external partition"
)
EMBEDDED, GLUE = "embedded", "glue"


@dataclass(frozen=True, slots=True)
class ExternalSchema:
    """A schema of the warehouse that shows a database of a data catalogue. `options`: clauses of its CREATE."""

    name: str
    database: str
    id: int
    catalogue: str = EMBEDDED
    region: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def fact(self) -> Fact:
        return Fact(SCHEMA, self.name, {
            "database": self.database, "id": self.id, "catalogue": self.catalogue, "region": self.region,
            "options": dict(self.options),
        })

    @staticmethod
    def of(name: str, value: dict[str, Any]) -> ExternalSchema:
        return ExternalSchema(name, value["database"], value["id"], value["catalogue"], value["region"],
                              tuple(value["options"].items()))


class DataCatalogue:
    """The facts of one snapshot, read when first asked for."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self.schemas = {name: ExternalSchema.of(name, value) for name, value in facts.of(SCHEMA)}
        self.databases = dict(facts.of(DATABASE))
        self._tables: dict[tuple[str, str, int], ExternalTable] = {}

    def source(self, database: str, name: str) -> Source | None:
        value = self._facts.get(TABLE, key(database, name))
        return None if value is None else Source.of_value(value)

    def sources(self, database: str) -> Iterator[Source]:
        """All tables of a database, by name."""
        for name in sorted(n for d, n in self._names if d == database):
            found = self.source(database, name)
            assert found is not None
            yield found

    @cached_property
    def _names(self) -> list[tuple[str, str]]:
        return [tuple(json.loads(k)) for k in self._facts.keys(TABLE)]

    def table(self, schema: ExternalSchema, name: str, pseudo: int = len(PSEUDO)) -> ExternalTable | None:
        """The table as the schema shows it; `pseudo`: with how many of the pseudo-columns."""
        found = self._tables.get((schema.name, name, pseudo))
        if found is None:
            source = self.source(schema.database, name)
            if source is None:
                return None
            found = self._tables[schema.name, name, pseudo] = table_of(source, schema.name, pseudo)
        return found

    def partitions(self, source: Source) -> list[Partition]:
        """The partitions that are registered, by their values' text."""
        return self._by_table.get((source.database, source.name), [])

    @cached_property
    def _by_table(self) -> dict[tuple[str, str], list[Partition]]:
        found: dict[tuple[str, str], list[Partition]] = {}
        for text, value in sorted(self._facts.of(PARTITION)):
            database, table, *values = json.loads(text)
            found.setdefault((database, table), []).append(Partition(tuple(values), value["location"]))
        return found


def table_fact(source: Source, *, new: bool = False) -> Fact:
    return Fact(TABLE, key(source.database, source.name), source.as_value(), new)


def partition_fact(source: Source, partition: Partition) -> Fact:
    return Fact(PARTITION, key(source.database, source.name, *partition.values), {"location": partition.location})


def dropped_table(catalogue: DataCatalogue, source: Source) -> list[Fact]:
    """What takes away a table with its partitions. Its files stay."""
    gone = [dropped_partition(source, p.values) for p in catalogue.partitions(source)]
    return [*gone, Fact(TABLE, key(source.database, source.name))]


def dropped_partition(source: Source, values: tuple[str | None, ...]) -> Fact:
    return Fact(PARTITION, key(source.database, source.name, *values))


def database_fact(name: str) -> Fact:
    return Fact(DATABASE, name, {})


def dropped_database(catalogue: DataCatalogue, name: str) -> list[Fact]:
    """What takes away a database with its tables."""
    inside = [fact for source in catalogue.sources(name) for fact in dropped_table(catalogue, source)]
    return [*inside, Fact(DATABASE, name)]


def key(*parts: str | None) -> str:
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
