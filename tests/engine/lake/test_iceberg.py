"""External tables in Apache Iceberg format: snapshots, evolved schemas, deleted rows, files skipped by their bounds."""
from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
import warehouse
from lake_tables import Lake


@pytest.fixture
def made(lake: Lake, s3: Any) -> Iterator[Any]:
    """An Iceberg table of two files, made by pyiceberg with moto's Glue as its catalogue."""
    from pyiceberg.catalog.glue import GlueCatalog

    catalog = GlueCatalog("c", warehouse=f"file://{lake.root}/ice", **{
        "glue.endpoint": s3.endpoint, "glue.region": "us-east-1", "glue.access-key-id": "testing",
        "glue.secret-access-key": "testing"})
    catalog.create_namespace("n")
    rows = pa.table({"a": pa.array([1, 2, 3], pa.int64()), "s": ["x", None, "z"],
                     "d": pa.array([datetime.date(2020, 1, i) for i in (1, 2, 3)])})
    table = catalog.create_table("n.t", schema=rows.schema)
    table.append(rows)
    table.append(pa.table({"a": pa.array([10, 11], pa.int64()), "s": ["y", "y"],
                           "d": pa.array([datetime.date(2021, 1, 1)] * 2)}))
    yield table
    catalog.drop_table("n.t")
    catalog.drop_namespace("n")


def define(lake: Lake, columns: str = "a bigint, s varchar(5), d date") -> None:
    lake.sql(f"create external table lake.t ({columns}) stored as parquet location '{{root}}/ice/n.db/t' "
             "table properties ('table_type'='ICEBERG')")


def test_rows_of_an_iceberg_table(lake: Lake, made: Any) -> None:
    define(lake)
    assert lake.sql("select * from lake.t where a < 3 order by a") == [
        (1, "x", datetime.date(2020, 1, 1)), (2, None, datetime.date(2020, 1, 2))]
    assert lake.sql("select count(*), sum(a), max(d) from lake.t") == [(5, 27, datetime.date(2021, 1, 1))]
    assert lake.sql("select sum(a) from lake.t where d > '2020-06-01'") == [(21,)]
    assert (lake.scan()["files"], lake.scan()["is_rrscan"]) == (1, "t")
    assert lake.sql("select count(*) from lake.t where s = 'z'") == [(1,)]


def test_changes_are_seen(lake: Lake, made: Any) -> None:
    define(lake, "a bigint, name varchar(5), e int")
    with made.update_schema() as update:
        update.rename_column("s", "name")
    made.append(pa.table({"a": pa.array([20], pa.int64()), "name": ["n"], "d": pa.array([datetime.date(2022, 1, 1)])}))
    assert lake.sql("select a, name, e from lake.t where a > 2 order by a") == [
        (3, "z", None), (10, "y", None), (11, "y", None), (20, "n", None)]
    made.delete("a = 2")
    assert lake.sql("select count(*), sum(a) from lake.t") == [(5, 45)]


def test_what_is_refused(lake: Lake, made: Any) -> None:
    define(lake)
    with pytest.raises(warehouse.Error, match="ICEBERG files are only read"):
        lake.sql("insert into lake.t select 1, 'a', current_date")
    lake.sql("alter table lake.t set location '{root}/nothing'")
    with pytest.raises(warehouse.Error, match="there is no metadata of an Iceberg table"):
        lake.sql("select * from lake.t")
    with pytest.raises(warehouse.Error, match="partitions in its metadata"):
        lake.sql("create external table lake.p (a int) partitioned by (k int) stored as parquet location 's3://b/' "
                 "table properties ('table_type'='iceberg')")


def test_snapshots_of_the_past(lake: Lake, made: Any) -> None:
    define(lake)
    first, second = made.snapshots()
    assert lake.sql(f"select count(*) from lake.t for version as of {first.snapshot_id}") == [(3,)]
    assert lake.sql(f"select count(*) from lake.t for version as of {second.snapshot_id} as x where x.a > 0") == [(5,)]
    assert lake.sql("select count(*) from lake.t for timestamp as of current_timestamp") == [(5,)]
    lake.sql("set timezone to 'Asia/Tokyo'")  # moments without a zone are in UTC whatever it is
    when = datetime.datetime.fromtimestamp(first.timestamp_ms / 1000 + 0.0005, datetime.UTC)
    for text in (f"timestamp '{when:%Y-%m-%d %H:%M:%S.%f}'", f"timestamp '{when:%Y-%m-%d %H:%M:%S.%f} UTC'",
                 f"'{when:%Y-%m-%d %H:%M:%S.%f}+00'", f"timestamp '{when:%Y-%m-%d %H:%M:%S.%f}' + interval '0 s'"):
        assert lake.sql(f"select count(*) from lake.t for timestamp as of {text}") == [(3,)], text
    assert lake.sql("select n.a, o.a from lake.t n left join lake.t for version as of "
                    f"{first.snapshot_id} o on n.a = o.a where n.a in (3, 10) order by 1") == [(3, 3), (10, None)]
    made.append(pa.table({"a": pa.array([99], pa.int64()), "s": ["n"], "d": [datetime.date(2022, 1, 1)]}))
    assert lake.sql(f"select count(*) from lake.t for version as of {first.snapshot_id}") == [(3,)]
    assert lake.sql("select count(*) from lake.t") == [(6,)]


MISSING = (
    ("select * from lake.t for version as of 5", 'table "t" has no snapshot 5'),
    ("select * from lake.t for timestamp as of timestamp '2001-01-01'", "no snapshot as old as that"),
    ("select * from lake.t for version as of 'x'", "takes a snapshot's number"),
    ("select * from lake.t for timestamp as of 5", "takes a moment"),
    ("select * from lake.t for timestamp as of null::timestamp", "no NULL"),
    ("select * from lake.p for version as of 5", '"lake.p" has no snapshots'),
    ("select * from svv_tables for version as of 5", "external tables in Iceberg format only"),
    ("with q as (select 1) select * from q for version as of 5", "external tables in Iceberg format only"),
)


def test_snapshots_that_are_not_there(lake: Lake, made: Any) -> None:
    define(lake)
    lake.sql("create external table lake.p (a int) stored as parquet location '{root}/p/'")
    for query, told in MISSING:
        with pytest.raises(warehouse.Error, match=told):
            lake.sql(query)
