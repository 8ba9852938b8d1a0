"""Questions about columns: outputs, uses, correlation, renaming, proofs of no NULL."""
from __future__ import annotations

import pytest
from plan_tools.small_tables import View, bind, random_data
from warehouse.planner.columns import (
    columns_of,
    copy_plan,
    defined_columns,
    free_columns,
    output_columns,
    output_ids,
    substitute,
)
from warehouse.planner.expressions import ColumnRef, Exists, Literal
from warehouse.planner.logical import Filter, Logical
from warehouse.planner.nulls import never_null
from warehouse.planner.rendering import show_plan
from warehouse.planner.traverse import expressions, walk, walk_plan
from warehouse.storage.schema import Topology
from warehouse.storage.types import INTEGER


def plan(sql: str) -> Logical:
    return bind(sql, View("key", Topology.even(1, 2), random_data(1), {})).plan


def subquery(sql: str) -> Exists:
    return next(
        e for node in walk_plan(plan(sql)) for whole in expressions(node) for e in walk(whole)
        if isinstance(e, Exists)
    )


def test_free_columns_are_the_correlated_ones() -> None:
    exists = subquery("select a from t where exists (select 1 from u where u.a = t.b and u.e = 1)")
    (free,) = free_columns(exists.plan)
    assert free in columns_of(exists)
    assert not free_columns(plan("select a from t where exists (select 1 from u where u.a = t.b)"))


def test_substitution_reaches_into_subqueries() -> None:
    exists = subquery("select a from t where exists (select 1 from u where u.a = t.b)")
    (free,) = free_columns(exists.plan)
    changed = substitute(exists, {free: Literal(7, INTEGER)})
    assert isinstance(changed, Exists) and not free_columns(changed.plan)
    assert free_columns(exists.plan), "the old one is as it was"


def test_copies_share_no_column() -> None:
    original = plan("select x.a, count(*) from (select a, b + 1 as z from t where c > 1) x group by 1 order by 2")
    ids = iter(range(10_000, 20_000))
    copy, names = copy_plan(original, lambda ref: ColumnRef(next(ids), ref.type, ref.name))
    assert not output_ids(copy) & output_ids(original)
    assert min(defined_columns(copy)) >= 10_000
    assert [names[c.id].id for c in output_columns(original)] == [c.id for c in output_columns(copy)]
    strip = [line.split("#")[0] for line in show_plan(copy)]
    assert strip == [line.split("#")[0] for line in show_plan(original)]


@pytest.mark.parametrize(("sql", "expected"), [
    ("select c from t", {"c"}),
    ("select a from t", set()),
    ("select a from t where a > 1", {"a"}),
    ("select a, s from t where s like 'x%' and a is not null", {"a", "s"}),
    ("select t.c, u.b from t left join u on t.a = u.a", {"c"}),
    ("select t.c, u.b, t.a from t join u on t.a = u.a", {"c", "b", "a"}),
    ("select t.c, u.b from t full join u on t.a = u.a", set()),
    ("select a, count(*) as n, sum(b) as s from t group by a", {"n"}),
    ("select coalesce(a, 1) as z from t", {"z"}),
    ("select c + 1 as z, a + 1 as y from t", {"z"}),
    ("select c from t union all select b from u", {"c"}),
    ("select c from t union all select e from u", set()),
])
def test_never_null(sql: str, expected: set[str]) -> None:
    query = plan(sql)
    proven = never_null(query)
    assert {c.name for c in output_columns(query) if c.id in proven} == expected


def test_an_unchanged_plan_is_the_same_object() -> None:
    original = plan("select a from t where b > 1")
    from warehouse.planner.traverse import map_expressions, rewrite, rewrite_plan

    assert rewrite_plan(original, lambda n: map_expressions(n, lambda e: rewrite(e, lambda x: x))) is original
    assert any(isinstance(n, Filter) for n in walk_plan(original))
