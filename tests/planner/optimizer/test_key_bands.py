"""How many facts refer to the keys that a dimension's filter keeps."""
from __future__ import annotations

import pytest
from warehouse.planner.optimizer.column_estimates import ColumnEstimate
from warehouse.planner.optimizer.key_bands import key_share

DAYS = ColumnEstimate(73_049, 73_049, 2_415_022, 2_488_070)
SOLD = ColumnEstimate(1_823, 2_880_404, 2_450_816, 2_452_642)


@pytest.mark.parametrize(
    ("bands", "expected"),
    [
        ([], 1 / 73_049),  # no filter: each fact has its day
        ([(0.503, 0.508)], 1 / 1_826),  # a year in which something was sold
        ([(0.83, 0.92)], 1 / 73_049),  # months do not rise with the key
        ([(0.83, 0.92), (0.503, 0.508)], 1 / 1_826),  # a month of a year
        ([(0.0, 0.5)], 1 / 73_049),  # all days until then: few of them
    ],
)
def test_days_of_sales(bands: list[tuple[float, float]], expected: float) -> None:
    assert key_share(SOLD, DAYS, bands) == pytest.approx(expected, rel=0.05)


def test_facts_all_over_the_keys_are_spread_evenly() -> None:
    parts = ColumnEstimate(200_000, 200_000, 1, 200_000)
    few = ColumnEstimate(320, 320, 1, 200_000)
    assert key_share(few, parts, [(0.3, 0.32)]) == pytest.approx(1 / 200_000)


def test_only_keys_with_numbers_have_bands() -> None:
    text = ColumnEstimate(100, 100, "a", "z")
    assert key_share(ColumnEstimate(10, 1000, "b", "c"), text, [(0.0, 0.1)]) == 1 / 100
    repeated = ColumnEstimate(100, 1000, 1, 100)
    assert key_share(ColumnEstimate(10, 1000, 1, 10), repeated, [(0.0, 0.1)]) == 1 / 100
