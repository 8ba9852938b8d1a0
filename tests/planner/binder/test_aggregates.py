"""Aggregates and GROUP BY: result types, grouping rules, HAVING."""
from __future__ import annotations

import pytest
from support_plans import bind, show
from warehouse.errors import (
    Error,
    GroupingError,
    NotSupportedError,
    ProgrammingError,
    SqlSyntaxError,
    UndefinedFunction,
)


@pytest.mark.parametrize(
    ("call", "type"),
    [
        ("count(*)", "bigint"), ("count(v)", "bigint"), ("count(distinct v)", "bigint"),
        ("sum(s)", "bigint"), ("sum(a)", "bigint"), ("sum(b)", "bigint"), ("sum(x)", "numeric(38,2)"),
        ("sum(r)", "double precision"), ("sum(f)", "double precision"),
        ("avg(a)", "bigint"), ("avg(x)", "numeric(38,2)"), ("avg(f)", "double precision"),
        ("min(v)", "character varying(20)"), ("max(d)", "date"), ("max(c)", "character(5)"), ("min(x)", "numeric(8,2)"),
        ("any_value(z)", "boolean"), ("bool_and(z)", "boolean"), ("bool_or(a > 1)", "boolean"), ("max('a')",
         "character varying(256)"),
    ],
)
def test_result_types(call: str, type: str) -> None:
    assert str(bind(f"select {call} from t").columns[0].type) == type


@pytest.mark.parametrize(
    ("sql", "plan"),
    [
        ("select count(*) from t", "project count = count\n  aggregate [] [count = count()]\n    scan t t"),
        ("select b + 1, sum(a) + 1 from t group by b + 1",
         "project ?column? = group, ?column? = add(sum, 1)\n"
         "  aggregate [group = add(b, 1)] [sum = sum(a)]\n    scan t t"),
        # ordinals, aliases, the same call twice
        ("select upper(v) u, sum(x), sum(x) * 2 from t group by u",
         "project u = group, sum = sum, ?column? = multiply(sum, 2)\n"
         "  aggregate [group = upper(v)] [sum = sum(x)]\n    scan t t"),
        ("select a, b as c from t group by 2, 1", "project a = a, c = b\n  aggregate [b = b, a = a] []\n    scan t t"),
        ("select a from t group by a having count(*) > 1 and sum(x) > 5 order by max(b) desc",
         "sort order desc nulls first\n  project a = a, order = max\n"
         "    filter ((count > 1) and (sum > 500))\n"
         "      aggregate [a = a] [count = count(), sum = sum(x), max = max(b)]\n        scan t t"),
        ("select 1 from t having max(a) > 1",
         "project ?column? = 1\n  filter (max > 1)\n    aggregate [] [max = max(a)]\n      scan t t"),
        ("select sum(distinct a), max(distinct a) from t",
         "project sum = sum, max = max\n  aggregate [] [sum = sum(distinct a), max = max(a)]\n    scan t t"),
        ("select case when count(*) > 1 then max(a) else 0 end m from t group by b",
         "project m = case when (count > 1) then max else 0 end\n"
         "  aggregate [b = b] [count = count(), max = max(a)]\n    scan t t"),
        ("select a, (select max(k) from u where u.a = t.a) m from t group by a",
         "project a = a, m = scalar[project max = max <- aggregate [] [max = max(k)] <- filter (a = a) <- scan u u]\n"
         "  aggregate [a = a] []\n    scan t t"),
    ],
)
def test_plans(sql: str, plan: str) -> None:
    assert show(bind(sql)) == plan


def test_group_columns_are_new_columns() -> None:
    assert "aggregate [a#14 = a#1]" in show(bind("select a from t group by a"), ids=True)


@pytest.mark.parametrize(
    ("sql", "column", "position"),
    [
        ("select a, count(*) from t group by b", "t.a", 7),
        ("select a + 2 from t group by a + 1", "t.a", 7),
        ("select sum(a) from t having b > 1", "t.b", 28),
        ("select sum(a) from t order by b", "t.b", 30),
        ("select x1.v, count(*) from t x1", "x1.v", 7),
    ],
)
def test_columns_that_are_not_grouped(sql: str, column: str, position: int) -> None:
    with pytest.raises(GroupingError) as caught:
        bind(sql)
    assert str(caught.value) == (
        f'column "{column}" must appear in the GROUP BY clause or be used in an aggregate function'
    )
    assert (caught.value.position, caught.value.sqlstate) == (position, "42803")


@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        ("select 1 from t where count(*) > 1", GroupingError, "aggregates not allowed in WHERE clause"),
        ("select 1 from t join u on sum(t.a) = 1", GroupingError, "aggregates not allowed in JOIN/ON clause"),
        ("select 1 from t group by sum(a)", GroupingError, "aggregates not allowed in GROUP BY clause"),
        ("select sum(a) from t group by 1", ProgrammingError, "aggregates not allowed in GROUP BY clause"),
        ("select sum(sum(a)) from t", GroupingError, "may not have nested aggregate"),
        ("select sum(v) from t", UndefinedFunction, r"function sum\(character varying\) does not exist"),
        ("select min(z) from t", UndefinedFunction, r"function min\(boolean\) does not exist"),
        ("select sum(a, b) from t", UndefinedFunction, r"function sum\(integer, bigint\) does not exist"),
        ("select count(distinct a, b) from t", NotSupportedError, "takes one expression"),
        ("select sum(*) from t", SqlSyntaxError, r"sum\(\*\) is not allowed"),
        ("select count() from t", SqlSyntaxError, "parameterless aggregate"),
        ("select upper(distinct v) from t", SqlSyntaxError, "DISTINCT is for aggregates"),
        ("select hll_combine(a) from t", UndefinedFunction, r"function hll_combine\(integer\) does not exist"),
        ("select a from t group by 2", ProgrammingError, "GROUP BY position 2 is not in select list"),
        ("select a from t group by (a, b)", NotSupportedError, "a parenthesised list in GROUP BY"),
        ("select b, (select max(k) from u where u.a = t.a) from t group by b", GroupingError,
         'subquery uses ungrouped column "t.a" from outer query'),
    ],
)
def test_errors(sql: str, error: type[Error], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        bind(sql)
    assert caught.value.position is not None
