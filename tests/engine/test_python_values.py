"""Python values to typed physical values."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.engine.python_values import typed
from warehouse.errors import Error, InterfaceError, NotSupportedError, NumericOutOfRange
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    SqlType,
    decimal,
)

NEW_YORK_WINTER = datetime.timezone(datetime.timedelta(hours=-5))


@pytest.mark.parametrize(
    ("value", "physical", "type_"),
    [
        (None, None, UNKNOWN),
        (True, True, BOOLEAN),
        (5, 5, INTEGER),
        (2**31, 2**31, BIGINT),
        (-(2**63), -(2**63), BIGINT),
        (2**63, 2**63, decimal(19, 0)),
        (1.5, 1.5, DOUBLE),
        ("x", "x", UNKNOWN),
        (Decimal("-1.50"), -150, decimal(3, 2)),
        (Decimal("0.001"), 1, decimal(3, 3)),
        (Decimal("1E+3"), 1000, decimal(4, 0)),
        (Decimal(0), 0, decimal(1, 0)),
        (datetime.date(1970, 1, 11), 10, DATE),
        (datetime.datetime(1970, 1, 1, 0, 0, 1, 5), 1_000_005, TIMESTAMP),
        (datetime.datetime(1969, 12, 31, 19, tzinfo=NEW_YORK_WINTER), 0, TIMESTAMPTZ),
        (datetime.time(1, 0, 0, 7), 3_600_000_007, TIME),
        (np.int64(7), 7, INTEGER),
        (np.float32(0.5), 0.5, DOUBLE),
        (np.bool_(True), True, BOOLEAN),
        (np.datetime64("1970-01-02"), 1, DATE),
        (np.datetime64("1970-01-01T00:00:01"), 1_000_000, TIMESTAMP),
        (np.str_("é"), "é", UNKNOWN),
    ],
)
def test_typed(value: Any, physical: Any, type_: SqlType) -> None:
    assert typed(value) == (physical, type_)


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        ([1, 2], InterfaceError, "one placeholder|a list"),
        (b"x", InterfaceError, "bytes"),
        (object(), InterfaceError, "object"),
        (10**38, NumericOutOfRange, "38 digits"),
        (Decimal("NaN"), NotSupportedError, "NaN"),
        (Decimal("1e40"), NumericOutOfRange, "38 digits"),
        ("a\x00b", InterfaceError, "code 0"),
        (datetime.time(1, tzinfo=datetime.UTC), NotSupportedError, "TIMETZ"),
        (np.array([1, 2]), InterfaceError, "ndarray"),
    ],
)
def test_refused(value: Any, error: type[Error], words: str) -> None:
    with pytest.raises(error, match=words):
        typed(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20))
def test_decimals_keep_their_value(value: Decimal) -> None:
    physical, type_ = typed(value)
    assert Decimal(physical).scaleb(-type_.scale) == value
    assert abs(physical) < 10**type_.precision
