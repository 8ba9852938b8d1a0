"""The quick look at pairs of tokens leaves out nothing that the look at each token finds."""
from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot.tokens import Token, TokenType
from warehouse.errors import SqlSyntaxError
from warehouse.planner import strict
from warehouse.planner.syntax import tokenize

WORDS = ["a", "1", "'x'", ",", "(", ")", "[", "select", "from", "as", "except", "*", "=", "==", "not", "!", "~",
         "rlike", "where", "group by", "limit", "\n"]


def kinds_of(tokens: list[Token]) -> list[TokenType]:
    return [token.token_type for token in tokens]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
def test_what_is_not_doubtful_is_no_error(words: list[str]) -> None:
    tokens = tokenize(" ".join(words))
    kinds = kinds_of(tokens)
    upper = {token.text.upper() for token in tokens}
    if not strict._doubtful(kinds, set(kinds), upper):
        strict._neighbours(tokens, kinds)


@pytest.mark.parametrize("text", [
    "select a, from t", "select (, a)", "select a as, b", "select 'x' 'y'", "select * except (a) from t", "select [1]",
    "select a == 1", "select a rlike 'x'", "select ! a", "select a,", "select a as",
])  # fmt: skip
def test_errors(text: str) -> None:
    tokens = tokenize(text)
    kinds = kinds_of(tokens)
    with pytest.raises(SqlSyntaxError):
        strict.check(tokens, kinds, set(kinds), {token.text.upper() for token in tokens})


@pytest.mark.parametrize("text, place", [
    ("select a from t limit 1, 2", 23), ("select a from t limit 1 union select b from u limit 3, 4", 53),
])  # fmt: skip
def test_mysqls_limit(text: str, place: int) -> None:
    tokens = tokenize(text)
    kinds = kinds_of(tokens)
    with pytest.raises(SqlSyntaxError, match="LIMIT") as error:
        strict.check(tokens, kinds, set(kinds), {token.text.upper() for token in tokens})
    assert error.value.position == place
