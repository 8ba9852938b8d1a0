"""Loads are charged to the statement's memory: with little they write shorter runs, with too little they fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from warehouse.engine.context import MemoryBudget
from warehouse.errors import Error
from warehouse.storage import run_writer

ROWS = 300_000
SMALL = 16 << 20  # for several row groups of two numbers and a text, not for all
TINY = 1 << 20
MODEST = 24 << 20  # for two windows of a query as well


@pytest.fixture
def connect() -> Iterator[Callable[[int], Any]]:
    opened: list[Any] = []

    def make(limit: int) -> Any:
        opened.append(warehouse.connect(
            ":memory:", nodes=1, slices_per_node=2, memory_limit=limit, threads=2, autocommit=True
        ))
        opened[-1].execute("create table t (a int, b bigint, c varchar(9)) diststyle even sortkey (b)")
        return opened[-1]

    yield make
    for connection in opened:
        connection.close()


@pytest.fixture(scope="module")
def numbers() -> pa.Table:
    values = [(i * 7919) % ROWS for i in range(ROWS)]
    return pa.table({"a": pa.array(values, pa.int32()), "b": values, "c": [str(v) for v in values]})


@pytest.fixture(scope="module")
def files(numbers: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("numbers")
    for i in range(3):
        part = numbers.slice(i * ROWS // 3, ROWS // 3)
        pq.write_table(part, folder / f"part-{i}.parquet")
    return folder


def extents(db: Any) -> int:
    return len(list(db.session.database.data_folder().glob("*/*/*.ext")))


def copy(db: Any, files: Path) -> None:
    db.execute(f"copy t from '{files}/part-' format as parquet")


def test_copy_with_little_memory_writes_shorter_runs(
    connect: Callable[[int], Any], files: Path, budgets: list[MemoryBudget]
) -> None:
    rich, poor = connect(1 << 30), connect(SMALL)
    copy(rich, files)
    whole = budgets[-1]
    copy(poor, files)
    small = budgets[-1]
    assert extents(rich) == 2
    assert extents(poor) > 6
    assert (whole.used, small.used) == (0, 0)
    size = ROWS * (8 + 8 + 8 + 5)
    assert 2 * size < whole.peak < 5 * size
    assert SMALL // 4 < small.peak <= SMALL
    assert poor.execute("select count(*), sum(a), sum(b), max(c) from t").fetchall() == rich.execute(
        "select count(*), sum(a), sum(b), max(c) from t"
    ).fetchall()


def test_copy_of_text_with_little_memory(
    connect: Callable[[int], Any], numbers: pa.Table, tmp_path: Path, budgets: list[MemoryBudget]
) -> None:
    """Chunks are smaller then."""
    lines = "".join(f"{n}|{n}|{n}\n" for n in range(ROWS))
    (tmp_path / "text").write_text(lines)
    db = connect(SMALL)
    db.execute(f"copy t from '{tmp_path}/text'")
    assert 0 < budgets[-1].peak <= SMALL and budgets[-1].used == 0
    assert db.execute("select count(*), sum(b), max(c) from t").fetchall() == [
        (ROWS, ROWS * (ROWS - 1) // 2, max(str(ROWS - 1), "99999"))]


@pytest.mark.usefixtures("in_files")
@pytest.mark.parametrize("how", ["copy", "write_arrow"])
def test_too_little_for_a_few_rows_leaves_the_table_as_it_was(
    connect: Callable[[int], Any], files: Path, numbers: pa.Table, budgets: list[MemoryBudget], how: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As if a few were many."""
    monkeypatch.setattr(run_writer, "FEWEST_ROWS", 1 << 20)
    db = connect(TINY)
    db.execute("insert into t values (1, 2, 'x')")
    with pytest.raises(Error, match=r"out of memory: a load needs .* MB for .* rows") as caught:
        if how == "copy":
            copy(db, files)
        else:
            db.write_arrow("t", numbers)
    assert caught.value.sqlstate == "53200"
    assert budgets[-1].used == 0
    assert db.execute("select * from t").fetchall() == [(1, 2, "x")]
    assert extents(db) == 1


def test_arrow_data_larger_than_memory(
    connect: Callable[[int], Any], numbers: pa.Table, budgets: list[MemoryBudget]
) -> None:
    """One batch of all rows is taken in parts."""
    db = connect(SMALL)
    db.write_arrow("t", numbers.combine_chunks())
    assert 0 < budgets[-1].peak <= SMALL and budgets[-1].used == 0
    assert db.execute("select count(*), sum(b) from t").fetchall() == [(ROWS, ROWS * (ROWS - 1) // 2)]


def test_queries_into_tables_are_charged(
    connect: Callable[[int], Any], numbers: pa.Table, budgets: list[MemoryBudget]
) -> None:
    db = connect(64 << 20)
    db.write_arrow("t", numbers)
    db.execute("create table u distkey (b) as select a, b from t")
    made = budgets[-1]
    db.execute("insert into u select a, b from t where b < 200000")
    for budget in (made, budgets[-1]):
        assert budget.peak > 200_000 * 16
        assert budget.used == 0
    assert db.execute("select count(*) from u").fetchall() == [(500_000,)]


def test_small_auto_tables_that_memory_ends_early_are_dealt_out(
    connect: Callable[[int], Any], numbers: pa.Table
) -> None:
    db = connect(SMALL)
    db.execute("create table s (a int, b bigint, c varchar(9))")
    db.write_arrow("s", numbers.slice(0, 1000))
    db.write_arrow("s", numbers)
    assert db.execute("select count(*), count(distinct b) from s").fetchall() == [(ROWS + 1000, ROWS)]
    table = db.session.database.view().relation("public", "s")
    assert not db.session.database.view().data(table).replicated


@pytest.mark.parametrize(("slices", "design"), [
    (2, "distkey(a) sortkey(b)"), (2, "diststyle even"), (2, "diststyle all"), (16, "distkey(b)"),
    (16, "diststyle even"),
])
def test_a_query_into_a_table_keeps_windows_and_runs_in_memory(
    numbers: pa.Table, budgets: list[MemoryBudget], slices: int, design: str
) -> None:
    """Also with many slices, none of which can have a whole row group in memory."""
    with warehouse.connect(
        ":memory:", nodes=1, slices_per_node=slices, memory_limit=MODEST, threads=2, autocommit=True
    ) as db:
        db.execute("create table t (a int, b bigint, c varchar(9)) diststyle even")
        db.write_arrow("t", numbers)
        db.execute(f"create table u (a int, b bigint, c varchar(9)) {design}; insert into u select * from t")
        assert MODEST // 4 < budgets[-1].peak <= MODEST and budgets[-1].used == 0
        assert db.execute("select count(*), sum(b) from u").fetchall() == [(ROWS, ROWS * (ROWS - 1) // 2)]
