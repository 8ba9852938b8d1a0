"""Types of literals and parameters; text that meets a type."""
from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.errors import DataError, InterfaceError, InvalidDatetime, InvalidText, NumericOutOfRange
from warehouse.planner.constants import integer, number, parameter, read_text
from warehouse.storage.datetimes import DAY
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    SMALLINT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    SqlType,
    char,
    decimal,
    varchar,
)


@pytest.mark.parametrize(
    ("text", "value", "type"),
    [
        ("1", 1, INTEGER), ("2147483647", 2**31 - 1, INTEGER), ("2147483648", 2**31, BIGINT),
        ("9223372036854775808", 2**63, decimal(20, 0)), ("1" + "0" * 37, 10**37, decimal(38, 0)),
        ("1.00", 100, decimal(3, 2)), ("0.05", 5, decimal(2, 2)), (".5", 5, decimal(1, 1)), ("5.", 5, decimal(1, 0)),
        ("0.0", 0, decimal(1, 1)), ("00.1", 1, decimal(1, 1)), ("1e3", 1000.0, DOUBLE), ("2.5E-1", 0.25, DOUBLE),
    ],
)
def test_numbers(text: str, value: Any, type: SqlType) -> None:
    found = number(text)
    assert (found.value, found.type) == (value, type)


def test_negative_numbers() -> None:
    assert (number("2147483648", negative=True).type, number("1.5", negative=True).value) == (INTEGER, -15)
    assert number("1e1", negative=True).value == -10.0


@pytest.mark.parametrize("text", ["1" * 39, "0." + "1" * 39, "1e999"])
def test_numbers_too_large(text: str) -> None:
    with pytest.raises(NumericOutOfRange):
        number(text, (3, 9))


@pytest.mark.parametrize(
    ("value", "physical", "type"),
    [
        (None, None, UNKNOWN), (True, True, BOOLEAN), (5, 5, INTEGER), (2**40, 2**40, BIGINT),
        (1.5, 1.5, DOUBLE), ("x", "x", UNKNOWN), (Decimal("1.50"), 150, decimal(3, 2)),
        (Decimal("0.05"), 5, decimal(2, 2)), (Decimal("1e3"), 1000, decimal(4, 0)), (Decimal("-7"), -7, decimal(1, 0)),
        (date(1970, 1, 2), 1, DATE), (time(0, 0, 1), 1_000_000, TIME), (datetime(1970, 1, 2), DAY, TIMESTAMP),
        (datetime(1970, 1, 2, tzinfo=UTC), DAY, TIMESTAMPTZ),
        (datetime(1970, 1, 2, tzinfo=timezone(timedelta(hours=1))), DAY - 3_600_000_000, TIMESTAMPTZ),
        (np.int64(7), 7, INTEGER), (np.float32(0.5), 0.5, DOUBLE), (np.bool_(True), True, BOOLEAN),
    ],
)
def test_parameters(value: Any, physical: Any, type: SqlType) -> None:
    found = parameter(value)
    assert (found.value, found.type) == (physical, type)


@pytest.mark.parametrize("value", [object(), [1], time(1, tzinfo=ZoneInfo("Europe/Berlin"))])
def test_parameters_that_cannot_be_bound(value: Any) -> None:
    with pytest.raises(InterfaceError, match="cannot be bound"):
        parameter(value)


@pytest.mark.parametrize(
    ("text", "to", "value"),
    [
        (" 12 ", INTEGER, 12), ("-5", SMALLINT, -5), ("1.555", decimal(5, 2), 156), ("-1.555", decimal(5, 2), -156),
        ("1e2", decimal(5, 2), 10000), (".5", decimal(2, 1), 5), ("0.0049", decimal(5, 2), 0),
        ("1e-40", decimal(5, 2), 0),
        ("2.5", DOUBLE, 2.5), ("inf", DOUBLE, float("inf")), ("yes", BOOLEAN, True), ("F", BOOLEAN, False),
        ("ab  ", char(5), "ab"), ("ab  ", varchar(2), "ab  "), ("2020-01-01", DATE, 18262),
        ("01:00", TIME, 3_600_000_000),
    ],
)
def test_text_as(text: str, to: SqlType, value: Any) -> None:
    assert read_text(text, to) == value


@pytest.mark.parametrize(
    ("text", "to", "error", "words"),
    [
        ("x", INTEGER, InvalidText, 'invalid input syntax for integer: "x"'),
        ("1.5", INTEGER, InvalidText, "invalid input syntax for integer"),
        ("40000", SMALLINT, NumericOutOfRange, "out of range for type smallint"),
        ("1000", decimal(5, 2), NumericOutOfRange, "data overflow"),
        ("1e99", decimal(38, 0), NumericOutOfRange, "data overflow"),
        ("", decimal(5, 2), InvalidText, "type numeric"),
        (".", decimal(5, 2), InvalidText, "type numeric"),
        ("1_0", DOUBLE, InvalidText, "double precision"),
        ("1e999", DOUBLE, NumericOutOfRange, "out of range"),
        ("maybe", BOOLEAN, InvalidText, "boolean"),
        ("x", DATE, InvalidDatetime, 'invalid input syntax for type date: "x"'),
        ("2020-02-30", DATE, InvalidDatetime, "field value out of range"),
    ],
)
def test_text_that_is_no(text: str, to: SqlType, error: type[DataError], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        read_text(text, to, 11)
    assert caught.value.position == 11


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_decimals_come_back(value: Decimal) -> None:
    assert read_text(str(value), decimal(38, 6)) == int(value.scaleb(6))
    found = parameter(value)
    assert Decimal(found.value).scaleb(-found.type.scale) == value


@given(st.integers(-(2**100), 2**100))
def test_integers_fit_their_type(value: int) -> None:
    found = integer(value)
    low, high = found.type.integer_limits
    assert found.value == value and low <= value <= high
