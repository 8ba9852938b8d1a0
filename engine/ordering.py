"""ORDER BY: permutations from kernels/sorting.py, applied to whole collections."""
from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from ..errors import InternalError
from ..kernels.sorting import SortColumn, permutation, topk
from ..kernels.windows import Key
from ..planner.expressions import ColumnId, ColumnRef
from ..planner.logical import SortKey
from .collection import Collection
from .texts import by_code


def sort(
    part: Collection, ids: Sequence[ColumnId], keys: Sequence[SortKey], limit: int | None,
    keep: AbstractSet[ColumnId] | None = None,
) -> Collection:
    """The rows of `part` in the order of the columns `ids` (only the first `limit`), with the columns to keep."""
    columns = _sort_columns(part, ids, keys)
    kept = [c for c in part.columns if keep is None or c.ref.id in keep]
    narrow = Collection(kept, part.rows, part.heaps, part.charges, part.heap_charges)
    if limit is not None and limit < part.rows:
        return narrow.take(topk(columns, part.rows, limit))
    rows = permutation(columns, part.rows) if part.rows > 1 else None
    return narrow if rows is None else narrow.take(rows)


def order_of(part: Collection, ids: Sequence[ColumnId], keys: Sequence[SortKey]) -> np.ndarray | None:
    """The row numbers in order, equal rows as they are; None: as they are, all."""
    return permutation(_sort_columns(part, ids, keys), part.rows)


def key_values(part: Collection, ids: Sequence[ColumnId]) -> list[Key]:
    """The columns as kernels/windows.py compares rows by them; of strings, not codes."""
    columns = [part.column(id) for id in ids]
    return [(c.carried.value, c.values, c.valid) for c in columns]


def _sort_columns(part: Collection, ids: Sequence[ColumnId], keys: Sequence[SortKey]) -> list[SortColumn]:
    columns = []
    for id, key in zip(ids, keys, strict=True):
        column = part.column(id)
        values = column.values if column.texts is None else by_code(column.texts.ranks, column.values)
        columns.append(SortColumn(column.carried.value, values, column.valid, key.descending, key.nulls_first))
    return columns


def merge(part: Collection, keys: Sequence[SortKey]) -> Collection:
    """Rows gathered from sorted slices, in one order."""
    return sort(part, merge_ids(keys), keys, None)


def merge_ids(keys: Sequence[SortKey]) -> list[ColumnId]:
    ids = []
    for key in keys:
        if not isinstance(key.expr, ColumnRef):
            raise InternalError("a merge key must be a column")
        ids.append(key.expr.id)
    return ids
