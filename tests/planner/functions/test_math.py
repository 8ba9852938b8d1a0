"""Mathematical functions: signatures, result types, what they are made of."""
from __future__ import annotations

import pytest
from support_plans import text
from warehouse.errors import NotSupportedError, UndefinedFunction


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("abs(a)", "abs(a) :: integer"),
        ("abs(x)", "abs(x) :: numeric(8,2)"),
        ("abs('1')", "abs(1.0) :: double precision"),
        ("sign(x)", "sign(x) :: numeric(1,0)"),
        ("sign(f)", "sign(f) :: double precision"),
        ("floor(x)", "floor(x) :: numeric(7,0)"),
        ("floor(a)", "a :: integer"),
        ("ceil(f)", "ceil(f) :: double precision"),
        ("ceiling(x)", "ceil(x) :: numeric(7,0)"),
        ("round(x)", "cast(x as numeric(7,0)) :: numeric(7,0)"),
        ("round(x, 1)", "cast(x as numeric(8,1)) :: numeric(8,1)"),
        ("round(x, 2)", "x :: numeric(8,2)"),
        ("round(x, -1)", "multiply(cast(multiply(x, 1) as numeric(7,0)), 10) :: numeric(7,0)"),
        ("round(a)", "a :: integer"),
        ("round(f)", "round(f) :: double precision"),
        ("round(f, 2)", "divide(round(multiply(f, 100.0)), 100.0) :: double precision"),
        ("trunc(x, 1)", "multiply(x, 1) :: numeric(8,1)"),
        ("trunc(x, -1)", "multiply(multiply(x, 1), 10) :: numeric(7,0)"),
        ("trunc(f)", "trunc(f) :: double precision"),
        ("mod(a, 3)", "modulo(a, 3) :: integer"),
        ("mod(x, 3)", "modulo(x, 300) :: numeric(12,2)"),
        ("power(a, 2)", "power(cast(a as double precision), 2.0) :: double precision"),
        ("a ^ 2", "power(cast(a as double precision), 2.0) :: double precision"),
        ("|/ a", "sqrt(cast(a as double precision)) :: double precision"),
        ("dexp(f)", "exp(f) :: double precision"),
        ("dlog1(f)", "ln(f) :: double precision"),
        ("log(a)", "log10(cast(a as double precision)) :: double precision"),
        ("pi()", "3.141592653589793 :: double precision"),
    ],
)
def test_calls(call: str, expected: str) -> None:
    assert text(call) == expected


@pytest.mark.parametrize(
    ("call", "shown"),
    [("abs(v)", "abs(character varying)"), ("abs(z)", "abs(boolean)"), ("power(a)", "power(integer)"),
     ("mod(f, 2)", "mod(double precision, integer)"), ("sqrt(d)", "sqrt(date)")],
)
def test_arguments_that_do_not_fit(call: str, shown: str) -> None:
    with pytest.raises(UndefinedFunction) as caught:
        text(call)
    assert str(caught.value) == f"function {shown} does not exist"
    assert caught.value.position == 7
    assert caught.value.sqlstate == "42883"


def test_digits_of_a_decimal_are_constant() -> None:
    with pytest.raises(NotSupportedError, match="constant number of digits"):
        text("round(x, a)")
