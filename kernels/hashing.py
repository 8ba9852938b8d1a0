"""Hashing over arrays: values -> 64-bit hashes -> slices. The definition is versioned.

Rows are placed on slices by these hashes and stay there on disk, so the definition may only change with
HASH_VERSION. It is written twice: natively in hash_ops.py (what runs), and below in plain Python
(`reference_hash`: the specification that tests compare with).

    hash_array(np.array([1, 2]), "i64")                          -> array of uint64
    hash_array(other, "str", into=hashes)                        combine with the hashes of columns before
    slice_array(hashes, 4)                                       -> array of int64, 0..3

Families (which columns may be compared by hash) are storage/distribution.py's affair.
"""
from __future__ import annotations

import numpy as np

from . import pack
from .kinds import check_values
from .memory import address

HASH_VERSION = 1

_MASK = (1 << 64) - 1
_NULL = 0x9E6C63D0876A9A47
_COMBINE = 0x9E3779B97F4A7C15
_HIGH = 0xC2B2AE3D27D4EB4F
_TEXT_SEED, _TEXT_FACTOR = 0xA0761D6478BD642F, 0xE7037ED1A0B428DB


def hash_array(
    values: np.ndarray, kind: str, valid: np.ndarray | None = None, into: np.ndarray | None = None
) -> np.ndarray:
    """Hashes of a column (`kind`: i64, f64, bool, i128, str as (n, 2) views); `into`: combined, in place."""
    rows = len(values)
    check_values(kind, values, rows)
    if valid is not None:
        check_values("bool", valid, rows)
    out = np.empty(rows, np.uint64) if into is None else into
    native = pack.native(f"hash_{kind}")
    native(
        address(out), address(values), 0 if valid is None else address(valid),
        0 if into is None else address(into), 0, rows, 0,
    )
    return out


def hash_codes(codes: np.ndarray, hashes: np.ndarray, into: np.ndarray | None = None) -> np.ndarray:
    """Hashes of a column of codes, whose values have `hashes`; `into`: combined, in place."""
    rows = len(codes)
    check_values("i64", codes, rows)
    out = np.empty(rows, np.uint64) if into is None else into
    previous = 0 if into is None else address(into)
    pack.native("hash_code")(address(out), address(codes), 0, previous, address(hashes), rows, 0)
    return out


def slice_array(hashes: np.ndarray, slices: int) -> np.ndarray:
    """The slice of each hash."""
    out = np.empty(len(hashes), np.int64)
    pack.native("slice_of")(address(out), address(hashes), 0, 0, slices, len(hashes), 0)
    return out


# -- the specification ---------------------------------------------------------------------------


def reference_hash(value: int | float | bool | bytes | None, kind: str, previous: int | None = None) -> int:
    """The hash of one value, slowly; `previous`: the hash of the columns before it."""
    h = _NULL if value is None else _reference_value(value, kind)
    if previous is None:
        return h
    rotated = ((previous << 25) | (previous >> 39)) & _MASK
    return (rotated * _COMBINE & _MASK) ^ h


def _reference_value(value: int | float | bool | bytes, kind: str) -> int:
    if kind == "str":
        assert isinstance(value, bytes)
        return _reference_text(value.rstrip(b" "))
    if kind == "f64":
        number = float(value) + 0.0  # -0.0 + 0.0 is 0.0
        return _mix(0x7FF8000000000000 if number != number else int(np.float64(number).view(np.uint64)))
    assert not isinstance(value, bytes)
    whole = int(value)
    if kind == "i128":
        return _mix((whole & _MASK) ^ _mix((whole >> 64 & _MASK) * _HIGH & _MASK))
    return _mix(whole & _MASK)


def _reference_text(text: bytes) -> int:
    h = _TEXT_SEED ^ len(text)
    for at in range(0, len(text), 16):
        first = int.from_bytes(text[at : at + 8], "little")
        second = int.from_bytes(text[at + 8 : at + 16], "little")
        product = (first ^ _TEXT_FACTOR) * (second ^ h)
        h = (product ^ product >> 64) & _MASK
    return _mix(h)


def _mix(x: int) -> int:
    """splitmix64's finaliser: every input bit reaches every output bit."""
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    x = (x ^ x >> 27) * 0x94D049BB133111EB & _MASK
    return x ^ x >> 31
