"""Physical classes as small numbers, for parameter blocks that native code reads.

storage/types.py names the classes ('i64', 'f64', 'bool', 'i128', 'str'); native code that handles keys of any
class (joins, groups, sorts) gets one of these codes in a word of its parameter block.
"""
from __future__ import annotations

import numpy as np

from ..errors import InternalError

K_I64 = 0
K_F64 = 1
K_BOOL = 2
K_I128 = 3
K_STR = 4
K_BYTES = 5  # strings as K_STR, but trailing blanks count (group tables: GroupKey.exact)

CODES = {"i64": K_I64, "f64": K_F64, "bool": K_BOOL, "i128": K_I128, "str": K_STR}
WIDTHS = {"i64": 8, "f64": 8, "bool": 1, "i128": 16, "str": 16}  # bytes of one value


def code_of(physical: str) -> int:
    """The code of a physical class by its name."""
    try:
        return CODES[physical]
    except KeyError:
        raise InternalError(f"unknown physical class {physical!r}") from None


def check_values(physical: str, values: np.ndarray, rows: int) -> None:
    """Refuse an array that is not `rows` contiguous values of the class."""
    width = WIDTHS[physical]
    if not values.flags.c_contiguous or values.nbytes != rows * width:
        raise InternalError(
            f"{physical} column of {rows} rows has {values.nbytes} bytes, expected {rows * width}"
        )
