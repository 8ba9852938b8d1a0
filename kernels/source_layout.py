"""The words of a source's state (source.py draws it)."""
from __future__ import annotations

from .abi import DESCRIPTOR_WORDS

S_CURSOR = 0  # number of the next batch's row group (or chunk)
S_COUNT = 1
S_TABLE = 2  # address of int64[count][columns]
S_COLUMNS = 3
S_ROWS = 4  # address of int64[count][2]: rows, first row id
S_BATCH = 5  # rows of a batch at most: whole vectors
S_AT = 6  # row of the row group with which the next batch begins
S_LINE = 7  # address of line_words(columns) words for batches that are parts of row groups
STATE_WORDS = 8


def line_words(columns: int) -> int:
    """A line of addresses, and the descriptors that they point to."""
    return columns * (1 + DESCRIPTOR_WORDS)
