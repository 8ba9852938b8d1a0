"""SET, RESET, SHOW, transactions, ANALYZE."""
from __future__ import annotations

from typing import Any

import pytest
from warehouse.errors import NotSupportedError, SqlSyntaxError
from warehouse.planner import statements as s
from warehouse.planner.parse import parse_script


def parse(text: str) -> Any:
    (parsed,) = parse_script(text)
    return parsed.statement


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("set query_group to 'x y'", s.SetOption("query_group", "x y")),
        ("set statement_timeout = 5000", s.SetOption("statement_timeout", "5000")),
        ("set extra_float_digits to -2", s.SetOption("extra_float_digits", "-2")),
        ('set search_path to "$user", public, "Odd"', s.SetOption("search_path", '"$user", public, "Odd"')),
        ("set session x to on", s.SetOption("x", "on")),
        ("set local x to on", s.SetOption("x", "on", True)),
        ("set x to default", s.SetOption("x", None)),
        ("set time zone 'UTC'", s.SetOption("timezone", "UTC")),
        ("set app.user to 'a'", s.SetOption("app.user", "a")),
        ("reset x", s.SetOption("x", None)),
        ("reset all", s.SetOption("all", None)),
        ("show search_path", s.Show("search_path")),
        ("show all", s.Show("ALL")),
        ("show time zone", s.Show("timezone")),
        ("show transaction isolation level", s.Show("transaction_isolation")),
        ("begin", s.Transaction("begin")),
        ("begin work", s.Transaction("begin")),
        ("start transaction isolation level serializable, read write", s.Transaction("begin")),
        ("begin read only", s.Transaction("begin", read_only=True)),
        ("begin isolation level read committed read only", s.Transaction("begin", read_only=True)),
        ("commit", s.Transaction("commit")),
        ("end transaction", s.Transaction("commit")),
        ("rollback", s.Transaction("rollback")),
        ("abort", s.Transaction("rollback")),
        ("analyze", s.Analyze(())),
        ("analyze s.t (a, b)", s.Analyze((s.RelationName("s", "t"),), ("a", "b"))),
        ("analyze t all columns", s.Analyze((s.RelationName(None, "t"),))),
    ],
)
def test_statements(text: str, expected: s.Statement) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["show datashares", "set transaction read only"])
def test_refused_by_name(text: str) -> None:
    with pytest.raises(NotSupportedError):
        parse(text)


@pytest.mark.parametrize("text", ["set x", "set x 1", "set x to", "reset", "show", "begin x", "start",
                                  "commit and chain", "analyze t b"])
def test_syntax_errors(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        parse(text)
