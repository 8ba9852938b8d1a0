"""Columns that every encoding, block and extent must carry, and a comparison that says what differs.

    sample_columns(rows)   fixture: a function giving (name, ColumnData) for all types, with and without NULLs
    same_column            fixture: asserts that two columns hold the same values
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    SqlType,
    char,
    decimal,
    varchar,
)
from warehouse.storage.vector import ColumnData, from_list

MOST, LEAST = (1 << 63) - 1, -(1 << 63)
TYPES = (
    SMALLINT, INTEGER, BIGINT, decimal(12, 2), decimal(19, 0), decimal(38, 10), REAL, DOUBLE, BOOLEAN, DATE,
    TIME, TIMESTAMP, TIMESTAMPTZ, char(8), varchar(40),
)
WORDS = ("Arena", "Center", "Theatre", "of", "the", "", "Ünïcode", "x" * 30)


def values_of(type: SqlType, rows: int, shape: str, seed: int = 7) -> list[Any]:
    """Python values in physical form: random over the type's range, few different ones, runs, or climbing."""
    rng = np.random.default_rng(seed)
    few = rng.integers(0, 5, rows)
    match shape:
        case "few":
            numbers = few
        case "runs":
            numbers = np.sort(few)
        case "climbing":
            numbers = np.cumsum(rng.integers(0, 40, rows)) % 30_000
        case _:
            least, most = type.integer_limits if type.physical.name in ("I64", "I128") else (LEAST, MOST)
            drawn = rng.integers(max(least, LEAST), min(most, MOST), rows).tolist()
            numbers = np.array([least, most, 0, -1, *drawn][:rows], object)
    return [_value(type, int(number)) for number in numbers]


def _value(type: SqlType, number: int) -> Any:
    match type.physical.name:
        case "BOOL":
            return number % 2 == 1
        case "F64":
            return float(np.float32(number / 3)) if type is REAL else number / 3
        case "STR":
            first, second = WORDS[number % len(WORDS)], WORDS[number // len(WORDS) % len(WORDS)]
            text = f"{first} {number % 97} {second}".encode()[: type.length]
            return text.decode("utf-8", "ignore").rstrip()
        case "I128":
            return number * 10**10 if abs(number) < 1 << 62 else number
        case _:
            return number


def with_nulls(values: list[Any], every: int = 3) -> list[Any]:
    return [None if i % every == 1 else value for i, value in enumerate(values)]


@pytest.fixture
def sample_columns() -> Callable[[int], Iterator[tuple[str, ColumnData]]]:
    def columns(rows: int) -> Iterator[tuple[str, ColumnData]]:
        for type in TYPES:
            for shape in ("random", "few", "runs", "climbing"):
                values = values_of(type, rows, shape)
                yield f"{type} {shape}", from_list(type, values)
                yield f"{type} {shape} with nulls", from_list(type, with_nulls(values))
            yield f"{type} all null", from_list(type, [None] * rows)

    return columns


@pytest.fixture
def same_column() -> Callable[..., None]:
    def check(found: ColumnData, wanted: ColumnData, what: str = "") -> None:
        assert found.type == wanted.type, what
        assert found.rows == wanted.rows, what
        assert found.to_list() == wanted.to_list(), what
        if found.valid is not None and found.values is not None:
            assert not found.values[found.valid == 0].any(), f"{what}: values under NULL"
        if found.valid is not None and found.offsets is not None:
            assert not np.diff(found.offsets)[found.valid == 0].any(), f"{what}: text under NULL"

    return check
