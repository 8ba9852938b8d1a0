"""Columns that a scan makes itself, described to native code as if they were stored.

    row id   where the row stands (storage/deletes.py): DELETE and UPDATE ask for it by the column `ROW_ID`
    added    the value of a column that the extent is older than: the same in every row
    live     1 where the row is not in its row group's delete vector: every scan of a table with deleted rows
             filters by it before anything else

A row id is `first id of the row group + row`: 64 packed vectors of 1,024, all over the same words 0..1023.
"""
from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..kernels import abi
from ..planner.expressions import ColumnRef
from ..storage.deletes import GROUP_ROWS, ROW_ID, DeleteVector, first_row_id
from ..storage.encodings import packing
from ..storage.native import Descriptor, NativeColumn, describe, raw_column
from ..storage.stored import constant
from ..storage.types import BOOLEAN, SqlType

__all__ = ["LIVE", "ROW_ID", "added", "live", "row_ids"]

LIVE = ColumnRef(-1, BOOLEAN, "live")


def row_ids(extent: int, group: int, rows: int) -> Descriptor:
    """The row ids of one row group."""
    packed = _thousand()
    vectors = -(-rows // abi.VECTOR_ROWS)
    meta = np.empty((vectors, 4), np.int64)
    meta[:] = packing.meta_words(packed.table)[0]
    meta[:, 2] = first_row_id(extent, group) + np.arange(vectors) * abi.VECTOR_ROWS
    return describe(NativeColumn(abi.DK_PACKED, rows, packed.words, meta=meta), None)


@lru_cache(maxsize=1)
def _thousand() -> packing.Packed:
    return packing.pack(np.arange(abi.VECTOR_ROWS, dtype=np.int64), allow_delta=False)


@lru_cache(maxsize=32)
def added(type: SqlType, value: Any) -> Descriptor:
    """One value in every row of a row group."""
    column = constant(type, value, GROUP_ROWS)
    nulls = None if value is not None else np.full(GROUP_ROWS // 8, 0xFF, np.uint8)
    return describe(raw_column(column), nulls)


def live(vector: DeleteVector | None, rows: int) -> Descriptor:
    """Which rows of a row group are not deleted."""
    if vector is None:
        return _all_live()
    return describe(NativeColumn(abi.DK_RAW_BOOL, rows, (~vector.mask()[:rows]).view(np.uint8), 1), None)


@lru_cache(maxsize=1)
def _all_live() -> Descriptor:
    return describe(NativeColumn(abi.DK_RAW_BOOL, GROUP_ROWS, np.ones(GROUP_ROWS, np.uint8), 1), None)
