"""Each type through INSERT, storage, SELECT: Python values, description, Arrow types, NULLs."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

UTC = datetime.UTC
# name: (declaration, type code, Arrow type, values)
TYPES: dict[str, tuple[str, int, pa.DataType, list[Any]]] = {
    "smallint": ("smallint", 21, pa.int16(), [-(2**15), 2**15 - 1]),
    "integer": ("integer", 23, pa.int32(), [-(2**31), 2**31 - 1]),
    "bigint": ("bigint", 20, pa.int64(), [-(2**63), 2**63 - 1]),
    "decimal19": (
        "decimal(19,4)", 1700, pa.decimal128(19, 4), [Decimal("-922337203685477.5807"), Decimal("1.5000")],
    ),
    "decimal38": (
        "numeric(38,10)", 1700, pa.decimal128(38, 10),
        [Decimal("-9999999999999999999999999999.9999999999"), Decimal("0.0000000001")],
    ),
    "real": ("real", 700, pa.float32(), [-1.5, 2.0**100]),
    "double": ("double precision", 701, pa.float64(), [-0.1, 1e300]),
    "boolean": ("boolean", 16, pa.bool_(), [True, False]),
    "char": ("char(5)", 1042, pa.string(), ["abc", ""]),
    "varchar": ("varchar(20)", 1043, pa.string(), ["ünïcödé", " blanks "]),
    "date": ("date", 1082, pa.date32(), [datetime.date(1, 1, 1), datetime.date(9999, 12, 31)]),
    "timestamp": (
        "timestamp", 1114, pa.timestamp("us"),
        [datetime.datetime(1969, 12, 31, 23, 59, 59, 999999), datetime.datetime(2020, 2, 29, 12)],
    ),
    "timestamptz": (
        "timestamptz", 1184, pa.timestamp("us", "UTC"), [datetime.datetime(2020, 1, 1, 1, tzinfo=UTC)] * 2,
    ),
    "time": ("time", 1083, pa.time64("us"), [datetime.time(0), datetime.time(23, 59, 59, 999999)]),
}  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
def test_round_trip(db: Any, name: str) -> None:
    declaration, code, arrow, values = TYPES[name]
    rows = [*values, None]
    db.execute(f"create table t (k int, v {declaration}) diststyle even")
    db.cursor().executemany("insert into t values (%s, %s)", list(enumerate(rows)))
    cursor = db.execute("select v from t order by k")
    assert cursor.description[0][1] == code
    found = [row[0] for row in cursor.fetchall()]
    assert found == rows
    assert [type(v) for v in found] == [type(v) for v in rows]
    assert cursor.execute("select v from t").fetch_arrow_table().schema.field("v").type == arrow
    for i, value in enumerate(values):
        matches = db.execute("select k from t where v = %s order by k", (value,)).fetchall()
        assert (i,) in matches


@pytest.mark.parametrize("name", TYPES)
def test_through_arrow(db: Any, name: str) -> None:
    _, _, arrow, values = TYPES[name]
    table = pa.table({"v": pa.array([*values, None], arrow)})
    assert db.write_arrow("t", table) == len(values) + 1
    back = db.execute("select v from t").fetch_arrow_table()
    assert back.schema.field("v").type == arrow
    assert sorted(map(repr, back["v"].to_pylist())) == sorted(map(repr, table["v"].to_pylist()))
