"""A text that looks like a shape's plain texts has that shape, and the literals that the pattern finds."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse.planner.text_shapes import plain_pattern, shape_of

PIECES = ["1", "23", "'a'", "''", "'b c'", "1234567890", "e", "x", "ä", *'.-/*"(, $\n']


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=8), st.lists(st.sampled_from(PIECES), max_size=8))
def test_it_takes_a_text_apart_as_shape_of_does(first: list[str], second: list[str]) -> None:
    shape, _ = shape_of("".join(first))
    pattern = plain_pattern(shape)
    for text in ("".join(second), "".join(first), "".join(first).replace("1", "908").replace("'a'", "'it''s -- 7'")):
        found = None if pattern is None else pattern.fullmatch(text)
        if found is not None:
            assert shape_of(text) == (shape, tuple((found.start(i + 1), t) for i, t in enumerate(found.groups())))


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("insert into t values (7, 'x''y')", True),
        ("insert into t values (123456789, '')", True),
        ("insert into t values (1234567890, 'a')", False),  # may be a BIGINT
        ("insert into t values (7, 'a\\n')", False),
        ("insert into t values (7, 'a'  )", False),
        ("insert into t values (7.5, 'a')", False),
        ("insert into t values (-7, 'a')", False),
    ],
)
def test_what_is_plain(text: str, matches: bool) -> None:
    pattern = plain_pattern(shape_of("insert into t values (1, 'a')")[0])
    assert pattern is not None
    assert (pattern.fullmatch(text) is not None) is matches


def test_other_literals_have_no_pattern() -> None:
    assert plain_pattern(shape_of("values (1.5)")[0]) is None
