"""The crawler: which tables it finds, what becomes of columns that differ, and crawling again."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from click.testing import CliRunner
from warehouse import errors
from warehouse.client.crawling import crawl_command


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[tuple[Any, Path]]:
    """A connection, and the folder of the bucket s3://lake/."""
    folder = tmp_path / "s3" / "lake"
    folder.mkdir(parents=True)
    with warehouse.connect(":memory:", autocommit=True, s3_root=tmp_path / "s3") as db:
        yield db, folder


def write(folder: Path, name: str, content: str | dict[str, Any]) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, str):
        path.write_text(content)
    else:
        pq.write_table(pa.table(content), path)


def told(db: Any, **how: Any) -> dict[str, str]:
    return {change.table: f"{change.what}: {'; '.join(change.details)}" for change in db.crawl("s3://lake/", **how)}


def test_formats_and_partitions(lake: tuple[Any, Path]) -> None:
    db, folder = lake
    write(folder, "orders/a.csv", 'id,note,day\n1,"x, y",2024-01-01\n')
    write(folder, "orders/b.csv", "id,note,day\n2,z,\n")
    write(folder, "lines.txt/part-0", "1|2.50\n2|3.25\n")
    for year in (2023, 2024):
        write(folder, f"sales/year={year}/x.parquet", {"a": [year], "s": ["t"], "n": [{"k": [1]}]})
    write(folder, "events/e.json", '{"id": 1, "label": "x"}\n{"id": 2}\n')
    write(folder, "events/_SUCCESS", "")
    assert told(db) == {
        "lake.orders": "created: 3 columns, csv, 2 files", "lake.lines": "created: 2 columns, delimited, 1 files",
        "lake.sales": "created: 3 columns, parquet, 2 files, partitioned by year",
        "lake.events": "created: 2 columns, json, 1 files",
    }  # fmt: skip
    assert str(db.execute("select * from lake.orders order by 1").fetchall()) == \
        "[(1, 'x, y', datetime.date(2024, 1, 1)), (2, 'z', None)]"  # fmt: skip
    assert db.execute("select sum(column2) from lake.lines").fetchall()[0][0] == pytest.approx(5.75, abs=0)
    assert db.execute("select a, year from lake.sales where year = 2024").fetchall() == [(2024, 2024)]
    assert db.execute("select id, label from lake.events order by 1").fetchall() == [(1, "x"), (2, None)]
    assert set(told(db).values()) == {"unchanged: "}


def test_crawling_again_tells_what_is_new(lake: tuple[Any, Path]) -> None:
    db, folder = lake
    write(folder, "t/p=1/a.csv", "a,b\n1,x\n")
    write(folder, "u/a.csv", "a\n1\n")
    told(db)
    write(folder, "t/p=2/a.csv", "a,b\n2,y\n")
    assert told(db)["lake.t"] == "changed: +1 partitions"
    write(folder, "t/p=2/b.csv", "a,b,c\n12345678901,z,1.5\n")
    (folder / "u" / "a.csv").unlink()
    assert told(db) == {
        "lake.t": "changed: column a: int is bigint now; column c decimal(18,1) is new; "
        "column a is integer and, in s3://lake/t/p=2/b.csv, bigint: taken as bigint",
        "lake.u": "gone: no files at s3://lake/u/",
    }
    assert db.execute("select a, b, p from lake.t order by a").fetchall() == [
        (1, "x", 1), (2, "y", 2), (12345678901, "z", 2)]  # fmt: skip


def test_columns_of_two_types(lake: tuple[Any, Path]) -> None:
    db, folder = lake
    write(folder, "t/a.csv", "id,code\n1,7\n")
    write(folder, "t/b.csv", "id,code\n2,x7\n")
    assert "column code is integer and, in s3://lake/t/b.csv, character varying(32): taken as character varying(64)" \
        in told(db)["lake.t"]  # fmt: skip
    assert db.execute("select code from lake.t order by id").fetchall() == [("7",), ("x7",)]
    assert told(db, schema="other", conflicts="refuse")["other.t"] == (
        "conflict: s3://lake/t/b.csv does not fit s3://lake/t/a.csv: column code is character varying(32), not integer")


def test_files_of_a_folder_that_do_not_fit(lake: tuple[Any, Path]) -> None:
    db, folder = lake
    write(folder, "t/a.parquet", {"x": [1]})
    write(folder, "t/b.parquet", {"x": ["text"]})
    write(folder, "u/a.csv", "q,r\n1,2\n")
    write(folder, "u/b.csv", "r,q\n1,2\n")
    write(folder, "u/c.json", '{"q": 1}')
    write(folder, "n/a.parquet", {"x": pa.array([1], pa.int32())})
    write(folder, "n/b.parquet", {"x": pa.array([1 << 40], pa.int64()), "y": [1.5]})
    found = told(db)
    assert found["lake.t"].endswith("column x is character varying(65535), not bigint")
    assert found["lake.u"].endswith("its columns are others, or in another order")
    assert db.execute("select x, y from lake.n order by x").fetchall() == [(1, None), (1 << 40, 1.5)]


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_S3_ROOT", str(tmp_path / "s3"))
    write(tmp_path / "s3" / "lake", "t/a.csv", "a,b\n1,x\n")
    call = CliRunner().invoke
    shown = call(crawl_command, [str(tmp_path / "dw"), "s3://lake/", "--dry-run"])
    assert shown.stdout.startswith("create external table lake.t (\n    a int,\n    b varchar(32)\n)"), shown.output
    done = call(crawl_command, [str(tmp_path / "dw"), "s3://lake/", "-s", "ext"])
    assert done.stdout == "created    ext.t  2 columns, csv, 1 files\n", done.output
    failed = call(crawl_command, [str(tmp_path / "dw"), "s3://lake/nothing/"])
    assert failed.exit_code == 1 and "no files below" in failed.stderr


def test_an_empty_prefix(lake: tuple[Any, Path]) -> None:
    with pytest.raises(errors.FileMissing, match="no files below"):
        lake[0].crawl("s3://lake/none")


def test_one_column_per_type_of_files_that_know_types(lake: tuple[Any, Path]) -> None:
    db, folder = lake
    write(folder, "t/a.parquet", {"id": [1, 2], "code": [7, None]})
    write(folder, "t/b.parquet", {"id": [3, 4], "code": ["9", "x"]})
    write(folder, "t/c.parquet", {"id": [5], "code": [1.5]})
    assert "conflict" in told(db)["lake.t"]
    assert told(db, conflicts="columns")["lake.t"] == (
        "created: 4 columns, parquet, 3 files; column code is bigint and, in s3://lake/t/b.parquet, character "
        "varying(65535): one column for each; column code is bigint and, in s3://lake/t/c.parquet, double precision: "
        "one column for each")
    rows = "select id, code_bigint, code_string, code_double from lake.t order by id"
    assert db.execute(rows).fetchall() == [
        (1, 7, None, None), (2, None, None, None), (3, None, "9", None), (4, None, "x", None), (5, None, None, 1.5)]
    assert db.execute("select count(*) from lake.t where code_bigint is null").fetchall() == [(4,)]
    assert db.execute("select id from lake.t where code_string > 'a'").fetchall() == [(4,)]
    assert db.execute("select count(code_bigint), count(code_string), max(code_double) from lake.t").fetchall() == [
        (1, 2, 1.5)]
    assert told(db, conflicts="columns")["lake.t"].startswith("unchanged")


def test_one_column_per_type_of_text(lake: tuple[Any, Path]) -> None:
    db, folder = lake
    write(folder, "t/a.csv", "id,code,n\n1,7,1\n2,,2\n")
    write(folder, "t/b.csv", "id,code,n\n3,x7,3\n4,8,4\n")
    write(folder, "j/a.json", '{"id": 1, "v": 5}\n')
    write(folder, "j/b.json", '{"id": 2, "v": "5 apples"}\n{"id": 3}\n')
    told(db, conflicts="columns")
    assert db.execute("select id, code_int, code_string, n from lake.t order by id").fetchall() == [
        (1, 7, None, 1), (2, None, "", 2), (3, None, "x7", 3), (4, 8, None, 4)]
    assert db.execute("select id, v_int, v_string from lake.j order by id").fetchall() == [
        (1, 5, None), (2, None, "5 apples"), (3, None, None)]
    db.execute("alter table lake.t rename column code_string to words")
    assert db.execute("select words from lake.t where words is not null and id > 2").fetchall() == [("x7",)]


def test_a_table_that_changes_keeps_what_others_gave_it(lake: tuple[Any, Path]) -> None:
    db, folder = lake
    write(folder, "t/a.csv", "a,b\n1,\\N\n")
    told(db)
    db.execute("alter table lake.t set table properties ('serialization.null.format'='\\\\N', 'numRows'='1')")
    write(folder, "t/b.csv", "a,b,c\n2,y,3\n")
    assert told(db)["lake.t"].startswith("changed: column c int is new")
    [(kept,)] = db.execute("select parameters from svv_external_tables").fetchall()
    assert '"serialization.null.format": "\\\\N"' in kept and "numRows" not in kept
    assert db.execute("show compatibility").fetchall() == [("redshift",)]
