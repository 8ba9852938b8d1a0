"""Partition projection: values of each kind, folders by template, and pruning before any folder is listed."""
from __future__ import annotations

import datetime

import pytest
import warehouse
from lake_tables import Lake
from warehouse.storage.lake.definition import Field, Source
from warehouse.storage.lake.hive_types import read_type
from warehouse.storage.lake.projection import values_of


def texts(of: str, /, **properties: str) -> list[str]:
    given = tuple((f"projection.k.{n.replace('_', '.')}", v) for n, v in properties.items())
    key = Field("k", read_type(of))
    source = Source("d", "t", (), (key,), "s3://b/t/", "parquet", properties=given)
    return [v.text for v in values_of(source, key, None)]


def test_values() -> None:
    assert texts("int", type="integer", range="1,7", interval="3", digits="2") == ["01", "04", "07"]
    assert texts("int", type="integer", range=" -1 , 1 ") == ["-1", "0", "1"]
    assert texts("string", type="enum", values="a, b,c") == ["a", " b", "c"]
    assert texts("string", type="date", range="2019-12,2020-02", format="yyyy-MM") == ["2019-12", "2020-01", "2020-02"]
    assert texts("string", type="date", range="2020/02/27,2020/03/01", format="yyyy/MM/dd") == [
        "2020/02/27", "2020/02/28", "2020/02/29", "2020/03/01"]
    assert texts("string", type="date", range="2020-01-01T22,2020-01-02T03", format="yyyy-MM-dd'T'HH", interval="2",
                 interval_unit="hours") == ["2020-01-01T22", "2020-01-02T00", "2020-01-02T02"]
    today = datetime.datetime.now(datetime.UTC).date()
    found = texts("date", type="date", range="NOW-1DAYS,NOW", format="yyyy-MM-dd")
    assert (today - datetime.timedelta(1)).isoformat() in found and len(found) == 2


@pytest.mark.parametrize(("properties", "message"), [
    ({}, "configured for partition projection, but"),
    ({"type": "other"}, "is enum, integer, date or injected"),
    ({"type": "integer"}, r"projection.k.range. is missing"),
    ({"type": "integer", "range": "1"}, "two values"),
    ({"type": "integer", "range": "1,x"}, "is a whole number, not 'x'"),
    ({"type": "integer", "range": "1,2000000000000"}, "more than 1000000 values"),
    ({"type": "date", "range": "x,NOW", "format": "yyyy"}, "'x' is no date of the format 'yyyy'"),
    ({"type": "date", "range": "NOW,NOW", "format": "yyyy-DDD"}, "letter D"),
    ({"type": "date", "range": "2020-01-01-00,NOW", "format": "yyyy-MM-dd-HH"}, "interval.unit. is missing"),
    ({"type": "injected"}, "needs a value in the WHERE clause"),
])
def test_definitions_that_mean_nothing(properties: dict[str, str], message: str) -> None:
    with pytest.raises(warehouse.Error, match=message):
        texts("string", **properties)


def test_queries(lake: Lake) -> None:
    for year, city in ((2010, "rome"), (2011, "oslo"), (2012, "rome")):
        lake.parquet(f"t/year={year}/city={city}/1.parquet", {"a": [year]})
    lake.sql("create external table lake.t (a int) partitioned by (year int, city varchar(9)) stored as parquet "
             "location '{root}/t/' table properties ('projection.enabled'='true', 'projection.year.type'='integer', "
             "'projection.year.range'='2009,2015', 'projection.city.type'='enum', "
             "'projection.city.values'='rome,oslo')")
    assert lake.sql("select a, year, city from lake.t where year > 2010 order by a") == [
        (2011, 2011, "oslo"), (2012, 2012, "rome")]
    assert lake.sql("select sum(a) from lake.t where city = 'rome' and year in (2010, 2014)") == [(2010,)]
    assert lake.sql("select qualified_partitions from svl_s3partition order by query desc limit 1") == [(2,)]
    assert lake.sql("select count(*) from lake.t") == [(3,)]


def test_injected_values_and_templates(lake: Lake) -> None:
    lake.parquet("t/ann/2020/1.parquet", {"a": [1]})
    lake.parquet("t/bob/2020/1.parquet", {"a": [2]})
    lake.sql("create external table lake.t (a int) partitioned by (who varchar(9), day date) stored as parquet "
             "location '{root}/t/' table properties ('projection.enabled'='true', 'projection.who.type'='injected', "
             "'projection.day.type'='date', 'projection.day.format'='yyyy', 'projection.day.range'='2019,2021', "
             "'storage.location.template'='{root}/t/${who}/${day}/')")
    assert lake.sql("select a, day from lake.t where who = 'ann'") == [(1, datetime.date(2020, 1, 1))]
    assert lake.sql("select sum(a) from lake.t where who in ('ann', 'bob') and day > '2019-06-01'") == [(3,)]
    with pytest.raises(warehouse.Error, match=r'injected partition column "who" .* needs a value in the WHERE clause'):
        lake.sql("select * from lake.t")
