"""SUPER columns from text files, Parquet and Arrow."""
from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import warehouse


@pytest.fixture
def cursor() -> Iterator[Any]:
    connection = warehouse.connect(":memory:", autocommit=True)
    yield connection.cursor()
    connection.close()


def rows(cursor: Any, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in cursor.execute(sql).fetchall()]


def test_text_files_hold_json(cursor: Any, tmp_path: Path) -> None:
    cursor.execute("create table t (id integer, s super)")
    (tmp_path / "a.txt").write_text('1|{"a": [1, 2.50]}\n2|null\n3|\n4|"x"\n5|17\n')
    cursor.execute(f"copy t from '{tmp_path}/a.txt'")
    (tmp_path / "b.csv").write_text('6,"{""k"": ""a,b""}"\n7,\n8,true\n')
    cursor.execute(f"copy t from '{tmp_path}/b.csv' csv")
    (tmp_path / "c.txt").write_text('9|["a\\|b"]\n')
    cursor.execute(f"copy t from '{tmp_path}/c.txt' escape")
    assert rows(cursor, "select id, s, json_typeof(s) from t order by id") == [
        (1, '{"a":[1,2.50]}', "object"), (2, None, "null"), (3, None, "null"), (4, '"x"', "string"),
        (5, "17", "number"), (6, '{"k":"a,b"}', "object"), (7, None, "null"), (8, "true", "boolean"),
        (9, '["a|b"]', "array"),
    ]


@pytest.mark.parametrize("text", ["1|[1,\n", "1|abc\n", '1|{"a":1,"a":2}\n'])
def test_text_that_is_no_json_is_refused_with_its_line(cursor: Any, tmp_path: Path, text: str) -> None:
    cursor.execute("create table t (id integer, s super)")
    (tmp_path / "a.txt").write_text("0|1\n" + text)
    with pytest.raises(warehouse.Error, match=r'line 2, column "s": (JSON parsing error|the attribute "a")'):
        cursor.execute(f"copy t from '{tmp_path}/a.txt'")


def test_not_null_counts_json_null(cursor: Any, tmp_path: Path) -> None:
    cursor.execute("create table t (s super not null)")
    (tmp_path / "a.txt").write_text("1\nnull\n")
    with pytest.raises(warehouse.Error, match="not-null"):
        cursor.execute(f"copy t from '{tmp_path}/a.txt'")


NESTED = pa.table({
    "id": [1, 2, 3],
    "s": pa.array([{"a": [1, None], "b": Decimal("1.50"), "c": 1.5, "d": "x"}, None, {"a": [], "b": None}],
                  pa.struct([("a", pa.list_(pa.int64())), ("b", pa.decimal128(5, 2)), ("c", pa.float64()),
                             ("d", pa.string())])),
})
WANTED = [(1, '{"a":[1,null],"b":1.50,"c":1.5e+0,"d":"x"}'), (2, None), (3, '{"a":[],"b":null,"c":null,"d":null}')]


def test_parquet_with_serializetojson(cursor: Any, tmp_path: Path) -> None:
    cursor.execute("create table t (id integer, s super)")
    pq.write_table(NESTED, tmp_path / "a.parquet")
    with pytest.raises(warehouse.Error, match="incompatible Parquet schema") as caught:
        cursor.execute(f"copy t from '{tmp_path}/a.parquet' format parquet")
    assert caught.value.hint == "SERIALIZETOJSON loads it as SUPER."
    cursor.execute(f"copy t from '{tmp_path}/a.parquet' format parquet serializetojson")
    assert rows(cursor, "select * from t order by id") == WANTED
    other = {"id": pa.array([4], pa.int32()), "s": pa.array([[("k", 2)]], pa.map_(pa.string(), pa.int32()))}
    pq.write_table(pa.table(other), tmp_path / "b.parquet")
    cursor.execute(f"copy t from '{tmp_path}/b.parquet' format parquet serializetojson")
    pq.write_table(pa.table({"id": [5], "s": ["[1]"]}), tmp_path / "c.parquet")
    cursor.execute(f"copy t from '{tmp_path}/c.parquet' format parquet serializetojson")
    cursor.execute(f"copy t from '{tmp_path}/c.parquet' format parquet")
    assert rows(cursor, "select s from t where id > 3 order by id, s") == [('{"k":2}',), ('"[1]"',), ("[1]",)]


def test_json_in_parquet_is_no_text_for_serializetojson(cursor: Any, tmp_path: Path) -> None:
    cursor.execute("create table t (s super)")
    cursor.execute("insert into t select json_parse('{\"a\": [1, \"x\"]}')")
    cursor.execute(f"unload ('select s from t') to '{tmp_path}/u_' parquet")
    for option in ("", "serializetojson"):
        cursor.execute(f"copy t from '{tmp_path}/u_' format parquet {option}")
    assert rows(cursor, "select s from t") == [('{"a":[1,"x"]}',)] * 3


def test_serializetojson_is_for_parquet(cursor: Any, tmp_path: Path) -> None:
    cursor.execute("create table t (s super)")
    (tmp_path / "a.txt").write_text("1\n")
    with pytest.raises(warehouse.NotSupportedError, match="SERIALIZETOJSON is not supported for CSV"):
        cursor.execute(f"copy t from '{tmp_path}/a.txt' csv serializetojson")


def test_arrow_goes_in_and_out(cursor: Any) -> None:
    connection = cursor.connection
    connection.write_arrow("made", NESTED, create=True)
    assert rows(cursor, "select * from made order by id") == WANTED
    out = cursor.execute("select * from made order by id").fetch_arrow_table()
    assert out.schema.field("s").type == pa.string()
    assert cursor.description[1][1] == 4000
    connection.write_arrow("made", out)
    assert rows(cursor, "select count(*), count(distinct s) from made") == [(6, 2)]
    with pytest.raises(warehouse.Error, match="JSON parsing error"):
        connection.write_arrow("made", pa.table({"id": [9], "s": ["{"]}))
    moments = pa.array([[0], [1]], pa.list_(pa.timestamp("us")))
    connection.write_arrow("made", pa.table({"id": [10, 11], "s": moments}))
    assert rows(cursor, "select s[0]::timestamp::varchar from made where id = 10") == [("1970-01-01 00:00:00",)]
