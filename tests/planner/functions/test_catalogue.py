"""The catalogue as a whole: names, keys, refusals."""
from __future__ import annotations

import pytest
from support_plans import text
from warehouse.engine.functions.scalar import FUNCTIONS as IMPLEMENTED
from warehouse.errors import NotSupportedError, UndefinedFunction
from warehouse.planner import functions

ARITHMETIC = {"add", "subtract", "multiply", "divide", "modulo"}


def test_every_key_is_implemented() -> None:
    assert functions.KEYS - set(IMPLEMENTED) - ARITHMETIC == set()


def test_signatures_are_sound() -> None:
    for signature in functions.SIGNATURES:
        assert signature.names and all(n == n.lower() for n in signature.names)
        assert 0 <= signature.optional <= len(signature.takes)
        assert signature.volatility in ("immutable", "stable", "volatile")


def test_nothing_is_both_there_and_missing() -> None:
    assert not functions.MISSING & set(functions.names())


def test_missing_functions_are_refused_by_name() -> None:
    for name, why in (("reboot_cluster", "it has no meaning outside of AWS"),
                      ("age", "it is a deprecated leader-node function"), ("st_area", "spatial functions are not")):
        with pytest.raises(NotSupportedError, match=f"function {name} is not supported:? {why}"):
            text(f"{name}(a)")


@pytest.mark.parametrize(("name", "near"), [("uppr", "upper"), ("coalese", "coalesce"), ("zzzz", None)])
def test_unknown_functions_hint_at_near_names(name: str, near: str | None) -> None:
    words = rf"function {name}\(character varying, \"unknown\"\) does not exist"
    with pytest.raises(UndefinedFunction, match=words) as caught:
        text(f"{name}(v, 'x')")
    assert caught.value.hint == (f'Did you mean "{near}"?' if near else None)


def test_near_arguments_win() -> None:
    """TRUNC is for numbers, dates and timestamps; each finds its own signature."""
    assert text("trunc(x)").endswith("numeric(7,0)")
    assert text("trunc(f)").endswith("double precision")
    assert text("trunc(ts)").endswith(":: date")
