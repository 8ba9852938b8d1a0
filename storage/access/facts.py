"""Facts: what the catalogue keeps beside tables and views, each a small JSON value under (kind, key).

    ("user", "ann")                                  {"id": 100007, "superuser": false ...}
    ("grant", "relation:100001|user:100007|select|")  {"grantor": 100, "option": false}
    ("comment", "relation:100001|2")                 {"text": "net of tax"}

A `Fact` in a delta sets one, or removes it (value None). `new` says that its maker saw none of that key: a commit
in which there is one is refused. What belongs to a relation has a key that begins with the relation's own
(`of_relation`), and goes when the relation is dropped.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ... import errors
from ...records import dataclass

if TYPE_CHECKING:
    from ..lake.catalogue import DataCatalogue
    from .directory import Directory

FactKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact to be set, or removed (value None)."""

    kind: str
    key: str
    value: Mapping[str, Any] | None = None
    new: bool = False


def of_relation(id: int) -> str:
    """How the keys of what belongs to a relation begin."""
    return f"relation:{id}|"


class Facts:
    """All facts of one snapshot; never changed. `version` changes when any of them does."""

    __slots__ = ("_directory", "_keys", "_lake", "rows", "version")

    def __init__(self, rows: Mapping[FactKey, str] | None = None, version: int = 0) -> None:
        self.rows: Mapping[FactKey, str] = rows or {}
        self.version = version
        self._directory: Directory | None = None
        self._lake: DataCatalogue | None = None
        self._keys: dict[str, list[str]] | None = None

    def of(self, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(key, value) of every fact of a kind."""
        for key in self.keys(kind):
            yield key, json.loads(self.rows[kind, key])

    def keys(self, kind: str) -> list[str]:
        """The keys of a kind, in the order they were set."""
        if self._keys is None:
            keys: dict[str, list[str]] = {}
            for found, key in self.rows:
                keys.setdefault(found, []).append(key)
            self._keys = keys
        return self._keys.get(kind, [])

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        text = self.rows.get((kind, key))
        return None if text is None else json.loads(text)

    @property
    def directory(self) -> Directory:
        """The facts, read."""
        if self._directory is None:
            from .directory import Directory

            self._directory = Directory(self)
        return self._directory

    @property
    def lake(self) -> DataCatalogue:
        """External schemas, and the embedded data catalogue."""
        if self._lake is None:
            from ..lake.catalogue import DataCatalogue

            self._lake = DataCatalogue(self)
        return self._lake

    def changed(self, facts: Iterable[Fact], dropped: Iterable[int], version: int) -> tuple[Facts, set[FactKey]]:
        """The facts after changes and dropped relations, and the keys that changed; itself when none did."""
        rows = dict(self.rows)
        touched: set[FactKey] = set()
        for id in dropped if rows else ():
            prefix = of_relation(id)
            touched.update(k for k in rows if k[1].startswith(prefix))
        for key in touched:
            del rows[key]
        for fact in facts:
            key = (fact.kind, fact.key)
            if fact.new and key in rows:
                raise errors.ProgrammingError(f'{fact.kind} "{fact.key}" already exists', sqlstate="42710")
            if fact.value is None:
                rows.pop(key, None)
            else:
                rows[key] = json.dumps(fact.value, separators=(",", ":"), sort_keys=True)
            touched.add(key)
        return (Facts(rows, version), touched) if touched else (self, touched)


NO_FACTS = Facts()
