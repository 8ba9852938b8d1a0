"""CREATE EXTERNAL TABLE AS and INSERT into external tables: files, partitions, numRows, and what is refused."""
from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import warehouse
from lake_tables import Lake

ROWS = [(1, "a", Decimal("1.50"), "eu"), (2, None, None, "us"), (3, "x|y", Decimal("-2.25"), "eu"), (4, "", None, None)]


@pytest.fixture
def local(lake: Lake) -> Lake:
    lake.sql("create table local (i int, t varchar(9), d decimal(8,2), r varchar(4))")
    lake.sql("insert into local values (1, 'a', 1.5, 'eu'), (2, null, null, 'us'), (3, 'x|y', -2.25, 'eu'), "
             "(4, '', null, null)")
    return lake


def files(lake: Lake, folder: str) -> list[str]:
    root = lake.root / folder
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def refused(lake: Lake, sql: str, message: str) -> None:
    with pytest.raises(warehouse.Error, match=message):
        lake.sql(sql)


@pytest.mark.parametrize("format", [
    "stored as parquet", "row format delimited fields terminated by ';' stored as textfile",
    "row format delimited fields terminated by ';' stored as textfile|table properties ('compression_type'='gzip')",
])
def test_create_as(local: Lake, format: str) -> None:
    format, _, properties = format.partition("|")
    local.sql(f"create external table lake.made {format} location '{{root}}/made/' {properties} as select * from local")
    assert local.sql("select * from lake.made order by i") == ROWS
    assert local.sql("select columnname, external_type from svv_external_columns") == [
        ("i", "int"), ("t", "varchar(9)"), ("d", "decimal(8,2)"), ("r", "varchar(4)")]
    assert '"numRows": "4"' in local.sql("select parameters from svv_external_tables")[0][0]
    ending = "parquet" if "parquet" in format else "txt.gz" if properties else "txt"
    for name in files(local, "made"):
        assert re.fullmatch(rf"\d{{8}}_\d{{6}}_\d{{6}}_\d+_000\d_part_00\.{ending}", name)


def test_partitions_are_written_and_registered(local: Lake) -> None:
    local.sql("create external table lake.made partitioned by (r) stored as parquet location '{root}/made/' as "
              "select r, i, t from local")
    assert local.sql("select values, location from svv_external_partitions order by 1") == [
        ('["eu"]', f"{local.root}/made/r=eu/"), ('["us"]', f"{local.root}/made/r=us/"),
        ("[null]", f"{local.root}/made/r=__HIVE_DEFAULT_PARTITION__/")]
    assert {Path(n).parent.name for n in files(local, "made")} == {"r=eu", "r=us", "r=__HIVE_DEFAULT_PARTITION__"}
    local.sql("insert into lake.made select 7, 'new', 'asia' union all select 8, 'more', 'eu'")
    assert local.sql("select i, t, r from lake.made where i > 3 order by i") == [
        (4, "", None), (7, "new", "asia"), (8, "more", "eu")]
    assert local.sql("select count(*) from svv_external_partitions") == [(4,)]
    assert '"numRows": "6"' in local.sql("select parameters from svv_external_tables")[0][0]
    assert local.sql("select r, count(*) from lake.made where r = 'eu' group by 1") == [("eu", 3)]
    assert local.scan()["files"] >= 2


def test_insert_casts_and_appends(local: Lake) -> None:
    local.sql("create external table lake.t (i bigint, s varchar(3)) stored as parquet location '{root}/t/' "
              "table properties ('write.parallel'='off')")
    local.sql("insert into lake.t select i, 'k' || i from local")
    local.sql("insert into lake.t select 5::smallint, null")
    assert local.sql("select * from lake.t order by 1") == [(1, "k1"), (2, "k2"), (3, "k3"), (4, "k4"), (5, None)]
    assert all(re.fullmatch(r"\d+_\d+_\d+_\d+_000\.parquet", n) for n in files(local, "t"))
    assert local.sql("select parameters from svv_external_tables") == [('{"write.parallel": "off"}',)]


def test_texts_that_a_text_file_cannot_hold(local: Lake) -> None:
    made = ("create external table lake.{} row format delimited fields terminated by '|'{} stored as textfile "
            "location '{{root}}/{}/' as select 1 as i, {} as v union all select 2, null")
    for number, text in enumerate(("'a|b'", "'x' || chr(10)", "chr(13) || 'y'", "chr(92) || 'N'")):
        refused(local, made.format(f"r{number}", "", f"r{number}", text), "could not give back|means NULL")
    escaped = " escaped by '\\\\'"
    refused(local, made.format("r", escaped, "r", "'x' || chr(10)"), "holds a line end")
    for number, text in enumerate(("'a|b'", "chr(92) || 'N'", "chr(92) || chr(92)", "'N'")):
        local.sql(made.format(f"e{number}", escaped, f"e{number}", text))
        [(one,)] = local.sql(f"select {text}")
        assert local.sql(f"select v from lake.e{number} order by i") == [(one,), (None,)]


def test_what_is_refused(local: Lake) -> None:
    local.sql("create external table lake.t (i int, s varchar(3)) stored as parquet location '{root}/t/'")
    local.sql("create external table lake.o (i int) stored as ion location '{root}/o/'")
    refused(local, "insert into lake.t values (1, 'a')", "takes a SELECT")
    refused(local, "insert into lake.t (i) select 1", "takes a SELECT")
    refused(local, "insert into lake.t select 1", "1 expressions, and the external table 2 columns")
    refused(local, "insert into lake.t select 1, 'a', 2", "more expressions")
    refused(local, "insert into lake.t select 1, 'a' limit 1", "LIMIT clause isn't supported")
    refused(local, "insert into lake.o select 1", "ION files are only read")
    made = "create external table lake.m {} location '{{root}}/m/' as {}"
    refused(local, made.format("stored as orc", "select 1 a"), "ORC files are only read here")
    refused(local, made.format("stored as parquet", "select 1 a limit 1"), "LIMIT clause isn't supported")
    refused(local, made.format("stored as parquet", "select 1 a, 2 a"), "names that differ")
    refused(local, made.format("partitioned by (z) stored as parquet", "select 1 a"), 'partition column "z" is not in')
    refused(local, made.format("partitioned by (a int) stored as parquet", "select 1 a"), "named without types")
    refused(local, made.format("row format delimited lines terminated by '\\r' stored as textfile", "select 1 a"),
            "LINES TERMINATED BY")
    local.text("m/there", "x")
    refused(local, made.format("stored as parquet", "select 1 a"), "is not empty")
    assert local.sql("select tablename from svv_external_tables order by 1") == [("o",), ("t",)]


def test_nothing_is_left_of_a_failure(local: Lake) -> None:
    local.sql("create external table lake.t (i int) partitioned by (r varchar(4)) stored as parquet "
              "location '{root}/t/'")
    refused(local, "insert into lake.t select 1 / (i - 3), r from local", "division by zero")
    refused(local, "create external table lake.m stored as parquet location '{root}/m/' as select 1 / (i - 3) a "
                   "from local", "division by zero")
    assert files(local, "t") == [] and files(local, "m") == []
    assert local.sql("select count(*) from svv_external_partitions") == [(0,)]


def test_writing_to_s3(local: Lake, s3: Any) -> None:
    bucket = s3.bucket("lake-write")
    local.connection.session.stores = s3.options
    local.sql(f"create external table lake.made partitioned by (r) stored as parquet location '{bucket}made' as "
              "select i, r from local where r is not null")
    assert local.sql("select r, sum(i) from lake.made group by 1 order by 1") == [("eu", 4), ("us", 2)]


KEYS = (
    ("real", "0.1"), ("double precision", "0.1"), ("decimal(10,3)", "-1.250"), ("boolean", "true"),
    ("char(5)", "'ab '"), ("varchar(20)", "'a b/c=%d:é'"), ("varchar(5)", "''"), ("date", "'2024-01-02'"),
    ("timestamp", "'2024-01-02 03:04:05.678'"), ("bigint", "9007199254740993"),
)  # fmt: skip


def test_partitions_of_every_type_come_back(lake: Lake) -> None:
    for n, (type, value) in enumerate(KEYS):
        lake.sql(f"create external table lake.p{n} (x bigint) partitioned by (k {type}) stored as parquet "
                 f"location '{{root}}/p{n}/'")
        lake.sql(f"insert into lake.p{n} select x::bigint, case x when 1 then {value}::{type} end from "
                 "(select 1 as x union all select 2) s")
        one = lake.sql(f"select x, k = {value}::{type} from lake.p{n} where k = {value}::{type}")
        assert one == [(1, True)], type
        assert lake.sql(f"select x from lake.p{n} where k is null") == [(2,)], type
        lake.sql(f"msck repair table lake.p{n}")
        assert lake.sql(f"select count(*), count(k) from lake.p{n}") == [(2, 1)], type
