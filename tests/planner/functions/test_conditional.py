"""COALESCE, NVL, NVL2, NULLIF, DECODE, GREATEST, LEAST as CASE expressions."""
from __future__ import annotations

import pytest
from support_plans import text
from warehouse.errors import DatatypeMismatch, InvalidText, UndefinedFunction


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("coalesce(a, b)", "case when (a is not null) then cast(a as bigint) else b end :: bigint"),
        ("coalesce(a, x, 1.555)", "case when (a is not null) then cast(a as numeric(13,3)) "
         "when (x is not null) then cast(x as numeric(13,3)) else 1555 end :: numeric(13,3)"),
        ("nvl(v, 'zz')", "case when (v is not null) then v else 'zz' end :: character varying(20)"),
        ("coalesce(v)", "v :: character varying(20)"),
        ("nvl2(a, 'x', 'yyy')", "case when (a is not null) then 'x' else 'yyy' end :: character varying(3)"),
        ("nullif(a, 1)", "case when (a = 1) then null else a end :: integer"),
        ("nullif(v, '')", "case when (v = '') then null else v end :: character varying(20)"),
        ("decode(a, 1, 'x', null, 'yy', 'z')",
         "case when (a = 1) then 'x' when (a is null) then 'yy' else 'z' end :: character varying(2)"),
        ("decode(a, 1, 10)", "case when (a = 1) then 10 else null end :: integer"),
        ("decode(a, b, 1)",
         "case when (((a is null) and (b is null)) or (a = b)) then 1 else null end :: integer"),
        ("greatest(a, 5)", "case when ((a is not null) and ((5 is null) or (a >= 5))) then a "
         "when ((5 is not null) and ((a is null) or (5 >= a))) then 5 else null end :: integer"),
        ("least(a, null)", "a :: integer"),
    ],
)
def test_calls(call: str, expected: str) -> None:
    assert text(call) == expected


def test_types_that_do_not_meet() -> None:
    with pytest.raises(DatatypeMismatch, match="COALESCE types integer and boolean cannot be matched"):
        text("coalesce(a, z)")
    with pytest.raises(InvalidText, match='invalid input syntax for integer: "x"'):
        text("coalesce(a, 'x')")
    with pytest.raises(UndefinedFunction, match="greatest"):
        text("greatest(z, z)")
