"""UNION, INTERSECT, EXCEPT: types of the branches, order, errors."""
from __future__ import annotations

import pytest
from support_plans import bind, show
from warehouse.errors import DatatypeMismatch, Error, NotSupportedError, ProgrammingError, SqlSyntaxError


@pytest.mark.parametrize(
    ("sql", "plan"),
    [
        ("select a from t union select k from u",
         "union\n  project a = a\n    scan t t\n  project k = k\n    scan u u"),
        ("select a from t union all select x from t",
         "union all\n  project a = cast(a as numeric(12,2))\n    project a = a\n      scan t t\n"
         "  project x = cast(x as numeric(12,2))\n    project x = x\n      scan t t"),
        ("select a, 'x' from t union all select k, null from u",
         "union all\n  project a = a, ?column? = 'x'\n    scan t t\n  project k = k, ?column? = null\n    scan u u"),
        ("select null union all select null union all select 2",
         "union all\n  union all\n    project ?column? = null\n      values ()\n    project ?column? = null\n"
         "      values ()\n  project ?column? = 2\n    values ()"),
        ("select '2020-01-01' union select d from t",
         "union\n  project ?column? = 18262\n    values ()\n  project d = d\n    scan t t"),
        ("select a from t minus select a from u",
         "except\n  project a = a\n    scan t t\n  project a = a\n    scan u u"),
        # INTERSECT binds more than UNION
        ("select 1 union select 2 intersect select 3",
         "union\n  project ?column? = 1\n    values ()\n  intersect\n    project ?column? = 2\n      values ()\n"
         "    project ?column? = 3\n      values ()"),
        ("select a from t union select k from u order by a desc limit 2",
         "limit 2 offset 0\n  sort a desc nulls first\n    union\n      project a = a\n        scan t t\n"
         "      project k = k\n        scan u u"),
        ("(select a from t order by b limit 1) union all select k from u",
         "union all\n  limit 1 offset 0\n    sort order\n      project a = a, order = b\n        scan t t\n"
         "  project k = k\n    scan u u"),
    ],
)
def test_plans(sql: str, plan: str) -> None:
    assert show(bind(sql)) == plan


@pytest.mark.parametrize(
    ("sql", "type"),
    [
        ("select a from t union select b from t", "bigint"),
        ("select v from t union select v from u", "character varying(20)"),
        ("select c from t union select v from u", "character varying(7)"),
        ("select 'a' union select 'bcd'", "character varying(3)"),
        ("select null union select null", "character varying(1)"),
        ("select d from t union select ts from t", "timestamp without time zone"),
        ("select 1.5 union select 10", "numeric(11,1)"),
    ],
)
def test_types(sql: str, type: str) -> None:
    assert str(bind(sql).columns[0].type) == type


def test_names_are_the_first_branchs() -> None:
    assert bind("select a as p from t union select k as q from u").names == ("p",)


@pytest.mark.parametrize(
    ("sql", "error", "words", "position"),
    [
        ("select a from t union select v from t", DatatypeMismatch,
         "UNION types integer and character varying cannot be matched", 29),
        ("select a from t union select a, b from t", SqlSyntaxError, "each UNION query must have the same number", 29),
        ("select 'x' union select 1", Error, 'invalid input syntax for integer: "x"', 7),
        ("select a from t except all select a from u", NotSupportedError, "EXCEPT ALL is not supported", 34),
        ("select a from t union select k from u order by k", ProgrammingError, 'column "k" does not exist', 47),
        ("select a from t union select k from u order by a + 1", ProgrammingError, "must be on one of the result", 47),
        ("select a from t union select k from u order by 2", ProgrammingError, "position 2 is not in select list", 47),
    ],
)
def test_errors(sql: str, error: type[Error], words: str, position: int) -> None:
    with pytest.raises(error, match=words) as caught:
        bind(sql)
    assert caught.value.position == position


def test_all_for_the_others_in_extended_mode() -> None:
    assert show(bind("select 1 except all select 2", compatibility="extended")).startswith("except all")


def test_long_chains_do_not_recurse() -> None:
    assert bind(" union all ".join(["select a from t"] * 600)).columns
