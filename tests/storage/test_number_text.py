from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.errors import DataError, InvalidText, NumericOutOfRange
from warehouse.storage.number_text import read_number
from warehouse.storage.types import BIGINT, DOUBLE, INTEGER, REAL, decimal

DIGITS = st.text("0123456789", max_size=30)
WIDE = Context(prec=200)


@given(st.sampled_from("+- "), DIGITS, DIGITS, st.integers(-60, 60), st.integers(1, 38), st.integers(0, 37))
def test_decimals_are_rounded_as_arithmetic_rounds_them(
    sign: str, whole: str, fraction: str, power: int, precision: int, scale: int
) -> None:
    text, type = f"{sign}{whole}.{fraction}e{power}", decimal(precision, min(scale, precision))
    if not whole and not fraction:
        with pytest.raises(InvalidText):
            read_number(text, type)
        return
    exact = WIDE.scaleb(Decimal(text.strip()), type.scale).to_integral_value(ROUND_HALF_UP)
    if abs(exact) > type.integer_limits[1]:
        with pytest.raises(NumericOutOfRange):
            read_number(text, type)
    else:
        assert read_number(text, type) == exact


@pytest.mark.parametrize(("text", "type", "value"), [
    (" -42 ", INTEGER, -42), ("+7", BIGINT, 7), ("1.5e1", DOUBLE, 15.0), ("0.1", REAL, 0.10000000149011612),
    ("-Infinity", DOUBLE, float("-inf")), (".5", DOUBLE, 0.5), ("1e-400", DOUBLE, 0.0),
    ("0." + "0" * 5000 + "1", decimal(38, 2), 0), ("0" * 5000 + "7", decimal(5, 0), 7),
])
def test_values(text: str, type: object, value: float) -> None:
    assert read_number(text, type) == value  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "-", "1_0", "١٢", "1.0", "0x10", "1e3", "- 1"])
def test_no_integers(text: str) -> None:
    with pytest.raises(InvalidText, match="for integer"):
        read_number(text, INTEGER)


@pytest.mark.parametrize(("text", "type"), [
    ("2147483648", INTEGER), ("9" * 5000, BIGINT), ("1e400", DOUBLE), ("10e70", REAL), ("-1e39", REAL),
    ("1e99999", decimal(38, 0)),
])
def test_too_large(text: str, type: object) -> None:
    with pytest.raises(NumericOutOfRange):
        read_number(text, type)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["1_0", "１.5", "infinit", "1.5.2", "e5", ".", "nan1"])
def test_no_floats(text: str) -> None:
    with pytest.raises(DataError):
        read_number(text, DOUBLE)
