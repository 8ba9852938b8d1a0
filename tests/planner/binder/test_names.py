"""What names mean: scopes, qualifiers, case, near names, output names."""
from __future__ import annotations

import pytest
from support_plans import bind
from warehouse.errors import (
    AmbiguousColumn,
    DuplicateTable,
    Error,
    NotSupportedError,
    UndefinedColumn,
    UndefinedObject,
    UndefinedTable,
)


@pytest.mark.parametrize(
    ("sql", "error", "words", "hint", "position"),
    [
        ("select nope from t", UndefinedColumn, 'column "nope" does not exist', None, 7),
        ("select l_orderke from lineitem", UndefinedColumn, "does not exist", 'Did you mean "l_orderkey"?', 7),
        ("select x.a from t", UndefinedTable, 'missing FROM-clause entry for table "x"', None, 7),
        ("select t.vv from t", UndefinedColumn, "column t.vv does not exist", 'Did you mean "v"?', 7),
        ("select a from t, u", AmbiguousColumn, 'column reference "a" is ambiguous', None, 7),
        ("select 1 from orderz", UndefinedTable, 'relation "orderz" does not exist', 'Did you mean "orders"?', 14),
        ("select 1 from s.t", UndefinedObject, 'schema "s" does not exist', None, 14),
        ("select 1 from public.tt", UndefinedTable, 'relation "public.tt" does not exist', 'Did you mean "t"?', 14),
        ("select 1 from t, t", DuplicateTable, 'table name "t" specified more than once', None, 17),
        ("select 1 from t t1 join u t1 on true", DuplicateTable, '"t1" specified more than once', None, 24),
        ("select zz.* from t", UndefinedTable, 'missing FROM-clause entry for table "zz"', None, 7),
        ("select 1 from other.public.t", NotSupportedError, "cross-database references", None, 14),
        ("select *", Error, r"SELECT \* with no tables", None, 7),
    ],
)
def test_names_that_mean_nothing(sql: str, error: type[Error], words: str, hint: str | None, position: int) -> None:
    with pytest.raises(error, match=words) as caught:
        bind(sql)
    assert caught.value.hint == hint
    assert caught.value.position == position


@pytest.mark.parametrize(
    "sql",
    ["select T.A, \"A\", t.a, public.t.a from T", 'select "a" from "Public"."T"', "select t.a from dev.public.t",
     "select x.a from t as x", "select a from t where t.a = 1 order by t.a"],
)
def test_names_that_do(sql: str) -> None:
    assert set(bind(sql).names) == {"a"}


@pytest.mark.parametrize(
    ("item", "name"),
    [
        ("a", "a"), ("t.a", "a"), ("a as b", "b"), ('a as "B c"', "b c"), ("a + 1", "?column?"), ("1", "?column?"),
        ("count(*)", "count"), ("sum(a)", "sum"), ("a::bigint", "a"), ("1::bigint", "int8"),
        ("case when z then 1 end", "case"), ("case when z then 1 else a end", "a"),
        ("extract(year from d)", "date_part"), ("dateadd(day, 1, d)", "date_add"), ("datediff(day, d, d)", "date_diff"),
        ("date_part(year, d)", "pgdate_part"),
        ("nvl(a, 1)", "coalesce"), ("len(v)", "len"), ("trim(v)", "btrim"), ("upper(v)", "upper"),
        ("current_date", "date"), ("(select 1)", "?column?"), ("sysdate", "timestamp"),
        ("1::int::bigint", "int8"), ("true::int", "int4"), ("upper(v)::date", "upper"), ("sysdate::date", "date"),
        ("case when z then 1 end::bigint", "int8"), ("case when z then 1 else 2::int end", "case"),
        ("nullif(a, 1)", "a"), ("nullif(1, a)", "case"), ("initcap(v)", "initcap"), ("ln(a)", "ln"), ("chr(a)", "chr"),
        ("position('x' in v)", "position"), ("current_user_id", "current_user_id"), ("interval '1 day'", "interval"),
        ("sysdate at time zone 'MST'", "timezone"), ("'abc'::varbyte", "varbyte"), ("'abc'::varbinary(4)", "varbyte"),
    ],
)
def test_output_names(item: str, name: str) -> None:
    assert bind(f"select {item} from t").names == (name,)


def test_stars() -> None:
    assert bind("select * from u").names == ("a", "k", "v")
    assert bind("select u.*, u.k, w.* from u, u w").names == ("a", "k", "v", "k", "a", "k", "v")


def test_columns_carry_their_place_and_whether_they_can_be_null() -> None:
    query = bind("select k, u.a from u")
    assert [c.span for c in query.columns] == [(7, 8), (10, 13)]
    assert [c.nullable for c in query.columns] == [False, True]
