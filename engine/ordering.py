"""ORDER BY: permutations from kernels/sorting.py, applied to whole collections."""
from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from ..errors import InternalError
from ..kernels.sorting import SortColumn, permutation, topk
from ..planner.expressions import ColumnId, ColumnRef
from ..planner.logical import SortKey
from .collection import Collection
from .texts import by_code


def sort(
    part: Collection, ids: Sequence[ColumnId], keys: Sequence[SortKey], limit: int | None,
    keep: AbstractSet[ColumnId] | None = None,
) -> Collection:
    """The rows of `part` in the order of the columns `ids` (only the first `limit`), with the columns to keep."""
    columns = []
    for id, key in zip(ids, keys, strict=True):
        column = part.column(id)
        values = column.values if column.texts is None else by_code(column.texts.ranks, column.values)
        columns.append(SortColumn(column.carried.value, values, column.valid, key.descending, key.nulls_first))
    kept = [c for c in part.columns if keep is None or c.ref.id in keep]
    narrow = Collection(kept, part.rows, part.heaps, part.charges)
    if limit is not None and limit < part.rows:
        return narrow.take(topk(columns, part.rows, limit))
    rows = permutation(columns, part.rows) if part.rows > 1 else None
    return narrow if rows is None else narrow.take(rows)


def merge(part: Collection, keys: Sequence[SortKey]) -> Collection:
    """Rows gathered from sorted slices, in one order."""
    ids = []
    for key in keys:
        if not isinstance(key.expr, ColumnRef):
            raise InternalError("a merge key must be a column")
        ids.append(key.expr.id)
    return sort(part, ids, keys, None)
