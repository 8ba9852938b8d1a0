"""Result types of arithmetic, comparison and set operations; implicit casts."""
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.errors import DatatypeMismatch, NumericOutOfRange
from warehouse.planner.coercion import arithmetic_type, coerce, common_type, comparison_type, settle, unify
from warehouse.planner.expressions import Case, Cast, ColumnRef, Literal
from warehouse.storage.catalog.codec import type_from_list, type_to_list
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIMESTAMP,
    TIMESTAMPTZ,
    UNKNOWN,
    Kind,
    SqlType,
    char,
    decimal,
    varchar,
)


@pytest.mark.parametrize(
    ("op", "a", "b", "result"),
    [
        ("add", SMALLINT, SMALLINT, SMALLINT), ("add", SMALLINT, BIGINT, BIGINT), ("divide", INTEGER, INTEGER, INTEGER),
        ("add", REAL, REAL, REAL), ("add", REAL, INTEGER, DOUBLE), ("multiply", decimal(8, 2), REAL, DOUBLE),
        # the manual's own examples
        ("divide", decimal(8, 2), decimal(8, 2), decimal(17, 9)),
        ("multiply", decimal(8, 2), SMALLINT, decimal(14, 2)),
        # max(p1-s1, p2-s2) + 1 + scale
        ("add", decimal(15, 2), decimal(10, 4), decimal(18, 4)), ("subtract", INTEGER, decimal(15, 2), decimal(16, 2)),
        ("multiply", decimal(15, 2), decimal(16, 2), decimal(32, 4)),
        ("multiply", decimal(30, 10), decimal(30, 10), decimal(38, 20)),
        ("add", decimal(38, 2), decimal(38, 2), decimal(38, 2)),
        ("divide", decimal(38, 6), decimal(38, 4), decimal(38, 4)), ("divide", decimal(15, 2), BIGINT, decimal(35, 22)),
        ("modulo", decimal(8, 2), INTEGER, decimal(12, 2)), ("modulo", SMALLINT, INTEGER, INTEGER),
    ],
)
def test_arithmetic(op: str, a: SqlType, b: SqlType, result: SqlType) -> None:
    assert arithmetic_type(op, a, b) == result


DECIMALS = st.integers(1, 38).flatmap(lambda p: st.integers(0, min(p, 37)).map(lambda s: decimal(p, s)))
EXACT = st.one_of(DECIMALS, st.sampled_from([SMALLINT, INTEGER, BIGINT]))


@given(st.sampled_from(["add", "subtract", "multiply", "divide", "modulo"]), EXACT, DECIMALS)
def test_decimal_results_stay_in_bounds(op: str, a: SqlType, b: SqlType) -> None:
    result = arithmetic_type(op, a, b)
    assert 1 <= result.precision <= 38
    assert 0 <= result.scale <= result.precision


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (INTEGER, UNKNOWN, INTEGER), (UNKNOWN, DATE, DATE), (SMALLINT, BIGINT, BIGINT), (INTEGER, DOUBLE, DOUBLE),
        (decimal(7, 2), decimal(15, 3), decimal(15, 3)), (INTEGER, decimal(8, 2), decimal(12, 2)),
        (decimal(19, 0), decimal(10, 5), decimal(19, 5)), (decimal(30, 2), decimal(10, 5), decimal(33, 5)),
        (char(3), char(5), char(5)), (char(3), varchar(2), varchar(3)), (DATE, TIMESTAMP, TIMESTAMP),
        (TIMESTAMP, TIMESTAMPTZ, TIMESTAMPTZ), (BOOLEAN, BOOLEAN, BOOLEAN), (INTEGER, varchar(3), None),
        (BOOLEAN, INTEGER, None), (DATE, INTEGER, None),
    ],
)
def test_common_types(a: SqlType, b: SqlType, result: SqlType | None) -> None:
    assert common_type(a, b) == result


@given(EXACT, EXACT)
def test_common_types_do_not_depend_on_the_order(a: SqlType, b: SqlType) -> None:
    assert common_type(a, b) == common_type(b, a)
    assert comparison_type(a, b) == comparison_type(b, a)


@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        (INTEGER, decimal(8, 2), decimal(12, 2)), (varchar(5), decimal(8, 2), decimal(8, 2)),
        (varchar(5), INTEGER, varchar(65535)), (DATE, varchar(10), DATE), (BOOLEAN, INTEGER, BOOLEAN),
    ],
)
def test_comparison_types(a: SqlType, b: SqlType, result: SqlType | None) -> None:
    assert comparison_type(a, b) == result


def column(type: SqlType) -> ColumnRef:
    return ColumnRef(1, type, "x")


def test_literals_are_converted_not_cast() -> None:
    assert coerce(Literal(5, INTEGER), decimal(8, 2)) == Literal(500, decimal(8, 2))
    assert coerce(Literal(150, decimal(3, 2)), DOUBLE) == Literal(1.5, DOUBLE)
    assert coerce(Literal(1, DATE), TIMESTAMP) == Literal(86_400_000_000, TIMESTAMP)
    assert coerce(Literal("7", UNKNOWN), INTEGER) == Literal(7, INTEGER)
    assert coerce(Literal(None, UNKNOWN), DATE) == Literal(None, DATE)
    assert coerce(Literal(155, decimal(3, 2)), decimal(2, 1)) == Cast(Literal(155, decimal(3, 2)), decimal(2, 1))
    with pytest.raises(NumericOutOfRange):
        coerce(Literal(70000, INTEGER), SMALLINT)


def test_numbered_literals_keep_their_number() -> None:
    assert coerce(Literal(5, INTEGER, 3), decimal(8, 2)) == Literal(500, decimal(8, 2), 3)
    assert settle(Literal("abc", UNKNOWN, 3)).parameter == -1  # type: ignore[union-attr]


def test_columns_are_cast() -> None:
    assert coerce(column(INTEGER), BIGINT) == Cast(column(INTEGER), BIGINT)
    assert coerce(column(varchar(3)), varchar(9)) == column(varchar(3))
    assert coerce(column(varchar(9)), varchar(3)) == Cast(column(varchar(9)), varchar(3))
    assert coerce(column(char(3)), varchar(9)) == Cast(column(char(3)), varchar(9))


def test_unify() -> None:
    exprs, type = unify([Literal("a", UNKNOWN), Literal("bcd", UNKNOWN), Literal(None, UNKNOWN)], "CASE")
    assert type == varchar(3)
    assert [e.type for e in exprs] == [varchar(3)] * 3
    _, type = unify([Literal(None, UNKNOWN)], "CASE")
    assert type == UNKNOWN
    with pytest.raises(DatatypeMismatch, match="CASE types integer and boolean cannot be matched"):
        unify([column(INTEGER), column(BOOLEAN)], "CASE", 4)


def test_a_case_of_nulls_takes_a_type_later() -> None:
    nulls = Case(((Literal(True, BOOLEAN), Literal(None, UNKNOWN)),), Literal(None, UNKNOWN), UNKNOWN)
    assert coerce(nulls, DATE) == Case(((Literal(True, BOOLEAN), Literal(None, DATE)),), Literal(None, DATE), DATE)


def test_settle() -> None:
    assert settle(Literal("abé", UNKNOWN)).type == varchar(4)
    assert settle(Literal(None, UNKNOWN)).type == varchar(1)
    assert settle(column(DATE)) == column(DATE)


def test_types_that_are_equal_are_one_object() -> None:
    for type in (INTEGER, DATE, UNKNOWN, decimal(7, 2), varchar(), varchar(9), char(3)):
        assert type_from_list(type_to_list(type)) is type
    assert hash(SqlType(Kind.DECIMAL, 7, 2)) == hash(decimal(7, 2)) and SqlType(Kind.DECIMAL, 7, 2) == decimal(7, 2)
