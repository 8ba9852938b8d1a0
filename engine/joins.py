"""The build side of a join: finished rows, and a table of them per slice (or one that all slices share).

    BuildSide    rows of the build input, for all slices; made before the probing segment is compiled
    Probed       what one task sees: the collection to gather from, and the table to look up in

A table is built once per collection, in parallel over slices, when the probing segment knows in which
physical class the keys travel. Which kind of table it is (array, runs, bitmap, hash...) is decided from
the keys themselves: kernels/join_table.py.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..kernels import memory, pack
from ..kernels.join_table import JoinTable, KeyColumn
from ..kernels.keyfilter_layout import BITS, LOW, SPAN, STATE_WORDS
from ..planner.expressions import ColumnId
from ..records import dataclass
from ..storage.types import Physical
from .collection import Collection, StoredColumn, encode, unify, widened
from .context import Charge
from .rows import Rows, Where
from .texts import FEW_ENTRIES, ROWS_PER_ENTRY, Texts

ENCODED_ROWS = 64  # build rows whose text is made codes whatever the estimate, if the probe side is not small
KEY_FILTER_SPAN = 1 << 26  # 8 MB of bits
SPAN_PER_BYTE = 16  # ... with less memory: for each byte that a step may hold in any case
Parallel = Callable[[Callable[[int], None], int], None]


@dataclass(slots=True)
class Probed:
    """One task's view of a build side."""

    collection: Collection
    table: JoinTable
    marks: np.ndarray  # uint8 by build row: some probe row matched

    def op(self, kind: str) -> tuple[str, int]:
        return self.table.op(kind)


@dataclass(frozen=True, slots=True, eq=False)
class KeyFilter:
    """Bits of the keys in low .. low + span - 1 (kernels/keyfilter.py); `density`: the share that is set.
    ranks[i]: how many are set in the words before word i."""

    low: int
    span: int
    bits: np.ndarray
    density: float
    ranks: np.ndarray

    @staticmethod
    def build(columns: Sequence[tuple[StoredColumn, int]], most: int = KEY_FILTER_SPAN) -> KeyFilter | None:
        """The keys of all (column, rows); None when they are not integers of a range below `most`."""
        if any(c.carried is not Physical.I64 or c.texts is not None for c, _ in columns):
            return None
        live = [_live(c, rows) for c, rows in columns]
        if not any(len(v) for v in live):
            return KeyFilter(0, 0, memory.zeros(1, np.int64), 0.0, np.zeros(2, np.int64))
        low = min(int(v.min()) for v in live if len(v))
        high = max(int(v.max()) for v in live if len(v))
        if high - low >= most:
            return None
        bits = memory.zeros((high - low) // 64 + 1, np.int64)
        for column, rows in columns:
            valid = 0 if column.valid is None else memory.address(column.valid)
            pack.native("key_filter_set")(memory.address(column.values), valid, rows, low, memory.address(bits))
        span = high - low + 1
        ranks = np.zeros(len(bits) + 1, np.int64)
        np.cumsum(np.bitwise_count(bits.view(np.uint64)), out=ranks[1:], dtype=np.int64)
        return KeyFilter(low, span, bits, int(ranks[-1]) / span, ranks)

    def may_hold(self, low: Any, high: Any) -> Any:
        """Which ranges of values (both bounds included) hold a key; never false where one does. Of arrays, or of two
        numbers."""
        last = self.low + self.span - 1
        if isinstance(low, int):
            if low > last or high < self.low:
                return False
            before, behind = (max(low, self.low) - self.low) >> 6, ((min(high, last) - self.low) >> 6) + 1
            return bool(self.ranks[behind] > self.ranks[before])
        first_word = (np.clip(low, self.low, last) - self.low) >> 6
        behind = ((np.clip(high, self.low, last) - self.low) >> 6) + 1
        return (low <= last) & (high >= self.low) & (self.ranks[behind] > self.ranks[first_word])

    def state(self) -> np.ndarray:
        """A task's parameter block."""
        words = memory.zeros(STATE_WORDS, np.int64)
        words[[LOW, SPAN, BITS]] = (self.low, self.span, memory.address(self.bits))
        return words


def _live(column: StoredColumn, rows: int) -> np.ndarray:
    values = column.values[:rows]
    return values if column.valid is None else values[column.valid[:rows] != 0]


class BuildSide:
    """Build rows and their tables; see the module's text. `keys` are columns of the rows."""

    def __init__(self, rows: Rows, keys: Sequence[ColumnId], parallel: Parallel, charge: Charge) -> None:
        self._parts = [p.trimmed() for p in rows.parts]
        self.shared = rows.where is not Where.SLICES
        self._keys = keys
        self._parallel = parallel
        self.charge = charge
        self._tables: list[JoinTable] = []
        self.marks: list[np.ndarray] = []
        self.rows = rows.rows
        self._filters: dict[int, KeyFilter | None] = {}

    def encode(self, probed: int, expected: float) -> None:
        """Carry text columns as codes where a join with `probed` rows should give many more rows than are here."""
        likely = self.rows <= FEW_ENTRIES and expected >= ROWS_PER_ENTRY * self.rows
        if not likely and (self.rows > ENCODED_ROWS or probed < FEW_ENTRIES):
            return
        for i, column in enumerate(self._parts[0].columns):
            if column.ref.id not in self._keys:
                encode(self._parts, i, self.charge)

    @property
    def columns(self) -> list[StoredColumn]:
        """The columns as the probing program must take them: of one class over all parts."""
        return [_merged([p.columns[i] for p in self._parts]) for i in range(len(self._parts[0].columns))]

    def unify(self) -> None:
        """Make all parts carry each column in the same way (a program serves all slices)."""
        unify(self._parts)

    def key_texts(self) -> list[Texts | None]:
        """The dictionaries of the keys that are codes."""
        return [self._parts[0].column(k).texts for k in self._keys]

    def wide_keys(self) -> list[bool]:
        return [any(p.column(k).carried is Physical.I128 for p in self._parts) for k in self._keys]

    def has_null(self) -> bool:
        """Whether some row has a NULL key."""
        return any(
            (valid := p.column(k).valid) is not None and not valid[: p.rows].all()
            for p in self._parts for k in self._keys
        )

    def prepare(self, kind: str, carried: Sequence[Physical]) -> None:
        """Build the tables for a probe of `kind` whose keys travel in classes `carried`."""
        tables: list[JoinTable | None] = [None] * len(self._parts)

        def build(i: int) -> None:
            part = self._parts[i]
            keys = [_key(part.column(k), c) for k, c in zip(self._keys, carried, strict=True)]
            tables[i] = JoinTable.build(keys, part.rows, kind=kind)

        self._parallel(build, len(self._parts))
        self._tables = [t for t in tables if t is not None]
        self.charge.add(sum(t.nbytes for t in self._tables) + self.rows)
        self.marks = [np.zeros(p.rows, np.uint8) for p in self._parts]

    def key_filter(self, number: int) -> KeyFilter | None:
        """Bits of the build rows' keys in column `number` of the key; None where it has no small range, or there is
        no memory for them."""
        if number not in self._filters:
            columns = [(p.column(self._keys[number]), p.rows) for p in self._parts]
            most = min(KEY_FILTER_SPAN, SPAN_PER_BYTE * self.charge.budget.least)
            found = self._filters[number] = KeyFilter.build(columns, most)
            if found is not None:
                self.charge.add(found.bits.nbytes + found.ranks.nbytes)
        return self._filters[number]

    def probed(self, slice: int) -> Probed:
        i = 0 if self.shared else slice
        return Probed(self._parts[i], self._tables[i], self.marks[i])

    def part(self, slice: int) -> int:
        return 0 if self.shared else slice

    @property
    def parts(self) -> list[Collection]:
        return self._parts


def _key(column: StoredColumn, carried: Physical) -> KeyColumn:
    if carried is Physical.I128:
        column = widened(column)
    if column.texts is not None:
        column = column.plain() if carried is Physical.STR else column.numbered()
    return KeyColumn(carried.value, column.values, column.valid)


def _merged(columns: list[StoredColumn]) -> StoredColumn:
    first = columns[0]
    wide = any(c.carried is Physical.I128 for c in columns)
    return StoredColumn(
        first.ref, Physical.I128 if wide else first.carried, any(c.valid is not None for c in columns),
        first.values, first.valid, min(c.lo for c in columns), max(c.hi for c in columns), first.texts,
    )
