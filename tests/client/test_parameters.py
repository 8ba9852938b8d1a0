"""Placeholders of all styles: found where they are, left alone where they are not."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.client.parameters import STYLES, bind, scan
from warehouse.errors import InterfaceError, ProgrammingError

CASES = [
    ("format", "select %s, %s", (1, 2), "select $1, $2", (1, 2)),
    ("format", "select 5 %% %s", (2,), "select 5 % $1", (2,)),
    ("format", "select a like 'x%%' and b = %s", (1,), "select a like 'x%' and b = $1", (1,)),
    ("format", "select '%s', \"%s\" -- %s\n, /* %s /* %s */ */ %s", (7,),
     "select '%s', \"%s\" -- %s\n, /* %s /* %s */ */ $1", (7,)),
    ("format", "select %(b)s, %(a)s, %(b)s", {"a": 1, "b": 2}, "select $1, $2, $1", (2, 1)),
    ("pyformat", "select %(a)s", {"a": 1, "unused": 2}, "select $1", (1,)),
    ("pyformat", "select %s", (3,), "select $1", (3,)),
    ("qmark", "select ?, '?', ?::int", (1, "x"), "select $1, '?', $2::int", (1, "x")),
    ("numeric", "select :2, :1, :2", (1, 2), "select $1, $2, $1", (2, 1)),
    ("named", "select :a::int, x::date, ':a', :a", {"a": 1}, "select $1::int, x::date, ':a', $1", (1,)),
    ("qmark", "select $$ ? $$, $t$ ? $$ $t$, ?", (1,), "select $$ ? $$, $t$ ? $$ $t$, $1", (1,)),
    ("qmark", r"select 'it''s ?', 'a\'?', ?", (1,), r"select 'it''s ?', 'a\'?', $1", (1,)),
]  # fmt: skip


@pytest.mark.parametrize(("style", "text", "given_", "rewritten", "values"), CASES)
def test_rewritten(style: str, text: str, given_: Any, rewritten: str, values: tuple[Any, ...]) -> None:
    scanned, bound = bind(text, given_, style)
    assert scanned is not None
    assert re.sub(r"(\$\d+) ", r"\1", scanned.text) == rewritten
    assert bound == values


def test_without_parameters_the_text_is_left_alone() -> None:
    assert bind("select 5 % 2, '%s'", None, "format") == (None, ())


@pytest.mark.parametrize(
    ("style", "text", "given_", "error", "words"),
    [
        ("format", "select %s", (1, 2), ProgrammingError, "1 parameter placeholder, but 2 values were given"),
        ("format", "select %s, %s", (1,), ProgrammingError, "2 parameter placeholders, but 1 value was"),
        ("format", "select %d", (1,), ProgrammingError, "'%d' is not a parameter placeholder"),
        ("format", "select 1", [5], ProgrammingError, "0 parameter placeholders"),
        ("pyformat", "select %(x)s", {"y": 1}, ProgrammingError, "no value given for parameter 'x'"),
        ("named", "select :x", (1,), ProgrammingError, "takes a mapping"),
        ("qmark", "select ?", {"x": 1}, ProgrammingError, "takes a sequence"),
        ("numeric", "select :0", (1,), ProgrammingError, "count from :1"),
        ("format", "select %s", "text", InterfaceError, "not str"),
        ("format", "select %s", 5, InterfaceError, "not int"),
    ],
)
def test_refused(style: str, text: str, given_: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words.replace("(", r"\(").replace("%", "%")):
        bind(text, given_, style)


def test_positions_map_back() -> None:
    text = "select %s, '50%%', nosuch"
    scanned = scan(text, "format")
    assert scanned.original(scanned.text.index("nosuch")) == text.index("nosuch")
    assert scanned.original(3) == 3


@given(st.text(alphabet="ab'\"%s?:1-/*$\\ \n", max_size=40), st.sampled_from(STYLES))
def test_any_text_scans_to_something_or_a_clear_error(text: str, style: str) -> None:
    try:
        scanned = scan(text, style)
    except ProgrammingError:
        return
    assert scanned.original(len(scanned.text)) == len(text)
    if not scanned.names and style not in ("format", "pyformat"):
        assert scanned.text == text
