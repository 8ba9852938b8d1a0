"""Arithmetic, concatenation, comparison and logic: types, casts, errors with places."""
from __future__ import annotations

import pytest
from support_plans import one, text
from warehouse.errors import (
    DatatypeMismatch,
    Error,
    InvalidDatetime,
    InvalidText,
    NotSupportedError,
    SqlSyntaxError,
    UndefinedFunction,
)
from warehouse.storage.types import INTEGER

TS = "timestamp without time zone"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a + b", "add(a, b) :: bigint"),
        ("s + s", "add(s, s) :: smallint"),
        ("a + x", "add(cast(a as numeric(12,2)), x) :: numeric(13,2)"),
        ("x / a", "divide(x, cast(a as numeric(10,0))) :: numeric(19,13)"),
        ("x * (1 - x)", "multiply(x, subtract(100, x)) :: numeric(22,4)"),
        ("a % 3", "modulo(a, 3) :: integer"),
        ("f + x", "add(f, cast(x as double precision)) :: double precision"),
        ("'1' + a", "add(1, a) :: integer"),
        ("null + 1", "add(null, 1) :: integer"),
        ("-a", "negate(a) :: integer"),
        ("+a", "a :: integer"),
        ("-1.5", "-15 :: numeric(2,1)"),
        ("-2147483648", "-2147483648 :: integer"),
        ("a + b * s - 2", "subtract(add(a, multiply(b, s)), 2) :: bigint"),
        ("v || 'x'", "concat(v, 'x') :: character varying(21)"),
        ("v || a", "concat(v, cast(a as character varying(11))) :: character varying(31)"),
        ("v || c || 'ab'", "concat(concat(v, cast(c as character varying(5))), 'ab') :: character varying(27)"),
        ("'a'\n'b'", "'ab' :: character varying(2)"),
    ],
)
def test_values(sql: str, expected: str) -> None:
    assert text(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("d + 1", "date_add_days(d, 1) :: date"),
        ("1 + d", "date_add_days(d, 1) :: date"),
        ("d - a", "date_add_days(d, negate(a)) :: date"),
        ("d - d", "date_diff_day(d, d) :: bigint"),
        ("d - '2020-01-01'", "date_diff_day(18262, d) :: bigint"),
        ("d + interval '1 year'", f"cast(date_add_months(d, 12) as {TS}) :: {TS}"),
        ("d - interval '90 days'", f"cast(date_add_days(d, -90) as {TS}) :: {TS}"),
        ("d + interval '1 month 2 days'", f"cast(date_add_days(date_add_months(d, 1), 2) as {TS}) :: {TS}"),
        ("d + interval '1 hour'", f"ts_add_micros(cast(d as {TS}), 3600000000) :: {TS}"),
        ("interval '1 day' + ts", f"ts_add_micros(ts, 86400000000) :: {TS}"),
        ("ts + 2 * interval '1 month'", f"ts_add_months(ts, 2) :: {TS}"),
        ("tz - interval '1' year", "ts_add_months(tz, -12) :: timestamp with time zone"),
        ("ts + (interval '1 day' + interval '1 hour')", f"ts_add_micros(ts, 90000000000) :: {TS}"),
        ("ts + -interval '1 day'", f"ts_add_micros(ts, -86400000000) :: {TS}"),
    ],
)
def test_dates(sql: str, expected: str) -> None:
    assert text(sql) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("a = b", "(a = b)"),
        ("a <> s", "(a <> s)"),
        ("a = x", "(cast(a as numeric(12,2)) = x)"),
        ("x = 1", "(x = 100)"),
        ("x = 1.555", "(cast(x as numeric(9,3)) = 1555)"),
        ("a = 1.5", "(cast(a as numeric(11,1)) = 15)"),
        ("a = '1'", "(a = 1)"),
        ("v = a", "(v = cast(a as character varying(11)))"),
        ("v = x", "(cast(v as numeric(8,2)) = x)"),
        ("f = x", "(f = cast(x as double precision))"),
        ("z = 't'", "(z = True)"),
        ("tz > ts", "(tz > cast(ts as timestamp with time zone))"),
        ("a = null", "(a = null)"),
        ("d >= '1998-09-02'", "(d >= 10471)"),
        ("d = ts", f"(cast(d as {TS}) = ts)"),
        ("ts < '2020-01-01 10:00'", "(ts < 1577872800000000)"),
        # dates that were widened to TIMESTAMP are compared as dates
        ("d < date '1994-01-01' + interval '1 year'", "(d < date_add_months(8766, 12))"),
        ("d = timestamp '2020-01-01'", "(d = 18262)"),
        ("d = timestamp '2020-01-01 10:00'", f"(cast(d as {TS}) = 1577872800000000)"),
        ("d + interval '1 day' < ts", f"(cast(date_add_days(d, 1) as {TS}) < ts)"),
        ("dateadd(day, 1, d) = date_trunc('month', d)", "(date_add_days(d, 1) = date_trunc_month(d))"),
        # CHAR ignores trailing blanks, VARCHAR does not
        ("c = 'ab  '", "(c = 'ab')"),
        ("v = 'ab  '", "(v = 'ab  ')"),
        ("c = v", "(cast(c as character varying(5)) = v)"),
        ("(a, v) = (1, 'x')", "((a = 1) and (v = 'x'))"),
        ("(a, b) <> (1, 2)", "((a <> 1) or (b <> 2))"),
    ],
)
def test_comparisons(sql: str, expected: str) -> None:
    assert text(sql) == f"{expected} :: boolean"


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("not z", "not z"), ("z and a = 1 and b = 2", "(z and (a = 1) and (b = 2))"), ("z or null", "(z or null)"),
        ("not (a is null)", "(a is not null)"), ("z and 't'", "(z and True)"),
        ("a = 1 or b = 2 and z", "((a = 1) or ((b = 2) and z))"),
    ],
)
def test_logic(sql: str, expected: str) -> None:
    assert text(sql) == f"{expected} :: boolean"


@pytest.mark.parametrize(
    ("sql", "shown", "position"),
    [
        ("a + z", "integer + boolean", 7),
        ("b - (a + v)", "integer + character varying", 12),
        ("f % 2", "double precision % integer", 7),
        ("-v", "- character varying", 8),
        ("d < 5", "date < integer", 7),
        ("ts + 1", "timestamp without time zone + integer", 7),
        ("a || b", "integer || bigint", 7),
        ("'a' * 'b'", '"unknown" * "unknown"', 7),
    ],
)
def test_operands_that_do_not_fit(sql: str, shown: str, position: int) -> None:
    with pytest.raises(UndefinedFunction) as caught:
        text(sql)
    assert str(caught.value) == f"operator does not exist: {shown}"
    assert caught.value.position == position


@pytest.mark.parametrize(
    ("sql", "error", "words", "position"),
    [
        ("a + 'x'", InvalidText, 'invalid input syntax for integer: "x"', 11),
        ("d = 'nonsense'", InvalidDatetime, 'invalid input syntax for type date: "nonsense"', 11),
        ("d > '2020-02-30'", InvalidDatetime, "date/time field value out of range", 11),
        ("not d", DatatypeMismatch, "argument of NOT must be type boolean, not type date", 11),
        ("z and v", DatatypeMismatch, "argument of AND must be type boolean, not type character varying", 13),
        ("(a, b) < (1, 2)", NotSupportedError, "operator < is not supported for row expressions", 8),
        ("(a, b) = (1, 2, 3)", SqlSyntaxError, "unequal number of entries in row expression", 8),
        ("a is distinct from b", NotSupportedError, "IS DISTINCT FROM", 7),
        ("a & 1.5", UndefinedFunction, "operator does not exist: integer & numeric", 7),
    ],
)
def test_errors(sql: str, error: type[Error], words: str, position: int) -> None:
    with pytest.raises(error, match=words) as caught:
        text(sql)
    assert caught.value.position == position


def test_long_chains_do_not_recurse() -> None:
    assert text(" and ".join(["z"] * 3000)).startswith("(z and z")
    assert one(" + ".join(["a"] * 300)).type == INTEGER
