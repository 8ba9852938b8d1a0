"""Literals, casts, parameters."""
from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from support_plans import Catalogue, bind, context, one, text
from warehouse.errors import Error, InterfaceError, InvalidDatetime, InvalidText, NotSupportedError, ProgrammingError
from warehouse.planner.binder import bind_query
from warehouse.planner.expressions import Literal
from warehouse.planner.parse import parse_script
from warehouse.planner.traverse import walk
from warehouse.storage.types import INTEGER, UNKNOWN, decimal


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("1.00", "100 :: numeric(3,2)"),
        ("true", "True :: boolean"),
        ("null", "null :: character varying(1)"),
        ("'it''s'", '"it\'s" :: character varying(4)'),
        (r"'tab\tx'", r"'tab\tx' :: character varying(5)"),
        ("$$a'b$$", '"a\'b" :: character varying(3)'),
        ("date '2020-02-29'", "18321 :: date"),
        ("timestamp '2020-01-01 10:11:12.5'", "1577873472500000 :: timestamp without time zone"),
        ("'12'::int", "12 :: integer"),
        ("null::int", "null :: integer"),
        ("cast('2020-01-01' as date)", "18262 :: date"),
        ("'abcdef'::char(3)", "'abc' :: character(3)"),
        ("'aé'::varchar(2)", "'a' :: character varying(2)"),
        ("x::int", "CAST(x as integer) :: integer"),
        ("a::varchar", "CAST(a as character varying(11)) :: character varying(11)"),
        ("v::text", "v :: character varying(20)"),
        ("v::varchar(3)", "CAST(v as character varying(3)) :: character varying(3)"),
        ("convert(bigint, a)", "CAST(a as bigint) :: bigint"),
        ("d::timestamp", "CAST(d as timestamp without time zone) :: timestamp without time zone"),
        ("date '2020-01-01'::timestamp", "1577836800000000 :: timestamp without time zone"),
        ("cast(date '2020-01-01' as timestamp)", "1577836800000000 :: timestamp without time zone"),
        ("a::boolean", "CAST(a as boolean) :: boolean"),
        ("a::integer", "a :: integer"),
        ("f::dec(5, 1)", "CAST(f as numeric(5,1)) :: numeric(5,1)"),
    ],
)
def test_literals_and_casts(sql: str, expected: str) -> None:
    assert text(sql) == expected


@pytest.mark.parametrize(
    ("sql", "error", "words", "position"),
    [
        ("'x'::int", InvalidText, 'invalid input syntax for integer: "x"', 7),
        ("date '2020-13-01'", InvalidDatetime, "out of range", 12),
        ("d::int", Error, "cannot cast type date to integer", 7),
        ("interval '1 day'::int", Error, "cannot cast type interval day to second to integer", None),
        ("a::foo", Error, 'type "foo" does not exist', 10),
        ("a::geometry", NotSupportedError, 'type "geometry" is not supported yet', None),
        ("a::varchar(70000)", Error, "cannot exceed 65535", None),
    ],
)
def test_casts_that_fail(sql: str, error: type[Error], words: str, position: int | None) -> None:
    with pytest.raises(error, match=words) as caught:
        text(sql)
    if position is not None:
        assert caught.value.position == position


def test_parameters_are_typed_values() -> None:
    values = [5, Decimal("1.50"), "2020-01-01", None, date(2020, 1, 1), True]
    assert text("a + $1", values) == "add(a, 5) :: integer"
    assert text("x * $2", values) == "multiply(x, 150) :: numeric(12,4)"
    assert text("d = $3", values) == "(d = 18262) :: boolean"
    assert text("a = $4", values) == "(a = null) :: boolean"
    assert text("d < $5", values) == "(d < 18262) :: boolean"
    assert text("$6", values) == "True :: boolean"
    assert text("a in ($1, $1)", values) == "(a in (5)) :: boolean"
    assert text("v like $3", values).startswith("(v like '2020-01-01'")


@pytest.mark.parametrize(("sql", "values"), [("$1", None), ("$3", [1, 2]), ("?", [1]), (":a", [1])])
def test_parameters_that_are_not_there(sql: str, values: list[int] | None) -> None:
    with pytest.raises(ProgrammingError, match=r"parameter"):
        text(sql, values)


def test_bytes_are_varbyte() -> None:
    assert text("$1", [b"x"]) == "'78' :: binary varying(1)"


def test_lists_are_refused() -> None:
    with pytest.raises(InterfaceError, match="list cannot be bound"):
        text("$1", [[1]])


def test_literals_know_their_places() -> None:
    literal = one("a + 12").args[1]  # type: ignore[union-attr]
    assert literal.span == (11, 13)


def test_literals_can_be_numbered() -> None:
    """For the plan cache: the n-th literal of the text, as long as only casts were done to it."""
    c = context()
    c.literals = []
    sql = "select a + 12 from t where x = 3 and v like 'p%' and d > '2020-01-01' and a in (7, 8) limit 5"
    query = bind_query(parse_script(sql)[0].statement.tree, Catalogue(), c)
    found = {sql[slice(*span)]: (number, type) for number, (span, type) in enumerate(c.literals)}
    assert sorted(found) == ["'2020-01-01'", "'p%'", "12", "3", "5", "7", "8"]
    assert (found["3"][1], found["'p%'"][1]) == (INTEGER, UNKNOWN)
    filter_ = query.plan.input.input  # type: ignore[union-attr]
    numbered = [e for e in walk(filter_.predicate) if isinstance(e, Literal) and e.parameter >= 0]
    assert {(e.parameter, e.value, str(e.type)) for e in numbered} == {
        (found["3"][0], 300, str(decimal(12, 2))), (found["'2020-01-01'"][0], 18262, "date"),
    }


def test_without_a_list_nothing_is_numbered() -> None:
    assert one("12").parameter == -1  # type: ignore[union-attr]
    assert bind("select 'a'").ctes == ()
