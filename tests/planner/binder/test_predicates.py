"""BETWEEN, IN, LIKE, IS, CASE."""
from __future__ import annotations

import pytest
from support_plans import text
from warehouse.errors import DataError, DatatypeMismatch, Error, InvalidText, NotSupportedError


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a between 1 and 2", "((a >= 1) and (a <= 2))"),
        ("x not between 0.05 and 0.07", "not ((x >= 5) and (x <= 7))"),
        ("d between '1994-01-01' and '1995-01-01'", "((d >= 8766) and (d <= 9131))"),
        ("a in (1, 2, 2)", "(a in (1, 2))"),
        ("a not in (1, null)", "(a not in (1, null))"),
        ("a in (1, 2.5)", "(cast(a as numeric(11,1)) in (10, 25))"),
        ("a in ('1', '2')", "(a in (1, 2))"),
        ("a in (b, 2)", "((a = b) or (a = 2))"),
        ("a not in (b, 2)", "((a <> b) and (a <> 2))"),
        ("c in ('ab ', 'cd')", "(c in ('ab', 'cd'))"),
        ("d in ('2020-01-01', date '2021-01-01')", "(d in (18262, 18628))"),
        ("a in (null)", "(a in (null))"),
        ("1 in (1, 2)", "((1 = 1) or (1 = 2))"),
        ("(a, b) in ((1, 2), (3, 4))", "(((a = 1) and (b = 2)) or ((a = 3) and (b = 4)))"),
        ("v like 'a%'", "(v like 'a%' escape '\\\\')"),
        ("v not like 'a!%' escape '!'", "(v not like 'a!%' escape '!')"),
        ("v ilike 'A%'", "(v ilike 'A%' escape '\\\\')"),
        ("v ~~ 'a'", "(v like 'a' escape '\\\\')"),
        ("a like '1%'", "(cast(a as character varying(11)) like '1%' escape '\\\\')"),
        ("v like null", "null"),
        ("a is null", "(a is null)"),
        ("a notnull", "(a is not null)"),
        ("z is true", "case when z then True else False end"),
        ("z is not false", "not case when not z then True else False end"),
        ("z is unknown", "(z is null)"),
        ("null is null", "(null is null)"),
    ],
)
def test_predicates(sql: str, expected: str) -> None:
    assert text(sql) == f"{expected} :: boolean"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("case when a = 1 then 'x' when z then 'yyy' end",
         "case when (a = 1) then 'x' when z then 'yyy' else null end :: character varying(3)"),
        ("case a when 1 then 1.5 else b end",
         "case when (a = 1) then 15 else cast(b as numeric(19,1)) end :: numeric(19,1)"),
        ("case a when '1' then 2 end", "case when (a = 1) then 2 else null end :: integer"),
        ("case when z then d else ts end",
         "case when z then cast(d as timestamp without time zone) else ts end :: timestamp without time zone"),
        ("case when z then c else v end",
         "case when z then cast(c as character varying(20)) else v end :: character varying(20)"),
    ],
)
def test_case(sql: str, expected: str) -> None:
    assert text(sql) == expected


@pytest.mark.parametrize(
    ("sql", "error", "words"),
    [
        (r"v like 'abc\\'", DataError, "must not end with escape character"),
        ("v like 'a' escape 'xy'", DataError, "ESCAPE needs one character"),
        ("a between symmetric 1 and 2", NotSupportedError, "SYMMETRIC"),
        ("v like any ('a', 'b')", NotSupportedError, "LIKE ANY"),
        ("d is true", DatatypeMismatch, "argument of IS TRUE must be type boolean, not type date"),
        ("case when d then 1 end", DatatypeMismatch, "argument of CASE/WHEN must be type boolean"),
        ("case when z then 1 else 'x' end", InvalidText, "for integer"),
        ("case when z then 1 else d end", DatatypeMismatch, "CASE types integer and date cannot be matched"),
        ("a in ('x')", InvalidText, "for integer"),
        ("(a, b) in ((1, 2, 3))", NotSupportedError, "unequal number of entries"),
    ],
)
def test_errors(sql: str, error: type[Error], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        text(sql)
    assert caught.value.position is not None and caught.value.position >= 7
