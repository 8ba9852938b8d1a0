"""What one commit changes: a plain value made by a statement, checked and applied as a whole.

A `Delta` says what shall be different *and* what its maker saw: a table that is replaced, dropped or
loaded is given as the maker's own `Table` value, whose id and version must still be the current ones
when the commit runs. So two commits can never build on each other's unseen changes:

    session A: sees t (version 7) ... Delta(drop=(t,)) ............ commit -> t is gone
    session B: sees t (version 7) ... Delta(add_extents=(t ...)) ... commit -> UndefinedTable

New relations may carry the id 0 (`numbered` gives them one) or one from `Database.new_id`, which a
CREATE TABLE AS needs: it writes the extents of a table that the same commit creates. A transaction
numbers its deltas when its statements make them and applies them twice: to the state that its own
statements see, and at its end, all together, to the newest one.

Applying a delta to the catalogue's state is in state.py, writing it to SQLite in store.py.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field, replace

from ...records import dataclass
from ..access.facts import Fact
from ..deletes import DeleteVector, Group
from ..schema import ExtentRef, InterleavedIndex, Table, View
from ..statistics import ColumnSketch


@dataclass(frozen=True, slots=True)
class AddExtents:
    """New rows of a table: extents with id 0 (`numbered` gives them one) and what they hold.

    `replicated`: the rows are one copy that counts on every node; all rows of a table are either
    replicated or not, so a writer that turns a small AUTO table into an EVEN one drops the
    replicated extents in the same delta.

    `moved`: the rows were in the table before, in extents that the same delta drops (a rewrite). To other
    transactions nothing has changed then, and the table's sketches know the rows already, unless they come
    `from_inline` extents alone (storage/inline.py). `deleted`: those of them that are gone. `exact_bounds`: whether the
    sketches' bounds are those of the rows.
    """

    table: Table
    extents: tuple[ExtentRef, ...]
    sketches: Mapping[int, ColumnSketch]  # by Column.id; merged into the table's statistics
    replicated: bool = False
    identity: Mapping[int, int] = field(default_factory=dict)  # Column.id -> next free value
    # Column.id -> encoding chosen at load, which becomes the column's own.
    encodings: Mapping[int, str] = field(default_factory=dict)
    index: InterleavedIndex | None = None  # that an interleaved table has been given
    moved: bool = False
    from_inline: bool = False
    deleted: Mapping[Group, DeleteVector] = field(default_factory=dict)
    exact_bounds: bool = True


@dataclass(slots=True, eq=False)
class NewRow:
    """One row more of a table, in an inline extent of its own; the rest as `AddExtents` has it."""

    table: Table
    extent: ExtentRef
    replicated: bool
    identity: Mapping[int, int]

    def as_extents(self) -> AddExtents:
        return AddExtents(self.table, (self.extent,), {}, self.replicated, self.identity)


@dataclass(frozen=True, slots=True)
class DropExtents:
    """Extents that leave a table; None: all of them (TRUNCATE).

    Sketches cannot forget values, so unless the table becomes empty or `keep_sketches` says that the
    rows stay (a rewrite), bounds are no longer exact.
    """

    table: Table
    extents: tuple[int, ...] | None = None
    keep_sketches: bool = False


@dataclass(frozen=True, slots=True)
class DeleteRows:
    """Rows that leave a table: for each row group they were in, the vector of *all* its deleted rows.

    It must cover the group's present vector: a maker that has not seen the newest one is refused. An extent
    without a row left is dropped.
    """

    table: Table
    vectors: Mapping[Group, DeleteVector]


@dataclass(frozen=True, slots=True)
class SetStatistics:
    """Statistics computed anew (ANALYZE) in place of the merged ones.

    They describe the rows of `extents`. When the table has gained others since, the merged ones stay:
    bounds are proofs, and new ones would not cover the new rows.
    """

    table: Table
    sketches: Mapping[int, ColumnSketch]
    extents: frozenset[int]
    analyzed: bool = True  # False: an added column's are told, the others are as they were


@dataclass(frozen=True, slots=True)
class Delta:
    """Everything one commit does, applied in the order of the fields."""

    create_schemas: tuple[str, ...] = ()
    drop: tuple[Table | View, ...] = ()
    replace: tuple[Table | View, ...] = ()  # the new definition with the id and version last seen
    create: tuple[Table | View, ...] = ()
    drop_extents: tuple[DropExtents, ...] = ()
    delete_rows: tuple[DeleteRows, ...] = ()
    add_extents: tuple[AddExtents, ...] = ()
    statistics: tuple[SetStatistics, ...] = ()
    settings: Mapping[str, str | None] = field(default_factory=dict)  # None: back to the default
    facts: tuple[Fact, ...] = ()
    drop_schemas: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.create_schemas or self.drop or self.replace or self.create or self.drop_extents
            or self.delete_rows or self.add_extents or self.statistics or self.settings or self.drop_schemas
            or self.facts
        )


def numbered(delta: Delta, new_relation: Callable[[], int], new_extent: Callable[[], int]) -> Delta:
    """The delta with an id for every relation and extent that has none."""
    if all(r.id for r in delta.create) and all(e.id for a in delta.add_extents for e in a.extents):
        return delta
    create = tuple(r if r.id else replace(r, id=new_relation()) for r in delta.create)
    add_extents = tuple(
        replace(a, extents=tuple(e if e.id else replace(e, id=new_extent()) for e in a.extents))
        for a in delta.add_extents
    )
    return replace(delta, create=create, add_extents=add_extents)


def changed_tables(delta: Delta, before: Mapping[int, Table | View]) -> set[int]:
    """Ids of the tables that the delta changes for who reads them: their rows, their name, their columns. A rewrite
    changes nothing of it, nor do another key or encoding. `before`: the relations that the delta's maker saw."""
    found = {d.table.id for d in delta.drop_extents if not d.keep_sketches}
    found.update(d.table.id for d in delta.delete_rows)
    found.update(a.table.id for a in delta.add_extents if not a.moved)
    found.update(r.id for r in delta.drop)
    found.update(r.id for r in delta.replace if _reads_otherwise(r, before.get(r.id)))
    return found


def _reads_otherwise(new: Table | View, old: Table | View | None) -> bool:
    """Whether a query of the table may answer something else, or nothing, under its new definition."""
    if not isinstance(new, Table) or not isinstance(old, Table):
        return False
    return _as_read(new) != _as_read(old)


def _as_read(table: Table) -> tuple[object, ...]:
    return (table.schema, table.name, *((c.id, c.name, c.type) for c in table.columns))
