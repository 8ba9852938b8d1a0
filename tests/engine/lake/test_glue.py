"""External schemas over AWS Glue, served by moto: its tables and partitions are read, and changed there alone."""
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
    with pytest.raises(warehouse.Error, match="databases of AWS Glue are not made here"):
        lake.sql("create external schema g from data catalog database 'gluedb' iam_role default "
                 "create external database if not exists")
    lake.sql("create external schema g from data catalog database 'gluedb' iam_role default")
    with pytest.raises(warehouse.Error, match="changed there"):
        lake.sql("create external table g.t (a int) stored as parquet location 's3://b/'")
    with pytest.raises(warehouse.Error, match=r'relation "g.t" does not exist'):
        lake.sql("select * from g.t")
    glue.create_table(DatabaseName="gluedb", TableInput={"Name": "odd", "StorageDescriptor": {
        "Columns": [{"Name": "a", "Type": "int"}], "Location": "s3://b/",
        "SerdeInfo": {"SerializationLibrary": "my.Own"}}})
    with pytest.raises(warehouse.Error, match=r"SERDE 'my.Own' is not supported"):
        lake.sql("select * from g.odd")
    assert lake.sql("select tablename from svv_external_tables where schemaname = 'g'") == []
