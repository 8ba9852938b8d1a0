"""Hashes against the plain specification, and test vectors that must never change."""
from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support_kernels import column
from warehouse.errors import InternalError
from warehouse.kernels.hashing import HASH_VERSION, hash_array, hash_codes, reference_hash, slice_array

VALUES: dict[str, list[Any]] = {
    "i64": [0, 1, -1, 42, None, (1 << 63) - 1, -(1 << 63)],
    "f64": [0.0, -0.0, 1.5, None, math.inf, -math.inf, math.nan, 5e-324],
    "bool": [0, 1, None],
    "i128": [0, 1, -1, None, (1 << 127) - 1, -(1 << 127), 1 << 64],
    "str": [b"", b"a", b"1234567", b"12345678", b"123456789", b"x" * 16, b"x" * 17, None, b"\x00", b"y" * 1000],
}


@pytest.mark.parametrize("kind", VALUES)
def test_equals_the_specification(kind: str) -> None:
    values, valid = column(kind, VALUES[kind])
    assert hash_array(values, kind, valid).tolist() == [reference_hash(v, kind) for v in VALUES[kind]]


@pytest.mark.parametrize("kind", VALUES)
def test_combining_keeps_the_specification_and_the_array(kind: str) -> None:
    values, valid = column(kind, VALUES[kind])
    before = hash_array(np.arange(len(values)), "i64")
    expected = [reference_hash(v, kind, int(h)) for v, h in zip(VALUES[kind], before, strict=True)]
    assert hash_array(values, kind, valid, into=before) is before
    assert before.tolist() == expected


def test_codes_hash_as_their_values() -> None:
    """NULL is code 0."""
    values, valid = column("str", [None, b"a", b"b  ", b"b"])
    hashes, codes = hash_array(values, "str", valid), np.array([3, 0, 1, 2, 3])
    assert hash_codes(codes, hashes).tolist() == hashes[codes].tolist()
    before = hash_array(np.arange(5), "i64")
    texts = [None, b"a", b"b", b"b"]
    wanted = [reference_hash(texts[code], "str", int(h)) for code, h in zip(codes, before, strict=True)]
    assert hash_codes(codes, hashes, into=before).tolist() == wanted


def test_vectors_of_version_1() -> None:
    """Rows on disk were placed by these: a new number here needs a new HASH_VERSION."""
    assert HASH_VERSION == 1
    assert hash_array(np.array([0, 1, -1]), "i64").tolist() == [0, 6238072747940578789, 13029008266876403067]
    assert reference_hash(None, "i64") == 0x9E6C63D0876A9A47
    assert reference_hash(b"", "str") == 9071725088682436940
    assert reference_hash(b"warehouse", "str") == 10403245017091168530
    assert reference_hash(1.5, "f64") == 16657480027015623784


def test_zeros_and_nans_are_one_each() -> None:
    nans = np.array([0x7FF8000000000000, 0xFFF8000000000001, 0x7FF0000000000001], np.uint64).view(np.float64)
    assert len(set(hash_array(nans, "f64").tolist())) == 1
    assert len(set(hash_array(np.array([0.0, -0.0]), "f64").tolist())) == 1


@given(st.lists(st.binary(max_size=70), min_size=1, max_size=20))
def test_text_property(texts: list[bytes]) -> None:
    values, _ = column("str", texts)
    assert hash_array(values, "str").tolist() == [reference_hash(t, "str") for t in texts]


@pytest.mark.parametrize("slices", [1, 2, 3, 7, 64])
def test_slices_are_even_and_leave_the_low_bits_alone(slices: int) -> None:
    hashes = hash_array(np.arange(20000), "i64")
    targets = slice_array(hashes, slices)
    assert targets.tolist() == [(int(h) >> 32) * slices >> 32 for h in hashes]
    assert np.bincount(targets, minlength=slices).min() > 0.7 * 20000 / slices
    low = np.bincount((hashes[targets == 0] & np.uint64(15)).astype(np.int64), minlength=16)
    assert low.min() > 0  # every residue stands on slice 0


def test_wrong_arrays_are_refused() -> None:
    with pytest.raises(InternalError, match="expected 24"):
        hash_array(np.zeros(3, np.int32), "i64")
