"""The whole catalogue as of one commit, in memory: what views read and deltas make anew (applying.py).

A `CatalogState` is never changed. The next one shares everything that its deltas did not touch, so a pinned
snapshot costs a few references and planning never waits for a commit:

    state 41 ---- entries {t: e1, u: e2} ----> e1 (t's extents, sketches)   e2
    state 42 ---- entries {t: e3, u: e2} ----> e3 = e1 + one extent         e2 (shared)

SQLite is in store.py.
"""
from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ...records import dataclass
from ..access.facts import NO_FACTS, Facts
from ..deletes import DeleteVector, Group
from ..schema import (
    Column,
    ColumnStatistics,
    ExtentRef,
    Table,
    TableData,
    TableStatistics,
    View,
)
from ..statistics import ColumnSketch

if TYPE_CHECKING:
    from ..inline import InlineSketches

BUILTIN_SCHEMAS = ("information_schema", "pg_catalog", "public")
# Ids below belong to built-in relations (virtual tables), as on Redshift.
FIRST_RELATION_ID = 100_000


class _Inline:
    """Sketches of a table's inline extents, made when they are first asked for; all its states share them."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: InlineSketches | None = None

    def of(self, column: Column, extents: Sequence[ExtentRef]) -> ColumnSketch:
        if self._made is None:
            from ..inline import InlineSketches

            self._made = InlineSketches()
        return self._made.of(column, extents)


@dataclass(slots=True, eq=False)
class TableEntry:
    """A table with its extents and sketches (of files: inline.py); the statistics are worked out when first asked for.

    `changed_seq`: the last commit that changed its rows, as far as this process knows.
    """

    table: Table
    extents: tuple[ExtentRef, ...] = ()
    sketches: Mapping[int, ColumnSketch] = field(default_factory=dict)
    replicated: bool = False
    exact_bounds: bool = True
    changed_seq: int = 0
    deleted: Mapping[Group, DeleteVector] = field(default_factory=dict)
    modified: int = 0  # rows added to what was there, or deleted, since the table was last analyzed
    _data: TableData | None = field(default=None, repr=False)
    _inline: _Inline = field(default_factory=_Inline, repr=False)
    _rows: int = -1  # -1: to be counted; so with bytes and inline extents
    _bytes: int = -1
    _inline_extents: int = -1

    def changed(self, **changes: Any) -> TableEntry:
        """The entry with other fields, its statistics to be worked out anew."""
        same: dict[str, Any] = {
            "table": self.table, "extents": self.extents, "sketches": self.sketches, "replicated": self.replicated,
            "exact_bounds": self.exact_bounds, "changed_seq": self.changed_seq, "deleted": self.deleted,
            "modified": self.modified, "_inline": self._inline,
        }
        return TableEntry(**(same | changes))

    def with_row(self, extent: ExtentRef, seq: int) -> TableEntry | None:
        """With one row more, in an inline extent of its own that commit `seq` adds; None where the table is empty."""
        rows = self.rows
        return None if not rows else TableEntry(
            self.table, (*self.extents, extent), self.sketches, self.replicated, self.exact_bounds, seq, self.deleted,
            self.modified + 1, None, self._inline, rows + 1, self.bytes + extent.bytes, self.inline_extents + 1,
        )

    @property
    def rows(self) -> int:
        """Rows that are not deleted."""
        if self._rows < 0:
            self._rows = sum([e.rows for e in self.extents]) - sum([v.rows for v in self.deleted.values()])
        return self._rows

    @property
    def bytes(self) -> int:
        if self._bytes < 0:
            self._bytes = sum([e.bytes for e in self.extents])
        return self._bytes

    @property
    def inline_extents(self) -> int:
        """How many there are."""
        if self._inline_extents < 0:
            self._inline_extents = sum([e.is_inline for e in self.extents])
        return self._inline_extents

    def data(self) -> TableData:
        if self._data is None:
            self._data = TableData(
                self.table, self.extents, self._statistics(), self.replicated, self.deleted, self.modified
            )
        return self._data

    def _statistics(self) -> TableStatistics:
        columns = _Columns(self.table, self.extents, self.sketches, self._inline, self.exact_bounds)
        return TableStatistics(self.rows, self.bytes, columns)

    def sketch(self, column: Column) -> ColumnSketch | None:
        """Of all rows, those of inline extents too; None: nothing is known."""
        return _sketch(column, self.extents, self.sketches, self._inline)


def _sketch(column: Column, extents: Sequence[ExtentRef], sketches: Mapping[int, ColumnSketch],
            of_inline: _Inline) -> ColumnSketch | None:
    inline = [e for e in extents if e.is_inline]
    known = None if len(inline) == len(extents) else sketches.get(column.id)
    if not inline or (known is None and len(inline) < len(extents)):
        return known
    found = of_inline.of(column, inline)
    return found if known is None else known.merge(found)


class _Columns(Mapping[int, ColumnStatistics]):
    """The statistics of a table's columns, each worked out when it is first asked for. (They do not know the entry,
    which knows them: a table that is dropped leaves no circle behind.)"""

    def __init__(self, table: Table, extents: tuple[ExtentRef, ...], sketches: Mapping[int, ColumnSketch],
                 inline: _Inline, exact_bounds: bool) -> None:
        self._table, self._extents, self._sketches = table, extents, sketches
        self._inline, self._exact_bounds = inline, exact_bounds
        self._known: dict[int, ColumnStatistics] = {}

    def __getitem__(self, id: int) -> ColumnStatistics:
        found = self._known.get(id)
        if found is None:
            found = self._known[id] = self._of(self._columns[id])
        return found

    @cached_property
    def _columns(self) -> dict[int, Column]:
        """Those of which something is known."""
        files = any(not e.is_inline for e in self._extents)
        return {c.id: c for c in self._table.columns if not files or c.id in self._sketches}

    def _of(self, column: Column) -> ColumnStatistics:
        sketch = _sketch(column, self._extents, self._sketches, self._inline) if self._extents else None
        if sketch is None:
            return ColumnStatistics(0.0, 0)
        statistics = sketch.statistics()
        return statistics if self._exact_bounds else replace(statistics, exact_bounds=False)

    def digest(self) -> str:
        """Of what the statistics are worked out from."""
        found = hashlib.blake2b(repr(self._exact_bounds).encode(), digest_size=16)
        for id, sketch in sorted(self._sketches.items()):
            found.update(repr((id, sketch.rows, sketch.nulls, sketch.total_bytes, sketch.sample.reach)).encode())
            found.update(sketch.registers)
            found.update(sketch.sample.priorities)
        return found.hexdigest()

    def __iter__(self) -> Iterator[int]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


@dataclass(frozen=True, slots=True)
class CatalogState:
    """Everything the catalogue holds as of commit `seq`."""

    seq: int = 0
    schemas: frozenset[str] = frozenset(BUILTIN_SCHEMAS)
    relations: Mapping[int, Table | View] = field(default_factory=dict)
    names: Mapping[tuple[str, str], int] = field(default_factory=dict)
    entries: Mapping[int, TableEntry] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    facts: Facts = NO_FACTS
