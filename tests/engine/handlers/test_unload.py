"""UNLOAD: the effect of each clause, what is refused, and that a failure leaves nothing."""
from __future__ import annotations

import bz2
import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from warehouse import errors
from warehouse.storage.objects.registry import Objects
from warehouse.storage.writers.output import Output


@pytest.fixture
def t(db: Any) -> Any:
    db.execute("create table t (a int, b varchar(20), p date) diststyle key distkey(a)")
    db.execute("insert into t values (1, 'x', '2024-01-01'), (2, null, null), (3, 'y|\"z', '2024-01-02'), "
               "(4, 'it''s', '2024-01-01')")  # fmt: skip
    return db


def files(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_bytes().decode() for p in sorted(folder.rglob("*")) if p.is_file()}


def lines(folder: Path) -> list[str]:
    """Of all files together."""
    return sorted(line for text in files(folder).values() for line in text.splitlines())


def unload(db: Any, folder: Path, clauses: str = "", query: str = "select a, b from t order by a") -> Any:
    quoted = query.replace("'", "''")
    return db.execute(f"unload ('{quoted}') to '{folder}/' {clauses}")


def test_each_slice_writes_its_rows(t: Any, tmp_path: Path) -> None:
    done = unload(t, tmp_path)
    assert sorted(files(tmp_path)) == ["0000_part_00", "0001_part_00"]
    assert all(files(tmp_path).values())
    assert lines(tmp_path) == ["1|x", "2|", '3|y|"z', "4|it's"]
    assert done.rowcount == 4 and done.description is None
    assert str(t.notices[-1]) == "INFO:  UNLOAD completed, 4 record(s) unloaded successfully."


def test_the_rows_do_not_pass_through_the_leader(t: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    write = Output.write
    monkeypatch.setattr(Output, "write", lambda self, slice, batch: (seen.add(slice), write(self, slice, batch)))
    monkeypatch.setattr("warehouse.engine.streaming.stream", None)
    unload(t, tmp_path)
    assert seen == {0, 1}


def test_serial_files_are_in_the_order_of_the_query(t: Any, tmp_path: Path) -> None:
    for i, clause in enumerate(("parallel off", "parallel false")):
        unload(t, tmp_path / str(i), clause, "select a from t order by a desc")
        assert files(tmp_path / str(i)) == {"000": "4\n3\n2\n1\n"}
    for clause in ("parallel", "parallel on", "parallel true"):
        unload(t, tmp_path / clause, clause)
        assert len(files(tmp_path / clause)) == 2


def test_parallel_files_are_sorted_each(db: Any, tmp_path: Path) -> None:
    db.execute("create table n (a int) distkey(a)")
    db.execute("insert into n values " + ",".join(f"({i * 7919 % 1009})" for i in range(500)))
    unload(db, tmp_path, query="select a from n order by a desc")
    for text in files(tmp_path).values():
        found = [int(line) for line in text.split()]
        assert len(found) > 100 and found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ("", ["1|x", "2|", '3|y|"z', "4|it's"]),
        ("delimiter ','", ["1,x", "2,", '3,y|"z', "4,it's"]),
        (r"delimiter as '\t'", ["1\tx", "2\t", '3\ty|"z', "4\tit's"]),
        (r"delimiter '\001'", ["1\x01x", "2\x01", '3\x01y|"z', "4\x01it's"]),
        ("csv", ["1,x", "2,", '3,"y|""z"', "4,it's"]),
        ("format as csv delimiter as '|'", ["1|x", "2|", '3|"y|""z"', "4|it's"]),
        ("format csv null as 'none'", ["1,x", "2,none", '3,"y|""z"', "4,it's"]),
        ("addquotes", ['"1"|"x"', '"2"|', '"3"|"y|"z"', '"4"|"it\'s"']),
        ("escape", ["1|x", "2|", '3|y\\|"z', "4|it's"]),
        ("addquotes escape", ['"1"|"x"', '"2"|', '"3"|"y\\|\\"z"', '"4"|"it\\\'s"']),
        (r"null as '\N' escape", ["1|x", r"2|\N", '3|y\\|"z', "4|it's"]),
        ("fixedwidth 'a:3,b:5'", ["1  x    ", "2       ", '3  y|"z ', "4  it's "]),
        ("fixedwidth as '0:2,1:4' null as 'n/a'", ["1 x   ", "2 n/a ", '3 y|"z', "4 it's"]),
        ("json", ['{"a":1,"b":"x"}', '{"a":2,"b":null}', '{"a":3,"b":"y|\\"z"}', '{"a":4,"b":"it\'s"}']),
        ("format as json", ['{"a":1,"b":"x"}', '{"a":2,"b":null}', '{"a":3,"b":"y|\\"z"}', '{"a":4,"b":"it\'s"}']),
    ],
)
def test_formats_of_text(t: Any, tmp_path: Path, clauses: str, expected: list[str]) -> None:
    unload(t, tmp_path, clauses)
    assert lines(tmp_path) == expected


def test_a_header_in_each_file_is_written_as_the_rows_are(t: Any, tmp_path: Path) -> None:
    unload(t, tmp_path / "a", "header addquotes", 'select a, b as "b|c" from t')
    assert [text.splitlines()[0] for text in files(tmp_path / "a").values()] == ['"a"|"b|c"'] * 2
    unload(t, tmp_path / "b", "header csv delimiter '|' parallel off", 'select a, b as "b|c" from t where a = 1')
    assert files(tmp_path / "b") == {"000": 'a|"b|c"\n1|x\n'}


def test_parquet_of_text_from_dictionaries(db: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slices hand codes over; NULL, empty text and text of more than one dictionary among them."""
    db.execute("create table w (a int, v varchar(10) encode bytedict, c char(3) encode bytedict) diststyle even")
    words = ["x", "", None, "é|", "longer"]
    rows = [(i, words[i % 5], None if i % 3 else f"{i % 7}") for i in range(3000)]
    db.write_arrow("w", pa.table(dict(zip("avc", map(list, zip(*rows))))))
    db.write_arrow("w", pa.table({"a": [3000], "v": ["new"], "c": ["z"]}))
    seen, write = [], Output.write
    monkeypatch.setattr(Output, "write", lambda self, s, batch: (seen.append(batch.schema), write(self, s, batch)))
    db.execute(f"unload ('select a, v, c from w') to '{tmp_path}/' format parquet")
    assert all(pa.types.is_dictionary(schema.field("v").type) for schema in seen) and seen
    found = pa.concat_tables([pq.read_table(path) for path in tmp_path.iterdir()])
    assert sorted(map(str, zip(*found.to_pydict().values()))) == sorted(map(str, [*rows, (3000, "new", "z")]))


def test_parquet(t: Any, tmp_path: Path) -> None:
    unload(t, tmp_path, "format parquet rowgroupsize 64 mb maxfilesize 100 mb", "select a, p from t order by a")
    found = sorted(files_of_parquet(tmp_path), key=str)
    assert [str(row) for row in found] == [
        "(1, datetime.date(2024, 1, 1))", "(2, None)", "(3, datetime.date(2024, 1, 2))",
        "(4, datetime.date(2024, 1, 1))",
    ]  # fmt: skip
    some = next(tmp_path.iterdir())
    assert some.name.endswith("_part_00.parquet") and pq.read_metadata(some).format_version == "1.0"
    assert pq.read_metadata(some).row_group(0).column(0).compression == "SNAPPY"


def files_of_parquet(folder: Path) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for p in folder.rglob("*.parquet") for row in pq.ParquetFile(p).read().to_pylist()]


@pytest.mark.parametrize(("word", "suffix"), [("gzip", ".gz"), ("bzip2", ".bz2"), ("zstd", ".zst")])
def test_compression(t: Any, tmp_path: Path, word: str, suffix: str) -> None:
    unload(t, tmp_path, f"{word} parallel off", "select a from t order by a")
    packed = (tmp_path / f"000{suffix}").read_bytes()
    unpack = {"gzip": gzip.decompress, "bzip2": bz2.decompress, "zstd": zstandard.ZstdDecompressor().decompress}[word]
    assert unpack(packed) == b"1\n2\n3\n4\n"


def test_extension_is_all_of_the_name_s_end(t: Any, tmp_path: Path) -> None:
    unload(t, tmp_path, "extension 'txt.gz' gzip parallel off")
    unload(t, tmp_path / "p", "extension 'pq' parquet")
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["000.txt.gz"]
    assert sorted(p.name for p in (tmp_path / "p").iterdir()) == ["0000_part_00.pq", "0001_part_00.pq"]


def test_partitions(t: Any, tmp_path: Path) -> None:
    # The target becomes a folder; each file holds its partition's rows, in the query's order.
    t.execute(f"unload ('select a, p from t order by a desc') to '{tmp_path}/x' partition by (p) parallel off")
    assert files(tmp_path / "x") == {
        "p=2024-01-01/000": "4\n1\n", "p=2024-01-02/000": "3\n", "p=__HIVE_DEFAULT_PARTITION__/000": "2\n",
    }  # fmt: skip
    unload(t, tmp_path / "y", "csv partition by (p) include", "select a, p from t where a = 3")
    assert list(files(tmp_path / "y").values()) == ["3,2024-01-02\n"]
    unload(t, tmp_path / "z", "parquet partition by (p, b)", "select * from t")
    assert sorted(files_of_parquet(tmp_path / "z")) == [(1,), (2,), (3,), (4,)]
    # The order below a computed column is kept inside each partition.
    unload(t, tmp_path / "w", "partition by (odd) parallel off", "select a, a % 2 as odd from t order by -a")
    assert files(tmp_path / "w") == {"odd=0/000": "4\n2\n", "odd=1/000": "3\n1\n"}


def test_manifest(t: Any, tmp_path: Path) -> None:
    t.execute(f"unload ('select a from t') to '{tmp_path}/m_' manifest")
    found = json.loads((tmp_path / "m_manifest").read_text())
    assert found == {"entries": [{"url": f"{tmp_path}/m_{i:04d}_part_00"} for i in range(2)]}


def test_verbose_manifest(t: Any, tmp_path: Path) -> None:
    unload(t, tmp_path, "manifest verbose header parallel off", "select a, b, a * 1.50 as c from t where a < 3")
    found = json.loads((tmp_path / "manifest").read_text())
    size = (tmp_path / "000").stat().st_size
    assert found["entries"] == [{"url": f"{tmp_path}/000", "meta": {"content_length": size, "record_count": 3}}]
    assert found["meta"] == {"content_length": size, "record_count": 3}
    assert found["schema"]["elements"][:2] == [
        {"name": "a", "type": {"base": "integer"}},
        {"name": "b", "type": {"base": "character varying", "max_length": 20}},
    ]
    assert found["schema"]["elements"][2]["type"].keys() == {"base", "precision", "scale"}
    assert found["author"]["name"] == "Amazon Redshift"


def test_large_files_are_cut(db: Any, tmp_path: Path) -> None:
    db.write_arrow("w", pa.table({"a": list(range(5500)), "b": ["x"] * 5500}))
    unload(db, tmp_path, "maxfilesize as 5 mb", "select a, lpad(b, 1000, 'w') from w where a % 500 < 500")
    sizes = [p.stat().st_size for p in tmp_path.iterdir()]
    assert max(sizes) <= 5 << 20 and len(lines(tmp_path)) == 5500
    unload(db, tmp_path / "s", "maxfilesize 5 mb parallel off", "select a, lpad(b, 1000, 'w') from w")
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == ["000", "001"]


def test_a_target_that_is_not_empty(t: Any, tmp_path: Path) -> None:
    unload(t, tmp_path, "parallel off", "select 1")
    with pytest.raises(errors.OperationalError, match="Specified unload destination on S3 is not empty") as failed:
        unload(t, tmp_path, "parallel off", "select 2")
    assert failed.value.sqlstate == "58P01" and files(tmp_path) == {"000": "1\n"}
    unload(t, tmp_path, "parallel off allowoverwrite manifest", "select 2")
    unload(t, tmp_path, "parallel off allowoverwrite manifest", "select 3")
    assert files(tmp_path)["000"] == "3\n" and len(files(tmp_path)) == 2
    unload(t, tmp_path, "parallel off cleanpath csv extension 'csv'", "select 4")
    assert files(tmp_path) == {"000.csv": "4\n"}


def test_partitions_that_get_no_files_are_not_cleaned(t: Any, tmp_path: Path) -> None:
    unload(t, tmp_path, "partition by (p) parallel off", "select a, p from t")
    before = files(tmp_path)
    unload(t, tmp_path, "partition by (p) parallel off cleanpath extension 'x'", "select a, p from t where a = 3")
    after = files(tmp_path)
    assert after.pop("p=2024-01-02/000.x") == "3\n"
    assert before.pop("p=2024-01-02/000") and after == before


@pytest.mark.parametrize("parallel", ["on", "off"])
def test_an_error_leaves_nothing(t: Any, tmp_path: Path, parallel: str) -> None:
    with pytest.raises(errors.DivisionByZero) as failed:
        unload(t, tmp_path, f"parallel {parallel}", "select a, 1 / (a - 4) from t")
    assert Objects().list(f"{tmp_path}/") == [] and not files(tmp_path)
    text = f"unload ('select a, 1 / (a - 4) from t') to '{tmp_path}/' parallel {parallel}"
    assert text[failed.value.position :].startswith("1 / (a - 4)")


def test_a_manifest_that_cannot_be_written_leaves_nothing(t: Any, tmp_path: Path, monkeypatch: Any) -> None:
    create = Objects.create

    def refuse(self: Any, url: str, **how: Any) -> Any:
        if url.endswith("manifest"):
            raise errors.FileError("no")
        return create(self, url, **how)

    monkeypatch.setattr(Objects, "create", refuse)
    with pytest.raises(errors.FileError):
        unload(t, tmp_path, "manifest")
    assert not files(tmp_path)


def test_cancel_leaves_nothing(t: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, begun = Output.write, threading.Event()

    def slow(self: Any, slice: int, batch: Any) -> None:
        write(self, slice, batch)
        begun.set()
        t.cancel()

    monkeypatch.setattr(Output, "write", slow)
    with pytest.raises(errors.QueryCanceled):
        unload(t, tmp_path)
    assert begun.is_set() and not files(tmp_path)


def test_positions_count_from_the_statement_s_beginning(t: Any, tmp_path: Path) -> None:
    for text in (
        f"unload ('select ''a'', nope from t') to '{tmp_path}/'",
        f"unload ('select \\'a\\', nope from t') to '{tmp_path}/'",
        f"unload ($$select 'a', nope from t$$) to '{tmp_path}/'",
    ):
        with pytest.raises(errors.UndefinedColumn) as failed:
            t.execute(text)
        assert text[failed.value.position :].startswith("nope")


@pytest.mark.parametrize(
    ("clauses", "words"),
    [
        ("csv fixedwidth 'a:1,b:1'", "CSV cannot be used with FIXEDWIDTH"),
        ("csv addquotes", "CSV cannot be used with ADDQUOTES"),
        ("csv escape", "CSV cannot be used with ESCAPE"),
        ("parquet delimiter ','", "PARQUET cannot be used with DELIMITER"),
        ("parquet fixedwidth 'a:1,b:1'", "PARQUET cannot be used with FIXEDWIDTH"),
        ("parquet addquotes", "PARQUET cannot be used with ADDQUOTES"),
        ("parquet escape", "PARQUET cannot be used with ESCAPE"),
        ("parquet null as 'x'", "PARQUET cannot be used with NULL AS"),
        ("parquet header", "PARQUET cannot be used with HEADER"),
        ("parquet gzip", "PARQUET cannot be used with GZIP"),
        ("parquet bzip2", "PARQUET cannot be used with BZIP2"),
        ("zstd parquet", "PARQUET cannot be used with ZSTD"),
        ("json delimiter ','", "JSON cannot be used with DELIMITER"),
        ("json header", "JSON cannot be used with HEADER"),
        ("json fixedwidth 'a:1,b:1'", "JSON cannot be used with FIXEDWIDTH"),
        ("json addquotes", "JSON cannot be used with ADDQUOTES"),
        ("json escape", "JSON cannot be used with ESCAPE"),
        ("json null 'x'", "JSON cannot be used with NULL AS"),
        ("fixedwidth 'a:1,b:1' delimiter ','", "FIXEDWIDTH cannot be used with DELIMITER"),
        ("header fixedwidth 'a:1,b:1'", "FIXEDWIDTH cannot be used with HEADER"),
        ("fixedwidth 'a:1,b:1' addquotes", "FIXEDWIDTH cannot be used with ADDQUOTES"),
        ("cleanpath allowoverwrite", "CLEANPATH cannot be used with ALLOWOVERWRITE"),
        ("gzip zstd", "GZIP cannot be used with ZSTD"),
        ("csv json", "two formats: CSV and JSON"),
        ("header csv header", "HEADER is given twice"),
        ("delimiter '||'", "DELIMITER must be one ASCII character"),
        ("fixedwidth 'a'", "FIXEDWIDTH needs column:width"),
        ("fixedwidth 'a:1'", "FIXEDWIDTH has 1 columns, the query has 2"),
        ("fixedwidth 'a:1,b:1'", "longer than its width of 1"),
        ("maxfilesize 4.9", "MAXFILESIZE must be between 5 MB and 6.2 GB"),
        ("maxfilesize 6.3 gb", "MAXFILESIZE must be between 5 MB and 6.2 GB"),
        ("parquet rowgroupsize 31", "ROWGROUPSIZE must be between 32 MB and 128 MB"),
        ("parquet rowgroupsize 32.5", "whole number of MB"),
        ("rowgroupsize 32", "ROWGROUPSIZE is for PARQUET only"),
        ("csv delimiter '\"'", "DELIMITER and QUOTE must differ"),
        ("encrypted", "ENCRYPTED is not supported"),
        ("kms_key_id 'x' encrypted auto", "KMS_KEY_ID is not supported"),
        ("master_symmetric_key 'x' encrypted", "MASTER_SYMMETRIC_KEY is not supported"),
        ("credentials 'master_symmetric_key=x'", "MASTER_SYMMETRIC_KEY is not supported"),
        ("iam_role default credentials 'x'", "IAM_ROLE cannot be used with CREDENTIALS"),
        ("access_key_id 'x'", "must be given together"),
        ("partition by (nope)", 'column "nope" of PARTITION BY is not in the query'),
        ("partition by (a, b)", "at least one column"),
        ("partition by ('a')", "syntax error"),
        ("verbose", "syntax error"),
        ("format avro", "syntax error"),
        ("parallel maybe", "syntax error"),
    ],
)
def test_refused_clauses(t: Any, tmp_path: Path, clauses: str, words: str) -> None:
    with pytest.raises(errors.Error, match=words) as failed:
        unload(t, tmp_path, clauses)
    assert not isinstance(failed.value, errors.InternalError)
    assert not files(tmp_path)


@pytest.mark.parametrize(
    ("query", "clauses", "words"),
    [
        ("select a from t limit 2", "", "Limit clause is not supported"),
        ("select top 2 a from t", "", "Limit clause is not supported"),
        ("select a, b as a from t", "json", "column names that differ"),
        ("select from_hex('aa') as v, 1", "parquet", "VARBYTE can be unloaded to text or CSV only, not to PARQUET"),
        ("select hll_create_sketch(1) as v", "parquet", "HLLSKETCH can be unloaded to text or CSV only"),
        ("select from_hex('aa') as v, 1", "json", "VARBYTE can be unloaded to text or CSV only, not to JSON"),
        ("select hll_create_sketch(a) as h from t", "parquet", "HLLSKETCH can be unloaded to text or CSV only"),
        ("select from_hex('aa') as v", "fixedwidth 'v:9'", "not to FIXEDWIDTH"),
        ("select from_hex('aa') as v, 1", "partition by (v)", "cannot be in PARTITION BY"),
        ("select json_parse('1') as v, 1", "partition by (v)", "cannot be in PARTITION BY"),
        ("delete from t", "", "syntax error"),
        ("select a from nowhere", "", 'relation "nowhere" does not exist'),
        ("select 1; select 2", "", "syntax error"),
    ],
)
def test_refused_queries(t: Any, tmp_path: Path, query: str, clauses: str, words: str) -> None:
    with pytest.raises(errors.Error, match=words) as failed:
        unload(t, tmp_path, clauses, query)
    assert not isinstance(failed.value, errors.InternalError) and not files(tmp_path)


def test_a_limit_inside_the_query_is_none_of_the_outer_one(t: Any, tmp_path: Path) -> None:
    unload(t, tmp_path, "", "select a from t where a in (select a from t order by a desc limit 2)")
    assert lines(tmp_path) == ["3", "4"]


def test_the_session_s_last_unload(t: Any, tmp_path: Path) -> None:
    last = "select pg_last_unload_id(), pg_last_unload_count()"
    assert t.execute(last).fetchall() == [(-1, 0)]
    unload(t, tmp_path / "a")
    (first, rows), = t.execute(last).fetchall()
    assert rows == 4 and t.execute("select query from stl_unload_log limit 1").fetchall() == [(first,)]
    with pytest.raises(errors.Error):
        unload(t, tmp_path / "b", "", "select nope from t")
    assert t.execute(last).fetchall() == [(first, 4)]
    with pytest.raises(errors.DivisionByZero):
        unload(t, tmp_path / "c", "", "select 1 / (a - 4) from t")
    (second, rows), = t.execute(last).fetchall()
    assert second > first and rows == 0


def test_system_tables(t: Any, tmp_path: Path) -> None:
    unload(t, tmp_path, "header csv gzip parallel off")
    with pytest.raises(errors.DivisionByZero):
        unload(t, tmp_path / "c", "", "select 1 / (a - 4) from t")
    path, size = f"{tmp_path}/000.gz", (tmp_path / "000.gz").stat().st_size
    found = t.execute("select slice, path, line_count, transfer_size, file_format from stl_unload_log").fetchall()
    assert [tuple(map(str, row)) for row in found] == [("0", path, "5", str(size), "CSV")]
    assert t.execute("select rtrim(file_name), line_count from sys_unload_detail").fetchall() == [(path, 5)]
    assert t.execute("select rtrim(path) from svcs_unload_log").fetchall() == [(path,)]
    assert t.execute(
        "select status, file_format, compression_type, unloaded_location, unloaded_rows, unloaded_files_count, "
        "unloaded_files_size, error_message, duration >= 0 from sys_unload_history order by query_id"
    ).fetchall() == [
        ("completed", "CSV", "gzip", f"{tmp_path}/", 4, 1, size, "", True),
        ("aborted", "Text", "", f"{tmp_path}/c/", 0, 0, 0, "division by zero", True),
    ]


def test_to_s3_with_keys_and_without(t: Any, s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    top = s3.bucket("unload-to")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.endpoint)
    clauses = f"{s3.clauses} region 'us-east-1' parallel off manifest"
    t.execute(f"unload ('select a from t order by a') to '{top}x_' {clauses}")
    objects = Objects(s3.options)
    assert [f.url for f in objects.list(top)] == [f"{top}x_000", f"{top}x_manifest"]
    assert objects.read(f"{top}x_000") == b"1\n2\n3\n4\n"
    with pytest.raises(errors.OperationalError, match="not empty"):
        t.execute(f"unload ('select 1') to '{top}x' {s3.clauses}")
    with pytest.raises(errors.FileMissing, match="bucket does not exist"):
        t.execute(f"unload ('select 1') to 's3://no-such-bucket-here/x' {s3.clauses}")


def test_s3_root_makes_folders_of_buckets(tmp_path: Path) -> None:
    import warehouse

    (tmp_path / "lake").mkdir()
    with warehouse.connect(":memory:", autocommit=True, s3_root=tmp_path) as db:
        db.execute("unload ('select 1 as a') to 's3://lake/x/' iam_role default parallel off manifest")
    assert files(tmp_path)["lake/x/000"] == "1\n"
    assert "s3://lake/x/000" in files(tmp_path)["lake/x/manifest"]
