"""Splitting scripts, dispatch on the first word, positions and wording of syntax errors."""
from __future__ import annotations

import logging
from typing import Any

import pytest
import sqlglot
from sqlglot import exp
from warehouse.errors import Error, NotSupportedError, ProgrammingError, SqlSyntaxError
from warehouse.planner import parse as parsing
from warehouse.planner import statements as s
from warehouse.planner.parse import parse_script, split
from warehouse.planner.syntax import parse_query


def parse(text: str) -> Any:
    (parsed,) = parse_script(text)
    return parsed.statement


@pytest.mark.parametrize(
    ("script", "parts"),
    [
        ("", []),
        (" ; ;; -- nothing\n ; /* nor /* here */ */", []),
        ("select 1", [("select 1", 0)]),
        ("  select 1 ; select 2;", [("select 1", 2), ("select 2", 13)]),
        ("select ';' as a; x", [("select ';' as a", 0), ("x", 17)]),
        (r"select 'it\';s'; x", [(r"select 'it\';s'", 0), ("x", 17)]),
        ("select 'it'';s'; x", [("select 'it'';s'", 0), ("x", 17)]),
        ('select ";"; x', [('select ";"', 0), ("x", 12)]),
        ("select 1 -- a;b\n; x", [("select 1 -- a;b", 0), ("x", 18)]),
        ("select /* ; /* ; */ ; */ 1; x", [("select /* ; /* ; */ ; */ 1", 0), ("x", 28)]),
        ("select $$;$$, $q$ ; $$ $q$; x", [("select $$;$$, $q$ ; $$ $q$", 0), ("x", 28)]),
        ("select $1; x", [("select $1", 0), ("x", 11)]),
    ],
)
def test_split(script: str, parts: list[tuple[str, int]]) -> None:
    assert list(split(script)) == parts


@pytest.mark.parametrize(
    ("script", "message", "position"),
    [
        ("select 'abc", "unterminated quoted string", 7),
        ('select 1; select "abc', "unterminated quoted identifier", 17),
        ("select /* /* */ 1", "unterminated comment", 7),
        ("select $a$ x $$", "unterminated dollar-quoted string", 7),
    ],
)
def test_what_is_not_closed(script: str, message: str, position: int) -> None:
    with pytest.raises(SqlSyntaxError, match=message) as caught:
        parse_script(script)
    assert caught.value.position == position


def test_text_and_offset_of_each_statement() -> None:
    first, second = parse_script("set a to 1;\n  select b from t ;")
    assert (first.text, first.offset) == ("set a to 1", 0)
    assert (second.text, second.offset) == ("select b from t", 14)
    assert isinstance(second.statement, s.Select)


@pytest.mark.parametrize("text", ["select 1", "with q as (select 1) select * from q", "(select 1) union select 2",
                                  "/* c */ select 1", "select 1 -- end", "SELECT 1", "values (1, 'a'), (2, null)"])
def test_queries_keep_their_tree(text: str) -> None:
    statement = parse(text)
    assert isinstance(statement, s.Select)
    assert isinstance(statement.tree, (exp.Query, exp.Values))


def test_functions_keep_their_names() -> None:
    """sqlglot would make other functions of these, with other arguments."""
    tree = parse("select add_months(d, 1), len(a), nvl(a, b), to_char(d, 'YYYY'), date_part(year, d)").tree
    assert [node.this for node in tree.expressions] == ["add_months", "len", "nvl", "to_char", "pgdate_part"]


@pytest.mark.parametrize(
    ("text", "word", "position"),
    [
        ("foo bar", "foo", 0),
        ("; ; 12 a", "12", 0),
        ("select a b c from t", "c", 11),
        ("select 1)", ")", 8),
        ("select a,\n  b c d", "d", 16),
        ("create table t (a int,)", ")", 22),
        ("explain verbose foo", "foo", 16),
        ("with q as (select 1) insert into t select 1", "with", 0),
    ],
)
def test_syntax_errors_name_the_word(text: str, word: str, position: int) -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        parse_script(text)
    assert str(caught.value) == f'syntax error at or near "{word}"'
    assert caught.value.position == position
    assert caught.value.sqlstate == "42601"


@pytest.mark.parametrize("text", ["select (1", "select a from t where", "insert into t values (1", "drop table",
                                  "create table t (a int", "explain"])
def test_syntax_errors_at_the_end(text: str) -> None:
    with pytest.raises(SqlSyntaxError, match="at end of input") as caught:
        parse_script(text)
    assert caught.value.position == len(text)


@pytest.mark.parametrize("text", [
    "refresh materialized view v", "alter materialized view v auto refresh no", "drop materialized view v", "call f()"])
def test_known_statements_are_refused_by_name(text: str) -> None:
    name = "CALL" if text.startswith("call") else text[: text.index("view") + 4].upper()
    with pytest.raises(NotSupportedError, match=f"^{name} is not supported yet"):
        parse_script(text)


@pytest.mark.parametrize("text", ["create function f() returns int stable as $$ $$ language plpythonu",
                                  "create materialized view v as select 1", "create database d"])
def test_known_objects_are_refused_by_name(text: str) -> None:
    with pytest.raises(NotSupportedError, match=r"(CREATE|DROP) .* is not supported"):
        parse_script(text)


def test_explain() -> None:
    assert parse("explain select 1") == s.Explain(parse("select 1"))
    both = parse("explain verbose analyze select 1")
    assert (both.verbose, both.analyze) == (True, True)
    assert isinstance(parse("explain insert into t select 1").statement, s.Insert)
    with pytest.raises(NotSupportedError, match="EXPLAIN is for"):
        parse("explain drop table t")


def test_position_inside_explain_counts_from_the_start() -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        parse("explain analyze select a b c")
    assert caught.value.position == 27


def test_sqlglot_never_logs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(Error):
        parse_script("with q as (select 1) set x to 1")
    assert caplog.records == []


def test_approximate_is_part_of_the_name() -> None:
    (counted,) = parse_query("select approximate count(distinct a) from t").expressions
    assert counted.name == "approximate_count"
    (placed,) = parse_query("select approximate percentile_disc(0.5) within group (order by a) from t").expressions
    assert placed.this.name == "approximate_percentile_disc"
    (alias,) = parse_query("select a approximate from t").expressions
    assert alias.alias == "approximate"


@pytest.mark.parametrize("text", ["select t ? from t", "select " + "(" * 3000 + "1" + ")" * 3000])
def test_bad_texts_fail_cleanly(text: str) -> None:
    with pytest.raises(Error):
        parse_script(text)


def test_plain_paths_are_left_to_the_binder() -> None:
    text = "select x from t, t.a as x"
    path = parse_query(text).args["joins"][0].this
    assert isinstance(path, exp.Table)
    assert not isinstance(sqlglot.parse_one(text, read="redshift").args["joins"][0].this, exp.Table)


def test_a_statement_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    assert parsing.MAX_STATEMENT == 16 * 1024 * 1024
    monkeypatch.setattr(parsing, "MAX_STATEMENT", 30_000)
    with pytest.raises(ProgrammingError, match=r"Statement is too large\. Statement Size: 30009 bytes") as caught:
        split("select 1; select '" + "x" * 30_000 + "'")
    assert (caught.value.sqlstate, caught.value.position) == ("54000", 10)
    assert len(split(";".join(["select '" + "x" * 20_000 + "'"] * 2))) == 2
