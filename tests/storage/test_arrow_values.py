"""Arrow arrays of Python values are those that Arrow makes."""
from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from warehouse.storage.arrow_values import array_of, text_scalar

VALUES: list[tuple[pa.DataType, list[Any]]] = [
    (pa.string(), ["a", None, "", "é\x00", "x" * 100]), (pa.string(), []), (pa.string(), [None]),
    (pa.string(), ["a"] * 9), (pa.float32(), [0.1, None]),
    (pa.timestamp("us"), [datetime(2020, 2, 29, 1, 2, 3, 4), None, datetime(1, 1, 1), 5]),
    (pa.timestamp("us"), [datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=3)))]),
    (pa.int64(), [1, None, -(2**63), 2**63 - 1]), (pa.int32(), [1, -(2**31)]), (pa.int16(), [None, None]),
    (pa.float64(), [1.5, None, float("-inf"), 2]), (pa.bool_(), [True, None, False] * 7), (pa.bool_(), []),
    (pa.decimal128(38, 2), [Decimal("1.5"), None, 7, Decimal("-" + "9" * 36 + ".99")]),
    (pa.decimal128(5, 0), [99999, -1]),
    (pa.date32(), [None]), (pa.int64(), []),
]


@pytest.mark.parametrize(("kind", "values"), VALUES)
def test_as_arrow_makes_them(kind: pa.DataType, values: list[Any]) -> None:
    made = array_of(values, kind)
    made.validate(full=True)
    assert made.equals(pa.array(values, kind)) and made.null_count == values.count(None)
    assert array_of(tuple(values), kind).equals(made)


def test_what_does_not_fit() -> None:
    for kind, wrong in ((pa.int64(), 1.5), (pa.int64(), "1"), (pa.int16(), 1 << 15), (pa.string(), 1),
                        (pa.decimal128(3, 1), Decimal("1.25")), (pa.decimal128(3, 1), 100)):
        with pytest.raises((TypeError, ValueError, OverflowError, AttributeError)):
            array_of([wrong], kind)


def test_text_scalar() -> None:
    assert text_scalar("é").as_py() == "é" and text_scalar("").type == pa.string()
