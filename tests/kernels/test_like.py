"""LIKE against regular expressions, string by string; whole columns: test_columns.py."""
from __future__ import annotations

import random
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_kernels import Run, views
from warehouse.errors import InvalidText
from warehouse.kernels import abi
from warehouse.kernels.like import compile_like

_SOURCE = random.Random(1)
TEXTS = ["", "%", "_", "special requests", "x special y requests z", "requests special", "100%", "a\\b", "Ä", *(
    "".join(_SOURCE.choices("abAä€😀%_", k=_SOURCE.choice([1, 2, 3, 8, 20, 40, 90]))) for _ in range(300)
)]


def regex(pattern: str, escape: str | None) -> str:
    parts, characters = [], iter(pattern)
    for character in characters:
        if character == escape:
            parts.append(re.escape(next(characters)))
        else:
            parts.append({"%": ".*", "_": "."}.get(character) or re.escape(character))
    return "".join(parts)


def matches(pattern: str, texts: list[str], escape: str | None = "\\", fold: bool = False) -> list[int]:
    run, block = Run(), compile_like(pattern, escape, fold)
    out = run.out(len(texts), np.uint8)
    assert run.call("like_str", out, views([t.encode() for t in texts]), k=block, n=len(texts)) == abi.OK
    return out.tolist()


def check(pattern: str, texts: list[str]) -> None:
    compiled = re.compile(regex(pattern, "\\"), re.DOTALL)
    assert matches(pattern, texts) == [int(compiled.fullmatch(t) is not None) for t in texts]


@pytest.mark.parametrize("pattern", [
    "", "%", "%%", "_", "__", "_%", "%_", "%_%_%", "a", "a%", "%a", "%a%", "%a%b%", "a_b%", "%a_b", "a%b", "a%b%a",
    "%special%requests%", "%special%", "special%", "%requests", "\\%", "100\\%", "%\\_%", "a\\\\b", "%😀_%a", "ä%€",
    "%ab%ab%", "_ä_", "%_ä", "%aaaaaaaa%",
])
def test_patterns(pattern: str) -> None:
    check(pattern, TEXTS)


def test_escape_character() -> None:
    assert matches("a#%", ["a%", "ab"], "#") == [1, 0]
    assert matches("a\\%", ["a\\b", "a%"], None) == [1, 0]
    with pytest.raises(InvalidText, match="must not end with escape character"):
        compile_like("abc\\")


def test_case_is_folded_for_ascii_only() -> None:
    assert matches("%aBc%", ["xABCx", "abc", "ab"], fold=True) == [1, 1, 0]
    assert matches("ä_", ["Äb", "äB"], fold=True) == [0, 1]
    assert matches("A_c", ["aBC", "abd"], fold=True) == [1, 0]


@given(st.text("ab_%\\ä", max_size=8), st.lists(st.text("abä", max_size=12), min_size=1, max_size=20))
def test_property(pattern: str, texts: list[str]) -> None:
    trailing = len(pattern) - len(pattern.rstrip("\\"))
    check(pattern + "\\" * (trailing % 2), texts)
