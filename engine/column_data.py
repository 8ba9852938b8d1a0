"""Columns of collections as storage and Arrow take them: contiguous values, text as offsets and bytes.

    carried     as the engine has it: i64, i128 pairs, string views ...  (collection.py)
    physical    as the SQL type is stored                                (storage/vector.py)

Values that are carried in the type's own width are shared, not copied. Codes of a dictionary may leave as an Arrow
dictionary array (`coded_array`).
"""
from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from ..storage.arrow import to_arrow
from ..storage.fitting import empty_nulls, fitted, overflow
from ..storage.schema import Column
from ..storage.types import INTEGER, Kind, Physical, SqlType
from ..storage.vector import ColumnData
from .collection import StoredColumn, narrowed, text_of, widened


def column_data(column: StoredColumn, type: SqlType, start: int, end: int) -> ColumnData:
    """Rows start..end-1 of a stored column, as storage and Arrow take them."""
    valid = None if column.valid is None else column.valid[start:end]
    if valid is not None and valid.all():
        valid = None
    rows = end - start
    if type.physical is Physical.STR:
        offsets, data = text_of(column.views(start, end))
        return ColumnData(type, rows, None, valid, offsets, data)
    cut = StoredColumn(column.ref, column.carried, column.nullable, column.values[start:end], valid)
    if type.physical is Physical.I128:
        values = widened(cut).values.view(np.uint64)
    else:
        values = narrowed(cut).values
    return ColumnData(type, rows, values, valid)


def dictionary(column: StoredColumn, type: SqlType) -> pa.Array | None:
    """The strings of a column of codes, but for that of NULL, in the order of their codes; None for other columns."""
    if column.texts is None or type.kind not in (Kind.CHAR, Kind.VARCHAR):
        return None
    offsets, data = text_of(column.texts.views[1:])
    return to_arrow(ColumnData(type, len(column.texts) - 1, None, None, offsets, data))


def coded_array(column: StoredColumn, words: pa.Array, start: int, end: int) -> pa.Array:
    """Rows start..end-1 of a column of codes as a dictionary array over its `dictionary`."""
    valid = None if column.valid is None else column.valid[start:end]
    codes = to_arrow(ColumnData(INTEGER, end - start, column.values[start:end] - 1, valid))
    return pa.DictionaryArray.from_arrays(codes, words)


def table_data(column: StoredColumn, rows: int, to: Column) -> ColumnData:
    """The first `rows` rows as the table's column `to` keeps them, checked (storage/fitting.py)."""
    data = column_data(column, to.type, 0, rows)
    physical = to.type.physical
    if physical is Physical.I64 and data.fixed.ndim == 2:
        low, high = data.fixed[:, 0].astype(object), data.fixed[:, 1].astype(object)
        wide = next(v for v in (high << 64) + (low & ((1 << 64) - 1)) if not -(1 << 63) <= v < 1 << 63)
        overflow(wide, to.type, to.name)
    data = _zero_nulls(data)
    return fitted(data, to.name, in_range=physical is Physical.I64 and _proven(column, to.type))


def _proven(column: StoredColumn, type: SqlType) -> bool:
    """Whether the column's proven range is within the type's."""
    if not type.is_exact or column.carried is not Physical.I64:
        return not type.is_exact
    least, most = type.integer_limits
    return least <= column.lo and column.hi <= most


def _zero_nulls(data: ColumnData) -> ColumnData:
    """What stands under NULL: 0, or an empty string."""
    valid = data.valid
    if valid is None:
        return data
    if data.type.physical is Physical.STR:
        offsets, text = empty_nulls(*data.text, valid)
        return replace(data, offsets=offsets, data=text)
    null = valid == 0
    if not data.fixed[null].any():
        return data
    values = data.fixed.copy()
    values[null] = 0
    return replace(data, values=values)
