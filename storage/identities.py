"""Generated IDENTITY values of one load: taken from the table's numbering batch by batch.

The numbering (numbering.py) never gives a number twice, whatever becomes of the load; a commit records how far it
went, so that the next process goes on from there.
"""
from __future__ import annotations

import threading

import numpy as np

from .. import errors
from .numbering import Numbering
from .schema import Column
from .vector import ColumnData


class Identities:
    """For any thread. `following`: the next value of each column, by Column.id, once some were taken."""

    def __init__(self, numbering: Numbering, table_id: int) -> None:
        self._numbering = numbering
        self._table_id = table_id
        self._lock = threading.Lock()
        self.following: dict[int, int] = {}

    def take(self, column: Column, rows: int) -> ColumnData:
        """The column's next values; NumericOutOfRange when its type has no more."""
        assert column.identity is not None
        seed, step = column.identity
        with self._lock:
            first, following = self._numbering.identity(self._table_id, column.id, seed, step, rows)
            self.following[column.id] = following
        least, most = column.type.integer_limits
        if not least <= following - step <= most:
            raise errors.NumericOutOfRange(f'the IDENTITY values of column "{column.name}" are used up')
        return ColumnData(column.type, rows, np.arange(rows, dtype=np.int64) * step + first)
