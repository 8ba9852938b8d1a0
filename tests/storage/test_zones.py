"""Zone maps: bounds hold every value, and pruning by keys never loses one."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.storage.types import BIGINT, BOOLEAN, DOUBLE, Kind, SqlType, decimal, varchar
from warehouse.storage.vector import from_list
from warehouse.storage.zones import Bounded, Bounds, bounds, key_prefix, text_key

EMPTY, UNKNOWN = Bounds(Bounded.EMPTY), Bounds(Bounded.UNKNOWN)


def test_numbers() -> None:
    assert bounds(from_list(BIGINT, [5, None, -7])) == Bounds(Bounded.KNOWN, -7, 5)
    assert bounds(from_list(BIGINT, [5, None, 7])) == Bounds(Bounded.KNOWN, 5, 7)  # 0 under NULL is no value
    assert bounds(from_list(BOOLEAN, [True, None])) == Bounds(Bounded.KNOWN, 1, 1)
    assert bounds(from_list(DOUBLE, [0.5, -1.5])) == Bounds(Bounded.KNOWN, -1.5, 0.5)


@pytest.mark.parametrize("type", [BIGINT, DOUBLE, varchar(9), decimal(38, 1), BOOLEAN])
def test_nothing_live(type: SqlType) -> None:
    assert bounds(from_list(type, [])) == EMPTY
    assert bounds(from_list(type, [None, None])) == EMPTY


def test_nan_proves_nothing() -> None:
    assert bounds(from_list(DOUBLE, [1.0, float("nan")])) == UNKNOWN


def test_wide_decimals_are_cut_to_64_bits() -> None:
    wide = decimal(38, 0)
    assert bounds(from_list(wide, [3, -4])) == Bounds(Bounded.KNOWN, -4, 3)
    assert bounds(from_list(wide, [3, 10**30])) == Bounds(Bounded.KNOWN, 3, (1 << 63) - 1)
    assert bounds(from_list(wide, [3, -(10**30)])) == Bounds(Bounded.KNOWN, -(1 << 63), 3)


def test_text_uses_eight_bytes() -> None:
    found = bounds(from_list(varchar(30), ["TRUCK", "AIR", None, "REGISTERED MAIL"]))
    assert found == Bounds(Bounded.KNOWN, text_key("AIR"), text_key("TRUCK"))
    assert key_prefix(int(bounds(from_list(varchar(30), ["REGISTERED MAIL"])).low)) == b"REGISTER"


def test_case_insensitive_text_has_no_bounds() -> None:
    assert bounds(from_list(SqlType(Kind.VARCHAR, length=9, case_insensitive=True), ["a"])) == UNKNOWN


def test_zero_bytes_in_text_prove_nothing() -> None:
    """Their keys cannot be told from those of shorter strings."""
    for item in ("a\0", "\0", "abcdefg\0", "ab\0\0\0\0\0\0z"):
        assert bounds(from_list(varchar(30), ["b", item])) == UNKNOWN
    assert bounds(from_list(varchar(30), ["b", "a\0b", "abcdefgh\0"])).state is Bounded.KNOWN


texts = st.text(alphabet="ab \t\x01é", max_size=12)


@given(st.lists(texts, min_size=1, max_size=20), texts)
def test_pruning_never_loses_a_row(items: list[str], constant: str) -> None:
    """Whether comparisons mind trailing blanks or not, a block that holds a match is kept."""
    found = bounds(from_list(varchar(50), items))
    low, high, key, key_lower = found.low, found.high, text_key(constant), text_key(constant, lower=True)
    for prepare in (str, lambda text: text.rstrip(" ")):
        values, wanted = [prepare(item).encode() for item in items], prepare(constant).encode()
        if any(value <= wanted for value in values):
            assert low <= key
        if any(value >= wanted for value in values):
            assert key_lower <= high


@given(st.lists(st.one_of(st.none(), st.integers(-(10**30), 10**30)), max_size=20))
def test_wide_bounds_hold(items: list[int | None]) -> None:
    found = bounds(from_list(decimal(38, 0), items))
    for value in items:
        if value is not None:
            clamped = max(-(1 << 63), min((1 << 63) - 1, value))
            assert found.low <= clamped <= found.high
