"""External tables over files of every format: values, NULLs, names, compressions, and files that are broken."""
from __future__ import annotations

import bz2
import datetime
import gzip
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import warehouse
from lake_tables import Lake

COLUMNS = "i int, t varchar(20), d decimal(8,2), f double precision, b boolean, day date, at timestamp"
ROW = (7, "x", Decimal("1.50"), 2.5, True, datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5, 600000))


def table(lake: Lake, format: str, columns: str = COLUMNS, tail: str = "") -> None:
    lake.sql(f"create external table lake.t ({columns}) {format} location '{{root}}/t/' {tail}")


def test_delimited_text(lake: Lake) -> None:
    lake.text("t/1.txt", "7|x|1.5|2.5|true|2020-01-02|2020-01-02 03:04:05.6\n"
                         "\\N|\\N|\\N|\\N|\\N|\\N|\\N\n||||||\n")
    table(lake, "row format delimited fields terminated by '|' stored as textfile")
    assert lake.sql("select * from lake.t order by i nulls last, t nulls last") == [
        ROW, (None, "", *[None] * 5), (None,) * 7]


def test_what_is_no_value_is_null(lake: Lake) -> None:
    lake.text("t/1.txt", "0x1A|ok|12345678.1|1e3|maybe|2020-02-30|soon\n99999999999|long|1.005|nan|T|01-02-2020|"
                         "2020-01-02T03:04:05Z\n 5 |a|x|y|0|may-01-2017|2020-01-02 03:04:05.123456\n")
    table(lake, "row format delimited fields terminated by '|' stored as textfile")
    rows = lake.sql("select i, t, d, f::varchar, b, day, at from lake.t order by t")
    assert rows == [
        (5, "a", None, None, False, datetime.date(2017, 5, 1), datetime.datetime(2020, 1, 2, 3, 4, 5, 123456)),
        (None, "long", Decimal("1.01"), "NaN", True, datetime.date(2020, 1, 2), datetime.datetime(2020, 1, 2, 3, 4, 5)),
        (None, "ok", None, "1000", None, None, None)]


def test_lines_of_other_lengths(lake: Lake) -> None:
    """Fewer fields than columns: NULL. More: cut. The table's properties may say otherwise."""
    lake.text("t/1.txt", "1,a,b\n2,c\n3\n4,d,e,f\n")
    table(lake, "row format delimited fields terminated by ',' stored as textfile", "i int, t varchar(5), u varchar(5)")
    assert lake.sql("select * from lake.t order by i") == [
        (1, "a", "b"), (2, "c", None), (3, None, None), (4, "d", "e")]
    handling = ("alter table lake.t set table properties ('data_cleansing_enabled'='true', "
                "'column_count_mismatch_handling'='{}')")
    lake.sql(handling.format("DROP_ROW"))
    assert lake.sql("select i from lake.t") == [(1,)]
    lake.sql(handling.format("FAIL"))
    with pytest.raises(warehouse.Error, match="a row of 2 columns, the table has 3"):
        lake.sql("select * from lake.t")


def test_headers_escapes_and_null_texts(lake: Lake) -> None:
    lake.text("t/1.txt", "head,er\nmore\n1,a\\,b\n2,none\n")
    table(lake, "row format delimited fields terminated by ',' escaped by '\\\\' stored as textfile",
          "i int, t varchar(9)", "table properties ('skip.header.line.count'='2', 'serialization.null.format'='none')")
    assert lake.sql("select * from lake.t order by i") == [(1, "a,b"), (2, None)]


def test_default_delimiter(lake: Lake) -> None:
    lake.text("t/1.txt", "1\x01a\r\n2\x01b")
    table(lake, "stored as textfile", "i int, t varchar(9)")
    assert lake.sql("select * from lake.t order by i") == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(("name", "pack"), [
    ("1.gz", gzip.compress), ("1.bz2", bz2.compress), ("1.zst", lambda b: pa.compress(b, "zstd", asbytes=True)),
    ("1.snappy", lambda b: _hadoop_snappy(b)),
])
def test_compressions(lake: Lake, name: str, pack: Any) -> None:
    data = b"".join(b"%d|text %d\n" % (i, i) for i in range(3000))
    lake.path(f"t/{name}").write_bytes(pack(data))
    table(lake, "row format delimited fields terminated by '|' stored as textfile", "i int, t varchar(20)")
    assert lake.sql("select count(*), sum(i), max(t) from lake.t") == [(3000, 4498500, "text 999")]
    lake.path(f"t/{name}").write_bytes(pack(data)[:-20])
    with pytest.raises(warehouse.Error, match=f"{name}. cannot be read"):
        lake.sql("select count(t) from lake.t")


def _hadoop_snappy(data: bytes) -> bytes:
    made = b""
    for start in range(0, len(data), 10_000):
        block = data[start : start + 10_000]
        pieces = [pa.compress(part, "snappy", asbytes=True) for part in (block[:6000], block[6000:]) if part]
        made += len(block).to_bytes(4, "big") + b"".join(len(p).to_bytes(4, "big") + p for p in pieces)
    return made


def test_a_large_file_is_read_in_parts(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.storage.lake.formats import lines

    monkeypatch.setattr(lines, "PART_BYTES", 1000)
    monkeypatch.setattr(lines, "CHUNK_BYTES", 300)
    lake.text("t/1.txt", "".join(f"{i}|{'x' * (i % 50)}\n" for i in range(1000)))
    table(lake, "row format delimited fields terminated by '|' stored as textfile", "i int, t varchar(60)")
    assert lake.sql("select count(*), sum(i), sum(len(t)) from lake.t") == [(1000, 499500, 24500)]
    assert lake.scan()["splits"] > 20


def test_open_csv(lake: Lake) -> None:
    lake.text("t/1.csv", '"1","a ""quoted"", text","18276"\n2,plain,2020-01-15\n"3","x\\"y",\n')
    table(lake, "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' stored as textfile",
          "i int, t varchar(30), day date")
    assert lake.sql("select * from lake.t order by i") == [
        (1, 'a "quoted", text', datetime.date(2020, 1, 15)), (2, "plain", datetime.date(2020, 1, 15)), (3, 'x"y', None)]
    lake.sql("drop table lake.t")
    lake.text("t/1.csv", "1;'two\nlines'\n2;x\n")
    table(lake, "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' with serdeproperties "
                "('separatorChar'=';', 'quoteChar'='\\'', 'wholeFile'='true') stored as textfile",
          "i int, t varchar(30)")
    assert lake.sql("select * from lake.t order by i") == [(1, "two\nlines"), (2, "x")]
    lake.text("t/1.csv", "".join(f"{i};'two\nlines {i}'\n" for i in range(500)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("warehouse.storage.lake.formats.lines.CHUNK_BYTES", 1000)
        assert lake.sql("select count(*), sum(i), count(t) from lake.t") == [(500, 124750, 500)]


def test_a_quoted_line_end_ends_the_line(lake: Lake) -> None:
    lake.text("t/1.csv", '1,"a\nb"\n2,"c"\n')
    table(lake, "row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' stored as textfile",
          "i int, t varchar(9)")
    assert lake.sql("select i, t from lake.t order by i nulls last") == [(1, "a"), (2, "c"), (None, None)]


JSON = "row format serde 'org.openx.data.jsonserde.JsonSerDe' {} stored as textfile"


def test_json(lake: Lake) -> None:
    lake.text("t/1.json", '{"I": 7, "t": "x", "d": 1.5, "f": 2.5, "b": true, "day": "2020-01-02", '
                          '"at": "2020-01-02T03:04:05.6Z", "more": [1]}\n\n{"i": null, "t": {"a": 1}, "d": "3.25"}\n')
    table(lake, JSON.format(""))
    assert lake.sql("select * from lake.t order by i nulls last") == [
        ROW, (None, '{"a":1}', Decimal("3.25"), None, None, None, None)]


def test_json_properties(lake: Lake) -> None:
    lake.text("t/1.json", '{"a.b": 1, "ts": "x"}\nno json\n{"a.b": 2}\n')
    table(lake, JSON.format("with serdeproperties ('dots.in.keys'='true', 'mapping.other'='ts')"),
          "a_b int, other varchar(5)")
    with pytest.raises(warehouse.Error, match="row 2 of a part of it is not a valid JSON object"):
        lake.sql("select * from lake.t")
    lake.sql("drop table lake.t")
    table(lake, JSON.format("with serdeproperties ('dots.in.keys'='true', 'ignore.malformed.json'='TRUE')"), "a_b int")
    assert lake.sql("select * from lake.t order by 1") == [(1,), (2,)]
    lake.sql("drop table lake.t")
    lake.text("t/1.json", '[{"a": 1},\n {"a": 2}]')
    table(lake, JSON.format("with serdeproperties ('strip.outer.array'='true')"), "a int")
    assert lake.sql("select sum(a), count(*) from lake.t") == [(3, 2)]


def test_regex(lake: Lake) -> None:
    lake.text("t/1.log", "GET /a 200\nnothing\nPOST /b x\n")
    table(lake, "row format serde 'org.apache.hadoop.hive.serde2.RegexSerDe' with serdeproperties "
                "('input.regex'='(\\\\w+) (\\\\S+) (\\\\w+)') stored as textfile",
          "m varchar(5), p varchar(9), s int, e int")
    assert lake.sql("select * from lake.t order by p nulls last") == [
        ("GET", "/a", 200, None), ("POST", "/b", None, None), (None,) * 4]


def test_grok(lake: Lake) -> None:
    lake.text("t/1.log", "Feb  9 07:15:00 m4east postfix/smtpd[19305]: B88C4120838: connect from unknown[1.2.3.4]\n")
    table(lake, "row format serde 'com.amazonaws.glue.serde.GrokSerDe' with serdeproperties ("
                "'input.grokCustomPatterns'='POSTFIX_QUEUEID [0-9A-F]{7,12}', "
                "'input.format'='%{SYSLOGBASE} %{POSTFIX_QUEUEID:queue_id}: "
                "%{GREEDYDATA:syslog_message}') stored as inputformat 'org.apache.hadoop.mapred.TextInputFormat' "
                "outputformat 'x'", "pid int, queue_id varchar(12), syslog_message varchar(100)")
    assert lake.sql("select * from lake.t") == [(19305, "B88C4120838", "connect from unknown[1.2.3.4]")]


def test_orc(lake: Lake) -> None:
    from pyarrow import orc

    orc.write_table(pa.table({"T": ["x", None], "i": pa.array([1, 2], pa.int32())}), lake.path("t/1.orc"))
    table(lake, "stored as orc", "i int, t varchar(5), z int")
    assert lake.sql("select * from lake.t order by i") == [(1, "x", None), (2, None, None)]
    assert lake.sql("select count(*) from lake.t") == [(2,)]
    lake.sql("alter table lake.t set table properties ('orc.schema.resolution'='position')")
    with pytest.raises(warehouse.Error, match='incompatible ORC schema for column "i"'):
        lake.sql("select * from lake.t")


def test_avro(lake: Lake) -> None:
    import fastavro

    schema = {"type": "record", "name": "r", "fields": [
        {"name": "I", "type": "int"}, {"name": "t", "type": ["null", "string"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}]}
    moment = datetime.datetime(2020, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    with lake.path("t/1.avro").open("wb") as file:
        fastavro.writer(file, schema, [{"I": 1, "t": "x", "at": moment}, {"I": 2, "t": None, "at": moment}])
    table(lake, "stored as avro", "i int, t varchar(5), at timestamp")
    assert lake.sql("select i, t, at from lake.t order by i") == [
        (1, "x", moment.replace(tzinfo=None)), (2, None, moment.replace(tzinfo=None))]


def test_ion(lake: Lake) -> None:
    lake.text("t/1.ion", "{I: 1, name: {first: \"a\"}, tags: [x, \"y\"], d: 1.50}\n{i: null.int, d: 2d0}")
    table(lake, "row format serde 'com.amazon.ionhiveserde.IonHiveSerDe' with serdeproperties "
                "('ion.first.path_extractor'='(name first)') stored as ion",
          "i int, first varchar(5), tags array<varchar(5)>, d decimal(5,2)")
    assert lake.sql("select i, first, tags, d from lake.t order by i nulls last") == [
        (1, "a", '["x","y"]', Decimal("1.50")), (None, None, None, Decimal("2.00"))]


def test_decimals_of_38_digits(lake: Lake) -> None:
    """In text, as values of partitions, and in the statistics of Parquet files."""
    digits = "12345678901234567890123456784000000001"
    lake.text("t/1.csv", f"{digits}|{digits[:28]}.{digits[28:]}\n-{digits}|1e-11\n")
    lake.sql("create external table lake.t (a decimal(38,0), b decimal(38,10)) row format delimited "
             "fields terminated by '|' stored as textfile location '{root}/t/'")
    exact, less, before = Decimal(digits), Decimal(f"-{digits}"), Decimal(f"{digits[:-1]}0")
    assert lake.sql("select a from lake.t order by a") == [(less,), (exact,)]
    assert str(lake.sql("select max(b) from lake.t")[0][0]) == f"{digits[:28]}.{digits[28:]}"
    lake.parquet("p/k=7/1.parquet", {"a": pa.array([exact], pa.decimal128(38, 0))})
    lake.parquet(f"p/k={digits}/1.parquet", {"a": pa.array([before], pa.decimal128(38, 0))})
    lake.sql("create external table lake.p (a decimal(38,0)) partitioned by (k decimal(38,0)) stored as parquet "
             "location '{root}/p/'")
    lake.sql("msck repair table lake.p")
    assert lake.sql(f"select k, a from lake.p where k = {digits}") == [(exact, before)]
    assert lake.sql(f"select k from lake.p where a = {digits}") == [(7,)]
    with pytest.raises(warehouse.Error, match="a value of partition column"):
        lake.sql(f"alter table lake.p add partition (k='{digits}0') location '{{root}}/p/'")
