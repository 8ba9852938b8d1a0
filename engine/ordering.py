"""ORDER BY: permutations from kernels/sorting.py, applied to whole collections."""
from __future__ import annotations

from collections.abc import Sequence

from ..errors import InternalError
from ..kernels.sorting import SortColumn, permutation, topk
from ..planner.expressions import ColumnId, ColumnRef
from ..planner.logical import SortKey
from .collection import Collection


def sort(part: Collection, ids: Sequence[ColumnId], keys: Sequence[SortKey], limit: int | None) -> Collection:
    """The rows of `part` in the order of the columns `ids` (only the first `limit`)."""
    columns = []
    for id, key in zip(ids, keys, strict=True):
        column = part.column(id)
        columns.append(SortColumn(column.carried.value, column.values, column.valid, key.descending, key.nulls_first))
    if limit is not None and limit < part.rows:
        return part.take(topk(columns, part.rows, limit))
    if part.rows < 2:
        return part
    rows = permutation(columns, part.rows)
    return part if rows is None else part.take(rows)


def merge(part: Collection, keys: Sequence[SortKey]) -> Collection:
    """Rows gathered from sorted slices, in one order."""
    ids = []
    for key in keys:
        if not isinstance(key.expr, ColumnRef):
            raise InternalError("a merge key must be a column")
        ids.append(key.expr.id)
    return sort(part, ids, keys, None)
