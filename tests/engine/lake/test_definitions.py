"""External schemas, tables and partitions: what the data catalogue keeps, and what is refused."""
from __future__ import annotations

from pathlib import Path

import pytest
import warehouse
from lake_tables import Lake
from warehouse.storage.lake.hive_types import read_type

TABLE = "create external table lake.t (a int) stored as parquet location 's3://bucket/t/'"
PARTS = ("create external table lake.p (a int) partitioned by (k date, r varchar(10)) stored as parquet "
         "location '{root}/p/'")


def refused(lake: Lake, sql: str, message: str, sqlstate: str | None = None) -> None:
    with pytest.raises(warehouse.Error, match=message) as found:
        lake.sql(sql)
    assert sqlstate is None or found.value.sqlstate == sqlstate


def test_external_schemas(lake: Lake) -> None:
    made = "create external schema {} from data catalog database 'lakedb' region 'us-west-2' iam_role 'arn:aws:r'"
    lake.sql(made.format("two"))
    refused(lake, made.format("two"), 'schema "two" already exists', "42P06")
    lake.sql(made.format("if not exists two"))
    refused(lake, made.format("three").replace("lakedb", "nodb"), 'external database "nodb" does not exist', "3D000")
    refused(lake, "create external schema x from data catalog iam_role default", "needs DATABASE", "42601")
    refused(lake, "create external schema pg_x from data catalog database 'lakedb' iam_role default", "unacceptable")
    lake.sql(TABLE)
    assert lake.sql("select schemaname from svv_external_tables order by 1") == [("lake",), ("two",)]
    refused(lake, "create table two.local (a int)", "is an external schema", "42809")
    lake.sql("alter schema two rename to second")
    assert lake.sql("select schemaname from svv_external_schemas order by 1") == [("lake",), ("second",)]
    lake.sql("drop schema second")
    assert lake.sql("select schemaname, tablename from svv_external_tables") == [("lake", "t")]


@pytest.mark.parametrize("source", [
    "hive metastore database 'd' uri 'h' iam_role default", "postgres database 'd' uri 'h' iam_role default",
    "mysql database 'd' uri 'h' iam_role default", "kinesis iam_role default", "msk iam_role default",
    "redshift database 'd' schema 's'",
], ids=["hive", "postgres", "mysql", "kinesis", "msk", "redshift"])
def test_schemas_from_elsewhere_are_refused(lake: Lake, source: str) -> None:
    word = source.split()[0].upper()
    refused(lake, f"create external schema x from {source}", f"FROM {word}.*not supported", "0A000")


def test_definitions_are_kept(lake: Lake) -> None:
    lake.sql("""create external table lake.t (a int, "B c" decimal(8,2), s struct<x:int,y:array<varchar(5)>>,
             m map<varchar(10),double precision>) partitioned by (k char(10)) row format serde
             'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' with serdeproperties ('p'='q')
             stored as parquet location 's3://b/t' table properties ('numRows'='7', 'Own'='kept')""")
    assert lake.sql("select columnname, external_type, columnnum, part_key from svv_external_columns") == [
        ("a", "int", 1, 0), ("b c", "decimal(8,2)", 2, 0), ("s", "struct<x:int,y:array<varchar(5)>>", 3, 0),
        ("m", "map<varchar(10),double>", 4, 0), ("k", "char(10)", 5, 1)]
    assert lake.sql("select location, serde_parameters, parameters from svv_external_tables") == [
        ("s3://b/t", '{"p": "q"}', '{"numRows": "7", "Own": "kept"}')]
    refused(lake, TABLE, 'relation "t" already exists', "42P07")
    lake.sql(TABLE.replace("table lake", "table if not exists lake"))
    lake.sql("drop table lake.t")
    refused(lake, "select * from lake.t", 'relation "lake.t" does not exist', "42P01")
    refused(lake, "drop table lake.t", 'table "t" does not exist')
    lake.sql("drop table if exists lake.t")


@pytest.mark.parametrize(("text", "message"), [
    ("create external table t (a int) stored as parquet location 's3://b/'", "must be named with its external schema"),
    ("create external table public.t (a int) stored as parquet location 's3://b/'", "is not an external schema"),
    ("create external table nowhere.t (a int) stored as parquet location 's3://b/'", 'schema "nowhere" does not exist'),
    ("create external table lake.t (a int, a int) stored as parquet location 's3://b/'", "more than once"),
    ("create external table lake.t (a int) partitioned by (a int) stored as parquet location 's3://b/'", "more than"),
    ('create external table lake.t ("$path" int) stored as parquet location \'s3://b/\'', "pseudo-column"),
    ("create external table lake.t (a nothing) stored as parquet location 's3://b/'", 'type "nothing" does not exist'),
    ("create external table lake.t (a struct<x int>) stored as parquet location 's3://b/'", "does not exist"),
    ("create external table lake.t (a varchar(0)) stored as parquet location 's3://b/'", "invalid length"),
    ("create external table lake.t stored as parquet location 's3://b/'", "needs columns"),
    ("create external table lake.t (a) stored as parquet location 's3://b/'", 'column "a" needs a type'),
    ("create external table lake.t (a int) stored as parquet", "end of input"),
    ("create external table lake.t (a int) stored as parquet location 'ftp://b/'", "ftp:// is not supported"),
    ("create external table lake.t (a int) stored as parquet location 's3://b/' table properties ('numRows'='many')",
     "invalid value for table property 'numRows'"),
    ("create external table lake.t (a int) partitioned by (k struct<a:int>) stored as parquet location 's3://b/'",
     "partition column"),
])
def test_definitions_that_are_refused(lake: Lake, text: str, message: str) -> None:
    refused(lake, text, message)


@pytest.mark.parametrize(("format", "message"), [
    ("stored as rcfile", "STORED AS RCFILE is not supported"),
    ("stored as sequencefile", "STORED AS SEQUENCEFILE is not supported"),
    ("stored as inputformat 'org.apache.hadoop.mapred.SequenceFileInputFormat' outputformat 'x'", "SEQUENCEFILE"),
    ("row format serde 'com.example.Own' stored as textfile", "SERDE 'com.example.Own' is not supported"),
    ("row format delimited fields terminated by '|' stored as parquet", "ROW FORMAT DELIMITED is for TEXTFILE"),
], ids=["rcfile", "sequencefile", "classes", "serde", "delimited"])
def test_formats_that_are_refused(lake: Lake, format: str, message: str) -> None:
    refused(lake, f"create external table lake.t (a int) {format} location 's3://b/'", message)


def test_partitions(lake: Lake) -> None:
    lake.parquet("x/1.parquet", {"a": [1]})
    lake.parquet("p/k=2020-01-02/r=eu/1.parquet", {"a": [2]})
    lake.sql(PARTS)
    lake.sql("alter table lake.p add partition (k='2020-01-01', r='us') location '{root}/x/'"
             " partition (r='eu', k='2020-01-02') location '{root}/p/k=2020-01-02/r=eu'")
    assert lake.sql("select k::varchar, r, a from lake.p order by 1") == [
        ("2020-01-01", "us", 1), ("2020-01-02", "eu", 2)]
    assert lake.sql("select a from lake.p where k > '2020-01-01'") == [(2,)]
    again = "alter table lake.p add {} partition (k='2020-01-01', r='us') location 's3://b/'"
    refused(lake, again.format(""), "already exists", "42710")
    lake.sql(again.format("if not exists"))
    lake.sql("alter table lake.p partition (k='2020-01-01', r='us') set location '{root}/p/k=2020-01-02/r=eu/'")
    assert lake.sql("select sum(a) from lake.p") == [(4,)]
    lake.sql("alter table lake.p drop partition (k='2020-01-01', r='us')")
    assert lake.sql("select values from svv_external_partitions") == [('["2020-01-02", "eu"]',)]
    refused(lake, "alter table lake.p drop partition (k='2020-01-01', r='us')", "does not exist", "42704")
    refused(lake, "alter table lake.p add partition (k='2020-01-01') location 's3://b/'", '"r" is missing')
    refused(lake, "alter table lake.p add partition (k='2020-01-01', x='us') location 's3://b/'", '"x" is no parti')
    refused(lake, "alter table lake.p add partition (k='soon', r='us') location 's3://b/'", "'soon' is no d", "22007")


def test_msck_repair(lake: Lake) -> None:
    for folder in ("k=2020-01-01/r=eu", "k=2020-01-02/r=a%2Fb", "k=__HIVE_DEFAULT_PARTITION__/r=us", "o", "k=1/x=2"):
        lake.parquet(f"p/{folder}/1.parquet", {"a": [1]})
    lake.sql(PARTS)
    lake.sql("msck repair table lake.p")
    lake.sql("msck repair table lake.p")  # none twice
    assert lake.sql("select k::varchar, r, sum(a) from lake.p group by 1, 2 order by 1") == [
        ("2020-01-01", "eu", 1), ("2020-01-02", "a/b", 1), (None, "us", 1)]
    assert lake.sql("select count(*) from lake.p where k is null") == [(1,)]
    refused(lake, "msck repair table lake.nothing", "does not exist")


def test_alter_external_table(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"a": [1], "b": [2]})
    lake.parquet("u/1.parquet", {"a": [3], "c": ["x"]})
    lake.sql("create external table lake.t (a int, b int) stored as orc location '{root}/t/'")
    lake.sql("alter table lake.t set file format parquet")
    assert lake.sql("select a, b from lake.t") == [(1, 2)]
    lake.sql("alter table lake.t set location '{root}/u/'")
    lake.sql("alter table lake.t add column c varchar(3)")
    assert lake.sql("select a, b, c from lake.t") == [(3, None, "x")]
    lake.sql("alter table lake.t drop column b")
    lake.sql("alter table lake.t rename column c to b")
    assert lake.sql("select a, b from lake.t") == [(3, None)]
    lake.sql("alter table lake.t set table properties ('numRows'='17')")
    assert "rows=17 " in lake.plan("explain select * from lake.t")[-1]
    refused(lake, "alter table lake.t set table properties ('numRows'='x')", "numRows")
    refused(lake, "alter table lake.t rename to u", "cannot be renamed", "0A000")
    refused(lake, "alter table lake.t add column d int default 7", "not supported for external tables")
    refused(lake, "alter table lake.t drop column nothing", 'column "nothing" .* does not exist')
    lake.sql("create table local (a int)")
    refused(lake, "alter table local set location 's3://b/'", '"local" is not an external table', "42809")


def test_changes_are_refused(lake: Lake) -> None:
    lake.sql(TABLE)
    for text in ("update lake.t set a = 1", "delete from lake.t", "truncate lake.t", "vacuum lake.t", "analyze lake.t",
                 "copy lake.t from 's3://b/'", "alter table lake.t alter distkey a"):
        refused(lake, text, 'cannot change external table "lake.t"', "0A000")
    refused(lake, "create view v as select * from lake.t", "WITH NO SCHEMA BINDING")


def test_transaction_blocks(lake: Lake) -> None:
    """The manual refuses them; 'extended' has definitions in transactions."""
    lake.connection.autocommit = False
    refused(lake, TABLE, "CREATE EXTERNAL TABLE cannot run inside a transaction block", "25001")
    lake.connection.rollback()
    lake.sql("set compatibility to extended")
    lake.sql(TABLE)
    assert lake.sql("select tablename from svv_external_tables") == [("t",)]
    lake.connection.rollback()
    assert lake.sql("select tablename from svv_external_tables") == []
    lake.connection.rollback()


def test_drop_external_database(lake: Lake) -> None:
    lake.sql(TABLE)
    refused(lake, "drop schema lake drop external database", "other objects depend on it", "2BP01")
    lake.sql("drop schema lake drop external database cascade")
    assert lake.sql("select databasename from svv_external_databases") == []
    refused(lake, "create external schema lake from data catalog database 'lakedb' iam_role default", "does not exist")


def test_system_views(lake: Lake) -> None:
    lake.sql(TABLE)
    assert lake.sql("select schemaname, databasename, esoptions from svv_external_schemas s join pg_namespace n on "
                    "n.oid = s.esoid") == [("lake", "lakedb", '{"IAM_ROLE": "default"}')]
    assert lake.sql("select esdbname from pg_external_schema") == [("lakedb",)]
    assert lake.sql("select databasename from svv_external_databases") == [("lakedb",)]
    assert lake.sql("select tablename, tabletype, serialization_lib from svv_external_tables") == [
        ("t", "TABLE", "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe")]
    assert lake.sql("select * from svv_external_partitions") == []


def test_privileges_are_the_schemas(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"a": [1]})
    lake.sql(TABLE.replace("s3://bucket", "{root}"))
    lake.sql("create user ann password disable")
    lake.sql("set session authorization ann")
    refused(lake, "select * from lake.t", "permission denied for schema lake", "42501")
    assert lake.sql("select tablename from svv_external_tables") == []
    lake.sql("reset session authorization")
    with pytest.raises(warehouse.NotSupportedError, match="external tables") as caught:
        lake.sql("grant select on lake.t to ann")
    assert caught.value.hint == "Grant USAGE ON SCHEMA lake."
    lake.sql("grant usage on schema lake to ann")
    lake.sql("set session authorization ann")
    assert lake.sql("select a from lake.t") == [(1,)]
    refused(lake, TABLE.replace("lake.t", "lake.u"), "must be owner of schema lake", "42501")
    refused(lake, "drop table lake.t", "must be owner of schema lake", "42501")


def test_the_data_catalogue_is_kept(tmp_path: Path) -> None:
    def run(sql: str) -> list[tuple[object, ...]]:
        connection = warehouse.connect(str(tmp_path / "dw"), autocommit=True)
        cursor = connection.cursor()
        cursor.execute(sql)
        rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    run("create external schema lake from data catalog database 'd' iam_role default "
        "create external database if not exists")
    run(PARTS.replace("{root}", "s3://b"))
    run("alter table lake.p add partition (k='2020-01-01', r='us') location 's3://x/'")
    assert run("select tablename, values, location from svv_external_partitions") == [
        ("p", '["2020-01-01", "us"]', "s3://x/")]


def test_a_late_binding_view(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"a": [1, 2]})
    lake.sql(TABLE.replace("s3://bucket", "{root}"))
    lake.sql("create view v as select sum(a) total from lake.t with no schema binding")
    assert lake.sql("select total from v") == [(3,)]


@pytest.mark.parametrize(("text", "plain", "sql"), [
    ("INTEGER", "int", "integer"), ("string", "string", "character varying(65535)"),
    ("decimal ( 8 , 2 )", "decimal(8,2)", "numeric(8,2)"),
    ("character varying(20)", "varchar(20)", "character varying(20)"),
    ("array < struct < a : int , b : map<string,decimal(3,1)> > >",
     "array<struct<a:int,b:map<string,decimal(3,1)>>>", "super"),
])
def test_types(text: str, plain: str, sql: str) -> None:
    found = read_type(text)
    assert (found.text, str(found.sql)) == (plain, sql)


@pytest.mark.parametrize("made", [
    "create external table lake.t (a int, \"B c\" decimal(8,2), s struct<x:int>) partitioned by (k char(10), n int) "
    "stored as parquet location 's3://b/it''s/' table properties ('numRows'='7')",
    "create external table lake.t (a int) row format delimited fields terminated by '\\\\007' escaped by '\\\\\\\\' "
    "stored as textfile location 's3://b/t/'",
    "create external table lake.t (a int) row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe' with "
    "serdeproperties ('input.regex'='(\\\\d+) x') stored as textfile location 's3://b/t/'",
], ids=["parquet", "delimited", "regex"])
def test_show_external_table(lake: Lake, made: str) -> None:
    """What it shows makes the same table again."""
    lake.sql(made)
    source = lake.connection.session.database.newest.facts.lake.source("lakedb", "t").as_value()
    ((text,),) = lake.sql("show external table lake.t")
    lake.sql("drop table lake.t")
    lake.sql(text)
    again = lake.connection.session.database.newest.facts.lake.source("lakedb", "t").as_value()
    assert again | {"id": 0} == source | {"id": 0}


def test_show_partitions(lake: Lake) -> None:
    lake.sql(PARTS.replace("{root}", "s3://b"))
    lake.sql("alter table lake.p add partition (k='2020-01-01', r=null) location 's3://b/x/'")
    assert lake.sql("show external table lake.p partition") == [(
        "ALTER TABLE lake.p ADD IF NOT EXISTS PARTITION (k='2020-01-01', r=NULL) LOCATION 's3://b/x/';",)]
    refused(lake, "show external table lake.nothing", "does not exist")


def test_views_of_all_objects(lake: Lake) -> None:
    lake.sql(TABLE)
    lake.sql("create table local (a int)")
    assert lake.sql("select table_name, table_type from svv_all_tables order by 1") == [
        ("local", "TABLE"), ("t", "EXTERNAL TABLE")]
    assert lake.sql("select column_name, data_type from svv_all_columns where schema_name = 'lake'") == [
        ("a", "integer")]
    assert lake.sql("select schema_type, source_database from svv_all_schemas where schema_name = 'lake'") == [
        ("external", "lakedb")]
    assert lake.sql("select table_name from svv_redshift_tables") == [("local",)]
