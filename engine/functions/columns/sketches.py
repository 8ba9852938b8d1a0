"""HLL_COUPON over columns: values as their bytes, all hashed at once."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ....storage import sketches
from ....storage.types import Kind, Physical, SqlType
from ..base import DAY
from ..hashes import TO_2000, WIDTHS
from .argument import Argument, Form, like
from .bytes import parts


def _coupon(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    array, type = args[0].array, types[0]
    if array is None or type.physical not in (Physical.I64, Physical.F64, Physical.STR):
        return None
    if type.physical is Physical.STR:
        trimmed = pc.utf8_rtrim(array, " ") if type.is_string else array
        hashes = sketches.hash_text(*parts(trimmed))
    else:
        numbers = args[0].numbers()
        if numbers is None:
            return None
        hashes = sketches.hash_fixed(_bytes(numbers, type))
    return like(array, sketches.coupons(hashes))


def _bytes(numbers: np.ndarray, type: SqlType) -> np.ndarray:
    """The bytes of each number, as FNV_HASH has them."""
    if type.is_float:
        values = (numbers + 0.0).astype("<f4" if type.kind is Kind.REAL else "<f8")
    else:
        since = {Kind.DATE: TO_2000, Kind.TIMESTAMP: TO_2000 * DAY, Kind.TIMESTAMPTZ: TO_2000 * DAY}.get(type.kind, 0)
        values = (numbers - since).astype(f"<i{WIDTHS.get(type.kind, 8)}")
    return values.view(np.uint8).reshape(len(values), -1)


FORMS: dict[str, Form] = {"hll_coupon": _coupon}
