"""VACUUM: rows stay what they are, whoever reads, deletes or asks for a cancel meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
import warehouse
from hypothesis import given, settings
from warehouse.errors import Error, QueryCanceled
from warehouse.storage.maintenance import rewrite, vacuum
from warehouse.storage.sharing.files import FileLock

DESIGNS = (
    "diststyle even sortkey (a, b)",
    "distkey (a) sortkey (b)",
    "diststyle all sortkey (a)",
    "diststyle auto",
    "diststyle even",
)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """Two connections to one database on 2 x 2 slices with a sorted table t of overlapping loads."""
    where = {"nodes": 2, "slices_per_node": 2, "autocommit": True}
    with warehouse.connect(tmp_path / "dw", **where) as a, warehouse.connect(tmp_path / "dw", **where) as b:
        a.execute("create table t (a int, b varchar(10)) diststyle even sortkey (a, b)")
        load(a, 3)
        yield a, b


def load(c: Any, times: int, rows: int = 40) -> None:
    for i in range(times):
        values = ", ".join(f"({k * 7 % rows}, 'v{i}')" for k in range(rows))
        c.execute(f"insert into t values {values}")


def rows(c: Any) -> list[Any]:
    return sorted(c.execute("select a, b from t").fetchall(), key=str)


def entry(c: Any) -> Any:
    database = c.session.database
    return next(e for e in database.newest.entries.values() if e.table.name == "t")


def files(c: Any) -> set[str]:
    data = c.session.database.data_folder()
    return {str(p.relative_to(data)) for p in data.rglob("*.ext")}


def statuses(c: Any) -> list[str]:
    return [e["status"] for e in c.session.database.history.events("vacuum")]


@pytest.fixture
def before_swap(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Have something done when the first rewrite is written and its swap not begun."""
    def install(action: Callable[[], None]) -> None:
        todo = [action]
        real = vacuum.swap

        def swap(*args: Any, **options: Any) -> bool:
            if todo:
                todo.pop()()
            return real(*args, **options)

        monkeypatch.setattr(vacuum, "swap", swap)

    return install


# -- what it does --------------------------------------------------------------------------------------


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("kind", ["", "full", "sort only", "delete only", "reindex"])
def test_answers_are_the_same(db: Any, design: str, kind: str) -> None:
    db.execute(f"create table t (a int, b varchar(10)) {design}")
    load(db, 3)
    db.execute("delete from t where a % 3 = 1")
    before = rows(db)
    assert db.execute(f"vacuum {kind} t").statusmessage == "VACUUM"
    assert rows(db) == before
    stored = sum(e.rows for e in entry(db).extents)
    assert stored == (120 if kind == "sort only" else len(before))


def test_rows_of_each_slice_are_in_order(two: tuple[Any, Any]) -> None:
    a, _ = two
    a.execute("vacuum t")
    assert sorted(e.slice for e in entry(a).extents) == [0, 1, 2, 3]
    for extent in entry(a).extents:
        reader = a.session.database.open_extent(extent)
        pairs = list(zip(reader.column(0, 0).to_list(), reader.column(0, 1).to_list()))
        assert pairs == sorted(pairs) and len(pairs) == 30


def test_thresholds(two: tuple[Any, Any]) -> None:
    a, _ = two
    a.execute("vacuum")
    a.execute("delete from t where a = 5")  # 3 of 120
    for words in ("t", "delete only t", "sort only t", "t to 0 percent", "full t to 97 percent"):
        a.execute(f"vacuum {words}")
    assert sum(e.rows for e in entry(a).extents) == 120
    a.execute("vacuum t to 100 percent")
    assert sum(e.rows for e in entry(a).extents) == 117
    assert statuses(a) == [
        "Started", "Finished", "Skipped", "Skipped(delete only)", "Skipped(sort only)", "Skipped", "Skipped",
        "Started Delete Only (Sorted >= 100%)", "Finished",
    ]  # fmt: skip


def test_rows_loaded_in_order_need_no_sort(db: Any) -> None:
    db.execute("create table t (a int) diststyle all sortkey (a)")
    for first in (0, 10, 20):
        db.execute(f"insert into t values {', '.join(f'({first + i})' for i in range(11))}")
    extents = entry(db).extents
    db.execute("vacuum sort only t")
    assert entry(db).extents == extents
    db.execute("insert into t values (3), (17)")  # two of three are touched
    db.execute("vacuum sort only t to 100 percent")
    left = [e for e in entry(db).extents if e in extents]
    assert [e.id for e in left] == [extents[2].id]


def test_nulls_and_one_value_keys(db: Any) -> None:
    db.execute("create table t (a int, b varchar(10)) diststyle all sortkey (a, b)")
    for day in (1, 1, 2):
        db.execute(f"insert into t values ({day}, 'x'), ({day}, 'z'), ({day}, 'y')")
    db.execute("insert into t values (null, 'n'), (0, null)")
    before = rows(db)
    db.execute("vacuum t to 100 percent")
    assert rows(db) == before
    db.execute("vacuum t to 100 percent")
    assert statuses(db)[-1] == "Skipped"


def test_recluster_leaves_the_sorted_region_alone(two: tuple[Any, Any]) -> None:
    a, _ = two
    a.execute("vacuum t")
    settled = {e.id for e in entry(a).extents}
    load(a, 3)
    before = rows(a)
    a.execute("vacuum recluster t")
    assert rows(a) == before
    assert settled < {e.id for e in entry(a).extents} and len(entry(a).extents) == 8


def test_small_extents_are_joined(db: Any) -> None:
    db.execute("create table t (a int, b varchar(10)) diststyle all")
    for i in range(5):
        db.execute(f"insert into t values ({i}, 'x')")
    db.execute("vacuum delete only t")
    assert [e.rows for e in entry(db).extents] == [5]


def test_parts_of_a_large_slice(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than the memory takes: sorted range by range, the same rows, in order over all extents."""
    monkeypatch.setattr("warehouse.engine.handlers.vacuum.MEMORY_BYTES", 1)
    db.execute("create table t (a int, b varchar(10)) diststyle all sortkey (a)")
    db.execute("create table n (i int)")
    db.execute("insert into n values " + ", ".join(f"({i})" for i in range(400)))
    for salt in (7, 11):
        db.execute(f"insert into t select (x.i * 400 + y.i) * {salt} % 90001, 'k' from n x, n y where x.i < 250")
    db.execute("insert into t select case when i = 0 then 7 end, 'z' from n")
    db.execute("delete from t where a % 10 = 0")
    counted = "select count(*), sum(a), count(distinct a), count(b) from t"
    before = db.execute(counted).fetchone()
    db.execute("vacuum t")
    assert db.execute(counted).fetchone() == before
    values: list[int] = []
    for extent in entry(db).extents:
        reader = db.session.database.open_extent(extent)
        values += [1 << 40 if v is None else v for g in range(reader.row_groups) for v in reader.column(g, 0).to_list()]
    assert values == sorted(values) and len(values) == before[0]
    assert int(reader.group_rows[:-1].min()) == 65536


def test_temporary_tables(db: Any) -> None:
    db.execute("create temp table t (a int, b varchar(10)) diststyle all sortkey (a)")
    load(db, 2)
    before = rows(db)
    db.execute("vacuum")
    assert rows(db) == before
    assert statuses(db) == ["Started", "Finished"]


# -- beside others -------------------------------------------------------------------------------------


def test_a_reader_keeps_its_snapshot_and_files(two: tuple[Any, Any]) -> None:
    a, b = two
    b.execute("begin")
    before = rows(b)
    old = files(a)
    a.execute("delete from t where a < 20")
    a.execute("vacuum t")
    assert rows(b) == before
    assert old < files(a)
    b.execute("commit")
    assert files(a) == {e.path for e in entry(a).extents}
    assert len(rows(b)) == len(before) // 2


@pytest.mark.parametrize("kind", ["full", "sort only", "delete only", "recluster"])
def test_rows_deleted_and_added_meanwhile(
    two: tuple[Any, Any], kind: str, before_swap: Callable[[Callable[[], None]], None]
) -> None:
    a, b = two
    b.execute("delete from t where a = 1")

    def change() -> None:
        b.execute("delete from t where a % 4 = 2")
        b.execute("insert into t values (1000, 'new')")
        b.execute("update t set b = 'u' where a = 3")

    wanted = {(k * 7 % 40, f"v{i}") for i in range(3) for k in range(40)}
    wanted = {(x, "u" if x == 3 else y) for x, y in wanted if x % 4 != 2 and x != 1} | {(1000, "new")}
    before_swap(change)
    a.execute(f"vacuum {kind} t {'' if kind == 'recluster' else 'to 100 percent'}")
    assert set(rows(a)) == wanted
    a.execute("vacuum t to 100 percent")
    assert set(rows(b)) == wanted


def test_a_transaction_that_began_before_finds_its_rows(two: tuple[Any, Any]) -> None:
    """It deletes and updates by ids of extents that are gone; the commit finds the rows in their new places."""
    a, b = two
    b.execute("begin")
    assert len(rows(b)) == 120
    a.execute("vacuum t")
    b.execute("delete from t where a < 10")
    a.execute("vacuum t to 100 percent")
    b.execute("update t set b = 'u' where a = 11")
    b.execute("delete from t where a = 39")
    mine = rows(b)
    b.execute("commit")
    assert rows(a) == mine and len(mine) == 87
    a.execute("vacuum t to 100 percent")
    assert rows(a) == mine


def test_two_vacuums_under_one_transaction(two: tuple[Any, Any]) -> None:
    a, b = two
    b.execute("begin")
    assert len(rows(b)) == 120
    a.execute("vacuum t")
    a.execute("create table other (a int)")
    load_more = "insert into t values (-1, 'w'), (50, 'w')"
    a.execute(load_more)
    a.execute("vacuum t to 100 percent")
    with pytest.raises(Error, match="1023"):  # others' rows came after its snapshot: that is a conflict as ever
        b.execute("delete from t where a < 10")
    b.execute("rollback")
    assert len(rows(a)) == 122


def test_it_waits_for_a_writer(two: tuple[Any, Any], before_swap: Callable[[Callable[[], None]], None]) -> None:
    a, b = two
    b.execute("begin")
    b.execute("delete from t where a = 7")
    written = threading.Event()
    before_swap(written.set)
    worker = threading.Thread(target=a.execute, args=("vacuum t",))
    worker.start()
    assert written.wait(30)
    assert len(rows(b)) == 117
    b.execute("commit")
    worker.join(30)
    assert len(rows(b)) == 117 and statuses(a) == ["Started", "Finished"]


@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("meanwhile", ["drop table t", "truncate t", "alter table t rename to s"])
def test_a_table_that_changes_meanwhile_is_left_alone(
    two: tuple[Any, Any], meanwhile: str, before_swap: Callable[[Callable[[], None]], None]
) -> None:
    a, b = two
    before_swap(lambda: b.execute(meanwhile))
    a.execute("vacuum t")
    named = {e.path for entry in a.session.database.newest.entries.values() for e in entry.extents}
    assert files(a) == named


@pytest.mark.usefixtures("in_files")
def test_cancelled_in_the_middle(two: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    a, _ = two
    before = rows(a)
    real = rewrite.encode_run
    calls: list[int] = []

    def encode_run(*args: Any, **options: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            a.cancel()
        return real(*args, **options)

    monkeypatch.setattr(rewrite, "encode_run", encode_run)
    with pytest.raises(QueryCanceled):
        a.execute("vacuum t")
    assert rows(a) == before
    assert files(a) == {e.path for e in entry(a).extents}
    assert len(entry(a).extents) == 2 + 2 * 3  # two slices are done
    progress = "select * from svv_vacuum_progress"
    assert a.execute(progress).fetchall() == [("t", "Failed", None)]
    elsewhere = FileLock(a.session.database.path / "locks" / "vacuum")
    elsewhere.acquire()
    assert a.execute(progress).fetchall() == [("t", "Vacuum t sort", None)]
    elsewhere.release()
    monkeypatch.undo()
    a.execute("vacuum t")
    assert rows(a) == before and len(entry(a).extents) == 4


def test_boost_keeps_writers_out(two: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = two
    held: list[Any] = []
    real = vacuum.put

    def put(*args: Any, **options: Any) -> bool:
        held.append(a.session.database.locks.holders())
        return real(*args, **options)

    monkeypatch.setattr(vacuum, "put", put)
    before = rows(b)
    a.execute("vacuum t boost")
    assert all(entry(a).table.id in holders for holders in held) and len(held) == 4
    assert rows(b) == before and len(entry(a).extents) == 4
    load(a, 1)
    a.execute("set enable_vacuum_boost to true; vacuum")
    assert len(held) == 8


def test_it_is_there_after_reopening(tmp_path: Path) -> None:
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        c.execute("create table t (a int, b varchar(10)) sortkey (a)")
        load(c, 2)
        c.execute("delete from t where a = 1")
        c.execute("vacuum sort only t")
        before = rows(c)
    with warehouse.connect(tmp_path / "dw", autocommit=True) as c:
        assert rows(c) == before
        assert statuses(c) == ["Started Sort Only", "Finished"]


def test_refused(db: Any) -> None:
    db.execute("create table t (a int, b varchar(10)) diststyle all")
    db.execute("create view w as select 1 as one")
    for sql, sqlstate in {
        "vacuum nowhere": "42P01",
        "vacuum w": "42809",
        "vacuum t to 101 percent": "22023",
        "vacuum to 50 percent": "42601",
        "vacuum boost": "42601",
        "vacuum reindex": "42601",
        "vacuum recluster": "42601",
        "vacuum reindex t to 75 percent": "0A000",
        "vacuum reindex t boost": "0A000",
        "vacuum recluster t to 75 percent": "0A000",
        "vacuum recluster t": "0A000",
        "vacuum t, w": "42601",
        "begin; vacuum t": "25001",
    }.items():
        with pytest.raises(Error) as caught:
            db.execute(sql)
        assert caught.value.sqlstate == sqlstate, sql
    db.execute("rollback")
    assert db.session.database.upkeep.turn.try_take()
    with pytest.raises(Error, match="VACUUM is running") as caught:
        db.execute("vacuum t")
    db.session.database.upkeep.turn.give_back()
    assert caught.value.sqlstate == "55006"


# -- against a model -----------------------------------------------------------------------------------

KEYS = st.integers(0, 12)
STEPS = st.one_of(
    st.tuples(st.just("insert"), st.lists(KEYS, min_size=1, max_size=6)),
    st.tuples(st.just("delete"), KEYS),
    st.tuples(st.just("update"), KEYS),
    st.tuples(st.just("vacuum"), st.sampled_from(["", "sort only", "delete only", "recluster", "full"])),
    st.tuples(st.just("begin"), st.none()),
    st.tuples(st.just("commit"), st.none()),
)


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(STEPS, max_size=14), design=st.sampled_from(DESIGNS[:2]))
def test_random_changes(steps: list[tuple[str, Any]], design: str) -> None:
    """One connection changes rows, in blocks too; another vacuums between; a list of pairs is the model."""
    with warehouse.connect(":memory:", nodes=2, slices_per_node=1, autocommit=True) as writer:
        database = writer.session.database
        database._users += 1  # a second connection to a database in memory
        from warehouse.engine.session import Session

        other = Session(database)
        writer.execute(f"create table t (a int, b int) {design}")
        model: list[tuple[int, int]] = []
        number, is_open = 0, False
        for kind, value in steps:
            if kind == "insert":
                new = [(k, number + i) for i, k in enumerate(value)]
                number += len(new)
                model += new
                writer.execute("insert into t values " + ", ".join(map(str, new)))
            elif kind == "delete":
                model = [r for r in model if r[0] != value]
                writer.execute(f"delete from t where a = {value}")
            elif kind == "update":
                model = [(a + 1, b) if a == value else (a, b) for a, b in model]
                writer.execute(f"update t set a = a + 1 where a = {value}")
            elif kind == "vacuum":
                held = bool(database.locks.holders())
                if not held:  # else it would wait for the writer's end
                    other.execute(f"vacuum {value} t {'' if value == 'recluster' else 'to 100 percent'}").close()
            elif (kind == "begin") is not is_open:
                writer.execute(kind)
                is_open = kind == "begin"
                if is_open:
                    writer.execute("select count(*) from t").fetchall()
            assert sorted(writer.execute("select a, b from t").fetchall()) == sorted(model)
        if is_open:
            writer.execute("commit")
        other.execute("vacuum t to 100 percent").close()
        assert sorted(writer.execute("select a, b from t").fetchall()) == sorted(model)
        other.close()
