"""INSERT: VALUES, queries, DEFAULT VALUES."""
from __future__ import annotations

from typing import Any

import pytest
from sqlglot import exp
from warehouse.errors import SqlSyntaxError
from warehouse.planner.parse import parse_script
from warehouse.planner.statements.insert import is_default


def parse(text: str) -> Any:
    (parsed,) = parse_script(text)
    return parsed.statement


def test_values() -> None:
    insert = parse("insert into s.t (a, b) values (1, 'it''s'), (-2.5, default), (f(1, 2), $1)")
    assert (str(insert.table), insert.columns) == ("s.t", ("a", "b"))
    rows = [row.expressions for row in insert.source.expressions]
    assert [len(row) for row in rows] == [2, 2, 2]
    assert rows[0][1].this == "it's"
    assert isinstance(rows[1][0], exp.Neg)
    assert is_default(rows[1][1])
    assert [len(rows[2][0].expressions), type(rows[2][1])] == [2, exp.Parameter]


def test_values_know_their_places() -> None:
    (row,) = parse("insert into t values (12, 'x')").source.expressions
    assert row.meta["start"] == 21
    assert (row.expressions[1].meta["start"], row.expressions[1].meta["end"]) == (26, 28)


def test_queries() -> None:
    assert isinstance(parse("insert into t select 1").source, exp.Select)
    assert isinstance(parse("insert into t (select 1)").source, exp.Subquery)
    assert parse("insert into t (a) (select 1)").columns == ("a",)
    assert isinstance(parse("insert into t with q as (select 1) select * from q").source, exp.Select)


def test_default_values() -> None:
    assert parse("insert into t default values").source is None


@pytest.mark.parametrize("text", ["insert t values (1)", "insert into t values", "insert into t values (1,)",
                                  "insert into t values (1) (2)", "insert into t (a values (1)",
                                  "insert into t values (1), select 2", "insert into t values ()"])
def test_syntax_errors(text: str) -> None:
    with pytest.raises(SqlSyntaxError):
        parse(text)
