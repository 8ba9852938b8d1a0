"""Completeness: each function page of the manual is supported, leader-only or refused by name; the page says which."""
from __future__ import annotations

import function_table
import pytest
from support_plans import bind
from warehouse.errors import NotSupportedError
from warehouse.planner.functions.catalogue import REFUSED, SYNTAX, entries
from warehouse.planner.functions.missing import DEPRECATED, NO_MEANING

# Refused as a form of the grammar, before it is a function call.
BY_GRAMMAR = {"approximate_percentile_disc"}
MINE = {
    name
    for family, names in function_table.manual().items() if family not in function_table.ELSEWHERE
    for name in names
}


def test_every_function_of_the_manual_is_known() -> None:
    known = entries()
    names = {name for names in function_table.manual().values() for name in names}
    assert names - set(known) - BY_GRAMMAR == set()


@pytest.mark.parametrize("name", sorted(n for n, e in entries().items() if e.status == REFUSED))
def test_refused_functions_say_their_name(name: str) -> None:
    with pytest.raises(NotSupportedError, match=f"(?i){name.replace('_', '.?')}"):
        bind(f"select {name}(1)")


def test_few_are_refused() -> None:
    """Of scalar functions, beyond those without meaning here and those that Redshift itself gave up."""
    known = entries()
    refused = {n for n in MINE if known[n].status == REFUSED} - NO_MEANING - DEPRECATED
    assert not refused


def test_calls_are_described() -> None:
    for entry in entries().values():
        assert entry.status == REFUSED or entry.calls, entry.name
    assert entries()["lpad"].calls == ("lpad(text, integer [, text]) -> varchar",)
    assert entries()["dateadd"].calls[0] == "dateadd(part, integer, date or timestamp) -> by its arguments"
    assert set(SYNTAX) <= set(entries())


def test_the_page_is_generated() -> None:
    assert function_table.PAGE.read_text() == function_table.markdown(), "run `make coverage`"
