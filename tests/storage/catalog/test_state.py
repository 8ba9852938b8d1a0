"""Deltas applied to the catalogue's state: what they change, and when they are refused."""
from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
import stored_tables as st
from warehouse import errors
from warehouse.storage.catalog.applying import _Application, apply
from warehouse.storage.catalog.delta import AddExtents, DeleteRows, Delta, DropExtents, SetStatistics, numbered
from warehouse.storage.catalog.state import BUILTIN_SCHEMAS, CatalogState
from warehouse.storage.catalog.view import SnapshotView
from warehouse.storage.deletes import DeleteVector, RowSet
from warehouse.storage.schema import INLINE, DistStyle, ExtentRef, Table, Topology, View
from warehouse.storage.statistics import ColumnSketch
from warehouse.storage.types import BIGINT
from warehouse.storage.vector import from_list


class Catalog:
    """A state that deltas are applied to, one after the other."""

    def __init__(self) -> None:
        self.state = CatalogState()
        self._ids = itertools.count(100_000)
        self._extents = itertools.count(1)

    def commit(self, **parts: object) -> CatalogState:
        delta = Delta(**parts)  # type: ignore[arg-type]
        ready = numbered(delta, lambda: next(self._ids), lambda: next(self._extents))
        self.state, self.changes = apply(self.state, [ready])
        return self.state

    def view(self, *search_path: str) -> SnapshotView:
        return SnapshotView(self.state, Topology.even(1, 2), search_path or ("public",))

    def table(self, name: str = "t") -> Table:
        found = self.view().relation(None, name)
        assert isinstance(found, Table)
        return found

    def add(self, values: list[int | None], **parts: object) -> None:
        table = self.table()
        sketch = ColumnSketch.of(from_list(BIGINT, values))
        extent = ExtentRef(0, f"{values}.ext", -1, len(values), 100, 1)
        parts.setdefault("replicated", True)
        self.commit(add_extents=(AddExtents(table, (extent,), {0: sketch}, **parts),))  # type: ignore[arg-type]


@pytest.fixture
def catalog() -> Catalog:
    made = Catalog()
    made.commit(create=(st.define(types=(BIGINT,)),))
    return made


def test_the_built_in_schemas_are_there() -> None:
    assert Catalog().view().schemas() == BUILTIN_SCHEMAS == ("information_schema", "pg_catalog", "public")


def test_creating_numbers_and_versions_a_table(catalog: Catalog) -> None:
    assert (catalog.table().id, catalog.table().version) == (100_000, 1)
    data = catalog.view().data(catalog.table())
    assert (data.extents, data.statistics.rows, data.replicated) == ((), 0, True)


def test_names_are_found_along_the_search_path(catalog: Catalog) -> None:
    catalog.commit(create_schemas=("s",))
    catalog.commit(create=(replace(st.define(), schema="s"), replace(st.define("only"), schema="s")))
    assert catalog.view().relation(None, "only") is None
    assert catalog.view("s", "public").relation(None, "t") == catalog.view().relation("s", "t")
    assert catalog.view("public", "s").relation(None, "t") == catalog.view().relation("public", "t")
    assert catalog.view("public", "s").relation(None, "only") == catalog.view().relation("s", "only")
    assert [r.name for r in catalog.view().relations("s")] == ["only", "t"]
    assert len(catalog.view().relations()) == 3


def test_tables_and_views_share_their_names(catalog: Catalog) -> None:
    view = View(0, "public", "t", "select 1")
    with pytest.raises(errors.DuplicateTable, match='relation "t" already exists'):
        catalog.commit(create=(view,))
    catalog.commit(create=(replace(view, name="v"),))
    found = catalog.view().relation(None, "v")
    assert isinstance(found, View) and found.sql == "select 1"


def test_a_schema_must_exist_and_be_empty_to_go(catalog: Catalog) -> None:
    with pytest.raises(errors.UndefinedObject, match='schema "nowhere" does not exist'):
        catalog.commit(create=(replace(st.define("x"), schema="nowhere"),))
    with pytest.raises(errors.ProgrammingError, match="already exists") as caught:
        catalog.commit(create_schemas=("public",))
    assert caught.value.sqlstate == "42P06"
    with pytest.raises(errors.ProgrammingError, match="depend on it"):
        catalog.commit(drop_schemas=("public",))
    with pytest.raises(errors.ProgrammingError, match="system schema"):
        catalog.commit(drop_schemas=("pg_catalog",))
    catalog.commit(drop=(catalog.table(),), drop_schemas=("public",))
    assert "public" not in catalog.view().schemas()


def test_dropping_takes_the_extents_along(catalog: Catalog) -> None:
    catalog.add([1, 2])
    table = catalog.table()
    catalog.commit(drop=(table,))
    assert [e.rows for e in catalog.changes.dropped_extents] == [2]
    assert catalog.view().relation(None, "t") is None
    with pytest.raises(errors.UndefinedTable, match='relation "t" does not exist'):
        catalog.view().data(table)
    with pytest.raises(errors.UndefinedTable):
        catalog.commit(drop=(table,))


def test_a_change_needs_the_version_it_was_made_for(catalog: Catalog) -> None:
    seen = catalog.table()
    catalog.commit(replace=(replace(seen, name="renamed"),))
    assert catalog.view().relation(None, "t") is None
    for parts in ({"drop": (seen,)}, {"replace": (seen,)}, {"drop_extents": (DropExtents(seen),)}):
        with pytest.raises(errors.OperationalError, match="changed by another session") as caught:
            catalog.commit(**parts)
        assert caught.value.sqlstate == "40001"
    assert catalog.table("renamed").version == 2


def test_renaming_to_a_taken_name_is_refused(catalog: Catalog) -> None:
    catalog.commit(create=(st.define("u"),))
    with pytest.raises(errors.DuplicateTable):
        catalog.commit(replace=(replace(catalog.table(), name="u"),))


def test_a_refused_delta_changes_nothing(catalog: Catalog) -> None:
    before = catalog.state
    with pytest.raises(errors.UndefinedTable):
        catalog.commit(create=(st.define("u"),), drop=(replace(catalog.table(), id=7),))
    assert catalog.state is before
    assert catalog.view().relation(None, "u") is None


def test_loads_add_extents_and_merge_statistics(catalog: Catalog) -> None:
    first = catalog.state
    catalog.add([1, 5, None])
    catalog.add([9])
    data = catalog.view().data(catalog.table())
    assert [e.id for e in data.extents] == [1, 2]
    statistics = data.statistics
    assert (statistics.rows, statistics.bytes) == (4, 200)
    column = statistics.columns[0]
    assert (column.low, column.high, column.null_count, column.exact_bounds) == (1, 9, 1, True)
    assert round(column.distinct) == 3
    assert SnapshotView(first, Topology.even(1, 2), ("public",)).data(catalog.table()).extents == ()


def test_a_table_created_by_the_same_delta_takes_its_rows() -> None:
    catalog = Catalog()
    table = replace(st.define(types=(BIGINT,)), id=100_777)
    extent = ExtentRef(0, "x.ext", -1, 1, 10, 1)
    sketch = ColumnSketch.of(from_list(BIGINT, [3]))
    catalog.commit(create=(table,), add_extents=(AddExtents(table, (extent,), {0: sketch}, True),))
    assert catalog.view().data(catalog.table()).statistics.rows == 1


def test_truncating_forgets_the_statistics(catalog: Catalog) -> None:
    catalog.add([1, 2])
    catalog.commit(drop_extents=(DropExtents(catalog.table()),))
    data = catalog.view().data(catalog.table())
    assert (data.extents, data.statistics.rows) == ((), 0)
    assert data.statistics.columns[0].high is None
    catalog.add([5])
    assert catalog.view().data(catalog.table()).statistics.columns[0].low == 5


def test_dropping_some_extents_keeps_bounds_as_estimates(catalog: Catalog) -> None:
    catalog.add([1, 2])
    catalog.add([50])
    catalog.commit(drop_extents=(DropExtents(catalog.table(), (2,)),))
    column = catalog.view().data(catalog.table()).statistics.columns[0]
    assert (column.high, column.exact_bounds) == (50, False)
    with pytest.raises(errors.OperationalError, match="changed by another session"):
        catalog.commit(drop_extents=(DropExtents(catalog.table(), (2,)),))


def test_analyze_replaces_statistics_unless_rows_came_since(catalog: Catalog) -> None:
    catalog.add([1, 2])
    seen = frozenset((1,))
    narrow = {0: ColumnSketch.of(from_list(BIGINT, [1, 2]))}
    catalog.add([99])
    catalog.commit(statistics=(SetStatistics(catalog.table(), narrow, seen),))
    assert catalog.view().data(catalog.table()).statistics.columns[0].high == 99
    catalog.commit(statistics=(SetStatistics(catalog.table(), narrow, seen | {2}),))
    assert catalog.view().data(catalog.table()).statistics.columns[0].high == 2


def test_rows_are_replicated_all_or_none(catalog: Catalog) -> None:
    catalog.add([1])
    with pytest.raises(errors.OperationalError, match="changed by another session"):
        catalog.add([2], replicated=False)


def test_chosen_encodings_become_the_columns_own_without_a_new_version(catalog: Catalog) -> None:
    catalog.add([1], encodings={0: "az64"})
    assert (catalog.table().columns[0].encoding, catalog.table().version) == ("az64", 1)


def test_settings_are_set_and_reset(catalog: Catalog) -> None:
    catalog.commit(settings={"a": "1", "b": "2"})
    catalog.commit(settings={"a": None})
    assert catalog.view().settings == {"b": "2"}


def test_what_is_replicated_when_empty() -> None:
    catalog = Catalog()
    for style in DistStyle:
        catalog.commit(create=(st.define(style.value, dist_style=style, dist_key=0),))
    replicated = {r.name: catalog.view().data(r).replicated for r in catalog.view().relations()}  # type: ignore[arg-type]
    assert replicated == {"ALL": True, "AUTO": True, "EVEN": False, "KEY": False}


def test_an_empty_delta_is_false() -> None:
    assert not Delta()
    assert Delta(settings={"a": None})


def vector(*rows: int) -> DeleteVector:
    found = RowSet()
    found.add(np.array(rows, np.int64))
    return found.vectors()[0, 0]


def test_deleted_rows_are_kept_by_row_group(catalog: Catalog) -> None:
    catalog.add([1, 2, 3])
    catalog.add([4])
    first = {(1, 0): vector(0)}
    catalog.commit(delete_rows=(DeleteRows(catalog.table(), first),))
    assert (catalog.changes.vectors, catalog.changes.dropped_extents) == (first, [])
    data = catalog.view().data(catalog.table())
    assert (data.deleted, data.statistics.rows) == (first, 3)


def test_an_extent_without_rows_left_is_dropped(catalog: Catalog) -> None:
    catalog.add([1, 2])
    catalog.add([4])
    catalog.commit(delete_rows=(DeleteRows(catalog.table(), {(1, 0): vector(0, 1)}),))
    assert [e.id for e in catalog.changes.dropped_extents] == [1]
    assert catalog.changes.vectors == {}
    data = catalog.view().data(catalog.table())
    assert ([e.id for e in data.extents], data.deleted, data.statistics.rows) == ([2], {}, 1)
    catalog.commit(delete_rows=(DeleteRows(catalog.table(), {(2, 0): vector(0)}),))
    assert catalog.view().data(catalog.table()).statistics.columns[0].distinct == 0


def test_a_vector_must_cover_the_present_one(catalog: Catalog) -> None:
    catalog.add([1, 2, 3])
    catalog.commit(delete_rows=(DeleteRows(catalog.table(), {(1, 0): vector(0)}),))
    for unseen in ({(1, 0): vector(1)}, {(9, 0): vector(1)}):
        with pytest.raises(errors.OperationalError, match="changed by another session"):
            catalog.commit(delete_rows=(DeleteRows(catalog.table(), unseen),))


def test_deltas_applied_together_leave_out_what_came_and_went(catalog: Catalog) -> None:
    table = st.define("u", types=(BIGINT,))
    created = replace(table, id=7)
    extent = ExtentRef(5, "5.ext", -1, 2, 100, 1)
    deltas = [
        Delta(create_schemas=("s",), create=(created,)),
        Delta(add_extents=(AddExtents(created, (extent,), {}, True),)),
        Delta(drop=(created,), drop_schemas=("s",)),
    ]
    state, changes = apply(catalog.state, deltas)
    assert (state.schemas, state.relations) == (catalog.state.schemas, catalog.state.relations)
    assert [e.id for e in changes.unborn_extents] == [5]
    assert not (changes.created or changes.dropped or changes.added_extents or changes.dropped_extents)
    assert not (changes.created_schemas or changes.dropped_schemas or changes.touched)


def test_a_private_state_has_a_version_of_its_own(catalog: Catalog) -> None:
    changed = replace(catalog.table(), owner="ann")
    private, _ = apply(catalog.state, [Delta(replace=(changed,))], seq=1 << 40)
    seen = private.relations[changed.id]
    assert (private.seq, seen.version) == (1 << 40, 1 << 40)
    state, changes = apply(catalog.state, [Delta(replace=(changed,)), Delta(replace=(replace(seen, owner="bob"),))])
    assert [r.owner for r in changes.created] == ["bob"] and [r.owner for r in changes.dropped] == ["dev"]
    assert state.relations[changed.id].version == state.seq == catalog.state.seq + 1


# -- a few rows by themselves (growth.py) ------------------------------------------------------------------


@pytest.mark.parametrize("before", [(), ([1, 2],), ([1], [None])])
@pytest.mark.parametrize("parts", [{}, {"identity": {0: 8}}, {"exact_bounds": False}, {"replicated": False}])
def test_rows_alone_are_applied_as_any_delta(catalog: Catalog, before: tuple[list[int], ...], parts: dict) -> None:
    for values in before:
        catalog.add(values)
    inline = ExtentRef(77, f"{INLINE}5-0", -1, 1, 100, 1, b"")
    delta = Delta(add_extents=(AddExtents(catalog.table(), (inline,), {}, **{"replicated": True, **parts}),))
    outcomes = []
    for do in (apply, lambda state, deltas: _Application(state, state.seq + 1, names=False).run(deltas)):
        try:
            state, changes = do(catalog.state, [delta])
        except errors.OperationalError as error:
            outcomes.append(str(error))
        else:
            entry = state.entries[catalog.table().id]
            told = [getattr(entry, name) for name in entry.__slots__ if name not in ("_data", "_inline")]
            outcomes.append((told, entry.rows, entry.bytes, entry.inline_extents, state.seq, changes))
    assert outcomes[0] == outcomes[1]


def test_rows_alone_for_a_table_that_is_gone_or_changed(catalog: Catalog) -> None:
    seen = catalog.table()
    delta = Delta(add_extents=(AddExtents(seen, (ExtentRef(7, f"{INLINE}5-0", -1, 1, 9, 1, b""),), {}, True),))
    catalog.commit(replace=(seen,))
    with pytest.raises(errors.OperationalError, match="was changed by another session"):
        apply(catalog.state, [delta])
    catalog.commit(drop=(catalog.table(),))
    with pytest.raises(errors.UndefinedTable):
        apply(catalog.state, [delta])
