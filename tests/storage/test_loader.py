"""Loads: rows are where the design puts them, in order, checked, all of them or none."""
from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import stored_tables as st
from hypothesis import given
from hypothesis import strategies as s
from warehouse import errors
from warehouse.storage import extent, load_encodings, loader, run, run_writer
from warehouse.storage.catalog.delta import Delta
from warehouse.storage.database import Database
from warehouse.storage.distribution import hash_column, slice_of_hash
from warehouse.storage.loader import TableWriter
from warehouse.storage.placement import AUTO_ALL_ROWS, REPLICATED
from warehouse.storage.schema import Column, DistStyle, Table
from warehouse.storage.types import BIGINT, DATE, DOUBLE, INTEGER, char, decimal, varchar
from warehouse.storage.vector import ColumnData, from_list

TOPOLOGIES = [(1, 1), (2, 2)]
DESIGNS = [
    {"dist_style": DistStyle.EVEN},
    {"dist_style": DistStyle.ALL, "sort_key": (1,)},
    {"dist_style": DistStyle.KEY, "dist_key": 1, "sort_key": (1, 0)},
    {"dist_style": DistStyle.KEY, "dist_key": 0},
    {"dist_style": DistStyle.AUTO, "sort_key": (0,)},
]  # fmt: skip
ROWS = s.lists(
    s.tuples(
        s.one_of(s.none(), s.integers(-(1 << 63), (1 << 63) - 1)), s.one_of(s.none(), s.text("aé ", max_size=5)),
        s.one_of(s.none(), s.integers(-(10**30), 10**30)),
    ),
    max_size=40,
)  # fmt: skip
TYPES = (BIGINT, varchar(20), decimal(38, 3))


@pytest.fixture
def db() -> Iterator[Database]:
    with Database.open(nodes=1, slices_per_node=2) as opened:
        yield opened


def numbers(first: int, count: int) -> list[ColumnData]:
    """A batch for a table of one BIGINT column."""
    return [from_list(BIGINT, [])] if not count else [
        ColumnData(BIGINT, count, np.arange(first, first + count, dtype=np.int64))
    ]  # fmt: skip


# -- rows and places -------------------------------------------------------------------------------


@pytest.mark.parametrize("topology", TOPOLOGIES)
@pytest.mark.parametrize("design", range(len(DESIGNS)))
@given(data=s.data())
def test_what_is_loaded_is_stored_once_where_it_belongs(
    topology: tuple[int, int], design: int, data: s.DataObject
) -> None:
    loads = data.draw(s.lists(s.lists(ROWS, max_size=3), max_size=3))
    with Database.open(nodes=topology[0], slices_per_node=topology[1]) as db:
        table = st.create(db, st.define(types=TYPES, **DESIGNS[design]))  # type: ignore[arg-type]
        for batches in loads:
            st.load(db, table, *batches)
        everything = [row for batches in loads for batch in batches for row in batch]
        assert st.stored(db, table) == st.in_order(everything)
        check_places(db, table)
        check_statistics(db, table, everything)


def check_places(db: Database, table: Table) -> None:
    data = st.data_of(db, table)
    slices = {e.slice for e in data.extents}
    if data.replicated:
        assert slices <= {REPLICATED}
    elif table.dist_style is DistStyle.KEY:
        assert table.dist_key is not None
        kind = table.columns[table.dist_key].type
        for slice_, rows in st.rows_by_slice(db, table).items():
            keys = from_list(kind, [row[table.dist_key] for row in rows])
            assert set(slice_of_hash(hash_column(keys), db.topology.slices).tolist()) == {slice_}
    for extent_ in data.extents:
        assert db.extent_path(extent_).stat().st_size == extent_.bytes


def check_statistics(db: Database, table: Table, rows: list[st.Row]) -> None:
    statistics = st.data_of(db, table).statistics
    assert statistics.rows == len(rows)
    for i, column in enumerate(table.columns):
        found = statistics.columns[column.id]
        live = [row[i] for row in rows if row[i] is not None]
        assert found.null_count == len(rows) - len(live)
        assert found.exact_bounds
        if live and column.type == BIGINT:
            assert (found.low, found.high) == (min(live), max(live))


@pytest.mark.parametrize("design", [{"dist_style": DistStyle.EVEN}, DESIGNS[2]])
def test_even_and_sorted_extents_over_many_batches(
    db: Database, monkeypatch: pytest.MonkeyPatch, design: dict[str, object]
) -> None:
    """Small row groups, runs and extents: every border is crossed."""
    monkeypatch.setattr(run, "GROUP_ROWS", 64)
    monkeypatch.setattr(extent, "MAX_GROUPS", 3)
    monkeypatch.setattr(run_writer, "GROUP_ROWS", 64)
    monkeypatch.setattr(loader, "RUN_ROWS_PER_SLICE", 500)
    monkeypatch.setattr(loader, "UNSORTED_RUN_ROWS_PER_SLICE", 150)
    table = st.create(db, st.define(types=(BIGINT, BIGINT), **design))
    values = np.random.default_rng(3).integers(0, 1000, (5000, 2)).tolist()
    rows = [tuple(row) for row in values]
    st.load(db, table, *[rows[i : i + 333] for i in range(0, len(rows), 333)])
    assert st.stored(db, table) == st.in_order(rows)
    found = st.data_of(db, table).extents
    assert all(e.row_groups <= 3 for e in found)
    for extent_ in found:
        reader = db.open_extent(extent_)
        columns = [np.concatenate([reader.column(g, c).fixed for g in range(reader.row_groups)]) for c in (0, 1)]
        if table.sort_key:
            keys = list(zip(columns[1].tolist(), columns[0].tolist()))
            assert keys == sorted(keys), "an extent is one sorted run"
        else:
            assert reader.row_groups == 1 or reader.group_rows[0] == 64, "whole row groups but the last"
        reader.close()
    if not table.sort_key:
        by_slice = {k: len(v) for k, v in st.rows_by_slice(db, table).items()}
        assert by_slice[0] == by_slice[1] == len(rows) // 2


def test_wide_rows_end_a_row_group_early(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "GROUP_BYTES", 1000)
    table = st.create(db, st.define(types=(BIGINT, varchar(5000)), sort_key=(0,)))
    rows = [(i, "x" * (i % 7) * 100) for i in range(100)]
    st.load(db, table, rows)
    assert st.stored(db, table) == rows
    (found,) = st.data_of(db, table).extents
    reader = db.open_extent(found)
    sizes = [reader.column(g, 1).text_bytes for g in range(reader.row_groups)]
    reader.close()
    assert len(sizes) > 20 and max(sizes) <= 1000


def test_arrow_batches_are_converted(db: Database) -> None:
    table = st.create(db, st.define(types=(INTEGER, char(5), DATE, decimal(10, 2))))
    batch = pa.record_batch(
        [pa.array([1, None], pa.int64()), pa.array(["ab  ", "c"]).dictionary_encode(),
         pa.array([0, 1], pa.date32()), pa.array([5, None], pa.decimal128(6, 1))],
        names=["w", "x", "y", "z"],
    )  # fmt: skip
    with TableWriter(db, table) as writer:
        writer.write(batch)
        db.commit(writer.finish())
        assert writer.rows == 2
    assert st.stored(db, table) == [(1, "ab", 0, 500), (None, "c", 1, None)]


# -- checks ----------------------------------------------------------------------------------------


def test_not_null_is_checked_and_nothing_stays(db: Database) -> None:
    table = st.create(db, st.define(columns=(Column(0, "x", BIGINT, nullable=False),)))
    with (
        pytest.raises(errors.NotNullViolation, match='null value in column "x" violates not-null constraint'),
        TableWriter(db, table) as writer,
    ):
        writer.write([from_list(BIGINT, [1, None])])
    assert st.stored(db, table) == []
    assert list(db.data_folder().rglob("*.ext")) == []


def test_values_that_do_not_fit_are_refused(db: Database) -> None:
    table = st.create(db, st.define(types=(INTEGER, varchar(3))))
    for values, error in (([1 << 40, "a"], errors.NumericOutOfRange), ([1, "abcd"], errors.StringTooLong)):
        batch = pa.record_batch([pa.array([v]) for v in values], names=["a", "b"])
        with pytest.raises(error), TableWriter(db, table) as writer:
            writer.write(batch)
    st.load(db, table, [(1, "a")])


def test_leaving_without_a_commit_removes_the_files(db: Database) -> None:
    table = st.create(db, st.define(dist_style=DistStyle.EVEN))
    with TableWriter(db, table) as writer:
        writer.write(st.batch(table, [(1, "x")]))
        assert writer.finish()
        assert len(list(db.data_folder().rglob("*.ext"))) == 1
        writer.abort()
    assert list(db.data_folder().rglob("*.ext")) == []
    with TableWriter(db, table) as writer:
        writer.write(st.batch(table, [(1, "x")]))
    assert list(db.data_folder().rglob("*.ext")) == []


def test_a_cancel_stops_a_load(db: Database) -> None:
    def check() -> None:
        raise errors.QueryCanceled("stop")

    table = st.create(db, st.define())
    with pytest.raises(errors.QueryCanceled), TableWriter(db, table, check=check) as writer:
        writer.write(st.batch(table, [(1, "x")]))
        writer.finish()
    assert st.stored(db, table) == []


def test_no_rows_are_no_commit(db: Database) -> None:
    table = st.create(db, st.define())
    with TableWriter(db, table) as writer:
        assert not writer.finish()


# -- identity, missing columns, new tables -----------------------------------------------------------


def test_identity_values_and_missing_columns(db: Database) -> None:
    columns = (
        Column(0, "id", BIGINT, nullable=False, identity=(10, 5)), Column(1, "x", varchar(5)),
        Column(2, "y", DOUBLE), Column(3, "z", decimal(38, 1)),
    )  # fmt: skip
    table = st.create(db, st.define(columns=columns))
    for text in ("a", "b"):
        with TableWriter(db, table, columns=(1,)) as writer:
            writer.write([from_list(varchar(5), [text, text])])
            db.commit(writer.finish())
    assert st.stored(db, table) == [
        (10, "a", None, None), (15, "a", None, None), (20, "b", None, None), (25, "b", None, None)
    ]  # fmt: skip


def test_identity_goes_on_after_opening_again(tmp_path: Path) -> None:
    columns = (Column(0, "id", BIGINT, identity=(1, 1)), Column(1, "x", BIGINT))
    for start in (1, 3):
        with Database.open(tmp_path / "dw") as db:
            if start == 1:
                st.create(db, st.define(columns=columns))
            table = st.current(db, st.define())
            with TableWriter(db, table, columns=(1,)) as writer:
                writer.write([from_list(BIGINT, [0, 0])])
                db.commit(writer.finish())
            assert [row[0] for row in st.stored(db, table)] == list(range(1, start + 2))


def test_identity_values_run_out(db: Database) -> None:
    columns = (Column(0, "id", INTEGER, identity=((1 << 31) - 2, 1)), Column(1, "x", BIGINT))
    table = st.create(db, st.define(columns=columns))
    with pytest.raises(errors.NumericOutOfRange, match="used up"), TableWriter(db, table, columns=(1,)) as writer:
        writer.write([from_list(BIGINT, [0, 0, 0])])


def test_a_commit_may_create_the_table_it_fills(db: Database) -> None:
    table = replace(st.define(dist_style=DistStyle.EVEN), id=db.new_id())
    with TableWriter(db, table) as writer:
        writer.write(st.batch(table, [(1, "x"), (2, "y")]))
        db.commit(replace(writer.finish(), create=(table,)))
    assert st.stored(db, table) == [(1, "x"), (2, "y")]


# -- encodings ---------------------------------------------------------------------------------------


def test_a_big_first_load_settles_automatic_encodings(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_encodings, "SAMPLE_ROWS", 1000)
    columns = (Column(0, "n", BIGINT), Column(1, "r", BIGINT, encoding="raw"), Column(2, "s", varchar(9)))
    for count, settled in ((999, False), (3000, True)):
        table = st.create(db, st.define(f"t{count}", columns=columns))
        rows = [(i, i, f"v{i % 3}") for i in range(count)]
        st.load(db, table, rows)
        encodings = [c.encoding for c in st.current(db, table).columns]
        assert encodings == (["az64", "raw", "bytedict"] if settled else ["auto", "raw", "auto"])
        assert st.stored(db, table) == rows


def test_compupdate_off_takes_the_fixed_defaults_and_on_replaces_encodings(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_encodings, "SAMPLE_ROWS", 1000)
    columns = (Column(0, "n", BIGINT), Column(1, "k", BIGINT), Column(2, "s", varchar(9), encoding="raw"))
    expected = {False: (["az64", "raw", "raw"], "auto"), True: (["az64", "az64", "bytedict"], "az64")}
    for compupdate, (stored, recorded) in expected.items():
        table = st.create(db, st.define(f"t{compupdate}", columns=columns, sort_key=(1,)))
        with TableWriter(db, table, compupdate=compupdate) as writer:
            writer.write(st.batch(table, [(i, i, f"v{i % 3}") for i in range(2000)]))
            db.commit(writer.finish())
        (found,) = st.data_of(db, table).extents
        reader = db.open_extent(found)
        assert [reader.encoding_name(0, i) for i in range(3)] == stored
        reader.close()
        assert st.current(db, table).columns[0].encoding == recorded


# -- AUTO --------------------------------------------------------------------------------------------


def test_auto_is_all_while_small_then_even(db: Database) -> None:
    table = st.create(db, st.define(types=(BIGINT,)))
    half = AUTO_ALL_ROWS // 2

    def add(first: int) -> None:
        with TableWriter(db, table) as writer:
            writer.write(numbers(first, half))
            db.commit(writer.finish())

    add(0)
    add(half)
    small = st.data_of(db, table)
    assert small.replicated and {e.slice for e in small.extents} == {REPLICATED}
    pinned = db.pin()
    with TableWriter(db, table) as writer:
        writer.write(numbers(2 * half, 1))
        db.commit(writer.finish())
    grown = st.data_of(db, table)
    assert not grown.replicated
    assert {e.slice: e.rows for e in grown.extents} == {0: half + 1, 1: half} or {
        e.slice: e.rows for e in grown.extents
    } == {0: half, 1: half + 1}
    assert st.stored(db, table) == [(i,) for i in range(2 * half + 1)]
    assert grown.statistics.rows == 2 * half + 1
    assert (grown.statistics.columns[0].low, grown.statistics.columns[0].high) == (0, 2 * half)
    assert db.extent_path(small.extents[0]).exists(), "the old copy is pinned"
    assert st.data_of(db, table, pinned) == small
    db.unpin(pinned)
    assert not db.extent_path(small.extents[0]).exists()


def test_a_big_load_into_an_empty_auto_table_is_even_at_once(db: Database) -> None:
    table = st.create(db, st.define(types=(BIGINT,)))
    with TableWriter(db, table) as writer:
        for i in range(3):
            writer.write(numbers(i * AUTO_ALL_ROWS, AUTO_ALL_ROWS))
        db.commit(writer.finish())
    assert {e.slice for e in st.data_of(db, table).extents} == {0, 1}
    assert st.data_of(db, table).statistics.rows == 3 * AUTO_ALL_ROWS


# -- threads and crashes -------------------------------------------------------------------------------


def test_two_threads_load_and_commit_side_by_side(db: Database) -> None:
    shared = st.create(db, st.define("shared", types=(BIGINT,)))
    own = [st.create(db, st.define(f"own{i}", types=(BIGINT,), dist_style=DistStyle.EVEN)) for i in (0, 1)]
    failures: list[BaseException] = []

    def work(me: int) -> None:
        try:
            for i in range(20):
                st.load(db, own[me], [(i,)])
                st.load(db, shared, [(100 * me + i,)])
        except BaseException as e:
            failures.append(e)

    threads = [threading.Thread(target=work, args=(me,)) for me in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for table in own:
        assert st.stored(db, table) == [(i,) for i in range(20)]
    assert st.stored(db, shared) == [(i,) for i in (*range(20), *range(100, 120))]


def test_who_waits_for_another_load_can_be_cancelled(db: Database) -> None:
    checks = []

    def check() -> None:
        checks.append(1)
        raise errors.QueryCanceled("stop")

    table = st.create(db, st.define())
    with TableWriter(db, table) as writer:
        writer.write(st.batch(table, [(1, "x")]))
        with pytest.raises(errors.QueryCanceled):
            TableWriter(db, table, check=check)
        assert checks
        db.commit(writer.finish())
    st.load(db, table, [(2, "y")])


def test_a_table_dropped_during_a_load_is_noticed(db: Database) -> None:
    table = st.create(db, st.define(dist_style=DistStyle.EVEN))
    with pytest.raises(errors.UndefinedTable), TableWriter(db, table) as writer:
        writer.write(st.batch(table, [(1, "x")]))
        db.commit(Delta(drop=(table,)))
        db.commit(writer.finish())
    assert list(db.data_folder().rglob("*.ext")) == []


def test_a_full_disk_leaves_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    table = st.create(db, st.define(dist_style=DistStyle.EVEN))
    appended: list[object] = []
    append = extent.ExtentWriter.append_group

    def fail_at_the_second(self: extent.ExtentWriter, group: extent.EncodedGroup) -> None:
        appended.append(group)
        if len(appended) > 1:
            raise errors.FileError("No space left on device")
        append(self, group)

    monkeypatch.setattr(extent.ExtentWriter, "append_group", fail_at_the_second)
    with pytest.raises(errors.FileError, match="No space"):
        st.load(db, table, [(1, "x"), (2, "y")])
    assert list(db.data_folder().rglob("*.ext")) == []
    assert st.stored(db, table) == []


LOADING = """
    import sys
    import numpy as np
    from warehouse.storage.database import Database
    from warehouse.storage.loader import TableWriter
    from warehouse.storage.types import BIGINT
    from warehouse.storage.vector import ColumnData

    db = Database.open(sys.argv[1])
    table = db.view().relation(None, "t")
    for load in range(1000):
        with TableWriter(db, table) as writer:
            writer.write([ColumnData(BIGINT, 1000, np.arange(1000, dtype=np.int64) + 1000 * load)])
            db.commit(writer.finish())
        print("committed", flush=True)
"""


def start(code: str, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True, cwd="/",
    )  # fmt: skip


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.communicate()


@pytest.mark.parametrize("commits", [1, 4, 9])
def test_killed_at_any_moment_whole_loads_are_there(tmp_path: Path, commits: int) -> None:
    path = tmp_path / "dw"
    with Database.open(path, nodes=1, slices_per_node=2) as db:
        table = st.create(db, st.define(types=(BIGINT,), dist_style=DistStyle.EVEN))
    child = start(LOADING, path)
    assert child.stdout is not None
    for _ in range(commits):
        assert child.stdout.readline() == "committed\n"
    kill(child)
    with Database.open(path) as db:
        data = st.data_of(db, table)
        rows = st.stored(db, table)
        assert len(rows) >= 1000 * commits and len(rows) % 1000 == 0
        assert rows == [(i,) for i in range(len(rows))]
        assert data.statistics.rows == len(rows)
        assert sorted(path.rglob("*.ext")) == sorted(db.extent_path(e) for e in data.extents)


KILLED = """
    import sys
    import numpy as np
    from warehouse.storage.database import Database
    from warehouse.storage.loader import TableWriter
    from warehouse.storage.types import BIGINT
    from warehouse.storage.vector import ColumnData

    db = Database.open(sys.argv[1])
    table = db.view().relation(None, "t")
    def batch(first):
        return [ColumnData(BIGINT, 5000, np.arange(first, first + 5000, dtype=np.int64))]
    with TableWriter(db, table) as writer:
        writer.write(batch(0))
        db.commit(writer.finish())
    with TableWriter(db, table) as writer:
        writer.write(batch(5000))
        writer.finish()
        print("ready", flush=True)
        sys.stdin.read()
"""


def test_a_killed_load_leaves_the_committed_rows_and_no_files(tmp_path: Path) -> None:
    path = tmp_path / "dw"
    with Database.open(path, nodes=1, slices_per_node=2) as db:
        table = st.create(db, st.define(types=(BIGINT,), dist_style=DistStyle.EVEN))
    child = start(KILLED, path)
    assert child.stdout is not None and child.stdout.readline().strip() == "ready"
    assert len(list(path.rglob("*.ext"))) == 4
    kill(child)
    with Database.open(path) as db:
        data = st.data_of(db, table)
        assert sorted(path.rglob("*.ext")) == sorted(db.extent_path(e) for e in data.extents)
        assert st.stored(db, table) == [(i,) for i in range(5000)]
        assert data.statistics.rows == 5000
        st.load(db, table, [(-1,)])
        assert len(st.stored(db, table)) == 5001


# -- memory ----------------------------------------------------------------------------------------


class Meter:
    """Counts what a load holds; refuses beyond the limit."""

    def __init__(self, limit: int) -> None:
        self.limit, self.held, self.peak = limit, 0, 0

    def __call__(self, amount: int) -> None:
        if self.held + amount > self.limit:
            raise errors.OutOfMemory("out of memory")
        self.held += amount
        assert self.held >= 0
        self.peak = max(self.peak, self.held)


@pytest.mark.parametrize("design", range(len(DESIGNS)))
def test_runs_end_early_where_memory_is_short(
    db: Database, monkeypatch: pytest.MonkeyPatch, design: int
) -> None:
    monkeypatch.setattr(run_writer, "GROUP_ROWS", 100)
    types = (BIGINT, varchar(40), decimal(38, 3))
    table = st.create(db, st.define(types=types, **DESIGNS[design]))  # type: ignore[arg-type]
    rows = [(i * 7 % 1000, f"row {i % 77}", None if i % 5 else i) for i in range(3000)]
    meter = Meter(50_000)
    with TableWriter(db, table, charge=meter, memory=25_000) as writer:
        for i in range(0, len(rows), 600):
            writer.write(st.batch(table, rows[i : i + 600]))
        delta = writer.finish()
        assert meter.held == 0
        db.commit(delta)
    assert st.stored(db, table) == st.in_order(rows)
    check_places(db, table)
    check_statistics(db, table, rows)
    assert 10_000 < meter.peak <= meter.limit
    if table.sort_key:
        assert len(st.data_of(db, table).extents) > 4


@pytest.mark.parametrize("sort_key", [(), (0,)])
def test_less_memory_than_a_row_group_needs(db: Database, sort_key: tuple[int, ...]) -> None:
    """Runs are short then."""
    table = st.create(db, st.define(types=(BIGINT,), dist_style=DistStyle.EVEN, sort_key=sort_key))
    meter = Meter(100_000)
    with TableWriter(db, table, charge=meter, memory=50_000) as writer:
        for i in range(10):
            writer.write(numbers(i * 1000, 1000))
        db.commit(writer.finish())
    assert meter.held == 0 and 10_000 < meter.peak <= meter.limit
    assert len(st.stored(db, table)) == 10_000


def test_less_memory_than_a_few_rows_need(db: Database) -> None:
    table = st.create(db, st.define(types=(BIGINT,), dist_style=DistStyle.EVEN))
    meter = Meter(10_000)
    with pytest.raises(errors.OutOfMemory, match=r"a load needs .* for \d+ rows, the fewest"), \
            TableWriter(db, table, charge=meter, memory=5_000) as writer:
        for i in range(10):
            writer.write(numbers(i * 1000, 1000))
    assert meter.held == 0
    assert st.stored(db, table) == []


def test_a_dictionary_that_is_larger_than_it_looks(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one long word is in every row: what the batch takes shows only once it is converted."""
    monkeypatch.setattr(run_writer, "GROUP_ROWS", 100)
    table = st.create(db, st.define(types=(varchar(4000),), dist_style=DistStyle.EVEN))
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), ["x" * 2000, *map(str, range(500))])
    meter = Meter(300_000)
    with TableWriter(db, table, charge=meter, memory=300_000) as writer:
        writer.write(pa.record_batch([words], ["a"]))
        db.commit(writer.finish())
    assert meter.held == 0
    assert len(st.stored(db, table)) == 100
