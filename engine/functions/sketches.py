"""HyperLogLog functions over single values (storage/sketches.py); HLL_COUPON is what HLL_CREATE_SKETCH keeps of one.

A value is hashed in the binary form of FNV_HASH (hashes.py), text without trailing blanks: what is equal as COUNT
(DISTINCT x) sees it has one coupon. Imports are late: few statements need this.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...storage.types import SqlType
from . import hashes
from .base import Function


def _coupon(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    from ...storage import sketches

    value = args[0]
    if types[0].is_string:
        value = value.rstrip(" ")
    if types[0].is_float:
        value = value + 0.0
    data = np.frombuffer(hashes.binary_form(value, types[0]), np.uint8)
    return int(sketches.coupons(sketches.hash_text(np.array([0, len(data)]), data))[0])


def _cardinality(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    from ...storage.sketches import cardinality

    return cardinality(args[0])


def _combined(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    from ...storage.sketches import combined

    return combined(args)


FUNCTIONS: dict[str, Function] = {
    "hll_coupon": _coupon,
    "hll_cardinality": _cardinality,
    "hll_combine_sketches": _combined,
}
