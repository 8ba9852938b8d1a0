"""warehouse-sql load, and \\copy in the prompt: what is run, and what it leaves."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import warehouse
from click.testing import CliRunner, Result
from warehouse import errors
from warehouse.client.loading import load
from warehouse.client.repl.copying import parse, run


def call(*arguments: object) -> Result:
    return CliRunner().invoke(load, [str(a) for a in arguments])


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "Orders 2024.csv"
    path.write_text('Id,Order,Price,"when"\n1,"a, b",2.50,2024-01-31 10:00:00\n2,,0.10,\n')
    return path


def test_a_table_is_made_by_the_file_s_look(orders: Path, tmp_path: Path) -> None:
    dw = tmp_path / "dw"
    shown = call(dw, orders, "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert 'create table orders_2024 (\n    id integer,\n    "order" character varying(32),\n' in shown.stdout
    done = call(dw, orders)
    assert done.exit_code == 0, done.output
    assert done.stdout == shown.stdout and "2 record(s) loaded successfully" in done.stderr
    again = call(dw, orders, orders, "--table", "orders_2024")  # the table is there: two COPYs more
    assert again.exit_code == 0 and "create table" not in again.output
    with warehouse.connect(dw) as db:
        assert str(db.execute('select id, "order", price, "when" from orders_2024 order by 1 limit 1').fetchall()) == \
            "[(1, 'a, b', Decimal('2.50'), datetime.datetime(2024, 1, 31, 10, 0))]"  # fmt: skip
        assert db.execute("select count(*) from orders_2024").fetchall() == [(6,)]


def test_all_files_or_none(orders: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("id,order,price,when\nx,y,z,w\n")
    failed = call(tmp_path / "dw", orders, bad)
    assert failed.exit_code == 1 and "error" in failed.stderr
    with warehouse.connect(tmp_path / "dw") as db, pytest.raises(errors.UndefinedTable):
        db.execute("select * from orders_2024")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    failed = call(tmp_path / "dw", tmp_path / "no.csv")
    assert failed.exit_code == 1 and "no.csv" in failed.stderr


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a int, b varchar(9))")
    db.execute("insert into t values (1, 'x;y')")
    return db


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("f.csv", ""), ("f.csv.gz", ""), ("f.parquet", ""), ("f.tsv", ""), ("f.json", ""),
        ("f.dat", "with (format csv, delimiter ';', header true, null '-')"), ("f.txt", "csv header"),
        ("f.zz", "delimiter ',' header"),
    ],
)
def test_copy_to_and_from(t: Any, tmp_path: Path, name: str, options: str) -> None:
    assert run(t, f"t to '{tmp_path}/{name}' {options}") == "COPY 1"
    assert [p.name for p in tmp_path.iterdir()] == [name]
    assert run(t, f"t from '{tmp_path}/{name}' {options}") == "COPY 1"
    assert t.execute("select a, b from t").fetchall() == [(1, "x;y")] * 2


def test_copy_of_a_query_and_of_columns(t: Any, tmp_path: Path) -> None:
    run(t, f"(select b, a from t where b <> ''')''') to {tmp_path}/q.csv")
    assert (tmp_path / "q.csv").read_text() == "b,a\nx;y,1\n"
    run(t, f"t (b) to {tmp_path}/b.csv csv")
    assert (tmp_path / "b.csv").read_text() == "x;y\n"
    (tmp_path / "c.csv").write_text("7\n8\n")
    run(t, f"t (a) from {tmp_path}/c.csv")
    assert t.execute("select a from t where b is null order by a").fetchall() == [(7,), (8,)]
    run(t, f"(select a from t where a > 99) to {tmp_path}/none.json")
    assert (tmp_path / "none.json").read_bytes() == b""
    run(t, f"(select a, b from t) to '{tmp_path}/p.parquet'")
    assert pq.read_table(tmp_path / "p.parquet").num_rows == 3


@pytest.mark.parametrize(
    "text", ["", "t", "t sideways 'x'", "(select 1) from 'x'", "t from stdin", "t to x.orc", "t to x (quote '!')"]
)
def test_what_is_no_copy(t: Any, text: str) -> None:
    with pytest.raises((errors.InterfaceError, errors.NotSupportedError), match=r"copy|UNLOAD"):
        run(t, text)


def test_options_in_the_words_of_copy() -> None:
    assert parse("t from 'a' with (format csv, header, delimiter ';')").options == "csv ignoreheader 1 delimiter ';'"
    assert parse("t from 'a' csv header null 'header'").options == "csv ignoreheader 1 null 'header'"
    assert parse("t to 'a' with csv header").options == "csv header"
    assert parse('s."T x" (a, b) from \'it\'\'s\'').file == "it's"
