"""Structs, arrays and maps of external tables: paths, arrays in FROM, and the declared types at their ends."""
from __future__ import annotations

import datetime
from typing import Any

import pyarrow as pa
import pytest
import warehouse
from lake_tables import Lake

CUSTOMERS: list[dict[str, Any]] = [
    {"id": 1, "name": {"given": "John", "family": "Smith"}, "phones": ["123-457789"],
     "orders": [{"shipdate": datetime.datetime(2018, 3, 1, 11, 59, 59), "price": 100.5},
                {"shipdate": datetime.datetime(2018, 3, 1, 9, 10), "price": 99.12}]},
    {"id": 2, "name": {"given": "Jenny", "family": "Doe"}, "phones": ["858-8675309", "415-9876543"], "orders": []},
    {"id": 3, "name": {"given": "Andy", "family": "Jones"}, "phones": [],
     "orders": [{"shipdate": datetime.datetime(2018, 3, 2, 8, 2, 15), "price": 13.5}]},
]
COLUMNS = ("id int, name struct<given:varchar(20), family:varchar(20)>, phones array<varchar(20)>, "
           "orders array<struct<shipdate:timestamp, price:double precision>>")
JSON = "row format serde 'org.openx.data.jsonserde.JsonSerDe' stored as textfile"


@pytest.fixture(params=["parquet", "json", "orc"])
def customers(lake: Lake, request: pytest.FixtureRequest) -> Lake:
    table = pa.Table.from_pylist(CUSTOMERS, schema=pa.schema([
        ("id", pa.int32()), ("name", pa.struct([("given", pa.string()), ("family", pa.string())])),
        ("phones", pa.list_(pa.string())),
        ("orders", pa.list_(pa.struct([("shipdate", pa.timestamp("us")), ("price", pa.float64())])))]))
    if request.param == "parquet":
        lake.parquet("c/1.parquet", table)
    elif request.param == "orc":
        from pyarrow import orc

        orc.write_table(table, lake.path("c/1.orc"))
    else:
        import json

        lines = [json.dumps(c, default=lambda d: d.isoformat() + "Z") for c in CUSTOMERS]
        lake.text("c/1.json", "\n".join(lines).replace('"given"', '"Given"'))
    format = JSON if request.param == "json" else f"stored as {request.param}"
    lake.sql(f"create external table lake.customers ({COLUMNS}) {format} location '{{root}}/c/'")
    return lake


def test_paths_have_their_declared_types(customers: Lake) -> None:
    assert customers.sql("select c.id, c.name.given, c.name.family from lake.customers c order by 1") == [
        (1, "John", "Smith"), (2, "Jenny", "Doe"), (3, "Andy", "Jones")]
    assert customers.sql("select id from lake.customers c where c.name.family like 'S%' or c.phones[1] = '415-9876543' "
                         "order by id") == [(1,), (2,)]


def test_arrays_in_from(customers: Lake) -> None:
    assert customers.sql("select c.id, o.shipdate from lake.customers c, c.orders o order by 1, 2") == [
        (1, datetime.datetime(2018, 3, 1, 9, 10)), (1, datetime.datetime(2018, 3, 1, 11, 59, 59)),
        (3, datetime.datetime(2018, 3, 2, 8, 2, 15))]
    assert customers.sql("select c.name.given, sum(o.price) from lake.customers c left join c.orders o on true "
                         "group by 1 order by 1") == [("Andy", 13.5), ("Jenny", None), ("John", 199.62)]
    assert customers.sql("select c.id, p, c.name.family from lake.customers c, c.phones p where p like '%8%' "
                         "order by 1, 2") == [(1, "123-457789", "Smith"), (2, "415-9876543", "Doe"),
                                              (2, "858-8675309", "Doe")]


def test_subqueries_over_arrays(customers: Lake) -> None:
    """The manual's fourth use case, and its example of a subquery that runs."""
    assert customers.sql("select c.name.given from lake.customers c where (select count(*) from c.phones p "
                         "where p like '858%') = 1") == [("Jenny",)]
    assert customers.sql("select c.id, (select max(o.price) from c.orders o) from lake.customers c order by 1") == [
        (1, 100.5), (2, None), (3, 13.5)]


def test_maps_are_arrays_of_keys_and_values(lake: Lake) -> None:
    table = pa.table({"id": [1, 2], "phones": pa.array([[("mobile", "1"), ("home", "2")], []],
                                                       pa.map_(pa.string(), pa.string()))})
    lake.parquet("m/1.parquet", table)
    lake.sql("create external table lake.m (id int, phones map<varchar(20), varchar(20)>) stored as parquet "
             "location '{root}/m/'")
    assert lake.sql("select m.id, p.value from lake.m m, m.phones p where p.key = 'mobile'") == [(1, "1")]
    lake.text("j/1.json", '{"id": 1, "phones": {"mobile": "7", "home": "8"}}')
    lake.sql(f"create external table lake.j (id int, phones map<varchar(20), int>) {JSON} location '{{root}}/j/'")
    assert lake.sql("select sum(p.value) from lake.j j, j.phones p") == [(15,)]


def test_wrong_paths(customers: Lake) -> None:
    with pytest.raises(warehouse.Error, match='"givn" is no column of struct') as found:
        customers.sql("select c.name.givn from lake.customers c")
    assert "given" in str(found.value.hint)
    with pytest.raises(warehouse.Error, match="navigation needs a SUPER value"):
        customers.sql("select c.id.x from lake.customers c")
