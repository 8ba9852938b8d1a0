"""Casts between text and other types over columns, for the pairs where Arrow means the same as evaluate.cast."""
from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ....planner.build import PRINTED
from ....storage.types import Kind, SqlType
from . import binary, semistructured
from .argument import Argument

TEXT = pa.large_string()


def cast(argument: Argument, source: SqlType, to: SqlType) -> pa.Array | None:
    array = argument.array
    if array is None:
        return None
    if to.is_super or source.is_super:
        return semistructured.into(array, source) if to.is_super else semistructured.out_of(array, to)
    if to.is_sketch:
        return None
    if Kind.VARBYTE in (source.kind, to.kind):
        return binary.cast(array, source, to)
    if source.is_integer and to.is_string and to.length >= PRINTED[source.kind]:
        return array.cast(TEXT)
    if source.kind is Kind.DATE and to.is_string and to.length >= 10:
        return _date(array)
    if source.is_string and to.is_integer:
        return _integer(array, to)
    return None


def _date(array: pa.Array) -> pa.Array | None:
    """Of the years 1000 to 9999, where four digits are all."""
    ends = pc.min_max(array).as_py()
    if ends["min"] is None or ends["min"] < -354_285 or ends["max"] > 2_932_896:
        return None
    return array.cast(pa.int32()).cast(pa.date32()).cast(TEXT)


def _integer(array: pa.Array, to: SqlType) -> pa.Array | None:
    """Of plain digits; anything else is for the row form."""
    if not pc.all(pc.match_substring_regex(array, r"^\s*-?[0-9]{1,18}\s*$")).as_py():
        return None
    values = pc.ascii_trim_whitespace(array).cast(pa.int64())
    ends = pc.min_max(values).as_py()
    low, high = to.integer_limits
    return values if ends["min"] is not None and low <= ends["min"] and ends["max"] <= high else None
