"""Patterns that are compiled when first used do what compiled ones do."""
from __future__ import annotations

import re

import pytest
from warehouse.patterns import pattern


def test_as_compiled() -> None:
    ours, theirs = (make(r"(?P<a>x+)|(y)", re.IGNORECASE) for make in (pattern, re.compile))
    for text in ("XX", "y", "zx", ""):
        for method in ("match", "fullmatch", "search", "findall", "split"):
            mine, other = getattr(ours, method)(text), getattr(theirs, method)(text)
            assert repr(mine) == repr(other)
        assert ours.sub("-", text) == theirs.sub("-", text)
    assert ours.pattern == theirs.pattern and ours.groupindex == theirs.groupindex


def test_a_wrong_one_is_refused_at_its_first_use() -> None:
    wrong = pattern("(")
    with pytest.raises(re.error):
        wrong.match("x")
