"""SELECT: clauses in their order, aliases, DISTINCT, ORDER BY, LIMIT."""
from __future__ import annotations

import pytest
from support_plans import bind, show
from warehouse.errors import DatatypeMismatch, Error, NotSupportedError, ProgrammingError, SqlSyntaxError


@pytest.mark.parametrize(
    ("sql", "plan"),
    [
        ("select 1", "project ?column? = 1\n  values ()"),
        ("select 1 where 1 = 2", "project ?column? = 1\n  filter (1 = 2)\n    values ()"),
        ("select a from t where z", "project a = a\n  filter z\n    scan t t"),
        # aliases: used to the right, in WHERE and ORDER BY; a column of that name comes first
        ("select a as x1, x1 + 1 as y1 from t where y1 > 3 order by y1",
         "sort y1\n  project x1 = a, y1 = add(a, 1)\n    filter (add(a, 1) > 3)\n      scan t t"),
        ("select a as b, b + 1 as c2 from t", "project b = a, c2 = add(b, 1)\n  scan t t"),
        # ORDER BY: the output column comes first; expressions go along unseen
        ("select -a as a from t order by a", "sort a\n  project a = negate(a)\n    scan t t"),
        ("select a from t order by b desc, a nulls first",
         "sort order desc nulls first, a nulls first\n  project a = a, order = b\n    scan t t"),
        ("select a from t order by a desc nulls last", "sort a desc\n  project a = a\n    scan t t"),
        ("select a, b from t order by 2, 1", "sort b, a\n  project a = a, b = b\n    scan t t"),
        ("select a + 1 from t order by a + 1", "sort ?column?\n  project ?column? = add(a, 1)\n    scan t t"),
        ("select a, a from t order by a", "sort a\n  project a = a, a = a\n    scan t t"),
        ("select distinct a, v from t order by v",
         "sort v\n  aggregate [a = a, v = v] []\n    project a = a, v = v\n      scan t t"),
        ("select top 5 a from t", "limit 5 offset 0\n  project a = a\n    scan t t"),
        ("select a from t limit 3 offset 1", "limit 3 offset 1\n  project a = a\n    scan t t"),
        ("select a from t limit all", "project a = a\n  scan t t"),
        ("select a from t offset 2", "limit None offset 2\n  project a = a\n    scan t t"),
        ("(select a from t limit 2) limit 1",
         "limit 1 offset 0\n  limit 2 offset 0\n    project a = a\n      scan t t"),
        ("values (1, 'x'), (2.5, null)", "values (10, 'x'), (25, null)"),
    ],
)
def test_plans(sql: str, plan: str) -> None:
    assert show(bind(sql)) == plan


def test_hidden_sort_columns_are_not_in_the_result() -> None:
    query = bind("select a from t order by b")
    assert (query.names, len(query.columns)) == (("a",), 1)


def test_null_order_is_redshifts() -> None:
    """NULL is the largest value: last ascending, first descending."""
    query = bind("select a from t order by a, a desc, a nulls first, a desc nulls last")
    assert [(k.descending, k.nulls_first) for k in query.plan.keys] == [  # type: ignore[union-attr]
        (False, False), (True, True), (False, True), (True, False),
    ]


@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        ("select a from t where v", DatatypeMismatch, "argument of WHERE must be type boolean, not type char"),
        ("select y1 + 1, a as y1 from t", Error, 'column "y1" does not exist'),
        ("select x1 as x1 from t", Error, 'column "x1" does not exist'),
        ("select distinct a from t order by b", ProgrammingError, "ORDER BY expressions must appear in select list"),
        ("select a from t order by 2", ProgrammingError, "ORDER BY position 2 is not in select list"),
        ("select a from t order by 0", ProgrammingError, "ORDER BY position 0 is not in select list"),
        ("select a from t order by 1.5", SqlSyntaxError, "non-integer constant in ORDER BY"),
        ("select a q, b q from t order by q", ProgrammingError, 'ORDER BY "q" is ambiguous'),
        ("select a from t limit -1", ProgrammingError, "LIMIT must not be negative"),
        ("select a from t limit 'x'", ProgrammingError, "argument of LIMIT must be a whole number"),
        ("select a from t limit 1 + 1", NotSupportedError, "LIMIT needs a constant"),
        ("select a from t fetch first 3 rows only", NotSupportedError, "FETCH FIRST"),
        ("select a from t qualify a = 1", SqlSyntaxError, "QUALIFY needs a window function"),
        ("select a from (select a into x from t) y", NotSupportedError, "SELECT INTO here is not supported"),
        ("select * exclude (a), b from t", SqlSyntaxError, "EXCLUDE must end the select list"),
        ("select distinct on (a) a from t", NotSupportedError, "DISTINCT ON is not supported by Redshift"),
        ("select a from t for update", NotSupportedError, "FOR UPDATE is not supported yet"),
        ("select rank() over w from t", NotSupportedError, "a named window is not supported by Redshift"),
        ("select sum(a) filter (where z) from t", NotSupportedError, "FILTER"),
    ],
)
def test_errors(sql: str, error: type[Error], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        bind(sql)
    assert caught.value.position is not None


def test_limits_of_depth_are_errors() -> None:
    with pytest.raises(Error, match="nested too deeply") as caught:
        bind("select " + "(a+" * 2000 + "a" + ")" * 2000 + " from t")
    assert caught.value.sqlstate == "54001"


@pytest.mark.parametrize("sql", [
    "select " + ", ".join(f"a + {i} as c{i}" for i in range(1000)) + " from t",
    "select a from t where a in (" + ", ".join(map(str, range(500))) + ")",
    " union all ".join(["select a from t"] * 100),
    "select " + "(" * 200 + "a" + ")" * 200 + " from t",
])
def test_large_statements_bind(sql: str) -> None:
    assert bind(sql).columns
