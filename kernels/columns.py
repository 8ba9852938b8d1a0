"""Parameter blocks of the ops over scanned text columns (column_ops.py, intern_ops.py).

    scratch = ColumnScratch()                                  one a block: results of dictionaries are kept
    block = make_column(scratch, column, "compare_str_k", address(comparison))
    block = make_like(scratch, column, pattern_block)
    interner = Interner([column, ...], table)                  its block: interner.block

The engine keeps block, scratch and whatever the op's own k points to alive while the program runs.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import pack
from . import text_layout as layout
from .abi import BATCH_ROWS, VECTOR_ROWS
from .group_table import GroupTable
from .memory import address, empty, zeros

SHORTEST_NEEDLE = 2  # single letters stand in too many rows


class ColumnScratch:
    """Room for one batch's codes, a dictionary's results and a vector of views."""

    def __init__(self) -> None:
        self.codes = empty(BATCH_ROWS + VECTOR_ROWS, np.int64)
        self.results = empty(BATCH_ROWS, np.int64)
        self.views = empty(2 * VECTOR_ROWS, np.int64)
        self.valid = empty(VECTOR_ROWS, np.uint8)


def make_column(scratch: ColumnScratch, column: int, op: str, k: int = 0) -> np.ndarray:
    """The block that applies `op` (over STR views, with its k) to a column: pred_column."""
    block = zeros(layout.COLUMN_WORDS, np.int64)
    block[layout.P_COLUMN] = column
    block[layout.P_OP] = pack.address(op)
    block[layout.P_K] = k
    block[layout.P_FETCH_CODES] = pack.address("fetch_codes")
    block[layout.P_CODES] = address(scratch.codes)
    block[layout.P_RESULTS] = address(scratch.results)
    block[layout.P_VIEWS] = address(scratch.views)
    block[layout.P_VALID] = address(scratch.valid)
    return block


def make_like(scratch: ColumnScratch, column: int, pattern: np.ndarray) -> np.ndarray:
    """pred_column's block for LIKE: whole blocks are searched when the pattern has a needle.

    A pattern that is fixed to the string's start, or one segment fixed to its end, is tested faster row by row.
    """
    block = make_column(scratch, column, "like_str", address(pattern))
    fixed = pattern[layout.L_FROM_START] or (pattern[layout.L_SEGMENTS] == 1 and pattern[layout.L_TO_END])
    block[layout.P_LIKE] = pattern[layout.L_NEEDLE_LENGTH] >= SHORTEST_NEEDLE and not fixed
    return block


class Interner:
    """intern_columns' block: ids of the texts of columns, in a table of one STR key for each of them.

    The table's op is called for single rows and for vectors in turn, so it must not be a resumable one.
    """

    def __init__(self, columns: Sequence[int], table: GroupTable) -> None:
        count = len(columns)
        self.table = table
        self._memo = empty(layout.MEMO_ENTRIES, np.int64)
        self._words = empty(3 * VECTOR_ROWS, np.int64)
        self._views = empty(2 * VECTOR_ROWS * count, np.int64)
        self._valid = empty(VECTOR_ROWS * count, np.uint8)
        self.block = zeros(layout.N_COLUMNS + count, np.int64)
        self.block[layout.N_TABLE] = table.address
        self.block[layout.N_OP] = pack.address(table.op)
        self.block[layout.N_MEMO] = address(self._memo)
        self.block[layout.N_CODES] = address(self._words)
        self.block[layout.N_ROWS] = address(self._words) + 16 * VECTOR_ROWS
        self.block[layout.N_VIEWS] = address(self._views)
        self.block[layout.N_VALID] = address(self._valid)
        self.block[layout.N_FETCH] = pack.address("fetch_str")
        self.block[layout.N_FETCH_VALID] = pack.address("fetch_valid")
        self.block[layout.N_COUNT] = count
        self.block[layout.N_COLUMNS :] = columns
        table.bind([address(self._views) + 16 * VECTOR_ROWS * j for j in range(count)],
                   [address(self._valid) + VECTOR_ROWS * j for j in range(count)])
