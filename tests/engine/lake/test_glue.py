"""External schemas over AWS Glue, served by moto: its tables and partitions are read and changed."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import warehouse
from lake_tables import Lake

PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat", "OutputFormat": "x",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}  # fmt: skip


@pytest.fixture
def glue(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import boto3
    from warehouse.storage.lake.glue import GlueCatalogue

    for name, value in (("AWS_ENDPOINT_URL_GLUE", s3.endpoint), ("AWS_ACCESS_KEY_ID", "testing"),
                        ("AWS_SECRET_ACCESS_KEY", "testing"), ("AWS_DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(name, value)
    GlueCatalogue.of.cache_clear()
    client = boto3.client("glue")
    client.create_database(DatabaseInput={"Name": "gluedb"})
    yield client
    client.delete_database(Name="gluedb")
    GlueCatalogue.of.cache_clear()


def test_tables_of_glue(lake: Lake, glue: Any) -> None:
    for k in (1, 2):
        lake.parquet(f"t/k={k}/1.parquet", {"a": [k, k]})
    glue.create_table(DatabaseName="gluedb", TableInput={
        "Name": "t", "PartitionKeys": [{"Name": "k", "Type": "int"}], "Parameters": {"numRows": "4"},
        "StorageDescriptor": {**PARQUET, "Columns": [{"Name": "a", "Type": "bigint"}, {"Name": "s", "Type": "string"}],
                              "Location": f"{lake.root}/t/"}})
    lake.sql("set data_catalogue to glue")
    lake.sql("create external schema g from data catalog database 'gluedb' region 'us-east-1' iam_role default")
    assert lake.sql("select count(*) from g.t") == [(0,)]
    for k in (1, 2):
        glue.create_partition(DatabaseName="gluedb", TableName="t", PartitionInput={
            "Values": [str(k)], "StorageDescriptor": {**PARQUET, "Location": f"{lake.root}/t/k={k}/"}})
    assert lake.sql("select a, k, s from g.t where k = 2") == [(2, 2, None)] * 2
    assert lake.sql("select columnname, external_type, part_key from svv_external_columns where schemaname = 'g'") == [
        ("a", "bigint", 0), ("s", "string", 0), ("k", "int", 1)]
    assert lake.sql("select values from svv_external_partitions") == [('["1"]',), ('["2"]',)]


def test_what_is_refused(lake: Lake, glue: Any) -> None:
    lake.sql("set data_catalogue to glue")
    with pytest.raises(warehouse.Error, match='database "other" does not exist in AWS Glue'):
        lake.sql("create external schema g from data catalog database 'other' iam_role default")
    lake.sql("create external schema g from data catalog database 'gluedb' iam_role default")
    lake.sql("create external table g.t (a int) stored as parquet location 's3://b/'")
    with pytest.raises(warehouse.Error, match="inside a transaction block"):
        lake.connection.execute("set compatibility to extended")
        lake.sql("begin")
        lake.sql("drop table g.t")
    lake.sql("rollback")
    lake.sql("drop table g.t")
    with pytest.raises(warehouse.Error, match=r'relation "g.t" does not exist'):
        lake.sql("select * from g.t")
    glue.create_table(DatabaseName="gluedb", TableInput={"Name": "odd", "StorageDescriptor": {
        "Columns": [{"Name": "a", "Type": "int"}], "Location": "s3://b/",
        "SerdeInfo": {"SerializationLibrary": "my.Own"}}})
    with pytest.raises(warehouse.Error, match=r"SERDE 'my.Own' is not supported"):
        lake.sql("select * from g.odd")
    assert lake.sql("select tablename from svv_external_tables where schemaname = 'g'") == []


def test_tables_are_made_and_changed_there(lake: Lake, glue: Any) -> None:
    lake.sql("set data_catalogue to glue")
    lake.sql("create external schema g from data catalog database 'gluedb2' iam_role default "
             "create external database if not exists")
    for k in (1, 2):
        lake.parquet(f"t/k={k}/1.parquet", {"a": [k, k]})
    lake.sql("create external table g.t (a bigint, s varchar(9)) partitioned by (k int) stored as parquet "
             "location '{root}/t/' table properties ('numRows'='4')")
    with pytest.raises(warehouse.Error, match='relation "t" already exists'):
        lake.sql("create external table g.t (a bigint) stored as parquet location '{root}/t/'")
    lake.sql("msck repair table g.t")
    lake.sql("alter table g.t add if not exists partition (k=1) location '{root}/t/k=1/' "
             "partition (k=3) location '{root}/t/k=2/'")
    assert lake.sql("select k, count(*) from g.t group by k order by k") == [(1, 2), (2, 2), (3, 2)]
    lake.sql("alter table g.t partition (k=3) set location '{root}/t/none/'")
    lake.sql("alter table g.t drop partition (k=2)")
    assert lake.sql("select k, a from g.t order by a") == [(1, 1), (1, 1)]
    made = glue.get_table(DatabaseName="gluedb2", Name="t")["Table"]
    made["StorageDescriptor"]["Columns"][0]["Comment"] = "kept"
    glue.update_table(DatabaseName="gluedb2", TableInput={
        "Name": "t", "Description": "kept too", **{k: made[k] for k in ("StorageDescriptor", "PartitionKeys",
                                                                        "Parameters", "TableType")}})
    lake.sql("alter table g.t add column n double precision")
    lake.sql("alter table g.t set table properties ('numRows'='5')")
    found = glue.get_table(DatabaseName="gluedb2", Name="t")["Table"]
    assert found["Description"] == "kept too" and found["Parameters"]["numRows"] == "5"
    assert [(c["Name"], c["Type"], c.get("Comment")) for c in found["StorageDescriptor"]["Columns"]] == [
        ("a", "bigint", "kept"), ("s", "varchar(9)", None), ("n", "double", None)]
    assert found["StorageDescriptor"]["SerdeInfo"] == {**PARQUET["SerdeInfo"], "Parameters": {}}
    lake.sql("insert into g.t select 7, 'x', 0.5, v from (select 1 as v union all select 9)")
    assert lake.sql("select a, s, n, k from g.t where a = 7 order by k") == [(7, "x", 0.5, 1), (7, "x", 0.5, 9)]
    assert {p["Values"][0] for p in glue.get_partitions(DatabaseName="gluedb2", TableName="t")["Partitions"]} == {
        "1", "3", "9"}
    lake.sql("create external table g.c partitioned by (k) stored as parquet location '{root}/c/' as "
             "select a, k from g.t where a = 7")
    assert lake.sql("select k from g.c order by k") == [(1,), (9,)]
    lake.sql("drop table g.c")
    lake.sql("drop table g.t")
    assert glue.get_tables(DatabaseName="gluedb2")["TableList"] == []
    with pytest.raises(warehouse.Error, match='table "t" does not exist'):
        lake.sql("drop table g.t")
    glue.delete_database(Name="gluedb2")
