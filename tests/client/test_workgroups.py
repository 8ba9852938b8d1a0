"""Workgroups: the limit of what a query scans, what it costs, where its result is kept."""
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse
from warehouse import errors
from warehouse.engine import workgroups
from warehouse.engine.workgroups import DataLimit, Workgroup


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Any]:
    """A connection with an external table of two files, results in s3://results/."""
    folder = tmp_path / "s3" / "lake" / "t"
    folder.mkdir(parents=True)
    (tmp_path / "s3" / "results").mkdir()
    for i in range(2):
        pq.write_table(pa.table({"a": [i, i + 10]}), folder / f"{i}.parquet")
    with warehouse.connect(":memory:", autocommit=True, s3_root=tmp_path / "s3", threads=1) as db:
        db.crawl("s3://lake/")
        yield db


def test_made_listed_and_deleted(lake: Any) -> None:
    lake.workgroups.create("b", scan_limit=10**9)
    lake.workgroups.create("a", price=7.5)
    lake.workgroups.create("a", price=6)  # altered
    assert lake.workgroups.list() == [Workgroup("a", price=6), Workgroup("b", 10**9)]
    lake.workgroups.delete("b")
    with pytest.raises(errors.UndefinedObject, match='workgroup "b" does not exist'):
        lake.workgroups.delete("b")
    with pytest.raises(errors.ProgrammingError, match="at least 10,000,000 bytes"):
        lake.workgroups.create("c", scan_limit=5)
    with pytest.raises(errors.ProgrammingError, match="enforce needs"):
        lake.workgroups.create("c", enforce=True)
    lake.execute("set workgroup to 'gone'")
    with pytest.raises(errors.UndefinedObject, match='workgroup "gone" does not exist'):
        lake.execute("select a from lake.t")


def test_a_query_over_the_limit_is_cancelled(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.client.workgroups.LEAST_LIMIT", 1)
    lake.workgroups.create("small", scan_limit=1)
    lake.execute("set workgroup to 'small'")
    lake.execute("set enable_result_cache_for_session to off")
    with pytest.raises(errors.QueryCanceled, match=workgroups.OVER_LIMIT):
        lake.execute("select sum(a) from lake.t").fetchall()
    assert lake.execute("select 1").fetchall() == [(1,)]  # scans nothing
    lake.workgroups.create("small", scan_limit=10**7)
    assert lake.execute("select sum(a) from lake.t").fetchall() == [(22,)]
    failed, nothing, done = lake.workgroups.history("small")
    assert (failed.state, failed.error, nothing.cost) == ("CANCELLED", workgroups.OVER_LIMIT, 0)
    assert done.state == "SUCCEEDED" and done.scanned > 0 and done.text == "select sum(a) from lake.t"
    assert done.cost == pytest.approx(10 * 5 / 1e6)  # ten megabytes at least
    assert lake.workgroups.history("other") == []


def test_a_megabyte_begun_counts_as_one() -> None:
    assert Workgroup("g", price=5).cost(20_000_001) == pytest.approx(21 * 5 / 1e6)


def test_results_are_kept(lake: Any, tmp_path: Path) -> None:
    lake.workgroups.create("g", result_location="s3://results/group", enforce=True)
    lake.execute("set query_result_location to 's3://results/mine/'")
    lake.execute("select 1 as x, 'a\"b' as y, null as z").fetchall()
    lake.execute("set workgroup to 'g'")
    lake.execute("select a from lake.t order by a").fetchall()
    lake.workgroups.create("g", result_location="s3://results/group")
    lake.execute("select 2 as own").fetchall()  # no longer enforced: the session's own
    kept = {p.parent.name: p for p in sorted((tmp_path / "s3" / "results").rglob("*.csv"), reverse=True)}
    texts = sorted(p.read_text() for p in (tmp_path / "s3" / "results").rglob("*.csv"))
    assert texts == ['"a"\n"0"\n"1"\n"10"\n"11"\n', '"own"\n"2"\n', '"x","y","z"\n"1","a""b",\n']
    assert sorted(kept) == ["group", "mine"]
    assert b"bigint" in kept["group"].with_name(kept["group"].name + ".metadata").read_bytes()


def test_a_failed_query_leaves_no_result(lake: Any, tmp_path: Path) -> None:
    lake.execute("set query_result_location to 's3://results/mine/'")
    with pytest.raises(errors.DivisionByZero):
        lake.execute("select 1 / (a - 11) from lake.t").fetchall()
    assert not list((tmp_path / "s3").rglob("*.csv*"))


def fields(content: bytes) -> list[tuple[int, Any]]:
    """The fields of a protocol buffer, by a reader of our own."""
    found, at = [], 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = content[at]
            at, value, shift = at + 1, value | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                return value

    while at < len(content):
        key = number()
        if key & 7:
            size = number()
            found.append((key >> 3, content[at : at + size]))
            at += size
        else:
            found.append((key >> 3, number()))
    return found


def test_the_metadata_file_is_as_athena_s(lake: Any, tmp_path: Path) -> None:
    lake.execute("set query_result_location to 's3://results/'")
    lake.execute("select 1::int as n, 'x'::varchar(9) as t, 2.5::decimal(9,2) as d, null::super as s").fetchall()
    [path] = (tmp_path / "s3" / "results").glob("*.csv.metadata")
    (first, query), *columns = fields(path.read_bytes())
    assert first == 1 and query.endswith(f"_{int(path.name.split('.')[0]):05d}_local".encode())
    assert [fields(column) for four, column in columns if four == 4] == [
        [(1, b"hive"), (4, b"n"), (5, b"n"), (6, b"integer"), (7, 10), (9, 3)],
        [(1, b"hive"), (4, b"t"), (5, b"t"), (6, b"varchar"), (7, 2147483647), (9, 3), (10, 1)],
        [(1, b"hive"), (4, b"d"), (5, b"d"), (6, b"decimal"), (7, 9), (8, 2), (9, 3)],
        [(1, b"hive"), (4, b"s"), (5, b"s"), (6, b"varchar"), (7, 2147483647), (9, 3)],
    ]


def test_create_table_as_goes_to_the_result_location(lake: Any, tmp_path: Path) -> None:
    results = tmp_path / "s3" / "results"
    with pytest.raises(errors.InvalidDefinition, match="it holds external tables alone"):
        lake.execute("create table lake.c as select a from lake.t")
    with pytest.raises(errors.InvalidDefinition, match="needs a query result location"):
        lake.execute("create table lake.c with (format = 'PARQUET') as select a from lake.t")
    lake.execute("set query_result_location to 's3://results/mine'")
    lake.execute("create external table lake.e stored as parquet as select a from lake.t")
    lake.execute("create table lake.c with (format = 'TEXTFILE', field_delimiter = ',', partitioned_by = ARRAY['k']) "
                 "as select a, a % 2 as k from lake.t order by a limit 3")
    lake.execute("create table lake.n with (parquet_compression = 'SNAPPY') as select a from lake.t with no data")
    lake.execute("insert into lake.n select a + 1 from lake.t")
    lake.execute("create table lake.p as select a from lake.t")
    assert lake.execute("select a, k from lake.c order by a").fetchall() == [(0, 0), (1, 1), (10, 0)]
    assert lake.execute("select min(a), count(*) from lake.n").fetchall() == [(1, 4)]
    assert lake.execute("select count(*) from lake.e").fetchall() == [(4,)]
    places = dict(lake.execute("select tablename, location from svv_external_tables").fetchall())
    assert all(places[n].startswith("s3://results/mine/tables/") for n in "cenp") and len({*places.values()}) == 5
    assert {p.suffix for p in results.rglob("k=0/*")} == {".gz"}
    [codec] = {pq.ParquetFile(p).metadata.row_group(0).column(0).compression for p in results.rglob("*.parquet")
               if places["n"].rsplit("/", 2)[1] in p.parts}
    assert codec == "SNAPPY"
    *made, added, _ = sorted(results.rglob("*-manifest.csv"), key=lambda p: int(p.name.split("-")[0]))
    assert [p.parent.name for p in made] == ["tables"] * 3 and added.parent.name == "mine"
    assert all(url.startswith(places["n"]) for url in added.read_text().split())


def test_an_enforced_location_takes_no_other(lake: Any) -> None:
    lake.workgroups.create("g", result_location="s3://results/group", enforce=True)
    lake.execute("set workgroup to 'g'")
    with pytest.raises(errors.InvalidDefinition, match='workgroup "g" enforces its query result location'):
        lake.execute("create table lake.c with (external_location = 's3://b/c/') as select a from lake.t")
    lake.execute("create table lake.c with (write_compression = 'ZSTD') as select a from lake.t")
    assert lake.execute("select location like 's3://results/group/tables/%' from svv_external_tables "
                        "where tablename = 'c'").fetchall() == [(True,)]  # fmt: skip
    assert [q.scanned > 0 for q in lake.workgroups.history("g") if "c with" in q.text] == [True]


REFUSED = (
    ("bucketed_by = ARRAY['a']", "bucketed_by and bucket_count must be given together"),
    ("bucketed_by = ARRAY['a'], bucket_count = 0", "bucket_count must be between 1"),
    ("compression_level = 5", "the property compression_level of CREATE TABLE AS is not supported"),
    ("colour = 'red'", '"colour" is no property'), ("format = 'ION'", "writes PARQUET, ORC, AVRO, TEXTFILE, JSON, not"),
    ("format = 'ORC', parquet_compression = 'GZIP'", "for format PARQUET"),
    ("format = 'AVRO', write_compression = 'GZIP'", "AVRO files are not written with GZIP"),
    ("table_type = 'ICEBERG'", "makes no Iceberg tables"), ("field_delimiter = ','", "of format TEXTFILE"),
    ("write_compression = 'LZ4'", "not written with LZ4"), ("format = 'PARQUET', format = 'ORC'", "more than once"),
    ("write_compression = 'GZIP', parquet_compression = 'GZIP'", "cannot be used together"),
)  # fmt: skip


@pytest.mark.parametrize("format, name, extra", [
    ("ORC", "orc", ""), ("ORC", "orc", ", orc_compression = 'SNAPPY'"), ("AVRO", "avro", ""), ("JSON", "gz", ""),
    ("JSON", "json", ", write_compression = 'NONE'"),
])  # fmt: skip
def test_create_table_as_in_other_formats(lake: Any, tmp_path: Path, format: str, name: str, extra: str) -> None:
    lake.execute("create table local (i int, b bigint, s varchar(20), d decimal(9,2), f float8, r float4, t timestamp, "
                 "day date, ok boolean, k int)")
    lake.execute("""insert into local values (1, 10000000000, 'x"y,', -1.25, 0.1, 2.5, '2020-01-02 03:04:05.123456',
                 '1969-12-31', true, 1), (2, null, '', 0, 'NaN', -1, '1969-01-01', '9999-12-31', false, 2),
                 (null, null, null, null, null, null, null, null, null, 2)""")
    lake.execute(f"create table lake.c with (format = '{format}', external_location = 's3://results/c/'{extra}, "
                 "partitioned_by = ARRAY['k']) as select * from local")
    lake.execute("insert into lake.c select * from local where i = 1")
    columns = "i, b, s, d, f::varchar, r, t, day, ok, k"
    rows = f"select {columns} from {{}} order by k, i"
    expected = lake.execute(rows.format("local")).fetchall()
    assert lake.execute(rows.format("lake.c")).fetchall() == [expected[0], *expected]
    found = list((tmp_path / "s3" / "results" / "c").rglob("*.*"))
    assert len(found) >= 3 and {p.name.rpartition(".")[2] for p in found} == {name}
    if name == "orc":
        with pytest.raises(errors.DataError, match='timestamp of column "t" is beyond'):
            lake.execute("insert into lake.c select i, b, s, d, f, r, '3000-01-01'::timestamp, day, ok, k from local")
    if name == "json":
        assert all('"ok":true' in p.read_text() for p in found if p.parent.name == "k=1")


def test_buckets(lake: Any, tmp_path: Path) -> None:
    lake.execute("create table local (i int, s varchar(20))")
    lake.execute("insert into local select a, 'k' || a from lake.t union all select 7, null")
    lake.execute("create table lake.c with (external_location = 's3://results/c/', bucketed_by = ARRAY['s', 'i'], "
                 "bucket_count = 3) as select i, s from local")
    found = {p.name.rpartition("_")[2]: pq.read_table(p).to_pylist() for p in (tmp_path / "s3/results/c").iterdir()}

    def bucket(row: dict[str, Any]) -> int:
        code = 0
        for byte in (row["s"] or "").encode():
            code = (31 * code + byte) & 0xFFFFFFFF
        return ((31 * code + row["i"]) & 0x7FFFFFFF) % 3

    assert {int(name[7:12]) for name in found} == {bucket(row) for rows in found.values() for row in rows}
    assert all(bucket(row) == int(name[7:12]) for name, rows in found.items() for row in rows)
    assert lake.execute("select count(*), sum(i) from lake.c").fetchall() == lake.execute(
        "select count(*), sum(i) from local").fetchall()  # fmt: skip
    for key, told in (("z", "is not in the query"), ("i", "is a partition column")):
        with pytest.raises(errors.UndefinedColumn, match=f'bucketed_by: column "{key}" {told}'):
            lake.execute("create table lake.d with (external_location = 's3://results/d/', bucket_count = 2, "
                         f"partitioned_by = ARRAY['i'], bucketed_by = ARRAY['{key}']) as select s, i from local")
    with pytest.raises(errors.NotSupportedError, match="bucketed table"):
        lake.execute("insert into lake.c select * from local")


def test_properties_that_are_refused(lake: Any) -> None:
    for properties, told in REFUSED:
        with pytest.raises(errors.Error, match=told):
            lake.execute(f"create table lake.c with ({properties}) as select a from lake.t")


def test_limits_of_a_whole_workgroup(lake: Any) -> None:
    def scan() -> list[str]:
        before = len(lake.session.notices)
        lake.execute("select sum(a) from lake.t").fetchall()
        return [n.message for n in list(lake.session.notices)[before:]]

    lake.execute("set enable_result_cache_for_session to off")
    lake.workgroups.create("one")
    lake.execute("set workgroup to 'one'")
    scan()
    [once] = {q.scanned for q in lake.workgroups.history("one")}
    alert = DataLimit(once * 2, "hourly")
    lake.workgroups.create("g", limits=[alert, DataLimit(once * 3, "daily", "disable")])
    lake.execute("set workgroup to 'g'")
    assert scan() == []
    assert scan() == [f'workgroup "g" has reached its hourly limit of {once * 2} bytes scanned']
    assert lake.execute("select 1").fetchall() == [(1,)]  # scans nothing
    assert scan()[0].endswith("bytes scanned, and is disabled")
    with pytest.raises(errors.OperationalError, match='workgroup "g" is disabled'):
        lake.execute("select 1")
    assert next((r.limit, r.scanned) for r in lake.workgroups.alerts("g")) == (alert, once * 2)
    lake.workgroups.create("g", limits=[alert])  # altered: still disabled
    assert not lake.workgroups.list()[0].enabled
    lake.workgroups.enable("g")
    assert scan() == [] and lake.workgroups.alerts("one") == []


def test_limits_that_mean_nothing(lake: Any) -> None:
    for limit, told in ((DataLimit(0), "at least 1 byte"), (DataLimit(5, "weekly"), "hourly, daily"),
                        (DataLimit(5, action="stop"), "alert, disable")):  # fmt: skip
        with pytest.raises(errors.ProgrammingError, match=told):
            lake.workgroups.create("g", limits=[limit])
    with pytest.raises(errors.UndefinedObject, match="does not exist"):
        lake.workgroups.enable("nobody")


def test_limits_count_what_the_history_in_a_folder_tells(tmp_path: Path) -> None:
    (tmp_path / "lake" / "t").mkdir(parents=True)
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "lake" / "t" / "0.parquet")
    for scans in (1, 2):  # two processes, as it were
        with warehouse.connect(tmp_path / "dw", autocommit=True, threads=1) as db:
            if scans == 1:
                db.crawl(f"{tmp_path}/lake/")
                db.workgroups.create("g")
            db.execute("set workgroup to 'g'")
            db.execute("select sum(a) from lake.t").fetchall()
            [scanned] = {q.scanned for q in db.workgroups.history("g")}
            assert [r.scanned for r in db.workgroups.alerts()] == ([] if scans == 1 else [2 * scanned])
            db.workgroups.create("g", limits=[DataLimit(scanned + 1)])


def test_a_history_that_cannot_be_read_fails_no_query(lake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any, **named: Any) -> list[Any]:
        raise errors.FileError("the disk is gone")

    lake.workgroups.create("g", limits=[DataLimit(1)])
    lake.execute("set workgroup to 'g'")
    monkeypatch.setattr(lake.session.database.history, "rows", broken)
    assert lake.execute("select sum(a) from lake.t").fetchall() == [(22,)]
    assert "cannot be looked at: the disk is gone" in list(lake.session.notices)[-1].message
