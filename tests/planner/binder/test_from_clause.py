"""FROM: joins and what is in sight of them, derived tables, views, system tables."""
from __future__ import annotations

import pytest
from support_plans import bind, show
from warehouse.errors import Error, NotSupportedError, ProgrammingError, SqlSyntaxError, UndefinedColumn, UndefinedTable


@pytest.mark.parametrize(
    ("sql", "plan"),
    [
        ("select t.a from t, u where t.a = u.a",
         "project a = a\n  filter (a = a)\n    cross join\n      scan t t\n      scan u u"),
        ("select t.a from t join u on t.a = u.k left join u w on w.k = u.k",
         "project a = a\n  left join on (k = k)\n    inner join on (a = k)\n      scan t t\n      scan u u\n"
         "    scan u w"),
        ("select t.a from t right outer join u on z", "project a = a\n  right join on z\n    scan t t\n    scan u u"),
        ("select t.a from t cross join u", "project a = a\n  cross join\n    scan t t\n    scan u u"),
        # a comma binds less than JOIN
        ("select t.a from t, u left join u w on w.k = u.k",
         "project a = a\n  cross join\n    scan t t\n    left join on (k = k)\n      scan u u\n      scan u w"),
        ("select t.a from t join (u join u w on u.k = w.k) on t.a = w.a",
         "project a = a\n  inner join on (a = a)\n    scan t t\n    inner join on (k = k)\n      scan u u\n"
         "      scan u w"),
        ("select n from (select count(*) n from t) s", "project n = n\n  project n = count\n"
         "    aggregate [] [count = count()]\n      scan t t"),
        ("select q from (select a from t) as s(q)", "project q = a\n  project a = a\n    scan t t"),
        ("select p from (values (1, 'a'), (2.5, null)) v(p, q)",
         "project p = column1\n  values (10, 'a'), (25, null)"),
        ("select relname from pg_class", "project relname = relname\n  virtual pg_catalog.pg_class pg_class"),
    ],
)
def test_plans(sql: str, plan: str) -> None:
    assert show(bind(sql)) == plan


def test_using_merges_columns() -> None:
    query = bind("select * from u join u w using (a, k)")
    assert query.names == ("a", "k", "v", "v")
    assert bind("select a from u left join u w using (a)").plan.columns[0][1].id == 1  # type: ignore[union-attr]
    assert bind("select a from u right join u w using (a)").plan.columns[0][1].id == 4  # type: ignore[union-attr]
    assert show(bind("select a from u full join u w using (a)")).startswith(
        "project a = case when (a is not null) then a else a end\n  full join on (a = a)"
    )
    assert show(bind("select u.a, w.a from u join u w using (a)")).startswith("project a = a, a = a")


def test_natural_joins() -> None:
    assert bind("select * from t natural join u").names[:2] == ("a", "v")
    assert "inner join on ((a = a) and (v = v))" in show(bind("select k from t natural join u"))
    assert "cross join" in show(bind("select 1 from region natural join part"))


def test_the_outer_side_may_be_null() -> None:
    left = bind("select u.k, w.k from u left join u w on u.a = w.a")
    assert [c.nullable for c in left.columns] == [False, True]
    full = bind("select u.k, w.k from u full join u w on u.a = w.a")
    assert [c.nullable for c in full.columns] == [True, True]


VIEWS = {
    "v1": "select a, max(b) as m from t group by a",
    "v2": "select * from v1 where m > 5",
    "bad": "select nope from t",
    "loop": "select * from loop",
}


def test_views_are_bound_where_they_are_used() -> None:
    query = bind("select x.m from v2 x", views=VIEWS)
    assert query.names == ("m",)
    assert show(query).endswith("aggregate [a = a] [max = max(b)]\n          scan t t")


def test_spans_of_a_views_text_do_not_leak() -> None:
    query = bind("select * from v1", views=VIEWS)
    assert [c.span for c in query.columns] == [None, None]


def test_errors_in_a_view_point_at_its_use() -> None:
    with pytest.raises(UndefinedColumn, match='"nope" does not exist') as caught:
        bind("select * from bad", views=VIEWS)
    assert caught.value.position == 14
    assert 'view "bad"' in str(caught.value.detail)
    with pytest.raises(ProgrammingError, match="nested too deeply"):
        bind("select * from loop", views=VIEWS)


@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        ("select 1 from t, u left join u w on w.k = t.a", UndefinedTable, "invalid reference to FROM-clause entry"),
        ("select 1 from t, (select t.a from u) s", UndefinedTable, "missing FROM-clause entry"),
        ("select 1 from t join u using (nope)", UndefinedColumn, "USING clause does not exist in left table"),
        ("select 1 from t join u using (b)", UndefinedColumn, "USING clause does not exist in right table"),
        ("select 1 from t join u on true join u w using (a)", ProgrammingError, "appears more than once in left table"),
        ("select 1 from t left join u", SqlSyntaxError, "end of input"),
        ("select 1 from t cross join u on true", SqlSyntaxError, "has no ON"),
        ("select 1 from (select 1) s(a, b)", SqlSyntaxError, "1 columns available but 2 columns specified"),
        ("select 1 from t semi join u on true", NotSupportedError, "SEMI JOIN is not supported by Redshift"),
        ("select 1 from t tablesample (10)", NotSupportedError, "TABLESAMPLE"),
        ("select * from t pivot (stddev(a) for b in (1, 2))", NotSupportedError, "PIVOT takes one of COUNT"),
        ("select 1 from generate_series(1.5, 3)", NotSupportedError, "generate_series"),
        ("select 1 from t, t.v x", Error, "SUPER values, not over type character varying"),
        ("select a(+) from t", SqlSyntaxError, r"\(\+\) is allowed in conditions of WHERE only"),
        ("select 1 from t join u on a", Error, "ambiguous"),
        ("select 1 from t join u on t.v", Error, "argument of JOIN/ON must be type boolean, not type char"),
    ],
)
def test_errors(sql: str, error: type[Error], words: str) -> None:
    with pytest.raises(error, match=words):
        bind(sql)


def test_leader_only_tables_do_not_join_user_tables() -> None:
    sql = "select 1 from pg_class c join t on c.oid = t.a"
    with pytest.raises(NotSupportedError, match="not supported on Redshift tables"):
        bind(sql)
    assert bind(sql, compatibility="extended").columns
    assert bind("select 1 from pg_class a, pg_catalog.pg_class b").columns
