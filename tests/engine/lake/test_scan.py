"""Scans of external tables over Parquet files: right rows, and no file or row group that need not be read."""
from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import warehouse
from lake_tables import Lake
from warehouse.storage.lake.formats.text import TextReader


def _typed(rows: int) -> pa.Table:
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(i % 100) for i in range(rows)]
    return pa.table({
        "a": pa.array(range(rows), pa.int32()),
        "b": pa.array([None if i % 5 == 0 else i * 1000 for i in range(rows)], pa.int64()),
        "s": pa.array([None if i % 7 == 0 else f"text {i % 13}" for i in range(rows)]),
        "f": pa.array([i / 4 for i in range(rows)], pa.float64()),
        "p": pa.array([Decimal(i).scaleb(-2) for i in range(rows)], pa.decimal128(12, 2)),
        "w": pa.array([Decimal(10) ** 24 + i for i in range(rows)], pa.decimal128(30, 0)),
        "d": pa.array(days, pa.date32()),
        "t": pa.array([datetime.datetime(2020, 1, 1) + datetime.timedelta(seconds=i) for i in range(rows)],
                      pa.timestamp("us")),
        "o": pa.array([i % 2 == 0 for i in range(rows)]),
    })


COLUMNS = ("a int, b bigint, s varchar(20), f double precision, p decimal(12,2), w decimal(30,0), d date, "
           "t timestamp, o boolean")
TYPED = f"create external table lake.t ({COLUMNS}) stored as parquet location '{{root}}/t/'"


def test_every_type_comes_as_it_was_loaded(lake: Lake) -> None:
    lake.parquet("t/1.parquet", _typed(500), row_group_size=120)
    lake.sql(TYPED)
    lake.sql(f"create table local ({COLUMNS})")
    lake.sql("copy local from '{root}/t/1.parquet' format parquet")
    assert lake.sql("select * from lake.t order by a") == lake.sql("select * from local order by a")
    aggregates = "select count(*), sum(b), count(s), sum(f), sum(p), sum(w), min(d), max(t), bool_or(o) from "
    assert lake.sql(aggregates + "lake.t") == lake.sql(aggregates + "local")


def test_row_groups_are_skipped_by_their_statistics(lake: Lake) -> None:
    lake.parquet("t/1.parquet", _typed(1000), row_group_size=100)
    lake.sql(TYPED)
    assert lake.sql("select count(*) from lake.t where a between 250 and 260 and p < 2.55") == [(5,)]
    scan = lake.scan()
    assert (scan["splits"], scan["s3_scanned_rows"], scan["s3query_returned_rows"]) == (1, 100, 5)
    assert lake.sql("select count(*) from lake.t where t >= timestamp '2020-01-01 00:16:00'") == [(40,)]
    assert lake.scan()["s3_scanned_rows"] == 100
    assert lake.sql("select count(*) from lake.t where w > 1000000000000000000000900") == [(99,)]


def test_only_wanted_columns_are_read(lake: Lake) -> None:
    lake.parquet("t/1.parquet", _typed(1000))
    lake.sql(TYPED)
    lake.sql("select sum(a) from lake.t")
    one = lake.scan()["s3_scanned_bytes"]
    lake.sql("select max(w), sum(a), max(s), max(t) from lake.t")
    assert 0 < one < lake.scan()["s3_scanned_bytes"] / 2


def test_a_pruned_query_opens_the_files_it_needs_alone(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(6):
        lake.parquet(f"p/k={k}/x.parquet", {"a": [k, k + 1]})
    lake.sql("create external table lake.p (a bigint) partitioned by (k int) stored as parquet location '{root}/p/' "
             "table properties ('numRows'='12')")
    lake.sql("msck repair table lake.p")
    lake.sql("select count(*) from lake.p")  # footers for estimates are read once
    opened: list[str] = []
    _watch(monkeypatch, opened)
    assert lake.sql("select sum(a) from lake.p where k + 1 in (3, 4)") == [(12,)]
    assert sorted(name.split("/")[-2] for name in set(opened)) == ["k=2", "k=3"]
    assert lake.sql("select partitions from (select total_partitions || '/' || qualified_partitions as partitions, "
                    "query from svl_s3partition order by query desc limit 1)") == [("6/2",)]
    for name in ("svl_s3partition_summary", "svcs_s3partition_summary"):
        sql = (f"select assignment, total_partitions, qualified_partitions, avg_assigned_partitions, "
               f"max_endtime >= min_starttime from {name} order by query desc limit 1")
        assert lake.sql(sql) == [("p", 6, 2, 2, True)]
    assert lake.scan()["files"] == 2


def _watch(monkeypatch: pytest.MonkeyPatch, opened: list[str]) -> None:
    from warehouse.storage.lake.formats.parquet import ParquetReader

    def watched(was: Any) -> Any:
        def call(self: Any, file: Any, *rest: Any) -> Any:
            opened.append(file.url)
            return was(self, file, *rest)

        return call

    for name in ("_open", "_read"):  # by Arrow, by us
        monkeypatch.setattr(ParquetReader, name, watched(getattr(ParquetReader, name)))


def test_joins_with_local_tables(lake: Lake) -> None:
    lake.parquet("t/1.parquet", _typed(300))
    lake.parquet("t/sub/2.parquet", _typed(100))
    lake.sql(TYPED)
    lake.sql("create table names (id int, name varchar(10)) diststyle all")
    lake.sql("insert into names values (1, 'one'), (2, 'two'), (1000, 'none')")
    counted = lake.sql("select n.name, count(t.a) from names n left join lake.t t on t.a = n.id group by 1 order by 1")
    assert counted == [("none", 0), ("one", 2), ("two", 2)]
    assert lake.sql("select count(*) from lake.t x join lake.t y on x.a = y.a") == [(600,)]


def test_an_external_table_is_merged(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"a": pa.array([1, 2], pa.int32()), "s": ["one", "two"]})
    lake.sql("create external table lake.t (a int, s varchar(9)) stored as parquet location '{root}/t/'")
    lake.sql("create table local (a int, s varchar(9)); insert into local values (1, 'old'), (3, 'three')")
    lake.sql("merge into local using lake.t n on local.a = n.a when matched then update set s = n.s "
             "when not matched then insert values (n.a, upper(n.s))")
    assert lake.sql("select * from local order by a") == [(1, "one"), (2, "TWO"), (3, "three")]
    lake.sql("merge into local using lake.t on local.a = t.a remove duplicates")
    assert lake.sql("select * from local order by a") == [(1, "one"), (2, "two"), (3, "three")]
    with pytest.raises(warehouse.NotSupportedError, match="cannot change external table"):
        lake.sql("merge into lake.t using local on t.a = local.a remove duplicates")


def test_files_change_between_queries(lake: Lake) -> None:
    """No result, no plan and no footer of an older file is used."""
    lake.parquet("t/1.parquet", {"a": [1, 2]})
    lake.sql("create external table lake.n (a bigint) stored as parquet location '{root}/t'")
    assert lake.sql("select sum(a) from lake.n") == [(3,)]
    lake.parquet("t/2.parquet", {"a": [10]})
    assert lake.sql("select sum(a) from lake.n") == [(13,)]
    lake.parquet("t/1.parquet", {"a": [5, None, 7]})
    assert lake.sql("select sum(a), count(*) from lake.n") == [(22, 4)]
    (lake.root / "t/2.parquet").unlink()
    assert lake.sql("select sum(a), count(a) from lake.n") == [(12, 2)]


def test_hidden_files_are_not_read(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"a": [1]})
    for name in ("_SUCCESS", ".hidden", "#x", "x~", "_tmp/1.parquet", "empty.parquet"):
        lake.text(f"t/{name}", "" if name.startswith("empty") else "no parquet")
    lake.parquet("tt/1.parquet", {"a": [100]})
    lake.sql("create external table lake.n (a bigint) stored as parquet location '{root}/t'")
    assert lake.sql("select sum(a) from lake.n") == [(1,)]


def test_pseudo_columns(lake: Lake) -> None:
    path = lake.parquet("t/1.parquet", {"a": [1, 2]})
    lake.sql("create external table lake.n (a bigint) stored as parquet location '{root}/t/'")
    assert lake.sql('select *, "$size" from lake.n where a = 2') == [(2, path.stat().st_size)]
    assert lake.sql('select distinct "$path" from lake.n') == [(str(path),)]
    assert lake.sql("select n.* from lake.n order by 1") == [(1,), (2,)]
    lake.sql("set enable_spectrum_oid to false")
    with pytest.raises(warehouse.Error, match=r'column "\$spectrum_oid" does not exist'):
        lake.sql('select "$spectrum_oid" from lake.n')
    assert lake.sql('select count("$path") from lake.n') == [(2,)]
    lake.sql("set spectrum_enable_pseudo_columns to false")
    with pytest.raises(warehouse.Error, match=r'column "\$path" does not exist'):
        lake.sql('select "$path" from lake.n')


def test_rows_have_numbers(lake: Lake) -> None:
    rows = {"a": list(range(150_000)), "k": [1] * 150_000}
    lake.parquet("t/1.parquet", rows, row_group_size=70_000)
    lake.parquet("t/2.parquet", {"a": [-1, -2], "k": [2, 2]})
    lake.sql("create external table lake.n (a bigint, k int) stored as parquet location '{root}/t/'")
    assert lake.sql('select count(*), count(distinct "$spectrum_oid"), min("$spectrum_oid") > 0 from lake.n') == [
        (150_002, 150_002, True)]
    one = lake.sql('select "$spectrum_oid" from lake.n where a = 140001')
    assert lake.sql(f'select a from lake.n where "$spectrum_oid" = {one[0][0]}') == [(140_001,)]
    assert len(lake.sql('select * from lake.n limit 1')[0]) == 2


def test_the_log_of_scans(lake: Lake) -> None:
    for i in (1, 2):
        lake.parquet(f"t/{i}.parquet", {"a": [i]})
    lake.sql("create external table lake.n (a bigint) stored as parquet location '{root}/t/'")
    lake.sql("select a from lake.n where a >= 2")
    with pytest.raises(warehouse.Error, match="division by zero"):
        lake.sql("select 1 / (a - 1) from lake.n")
    first, second, failed = lake.sql("select message from svl_s3log order by query, eventtime")
    assert first[0].startswith("lake.n: 1 of 2 files read, 1 of 2 splits, 1 rows,")
    assert lake.sql("select message from svcs_s3log order by query, eventtime") == [first, second, failed]
    assert second[0].startswith("lake.n: 2 of 2 files") and failed[0].startswith("division by zero")
    retries = lake.sql("select retries, location, message, sum(successful_fetches) <= 2 from svl_s3retries "
                       "group by 1, 2, 3")
    assert retries == [(None, f"{lake.root}/t/", failed[0], True)]


def test_what_each_slice_read(lake: Lake) -> None:
    sizes = [lake.parquet(f"t/{i}.parquet", {"a": list(range(10 * i))}).stat().st_size for i in (1, 2, 3)]
    lake.sql("create external table lake.n (a bigint) stored as parquet location '{root}/t/'")
    assert lake.sql("select count(a) from lake.n where a < 9") == [(27,)]
    rows = lake.sql("select node, slice, s3_scanned_rows, s3query_returned_rows, files, splits, trim("
                    "external_table_name), is_partitioned, total_retries from svl_s3query where query = "
                    "pg_last_query_id() order by slice")
    assert len(rows) > 1 and rows[0][6:] == ("lake.n", "f", None)
    assert [sum(row[i] for row in rows) for i in (2, 3, 4, 5)] == [60, 27, 3, 3]
    summary = lake.scan()
    assert summary["files_max"] == max(row[4] for row in rows) and 0 < summary["s3_scanned_bytes"] < sum(sizes)


def test_what_was_listed(lake: Lake) -> None:
    """SVL_S3LIST and SYS_EXTERNAL_QUERY_DETAIL: files and splits that were found, and what of them was read."""
    sizes = [lake.parquet(f"p/k={k}/{i}.parquet", {"a": [k, i]}).stat().st_size for k in (1, 2) for i in (1, 2, 3)]
    lake.sql("create external table lake.p (a bigint) partitioned by (k int) stored as parquet location '{root}/p/'")
    lake.sql("msck repair table lake.p")
    assert lake.sql("select count(a) from lake.p where k = 2 and a = 3") == [(1,)]
    name = f"{lake.root}/p/"
    listed = (0, 0, "", name, "t", 3, max(sizes[3:]), sum(sizes[3:]) / 3, 3, sum(sizes[3:]) / 3, True)
    columns = ("bucket, prefix, recursive, retrieved_files, max_file_size, avg_file_size, generated_splits, "
               "avg_split_length, duration > 0")
    assert lake.sql(f"select segment, slice, {columns} from svl_s3list order by query desc limit 1") == [listed]
    assert lake.sql(f"select segment, node, {columns} from svcs_s3list order by query desc limit 1") == [listed]
    detail = ("select segment_id, trim(source_type), total_partitions, qualified_partitions, scanned_files, "
              "returned_rows, returned_bytes > 0, file_format, file_location, external_query_text, duration >= 0 "
              "from sys_external_query_detail order by query_id desc limit 1")
    assert lake.sql(detail) == [(0, "S3", 2, 1, 1, 2, True, "PARQUET", name, "", True)]


def test_manifest(lake: Lake) -> None:
    lake.parquet("x/1.parquet", {"a": [1]})
    lake.parquet("y/2.parquet", {"a": [2]})
    entries = [f'{{"url": "{lake.root}/{n}", "mandatory": {m}}}' for n, m in (
        ("x/1.parquet", "true"), ("y/2.parquet", "true"), ("y/2.parquet", "false"), ("none.parquet", "false"))]
    lake.text("m/list.manifest", '{"entries": [' + ", ".join(entries) + "]}")
    lake.sql("create external table lake.m (a bigint) stored as parquet location '{root}/m/list.manifest'")
    assert lake.sql("select sum(a), count(*) from lake.m") == [(5, 3)]
    (lake.root / "x/1.parquet").unlink()
    with pytest.raises(warehouse.Error, match=r"mandatory file .*x/1.parquet"):
        lake.sql("select sum(a) from lake.m")


def test_columns_are_found_by_name(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"B": ["x"], "a": [1], "more": [2.5]})
    lake.parquet("t/2.parquet", {"a": [2]})
    lake.sql("create external table lake.n (a bigint, b varchar(5), c int) stored as parquet location '{root}/t/'")
    assert lake.sql("select a, b, c from lake.n order by a") == [(1, "x", None), (2, None, None)]
    assert lake.sql("select count(*) from lake.n where b is null and c is null") == [(1,)]


def test_text_is_cut_to_its_column(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"s": ["abcdef", "äöü", None, "ab"]})
    lake.sql("create external table lake.n (s varchar(3)) stored as parquet location '{root}/t/'")
    assert lake.sql("select s from lake.n order by 1 nulls last") == [("ab",), ("abc",), ("ä",), (None,)]


def test_wrong_files(lake: Lake) -> None:
    lake.text("bad/x.parquet", "this is no parquet file")
    lake.parquet("odd/x.parquet", {"a": ["text"]})
    lake.sql("create external table lake.bad (a bigint) stored as parquet location '{root}/bad/'")
    lake.sql("create external table lake.odd (a bigint) stored as parquet location '{root}/odd/'")
    lake.sql("create external table lake.none (a bigint) stored as parquet location '{root}/none/'")
    with pytest.raises(warehouse.Error, match=r"x.parquet. is not a readable Parquet file"):
        lake.sql("select * from lake.bad")
    with pytest.raises(warehouse.Error, match=r'incompatible Parquet schema for column "a".*bigint.*string'):
        lake.sql("select * from lake.odd")
    assert lake.sql("select count(*), sum(a) from lake.none") == [(0, None)]


def test_a_wide_value_is_refused(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"a": [1, 1 << 40]})
    lake.sql("create external table lake.n (a int) stored as parquet location '{root}/t/'")
    with pytest.raises(warehouse.DataError, match='out of range for column "a"'):
        lake.sql("select sum(a) from lake.n")


def test_statistics_that_lie_are_found(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.storage.lake.formats import Bounds
    from warehouse.storage.lake.formats.parquet import ParquetReader

    lake.parquet("t/1.parquet", {"a": [1, 200, None]})
    lake.sql("create external table lake.n (a bigint) stored as parquet location '{root}/t/'")
    for bounds in (Bounds(1, 100, 1), Bounds(1, 200, 0)):
        monkeypatch.setattr(ParquetReader, "bounds", lambda self, part, column, b=bounds: b)
        with pytest.raises(warehouse.Error, match="outside of what its statistics say"):
            lake.sql("select sum(a) from lake.n")


def test_trailing_blanks_and_control_characters_are_not_pruned_away(lake: Lake) -> None:
    """SQL compares without trailing blanks; files order by bytes, in which a tab is less than a blank."""
    lake.parquet("t/1.parquet", {"s": ["a\tb", "a ", "b  "]})
    lake.sql("create external table lake.n (s varchar(9)) stored as parquet location '{root}/t/'")
    assert lake.sql("select count(*) from lake.n where s = 'a'") == [(1,)]
    assert lake.sql("select count(*) from lake.n where s = 'b'") == [(1,)]
    assert lake.sql("select count(*) from lake.n where s > 'c'") == [(0,)]
    assert lake.scan()["splits"] == 0


def test_explain(lake: Lake) -> None:
    lake.parquet("t/1.parquet", _typed(10))
    lake.sql(TYPED)
    plan = "\n".join(lake.plan("explain select s, count(*) from lake.t where a > 3 group by s"))
    assert "XN S3 Query Scan t" in plan
    assert f'S3 Seq Scan lake.t location:"{lake.root}/t/" format:PARQUET' in plan
    assert "Filter: (a > 3)" in plan
    assert "S3 HashAggregate" in plan
    assert "S3 HashAggregate" not in "\n".join(lake.plan("explain select distinct s from lake.t"))
    done = "\n".join(lake.plan("explain analyze select count(*) from lake.t where a > 3"))
    assert "files read=1 skipped=0" in done


def test_files_on_s3(lake: Lake, s3: Any) -> None:
    """Over a real server: ranges of objects are read, partitions found and pruned."""
    from warehouse.storage.objects.registry import Objects

    bucket, objects = s3.bucket("lake-scan"), Objects(s3.options)
    for k in (1, 2):
        path = lake.parquet(f"{k}.parquet", _typed(200 * k), row_group_size=100)
        with objects.create(f"{bucket}t/k={k}/x.parquet") as writer:
            writer.write(path.read_bytes())
    lake.connection.session.stores = s3.options
    lake.sql(TYPED.replace(") stored", ") partitioned by (k int) stored").replace("{root}/", bucket))
    lake.sql("msck repair table lake.t")
    assert lake.sql("select k, count(*), sum(p) from lake.t group by 1 order by 1") == [
        (1, 200, Decimal("199.00")), (2, 400, Decimal("798.00"))]
    assert lake.sql('select "$path", count(s) from lake.t where k = 2 and a > 350 group by 1') == [
        (f"{bucket}t/k=2/x.parquet", 42)]
    assert (lake.scan()["files"], lake.scan()["splits"]) == (1, 1)
    lake.sql("create external table lake.gone (a int) stored as parquet location 's3://no-such-bucket-here/t/'")
    with pytest.raises(warehouse.Error, match="no-such-bucket-here"):
        lake.sql("select * from lake.gone")


def test_keys_of_a_join_skip_row_groups(lake: Lake) -> None:
    lake.parquet("t/1.parquet", _typed(1000), row_group_size=100)
    lake.sql(TYPED)
    lake.sql("create table few (id int)")
    lake.sql("insert into few values (205), (250), (299)")
    assert lake.sql("select count(*), sum(a) from lake.t, few where a = id") == [(3, 754)]
    assert lake.scan()["splits"] == 1


def test_explain_tells_of_partitions(lake: Lake) -> None:
    lake.sql("create external table lake.p (a bigint) partitioned by (k int) stored as parquet location 's3://b/p/' "
             "table properties ('numRows'='12')")
    plan = lake.plan("explain select sum(a) from lake.p where k = 2 and a > 3")
    shown = [line.split("  (cost")[0].strip().removeprefix("->  ") for line in plan]
    at = shown.index("XN Partition Loop")
    assert shown[at:] == [
        "XN Partition Loop", "XN Seq Scan PartitionInfo of lake.p", "Filter: (k = 2)", "XN S3 Query Scan p",
        "S3 Aggregate", 'S3 Seq Scan lake.p location:"s3://b/p/" format:PARQUET', "Filter: (a > 3)"]


def test_decimals_of_eight_bytes(lake: Lake) -> None:
    """DuckDB and parquet-rs write them as integers, pyarrow and Hive as bytes; with NULLs, other scales, zero rows."""
    values = [Decimal("1.25"), None, Decimal("-3.50"), Decimal("99999999999.99")]
    for n, scale in enumerate((2, 3)):
        table = pa.table({"d": pa.array(values, pa.decimal128(15, scale)), "k": list(range(n * 4, n * 4 + 4))})
        lake.parquet(f"t/int{n}.parquet", table, store_decimal_as_integer=True)
        lake.parquet(f"t/bytes{n}.parquet", table)
    lake.parquet("t/none.parquet", table.slice(0, 0), store_decimal_as_integer=True)
    lake.sql("create external table lake.n (d decimal(15,2), k bigint) stored as parquet location '{root}/t/'")
    lake.sql("create external table lake.w (d decimal(20,4), k bigint) stored as parquet location '{root}/t/'")
    for name, digits in (("n", 2), ("w", 4)):
        rows = lake.sql(f"select d from lake.{name} where k < 4 and d < 2 order by d")
        assert rows == [(Decimal("-3.50"),)] * 2 + [(Decimal("1.25"),)] * 2
        assert rows[0][0].as_tuple().exponent == -digits
        total = 4 * Decimal("99999999997.74")
        assert lake.sql(f"select sum(d), count(d), count(*) from lake.{name}") == [(total, 12, 16)]


def test_rows_are_counted_without_reading_columns(lake: Lake) -> None:
    lake.parquet("t/1.parquet", {"a": [1, 70_000], "s": ["x", "y"]})
    lake.sql("create external table lake.n (a smallint, s varchar(5)) stored as parquet location '{root}/t/'")
    for settings in ("true", "false"):
        lake.sql(f"set spectrum_enable_pseudo_columns to {settings}")
        assert lake.sql("select count(*) from lake.n where s = 'x' or s = 'y'") == [(2,)]
    lake.sql("set spectrum_enable_pseudo_columns to true")
    assert lake.sql("select count(*) from lake.n") == [(2,)]  # a, which does not fit, is not looked at
    assert (lake.scan()["s3_scanned_rows"], lake.scan()["s3_scanned_bytes"]) == (2, 0)
    assert lake.sql("select 1 from lake.n x, lake.n y") == [(1,)] * 4
    lake.text("c/1.csv", "1,a\n2,b\n3,c\n")
    lake.sql("create external table lake.c (a int, s varchar(5)) row format delimited fields terminated by ',' "
             "stored as textfile location '{root}/c/'")
    assert lake.sql("select count(*) from lake.c") == [(3,)]


@pytest.mark.parametrize("change", ["changed", "vanished"])
def test_a_file_that_changes_while_it_is_read(lake: Lake, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    path = lake.path("t/1.txt")
    path.write_text("1\n2\n")
    lake.sql("create external table lake.n (a bigint) stored as textfile location '{root}/t/'")
    read = TextReader.rows

    def rows(self: TextReader, *rest: Any) -> Any:
        path.write_text("1\n2\n3\n") if change == "changed" else path.unlink()
        return read(self, *rest)

    monkeypatch.setattr(TextReader, "rows", rows)
    with pytest.raises(warehouse.OperationalError, match=rf"1\.txt.*{change} while it was read"):
        lake.sql("select sum(a) from lake.n")
