"""The judge itself: what counts as the same answer, and that the adapted texts still fit."""
from __future__ import annotations

import decimal

import duckdb
import pytest
from oracle import adapt, compare, tpcds
from oracle.judge import prepare, tpch_text

D = decimal.Decimal


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ([(1, "a")], [(D("1.00"), "a  ")]),
        ([(1,), (2,)], [(2,), (1,)]),
        ([(0.1 + 0.2,)], [(0.3,)]),
        ([(None,), (float("nan"),)], [(float("nan"),), (None,)]),
        ([(None, -9.5), (-9.5, None)], [(-9.5, None), (None, -9.5)]),
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


@pytest.mark.parametrize("query", [f"q{n:02}" for n in range(1, 23)])
def test_adapted_text_fits(query: str) -> None:
    ours = tpch_text(query, 0.01)
    differs = any(query in d.replacements for d in adapt.DIFFERENCES)
    assert (adapt.adapted(query, ours) != ours) == differs


def test_a_limit_may_keep_any_of_equal_rows() -> None:
    rows = [(1, "x"), (1, "y"), (1, "z"), (2, "z")]
    assert compare.difference_of_some([rows[1], rows[2]], rows[:2], rows, keys=[0]) is None
    assert "not among" in (compare.difference_of_some([rows[1], rows[1]], rows[:2], rows, keys=[0]) or "")
    assert "out of order" in (compare.difference_of_some([rows[1], rows[3]], rows[:2], rows, keys=[0]) or "")
    assert "1 rows" in (compare.difference_of_some(rows[:1], rows[:2], rows, keys=[0]) or "")
    assert compare.without_limit("select a from t order by a limit 3") == "SELECT a FROM t ORDER BY a"
    assert compare.without_limit("select a from (select a from t limit 3) as s") is None


@pytest.mark.parametrize(
    ("ours", "judges"),
    [
        ("select avg(ss_quantity), avg(ss_list_price)", "SELECT INTEGER_AVG(ss_quantity), DECIMAL_AVG2(ss_list_price)"),
        ("select avg(x) over (partition by y)",
         "SELECT DECIMAL_CUT2(SUM(x) OVER (PARTITION BY y), COUNT(x) OVER (PARTITION BY y))"),
        ("select a / b / 2", "SELECT QUOTIENT4(QUOTIENT4(a, b), 2)"),
        ("select concat(a, concat(b, 'c'))", "SELECT (a || (b || 'c'))"),
    ],
)
def test_rules_of_the_judges_texts(ours: str, judges: str) -> None:
    assert tpcds.judges_text("q00", ours) == judges


def test_macros_cut_off_digits() -> None:
    connection = duckdb.connect()
    prepare(connection)
    cut = connection.execute("select quotient4(2, 3), quotient17(-2, 3), decimal_cut2(20.00, 3), integer_avg(x), "
                             "quotient13(quotient17(-2, 3), 3.0000), quotient13(7.25, 2) "
                             "from (values (2), (-5)) as t(x)").fetchone()
    assert cut == (D("0.6666"), D("-0.66666666666666666"), D("6.66"), -1, D("-0.2222222222222"), D("3.625"))


def test_integers_are_held_against_floats() -> None:
    ours, theirs = [(1,), (20,), (None,), (3,)], [(20.0,), (3.0,), (1.0,), (None,)]
    assert compare.difference(ours, theirs) is None
    assert compare.difference([(1,), (20,), (None,), (4,)], theirs) is not None
