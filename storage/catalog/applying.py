"""Deltas applied to a state of the catalogue: the next state, and what changed.

    apply(state, deltas)  ->  (state + 1, Changes)          nothing is written here: store.py does

This is also where a delta is validated: names free, relations still there in the version that the delta's maker saw.
It raises before anything is written.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from ... import errors
from ..access.facts import Fact, FactKey
from ..schema import DistStyle, ExtentRef, Table, View
from .changes import Changes
from .delta import AddExtents, DeleteRows, Delta, DropExtents, SetStatistics
from .growth import concurrent_change, counted, grown, plain_rows, with_rewritten, with_rows, written
from .state import BUILTIN_SCHEMAS, CatalogState, TableEntry


def starts_replicated(table: Table) -> bool:
    """Is an empty table of this definition replicated? (AUTO is ALL while small.)"""
    return table.dist_style in (DistStyle.ALL, DistStyle.AUTO)


def apply(
    state: CatalogState, deltas: Sequence[Delta], *, seq: int | None = None
) -> tuple[CatalogState, Changes]:
    """The state after the (numbered) deltas, and what changed; raises if one of them no longer fits.

    `seq`: its number, that of the next commit unless given. A transaction's private states have numbers that no
    commit ever has.
    """
    if len(deltas) == 1 and (plain := plain_rows(deltas[0])) is not None:
        return with_rows(state, plain, state.seq + 1 if seq is None else seq)
    return _Application(state, state.seq + 1 if seq is None else seq, any(map(_changes_names, deltas))).run(deltas)


def _changes_names(delta: Delta) -> bool:
    """Whether schemas, relations, settings or facts about them change, and not rows alone."""
    return bool(
        delta.create_schemas or delta.drop_schemas or delta.create or delta.drop or delta.replace or delta.settings
        or delta.facts
        or any(a.encodings or a.index is not None for a in delta.add_extents)
    )


class _Application:
    """Deltas being applied: mutable copies of the state's maps, of those of names only where `names` change.

    `own`: relations created or changed by these deltas. Their makers saw versions of the transaction's own.
    """

    def __init__(self, state: CatalogState, seq: int, names: bool) -> None:
        self.before = state
        self.seq = seq
        self.entries = dict(state.entries)
        self._names = names
        if names:
            self.schemas = set(state.schemas)
            self.relations = dict(state.relations)
            self.names = dict(state.names)
            self.settings = dict(state.settings)
        self.facts = state.facts
        self.own: set[int] = set()
        self.changes = Changes()

    def run(self, deltas: Sequence[Delta]) -> tuple[CatalogState, Changes]:
        for delta in deltas:
            self._apply(delta)
        if self.changes.facts:
            from ..access.integrity import check, of_functions

            self._forget(of_functions(self.before.facts, self.facts, self.changes.facts))
            check(self.before.facts, self.facts, self.changes.facts, self.before.schemas, self.schemas, self.relations)
        if self._names and self.facts.rows:
            from ..access.integrity import check_owners

            check_owners(self.facts, self.before.relations, self.changes.created)
        self._settle()
        if not self._names:
            same = self.before
            state = CatalogState(
                self.seq, same.schemas, same.relations, same.names, self.entries, same.settings, self.facts
            )
            return state, self.changes
        state = CatalogState(
            self.seq, frozenset(self.schemas), self.relations, self.names, self.entries, self.settings,
            self.facts,
        )
        return state, self.changes

    def _apply(self, delta: Delta) -> None:
        for name in delta.create_schemas:
            self._create_schema(name)
        for relation in delta.drop:
            self._drop(relation)
        for relation in delta.replace:
            self._replace(relation)
        for relation in delta.create:
            self._create(relation)
        for dropped in delta.drop_extents:
            self._drop_extents(dropped)
        for gone in delta.delete_rows:
            self._delete_rows(gone)
        for added in delta.add_extents:
            self._add_extents(added)
        for computed in delta.statistics:
            self._set_statistics(computed)
        for setting, value in delta.settings.items():
            self._set(setting, value)
        self._change_facts(delta)
        for name in delta.drop_schemas:
            self._drop_schema(name)

    def _settle(self) -> None:
        """Changes as the store wants them: what came and went again is not there."""
        changes = self.changes
        if changes.dropped_extents:
            dropped = {e.id for e in changes.dropped_extents}
            added = {e.id for _, e in changes.added_extents}
            changes.unborn_extents = [e for _, e in changes.added_extents if e.id in dropped]
            changes.added_extents = [(t, e) for t, e in changes.added_extents if e.id not in dropped]
            changes.dropped_extents = [e for e in changes.dropped_extents if e.id not in added]
            changes.vectors = {k: v for k, v in changes.vectors.items() if k[0] not in dropped}
        changes.touched &= self.entries.keys()
        changes.counted = {t for t in changes.touched if self._differs(t, counted)}
        changes.touched = {t for t in changes.touched if self._differs(t, written)}
        if self._names:
            changes.created_schemas = sorted(self.schemas - self.before.schemas)
            changes.dropped_schemas = sorted(self.before.schemas - self.schemas)
            changes.dropped = [r for r in changes.dropped if r.version != self.seq]
            changes.created = [r for r in changes.created if self.relations.get(r.id) is r]

    def _differs(self, table: int, kept: Callable[[TableEntry], tuple[object, ...]]) -> bool:
        before, now = self.before.entries.get(table), self.entries[table]
        return before is None or kept(before) != kept(now)

    def _create_schema(self, name: str) -> None:
        if name in self.schemas:
            raise errors.ProgrammingError(f'schema "{name}" already exists', sqlstate="42P06")
        self.schemas.add(name)

    def _drop_schema(self, name: str) -> None:
        if name not in self.schemas:
            raise errors.UndefinedObject(f'schema "{name}" does not exist', sqlstate="3F000")
        if name in BUILTIN_SCHEMAS and name != "public":
            raise errors.ProgrammingError(f'cannot drop the system schema "{name}"', sqlstate="42501")
        inside = sorted(relation for schema, relation in self.names if schema == name)
        if inside:
            raise errors.ProgrammingError(
                f'cannot drop schema "{name}" because other objects depend on it',
                detail=f"It holds {', '.join(inside[:5])}{' and more' if len(inside) > 5 else ''}.",
                hint="Use DROP ... CASCADE to drop the dependent objects too.",
                sqlstate="2BP01",
            )
        self.schemas.remove(name)
        if self.facts.rows:
            from ..access.integrity import of_schema

            self._forget(of_schema(self.facts, name))

    def _create(self, relation: Table | View) -> None:
        if relation.schema not in self.schemas:
            raise errors.UndefinedObject(f'schema "{relation.schema}" does not exist', sqlstate="3F000")
        if (relation.schema, relation.name) in self.names:
            raise errors.DuplicateTable(f'relation "{relation.name}" already exists')
        if not relation.id or relation.id in self.relations:
            raise errors.InternalError(f"relation id {relation.id} of {relation.name} is none, or taken")
        created = replace(relation, version=self.seq)
        self._put(created)
        if isinstance(created, Table):
            self.entries[created.id] = TableEntry(created, replicated=starts_replicated(created))
            self.changes.touched.add(created.id)

    def _put(self, relation: Table | View) -> None:
        self.relations[relation.id] = relation
        self.names[relation.schema, relation.name] = relation.id
        self.changes.created.append(relation)
        self.own.add(relation.id)

    def _current(self, seen: Table | View) -> Table | View:
        """The relation as it is now; an error unless it is still the one that was seen."""
        current = (self.relations if self._names else self.before.relations).get(seen.id)
        if current is None or type(current) is not type(seen):
            raise errors.UndefinedTable(f'relation "{seen.name}" does not exist')
        if current.version != seen.version and seen.id not in self.own:
            concurrent_change(seen.name)
        return current

    def _drop(self, seen: Table | View) -> None:
        current = self._current(seen)
        del self.relations[current.id]
        del self.names[current.schema, current.name]
        entry = self.entries.pop(current.id, None)
        if entry is not None:
            self.changes.dropped_extents.extend(entry.extents)
        self.changes.dropped.append(current)

    def _replace(self, new: Table | View) -> None:
        current = self._current(new)
        if (new.schema, new.name) != (current.schema, current.name):
            if new.schema not in self.schemas:
                raise errors.UndefinedObject(f'schema "{new.schema}" does not exist', sqlstate="3F000")
            if (new.schema, new.name) in self.names:
                raise errors.DuplicateTable(f'relation "{new.name}" already exists')
            del self.names[current.schema, current.name]
        self.changes.dropped.append(current)
        changed = replace(new, version=self.seq)
        self._put(changed)
        entry = self.entries.get(changed.id)
        if isinstance(changed, Table) and entry is not None:
            replicated = entry.replicated if entry.extents else starts_replicated(changed)
            self.entries[changed.id] = entry.changed(table=changed, replicated=replicated)
            self.changes.touched.add(changed.id)

    def _entry(self, seen: Table) -> TableEntry:
        self._current(seen)
        return self.entries[seen.id]

    def _drop_extents(self, dropped: DropExtents) -> None:
        entry = self._entry(dropped.table)
        if dropped.extents is None:
            gone, left = entry.extents, entry.extents[:0]
        else:
            wanted = set(dropped.extents)
            gone = tuple(e for e in entry.extents if e.id in wanted)
            left = tuple(e for e in entry.extents if e.id not in wanted)
            if len(gone) != len(wanted):
                concurrent_change(entry.table.name)
        self.changes.touched.add(entry.table.id)
        self._leave(entry, gone, left, exact=entry.exact_bounds and dropped.keep_sketches, keep=dropped.keep_sketches)

    def _leave(self, entry: TableEntry, gone: tuple[ExtentRef, ...], left: tuple[ExtentRef, ...], *, exact: bool,
               keep: bool = False) -> None:
        """A table without its extents `gone`. Without a row left it starts anew, unless its sketches are to `keep`."""
        self.changes.dropped_extents.extend(gone)
        ids = {e.id for e in gone}
        deleted = {key: v for key, v in entry.deleted.items() if key[0] not in ids} if ids else entry.deleted
        if not left and not keep:
            fresh = TableEntry(entry.table, replicated=starts_replicated(entry.table), changed_seq=self.seq)
            self.entries[entry.table.id] = fresh
            return
        sketches = with_rewritten(entry, gone) if keep else entry.sketches
        self.entries[entry.table.id] = entry.changed(
            extents=left, exact_bounds=exact, changed_seq=entry.changed_seq if keep else self.seq, deleted=deleted,
            sketches=sketches,
        )

    def _delete_rows(self, gone: DeleteRows) -> None:
        entry = self._entry(gone.table)
        extents = {e.id: e for e in entry.extents}
        deleted = dict(entry.deleted)
        for key, vector in gone.vectors.items():
            before = deleted.get(key)
            if key[0] not in extents or (before is not None and not vector.covers(before)):
                concurrent_change(entry.table.name)
            deleted[key] = vector
        rows = Counter[int]()
        for (extent, _), vector in deleted.items():
            rows[extent] += vector.rows
        empty = {id for id, count in rows.items() if count >= extents[id].rows}
        self.changes.vectors.update(gone.vectors)
        self.changes.touched.add(entry.table.id)
        left = entry.changed(deleted=deleted)
        left = left.changed(modified=entry.modified + entry.rows - left.rows)
        self._leave(
            left, tuple(e for e in entry.extents if e.id in empty),
            tuple(e for e in entry.extents if e.id not in empty), exact=entry.exact_bounds,
        )

    def _add_extents(self, added: AddExtents) -> None:
        entry = self._entry(added.table)
        table = entry.table
        self.changes.added_extents.extend((table.id, e) for e in added.extents)
        self.changes.touched.add(table.id)
        for column, following in added.identity.items():
            self.changes.identity[table.id, column] = following
        self.changes.vectors.update(added.deleted)
        self.entries[table.id] = grown(entry, self._record(table, added), added, self.seq)

    def _set_statistics(self, computed: SetStatistics) -> None:
        entry = self._entry(computed.table)
        if not {e.id for e in entry.extents if not e.is_inline} <= computed.extents:
            return
        modified = 0 if computed.analyzed else entry.modified
        self.entries[entry.table.id] = entry.changed(
            sketches=dict(computed.sketches), exact_bounds=True, modified=modified
        )
        self.changes.touched.add(entry.table.id)

    def _record(self, table: Table, added: AddExtents) -> Table:
        """Chosen encodings become the columns' own, an index the table's. No new version: no plan depends on them."""
        if not added.encodings and added.index is None:
            return table
        columns = tuple(replace(c, encoding=added.encodings.get(c.id, c.encoding)) for c in table.columns)
        if columns == table.columns and added.index is None:
            return table
        changed = replace(table, columns=columns, index=added.index or table.index)
        self.changes.dropped.append(table)
        self._put(changed)
        return changed

    def _change_facts(self, delta: Delta) -> None:
        if delta.facts or (delta.drop and self.facts.rows):
            self.facts, touched = self.facts.changed(delta.facts, [r.id for r in delta.drop], self.seq)
            self.changes.facts |= touched

    def _forget(self, keys: Sequence[FactKey]) -> None:
        """Facts of what is dropped that its DROP did not know of."""
        self.facts, touched = self.facts.changed([Fact(kind, key) for kind, key in keys], (), self.seq)
        self.changes.facts |= touched

    def _set(self, name: str, value: str | None) -> None:
        if value is None:
            self.settings.pop(name, None)
        else:
            self.settings[name] = value
        self.changes.settings[name] = value
