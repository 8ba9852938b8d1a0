"""The judge itself: what counts as the same answer, and that the adapted texts still fit."""
from __future__ import annotations

import decimal

import pytest
from oracle import adapt, compare
from oracle.judge import QUERIES, text

D = decimal.Decimal


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([(1, "a")], [(D("1.00"), "a  ")]),
        ([(1,), (2,)], [(2,), (1,)]),
        ([(0.1 + 0.2,)], [(0.3,)]),
        ([(None,), (float("nan"),)], [(float("nan"),), (None,)]),
        ([], []),
    ],
)
def test_same(ours: list, theirs: list) -> None:
    assert compare.difference(ours, theirs) is None


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([(1,)], [(2,)]),
        ([(1,)], []),
        ([(D("1.00"),)], [(D("1.01"),)]),
        ([(None,)], [(0,)]),
        ([(True,)], [(1,)]),
        ([("a",)], [("A",)]),
        ([(0.3,)], [(0.3001,)]),
        ([(1,), (1,), (2,)], [(1,), (2,), (2,)]),
    ],
)
def test_different(ours: list, theirs: list) -> None:
    assert compare.difference(ours, theirs) is not None


def test_order_counts_on_the_keys_only() -> None:
    rows = [(1, "x"), (1, "y"), (2, "z")]
    assert compare.difference([rows[1], rows[0], rows[2]], rows, keys=[0]) is None
    assert compare.difference([rows[2], rows[0], rows[1]], rows, keys=[0]) is not None


def test_order_keys() -> None:
    sql = "select a, b, c from t order by c desc, A nulls first limit 3"
    assert compare.order_keys(sql, ["a", "b", "c"]) == [2, 0]
    assert compare.order_keys("select rank() over (order by a) from t", ["rank"]) == []


@pytest.mark.parametrize("query", QUERIES)
def test_adapted_text_fits(query: str) -> None:
    ours = text(query, 0.01)
    differs = any(query in d.replacements for d in adapt.DIFFERENCES)
    assert (adapt.adapted(query, ours) != ours) == differs
