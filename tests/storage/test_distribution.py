"""Distribution: families, and hashes that may never change (rows on disk lie by them)."""
from __future__ import annotations

import numpy as np
import pytest
from warehouse.errors import InternalError
from warehouse.kernels.hashing import HASH_VERSION, reference_hash
from warehouse.storage.distribution import (
    family,
    hash_column,
    hash_columns,
    round_robin,
    slice_of_hash,
)
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
    Kind,
    SqlType,
    char,
    decimal,
    varchar,
)
from warehouse.storage.vector import from_list

# Version 1. A change here moves rows of existing databases: raise HASH_VERSION instead.
VECTORS = [
    (BIGINT, 0, 0x0),
    (BIGINT, 42, 0xA759EA27D4727622),
    (BIGINT, -1, 0xB4D055FCF2CBBD7B),
    (BIGINT, None, 0x9E6C63D0876A9A47),
    (decimal(38, 2), 10**30, 0x3B7691AF14EEC4BF),
    (decimal(38, 2), 5, 0xB6BF613DBEBB45DC),
    (DOUBLE, 0.5, 0x440FE4CE5F2D375),
    (BOOLEAN, True, 0x5692161D100B05E5),
    (varchar(9), "", 0x7DE53DE772EA694C),
    (varchar(99), "Customer#000000001", 0x7E02BA4EB1361CDF),
]


def test_families() -> None:
    assert {family(t) for t in (SMALLINT, INTEGER, BIGINT, decimal(19, 0), decimal(5, 0))} == {"integer"}
    assert family(decimal(12, 2)) == family(decimal(19, 2)) == "decimal:2"
    assert family(decimal(12, 3)) == "decimal:3"
    assert family(decimal(38, 2)) == "wide:2"
    assert family(REAL) == family(DOUBLE) == "float"
    assert family(char(3)) == family(varchar(9)) == "text"
    assert family(SqlType(Kind.VARCHAR, length=3, case_insensitive=True)) == "text:ci"
    alone = [family(t) for t in (DATE, TIME, TIMESTAMP, TIMESTAMPTZ, BOOLEAN)]
    assert len(set(alone)) == 5


def test_vectors() -> None:
    assert HASH_VERSION == 1
    for type, value, wanted in VECTORS:
        assert int(hash_column(from_list(type, [value]))[0]) == wanted, value


def test_equal_values_of_a_family_hash_alike() -> None:
    whole = [from_list(t, [7, -1]) for t in (SMALLINT, INTEGER, BIGINT, decimal(9, 0))]
    assert len({hash_column(c).tobytes() for c in whole}) == 1
    reals = hash_column(from_list(REAL, [0.5, -0.0])), hash_column(from_list(DOUBLE, [0.5, 0.0]))
    assert reals[0].tobytes() == reals[1].tobytes()
    nans = from_list(DOUBLE, [float("nan"), -float("nan")])
    assert len(set(hash_column(nans).tolist())) == 1


def test_trailing_blanks_do_not_count() -> None:
    a = hash_column(from_list(varchar(9), ["ab", "  ", None, " ab", "a b"]))
    b = hash_column(from_list(varchar(9), ["ab   ", "", None, " ab ", "a b "]))
    assert a.tobytes() == b.tobytes()
    assert len(set(a.tolist())) == 5


def test_case_insensitive_text() -> None:
    blind = SqlType(Kind.VARCHAR, length=9, case_insensitive=True)
    found = hash_column(from_list(blind, ["Straße", "STRAßE ", "x", None]))
    assert found[0] == found[1]
    assert len(set(found.tolist())) == 3


def test_text_hashes_equal_the_reference() -> None:
    items = ["", "a", "exactly 16 bytes", "seventeen bytes !", "x" * 100, "é" * 9]
    found = hash_column(from_list(varchar(200), items)).tolist()
    assert found == [reference_hash(item.encode(), "str") for item in items]


def test_several_columns_combine_in_order() -> None:
    a, b = from_list(BIGINT, [1, 2, None]), from_list(BIGINT, [2, 1, None])
    assert hash_columns([a])[0] == hash_column(a)[0]
    assert hash_columns([a, b])[0] != hash_columns([b, a])[0]
    with pytest.raises(InternalError):
        hash_columns([])


def test_slices_are_even() -> None:
    for slices in (1, 2, 3, 7):
        counts = np.bincount(slice_of_hash(hash_column(from_list(BIGINT, list(range(7000)))), slices))
        assert len(counts) == slices
        assert counts.min() > 0.9 * 7000 / slices


def test_round_robin_goes_on_where_it_was() -> None:
    assert round_robin(0, 5, 3).tolist() == [0, 1, 2, 0, 1]
    assert round_robin(5, 4, 3).tolist() == [2, 0, 1, 2]
