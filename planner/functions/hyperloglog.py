"""HyperLogLog functions (hyperloglog-functions): sketches that count distinct values, and what is made of them.

    HLL_CREATE_SKETCH(x)            aggregate     of no value: the empty sketch
    HLL_COMBINE(sketch)             aggregate     NULL of no sketch
    HLL_COMBINE_SKETCHES(a, b)      HLLSKETCH
    HLL_CARDINALITY(sketch)         BIGINT
    HLL(x)                          aggregate     binder/calls.py: the exact count

The aggregates are bound as functions of values in order (binder/ordered.py), whose order does not matter:

    hll_create_sketch(x)   ->   coalesce(hll_sketch(DISTINCT hll_coupon(x)), the empty sketch)
"""
from __future__ import annotations

from ...storage.types import BIGINT, HLLSKETCH, Kind, SqlType, varchar
from .signature import Signature


def sketch(type: SqlType) -> SqlType | None:
    return HLLSKETCH if type.is_sketch or type.kind is Kind.UNKNOWN else None


def counted(type: SqlType) -> SqlType | None:
    """What sketches are made of: anything but HLLSKETCH and VARBYTE; quoted text is text."""
    if type.kind in (Kind.HLLSKETCH, Kind.VARBYTE, Kind.INTERVAL):
        return None
    return varchar() if type.kind is Kind.UNKNOWN else type


AGGREGATES = ("hll_create_sketch", "hll_combine")
FUNCTIONS: tuple[Signature, ...] = (
    Signature(("hll_cardinality",), "hll_cardinality", (sketch,), BIGINT),
    Signature(("hll_combine_sketches",), "hll_combine_sketches", (sketch, sketch), HLLSKETCH),
)
KEYS = ("hll_coupon",)
