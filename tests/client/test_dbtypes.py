"""Type objects equal their codes; description's seven items."""

from __future__ import annotations

import datetime

import warehouse
from warehouse.client.dbtypes import OID, describe
from warehouse.storage.types import BIGINT, DATE, DOUBLE, INTEGER, Kind, decimal, varchar


def test_each_type_belongs_to_one_type_object() -> None:
    families = (warehouse.STRING, warehouse.NUMBER, warehouse.DATETIME, warehouse.BINARY, warehouse.ROWID)
    for kind, oid in OID.items():
        if kind is not Kind.BOOLEAN:
            assert sum(oid == family for family in families) == 1, kind
    assert warehouse.STRING != warehouse.NUMBER


def test_description_of_types() -> None:
    assert describe("n", decimal(12, 2)) == ("n", 1700, None, 8, 12, 2, None)
    assert describe("s", varchar(10), False) == ("s", 1043, 10, 10, None, None, False)
    assert describe("i", INTEGER)[1] == warehouse.NUMBER
    assert describe("b", BIGINT)[3] == 8
    assert describe("f", DOUBLE)[4:6] == (None, None)
    assert describe("d", DATE)[1] == warehouse.DATETIME


def test_constructors() -> None:
    assert warehouse.Date(2020, 1, 2) == datetime.date(2020, 1, 2)
    assert warehouse.Binary(b"x") == b"x"
    assert warehouse.TimestampFromTicks(0) == datetime.datetime.fromtimestamp(0)
    assert warehouse.DateFromTicks(0) == datetime.date.fromtimestamp(0)
    assert warehouse.TimeFromTicks(0) == datetime.datetime.fromtimestamp(0).time()
