"""Scripts into statements and commands: what hides a semicolon, variables, line numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.client.repl.splitter import is_complete, only_blank, split


def texts(script: str, **variables: str) -> list[str]:
    pieces, rest = split(script, variables)
    return [piece.text for piece in pieces] + ([f"...{rest.strip()}"] if rest else [])


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("select 1; select 2;", ["select 1", "select 2"]),
        ("select ';'; x", ["select ';'", "...x"]),
        ("select 'it''s; \\'; ' ; y;", ["select 'it''s; \\'; '", "y"]),
        ('select ";" ;', ['select ";"']),
        ("select 1 -- no; end\n;", ["select 1 -- no; end"]),
        ("select /* ; /* ; */ ; */ 1;", ["select /* ; /* ; */ ; */ 1"]),
        ("create x as $$ a; b $$; c;", ["create x as $$ a; b $$", "c"]),
        ("create x as $f$ $$; $f$;", ["create x as $f$ $$; $f$"]),
        ("select (1; 2);", ["select (1; 2)"]),
        (";;  ;", []),
        ("-- only a comment", []),
        ("select 'open", ["...select 'open"]),
        ("\\d t\nselect 1;\n\\timing", ["\\d t", "select 1", "\\timing"]),
        ("select E'\\\\n';", ["select E'\\\\n'"]),
    ],
)
def test_split(script: str, expected: list[str]) -> None:
    assert texts(script) == expected


def test_variables_follow_psql() -> None:
    assert texts("select :a, :'a', :\"a\", ':a', x::int, :b;", a="it's") == [
        "select it's, 'it''s', \"it's\", ':a', x::int, :b"
    ]
    assert texts("select 1 where day = :'day'", day="2024-01-31") == ["...select 1 where day = '2024-01-31'"]


def test_line_numbers() -> None:
    pieces, _ = split("select 1;\n\n  select\n 2; select 3;\n\\x\n")
    assert [piece.line for piece in pieces] == [1, 3, 4, 5]
    assert [piece.is_command for piece in pieces] == [False, False, False, True]


def test_enter_runs_what_is_complete() -> None:
    for text in ("", "  ", "select 1;", "\\d", "select 1; -- done"):
        assert is_complete(text), text
    for text in ("select 1", "select '", "select 1; select 2", "select (1;"):
        assert not is_complete(text), text


@given(st.text(alphabet=";'\"-/*$ \n\\()ab:", max_size=40))
def test_nothing_is_lost_or_invented(script: str) -> None:
    pieces, rest = split(script)
    position = 0
    for text in [*(piece.text for piece in pieces), rest]:
        position = script.find(text, position)
        assert position >= 0, "pieces come in order and unchanged"
        position += len(text)
    assert not any(only_blank(piece.text) for piece in pieces)
