"""Splitting rows by a target number: row numbers grouped by target, and where each group begins.

    targets 1 0 1 2  ->  perm 1 0 2 3,  offsets 0 1 3 4          rows of t: perm[offsets[t]:offsets[t+1]]

Rows of one target keep their order. The exchange gathers columns by `perm` and cuts them at `offsets`.
"""
from __future__ import annotations

import numpy as np

from ..errors import InternalError
from . import pack
from .kinds import check_values
from .memory import address, empty


def partition_permutation(targets: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """(perm, offsets) of int64 targets in 0..parts-1."""
    rows = len(targets)
    check_values("i64", targets, rows)
    if rows and (int(targets.min()) < 0 or int(targets.max()) >= parts):
        raise InternalError(f"a row's target lies outside 0..{parts - 1}")
    perm, offsets = empty(rows, np.int64), empty(parts + 1, np.int64)
    pack.native("partition_rows")(address(targets), rows, parts, address(offsets), address(perm))
    return perm, offsets
