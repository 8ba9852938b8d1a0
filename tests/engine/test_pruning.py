"""Zone maps skip only what cannot match: the mask of row groups against the rows themselves."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse.engine.evaluate import evaluate
from warehouse.engine.pruning import like_prefix, may_match
from warehouse.planner.expressions import And, ColumnRef, Compare, Expr, InList, IsNull, Like, Literal, Or
from warehouse.storage.types import BIGINT, DOUBLE, SqlType, varchar
from warehouse.storage.vector import from_list
from warehouse.storage.zones import Bounded, Zones, bounds, key_dtype

TEXT = varchar(40)
NUMBER, REAL, NAME = ColumnRef(1, BIGINT, "n"), ColumnRef(2, DOUBLE, "r"), ColumnRef(3, TEXT, "t")
GROUPS: list[list[tuple[Any, Any, Any]]] = [
    [(i, i / 2, f"name {i:03}") for i in range(5)],
    [(None, None, None), (7, float("nan"), "")],
    [(-(1 << 63), -1e300, "zz"), ((1 << 63) - 1, 1e300, "a" * 30)],
    [(None, None, None)],
    [(100, 5.5, "special requests  "), (90, 5.25, "special")],
]


def _zones(position: int, type: SqlType) -> Zones:
    found = [bounds(from_list(type, [row[position] for row in group])) for group in GROUPS]
    dtype = key_dtype(type)
    return Zones(
        np.array([b.low for b in found], dtype), np.array([b.high for b in found], dtype),
        np.array([b.state is Bounded.KNOWN for b in found]),
        np.array([sum(row[position] is None for row in group) for group in GROUPS]),
        np.array([len(group) for group in GROUPS]),
    )


ZONES = {1: _zones(0, BIGINT), 2: _zones(1, DOUBLE), 3: _zones(2, TEXT)}


def _constants(column: ColumnRef) -> list[Any]:
    values = {row[column.id - 1] for group in GROUPS for row in group} | {None}
    extra: dict[int, list[Any]] = {1: [3, 8, 50], 2: [1.25, float("inf")], 3: ["name 00", "special requests", "b"]}
    return [*sorted(values, key=repr), *extra[column.id]]


def _leaves() -> st.SearchStrategy[Expr]:
    columns = st.sampled_from([NUMBER, REAL, NAME])
    operators = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])

    def with_constant(column: ColumnRef) -> st.SearchStrategy[Expr]:
        literal = st.sampled_from(_constants(column)).map(lambda v: Literal(v, column.type))
        plain = [c for c in _constants(column) if c is not None and c == c]
        return st.one_of(
            st.builds(lambda op, v: Compare(op, column, v), operators, literal),
            st.builds(lambda op, v: Compare(op, v, column), operators, literal),
            st.builds(lambda v: InList(column, tuple(v)), st.lists(st.sampled_from(plain), max_size=3)),
            st.builds(lambda n: IsNull(column, n), st.booleans()),
        )

    patterns = st.sampled_from(["name%", "special%", "a%", "%x", "", "name 00_", "zz", "special requests  "])
    return st.one_of(columns.flatmap(with_constant), patterns.map(lambda p: Like(NAME, p)))


EXPRESSIONS = st.recursive(
    _leaves(), lambda inner: st.one_of(st.builds(lambda a, b: And((a, b)), inner, inner),
                                       st.builds(lambda a, b: Or((a, b)), inner, inner)), max_leaves=4)


@settings(max_examples=50, deadline=None)
@given(EXPRESSIONS)
def test_no_group_with_a_match_is_skipped(expr: Expr) -> None:
    mask = may_match(expr, ZONES.get, len(GROUPS))
    for group, kept in zip(GROUPS, mask, strict=True):
        rows = [dict(zip((1, 2, 3), row, strict=True)) for row in group]
        assert kept or not any(evaluate(expr, row) is True for row in rows)


@pytest.mark.parametrize(("expr", "kept"), [
    (Compare("<", NUMBER, Literal(3, BIGINT)), [True, False, True, False, False]),
    (Compare("=", NAME, Literal("special", TEXT)), [False, False, True, False, True]),
    (IsNull(NUMBER), [False, True, False, True, False]),
    (Like(NAME, "name%"), [True, False, True, False, False]),
])
def test_what_cannot_match_is_skipped(expr: Expr, kept: list[bool]) -> None:
    assert may_match(expr, ZONES.get, len(GROUPS)).tolist() == kept


@pytest.mark.parametrize(("pattern", "prefix"), [
    ("abc%", "abc"), ("a\\%b%", "a%b"), ("%a", ""), ("_a", ""), ("x", "x"),
])
def test_prefix_of_a_pattern(pattern: str, prefix: str) -> None:
    assert like_prefix(pattern, "\\") == prefix
