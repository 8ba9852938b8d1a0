"""A table's entry as rows come to it: its extents, and what is known of their rows.

Most commits are small and do nothing else. `with_rows` makes the next state from one of them by itself: what cannot
change is shared, what has changed is known without comparing all. Any other delta takes applying.py, which adds rows
by the same `grown`. Of a single row in a table that has others, what changes is known without looking: `with_row`.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from ... import errors
from ..schema import ExtentRef, Table, View
from ..statistics import ColumnSketch
from .changes import Changes
from .delta import AddExtents, Delta, NewRow
from .state import CatalogState, TableEntry


def plain_rows(delta: Delta) -> AddExtents | None:
    """What a delta adds, if that is inline extents of a table and nothing changes beside them."""
    if len(delta.add_extents) != 1 or (
        delta.create_schemas or delta.drop or delta.replace or delta.create or delta.drop_extents or delta.delete_rows
        or delta.statistics or delta.settings or delta.facts or delta.drop_schemas
    ):
        return None
    added = delta.add_extents[0]
    if added.encodings or added.index is not None or added.moved or added.deleted:
        return None
    return added if all(e.is_inline for e in added.extents) else None


def with_rows(state: CatalogState, added: AddExtents, seq: int) -> tuple[CatalogState, Changes]:
    """`apply` of a delta that only adds inline extents (`plain_rows`), which small commits do: nothing is copied that
    cannot change, and what has changed is known without a comparison."""
    before = still_there(state.relations, added.table)
    entry = state.entries[before.id]
    after = grown(entry, before, added, seq)
    changes = Changes(
        added_extents=[(before.id, e) for e in added.extents],
        identity={(before.id, column): following for column, following in added.identity.items()},
    )
    if after.modified != entry.modified:
        changes.counted.add(before.id)
    if written(after) != written(entry):
        changes.touched.add(before.id)
    entries = {**state.entries, before.id: after}
    return CatalogState(
        seq, state.schemas, state.relations, state.names, entries, state.settings, state.facts
    ), changes


def with_row(state: CatalogState, row: NewRow) -> CatalogState | None:
    """The state after `with_rows` of a row alone, where that changes nothing but the table's extents and numbers; None
    where it may change more: the table is empty, or IDENTITY values are used. The row was made for this state."""
    seq, table = state.seq + 1, row.table.id
    entry = None if row.identity else state.entries[table].with_row(row.extent, seq)
    if entry is None:
        return None
    entries = {**state.entries, table: entry}
    return CatalogState(seq, state.schemas, state.relations, state.names, entries, state.settings, state.facts)


def still_there(relations: Mapping[int, Table | View], seen: Table) -> Table:
    """A table as it is now; an error unless it is still the one that was seen."""
    current = relations.get(seen.id)
    if not isinstance(current, Table):
        raise errors.UndefinedTable(f'relation "{seen.name}" does not exist')
    if current.version != seen.version:
        concurrent_change(seen.name)
    return current


def grown(entry: TableEntry, table: Table, added: AddExtents, seq: int) -> TableEntry:
    """A table's entry with new extents."""
    if entry.extents and entry.replicated != added.replicated:
        concurrent_change(table.name)
    extents, deleted, gone = added.extents, entry.deleted, 0
    if added.deleted:
        deleted, gone = {**deleted, **added.deleted}, sum([v.rows for v in added.deleted.values()])
    rows, inline = sum([e.rows for e in extents]), sum([e.is_inline for e in extents])
    return TableEntry(
        table, entry.extents + extents,
        entry.sketches if inline == len(extents) else merged(entry, added), added.replicated,
        # those of an empty table are the new rows' own
        added.exact_bounds and (entry.exact_bounds or not entry.rows),
        entry.changed_seq if added.moved else seq, deleted,
        # Rows that ANALYZE has not seen; those of a load into an empty table count as analyzed, as on Redshift.
        entry.modified if added.moved or not entry.rows else entry.modified + rows,
        None, entry._inline, entry.rows + rows - gone, entry.bytes + sum([e.bytes for e in extents]),
        entry.inline_extents + inline,
    )


def counted(entry: TableEntry) -> tuple[object, ...]:
    return (entry.modified,)


def written(entry: TableEntry) -> tuple[object, ...]:
    """What the catalogue's table of statistics has of an entry; sketches are compared by identity."""
    return id(entry.sketches), entry.replicated, entry.exact_bounds


def merged(entry: TableEntry, added: AddExtents) -> Mapping[int, ColumnSketch]:
    """The sketches of the table's files with those of new ones. A column unknown on one side stays unknown."""
    if added.moved and not added.from_inline and entry.rows:
        return entry.sketches
    if not entry.rows or all(e.is_inline for e in entry.extents):
        return dict(added.sketches)
    return {
        column: entry.sketches[column].merge(sketch)
        for column, sketch in added.sketches.items()
        if column in entry.sketches
    }


def with_rewritten(entry: TableEntry, gone: tuple[ExtentRef, ...]) -> Mapping[int, ColumnSketch]:
    """The sketches of a table's files when a rewrite joins files and inline extents, `gone`, in new files."""
    inline = [e for e in gone if e.is_inline]
    if not inline or len(inline) == len(gone):
        return entry.sketches
    from ..inline import merged as of_both
    from ..inline import sketches_of

    found = sketches_of(entry.table.columns, inline)
    return found if all(e.is_inline for e in entry.extents) else of_both(entry.sketches, found)


def concurrent_change(name: str) -> NoReturn:
    raise errors.OperationalError(
        f'relation "{name}" was changed by another session while this statement ran',
        hint="Run the statement again.",
        sqlstate="40001",
    )
