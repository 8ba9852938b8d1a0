"""ENCODE AUTO picks what its rules say, and never something that its type may not have."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from warehouse.storage.encodings.choose import choose
from warehouse.storage.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    HLLSKETCH,
    INTEGER,
    SUPER,
    char,
    decimal,
    varbyte,
    varchar,
)
from warehouse.storage.vector import ColumnData, from_list

RNG = np.random.default_rng(2)
ROWS = 4000


def name_for(type: Any, items: list[Any]) -> str:
    return choose(from_list(type, items)).name


def test_numbers() -> None:
    assert name_for(BIGINT, list(range(ROWS))) == "az64"
    assert name_for(INTEGER, RNG.integers(0, 1 << 20, ROWS).tolist()) == "az64"
    assert name_for(INTEGER, (RNG.integers(0, 7, ROWS) * 999_983).tolist()) == "bytedict"
    assert name_for(INTEGER, RNG.integers(0, 7, ROWS).tolist()) == "az64"  # its codes are no narrower
    assert name_for(DATE, [10_000] * ROWS) == "az64"
    assert name_for(decimal(38, 0), [10**30 + i % 3 for i in range(ROWS)]) == "az64"
    assert name_for(BIGINT, [999_983 * (i % 2) for i in range(100)]) == "az64"  # too few rows


def test_floats_and_booleans() -> None:
    assert name_for(DOUBLE, RNG.random(ROWS).tolist()) == "raw"
    assert name_for(DOUBLE, [(i % 9) / 7 for i in range(ROWS)]) == "bytedict"
    assert name_for(DOUBLE, [float(i) for i in range(ROWS)]) == "zstd"
    assert name_for(BOOLEAN, [True, None] * 500) == "raw"


def test_text() -> None:
    assert name_for(varchar(9), ["AIR", "RAIL"] * 500) == "bytedict"
    assert name_for(char(9), ["AIR", "RAIL"] * 500) == "bytedict"
    clerks = [f"Clerk#{i % 600:05d}" for i in range(ROWS)]
    assert name_for(varchar(15), clerks) == "text32k"
    assert name_for(char(15), clerks) == "zstd"  # TEXT32K is for VARCHAR alone
    assert name_for(varchar(30), [f"the clerk {i % 600}" for i in range(ROWS)]) == "zstd"
    assert name_for(varchar(30), [f"comment number {i}" for i in range(ROWS)]) == "zstd"
    assert name_for(varchar(30), [RNG.bytes(8).hex() for _ in range(10)]) == "raw"
    assert name_for(varchar(9), ["a"]) == "raw"


def test_always_usable(sample_columns: Any) -> None:
    for rows in (0, 1, 3000):
        for what, column in sample_columns(rows):
            assert isinstance(column, ColumnData)
            assert choose(column).usable_for(column.type), what


@pytest.mark.parametrize("type", [SUPER, varbyte(9), HLLSKETCH], ids=str)
def test_few_values_of_what_is_no_text(type: Any) -> None:
    """Such types are carried as text, but have no dictionaries (HLLSKETCH: RAW alone)."""
    for item in ("61", "61" * 600):
        assert choose(from_list(type, [item] * 100)).usable_for(type)
