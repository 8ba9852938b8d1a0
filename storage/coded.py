"""CodedColumn: text of few different values as codes over a dictionary, on its way from a file into blocks.

    codes    0 1 0 0 2 1 ...  uint8        entries   0 'AIR'   1 'RAIL'   2 ''
    valid    1 1 1 1 0 1 ...               NULL rows have the code of ''

A load meets the same few strings again and again: they are looked at once a batch, gathered as single bytes when
the run is sorted (narrow.py), and a block's dictionary, bounds and sketch come from its entries alone. What is
written is the same, byte for byte, as it would be from the strings themselves (test_coded.py).

`code_text` makes one of strings, arrow.py of Arrow's dictionaries.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..records import dataclass
from .distribution import hash_column
from .encodings.dictionaries import few_strings
from .sample import Sample
from .statistics import REGISTERS, ColumnSketch, add_hashes
from .types import SqlType
from .vector import Array, ColumnData, from_list
from .zones import Bounds, bounds

# As many entries as a code of one byte can tell apart.
MOST_ENTRIES = 256


@dataclass(frozen=True, slots=True, eq=False)
class CodedColumn:
    """`rows` strings of one type. `entries`: without NULLs, no two alike, perhaps some that no row has."""

    type: SqlType
    rows: int
    codes: Array
    entries: ColumnData
    valid: Array | None = None
    counted: Array | None = None  # `counts`, once they are known

    @property
    def null_count(self) -> int:
        return 0 if self.valid is None else self.rows - int(np.count_nonzero(self.valid))

    @property
    def text_bytes(self) -> int:
        """Bytes of all rows' strings."""
        return int(np.diff(self.entries.text[0]) @ self.counts())

    @property
    def raw_bytes(self) -> int:
        return self.rows * (self.type.storage_bytes or 4) + self.text_bytes

    def counts(self) -> Array:
        """Of how many rows each entry is the value; NULL rows count for ''."""
        return np.bincount(self.codes, minlength=self.entries.rows) if self.counted is None else self.counted

    def live_counts(self) -> Array:
        """The same of rows that are not NULL."""
        counts, nulls = self.counts(), self.null_count
        if nulls:
            counts = counts - nulls * (np.diff(self.entries.text[0]) == 0)
        return counts

    def take(self, rows: Array) -> CodedColumn:
        valid = None if self.valid is None else self.valid[rows]
        return CodedColumn(self.type, len(rows), self.codes[rows], self.entries, valid)

    def slice(self, start: int, stop: int) -> CodedColumn:
        valid = None if self.valid is None else self.valid[start:stop]
        codes = self.codes[start:stop]
        return CodedColumn(self.type, len(codes), codes, self.entries, valid)

    def plain(self) -> ColumnData:
        """The strings themselves."""
        offsets, data = self.entries.take(self.codes).text
        return ColumnData(self.type, self.rows, None, self.valid, offsets, data)

    def compact(self) -> CodedColumn:
        """With only those entries that rows have, in the order of their bytes."""
        counts = self.counts()
        used = np.flatnonzero(counts)
        texts = self.entries.take(used).to_bytes()
        used = used[sorted(range(len(used)), key=texts.__getitem__)]
        renumbered = np.zeros(self.entries.rows, np.uint8)
        renumbered[used] = np.arange(len(used))
        codes = renumbered[self.codes]
        return CodedColumn(self.type, self.rows, codes, self.entries.take(used), self.valid, counts[used])


def code_text(column: ColumnData) -> CodedColumn | None:
    """The text column as codes; None if it has too many different strings."""
    found = few_strings(column, MOST_ENTRIES)
    if found is None:
        return None
    firsts, codes = found
    offsets, data = column.take(firsts).text
    return CodedColumn(column.type, column.rows, codes, ColumnData(column.type, len(firsts), None, None, offsets, data),
                       column.valid)


def distinct_entries(texts: Sequence[bytes]) -> tuple[list[bytes], list[int]]:
    """(the different ones among few strings, the code of each)."""
    entries: dict[bytes, int] = {}
    codes = [entries.setdefault(text, len(entries)) for text in texts]
    return list(entries), codes


def coded_bounds(column: CodedColumn) -> Bounds:
    """As zones.bounds of the strings."""
    return bounds(column.entries.take(np.flatnonzero(column.live_counts())))


def coded_sketch(column: CodedColumn, known: Bounds) -> ColumnSketch:
    """As ColumnSketch.of the strings."""
    counts, nulls = column.live_counts(), column.null_count
    hashes = hash_column(column.entries)
    registers = np.zeros(REGISTERS, np.uint8)
    add_hashes(registers, hashes[counts > 0])
    seed = int((hashes * counts.astype(np.uint64)).sum(dtype=np.uint64))
    if nulls:
        seed += nulls * int(hash_column(from_list(column.type, [None]))[0])
    sample = Sample.drawn(
        column.type, column.rows, column.valid, lambda rows: column.take(rows).plain(), seed & ((1 << 64) - 1)
    )
    return ColumnSketch(column.type.physical, column.rows, nulls, column.text_bytes, known, registers, sample)
