"""Character functions: synonyms, turned arguments, lengths of results."""
from __future__ import annotations

import pytest
from support_plans import text
from warehouse.errors import UndefinedFunction


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("len(v)", "length(v) :: integer"),
        ("char_length(v)", "length(v) :: integer"),
        ("textlen(v)", "length(v) :: integer"),
        ("length(c)", "length(cast(c as character varying(5))) :: integer"),
        ("octet_length(v)", "octet_length(v) :: integer"),
        ("upper(c)", "upper(cast(c as character varying(5))) :: character varying(5)"),
        ("upper(a)", "upper(cast(a as character varying(11))) :: character varying(11)"),
        ("lower('AbC')", "lower('AbC') :: character varying(3)"),
        ("substring(v, 1, 2)", "substring(v, 1, 2) :: character varying(20)"),
        ("substring(v from 2 for 3)", "substring(v, 2, 3) :: character varying(20)"),
        ("substr(v, 2)", "substring(v, 2) :: character varying(20)"),
        ("substring(v, '1', b)", "substring(v, 1, cast(b as integer)) :: character varying(20)"),
        ("left(v, 2)", "left(v, 2) :: character varying(20)"),
        ("right(v, a)", "right(v, a) :: character varying(20)"),
        ("trim(v)", "trim(v) :: character varying(20)"),
        ("trim(both 'x' from v)", "trim(v, 'x') :: character varying(20)"),
        ("trim(leading 'x' from v)", "ltrim(v, 'x') :: character varying(20)"),
        ("trim(trailing from v)", "rtrim(v) :: character varying(20)"),
        ("btrim(v, 'x')", "trim(v, 'x') :: character varying(20)"),
        ("position('a' in v)", "strpos(v, 'a') :: integer"),
        ("charindex('a', v)", "strpos(v, 'a') :: integer"),
        ("strpos(v, 'a')", "strpos(v, 'a') :: integer"),
        ("strpos(x, '.')", "strpos(cast(x as character varying(40)), '.') :: integer"),
        ("replace(v, 'a', 'b')", "replace(v, 'a', 'b') :: character varying(65535)"),
        ("concat(v, a)", "concat(v, cast(a as character varying(11))) :: character varying(31)"),
    ],
)
def test_calls(call: str, expected: str) -> None:
    assert text(call) == expected


@pytest.mark.parametrize("call", ["left(v)", "replace(v, 'a')", "concat(v)", "concat(v, v, v)", "strpos(v, a)"])
def test_arguments_that_do_not_fit(call: str) -> None:
    with pytest.raises(UndefinedFunction):
        text(call)
