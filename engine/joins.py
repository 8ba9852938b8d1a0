"""The build side of a join: finished rows, and a table of them per slice (or one that all slices share).

    BuildSide    rows of the build input, for all slices; made before the probing segment is compiled
    Probed       what one task sees: the collection to gather from, and the table to look up in

A table is built once per collection, in parallel over slices, when the probing segment knows in which
physical class the keys travel. Which kind of table it is (array, runs, bitmap, hash...) is decided from
the keys themselves: kernels/join_table.py.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..kernels import memory, pack
from ..kernels.join_table import JoinTable, KeyColumn
from ..kernels.keyfilter_layout import BITS, LOW, SPAN, STATE_WORDS
from ..planner.expressions import ColumnId
from ..storage.types import Physical
from .collection import Collection, StoredColumn, widened
from .context import Charge, MemoryBudget
from .rows import Rows, Where

KEY_FILTER_SPAN = 1 << 26  # 8 MB of bits
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
    """Bits of the keys in low .. low + span - 1 (kernels/keyfilter.py)."""

    low: int
    span: int
    bits: np.ndarray

    @staticmethod
    def build(column: StoredColumn, rows: int) -> KeyFilter | None:
        values, valid = column.values[:rows], column.valid
        live = values if valid is None else values[valid[:rows] != 0]
        if not len(live):
            return KeyFilter(0, 0, memory.zeros(1, np.int64))
        low, high = int(live.min()), int(live.max())
        if high - low >= KEY_FILTER_SPAN:
            return None
        bits = memory.zeros((high - low) // 64 + 1, np.int64)
        address = 0 if valid is None else memory.address(valid)
        pack.native("key_filter_set")(memory.address(values), address, rows, low, memory.address(bits))
        return KeyFilter(low, high - low + 1, bits)

    def state(self) -> np.ndarray:
        """A task's parameter block."""
        words = memory.zeros(STATE_WORDS, np.int64)
        words[[LOW, SPAN, BITS]] = (self.low, self.span, memory.address(self.bits))
        return words


class BuildSide:
    """Build rows and their tables; see the module's text. `keys` are columns of the rows."""

    def __init__(self, rows: Rows, keys: Sequence[ColumnId], parallel: Parallel, budget: MemoryBudget) -> None:
        self._parts = [p.trimmed() for p in rows.parts]
        self.shared = rows.where is not Where.SLICES
        self._keys = keys
        self._parallel = parallel
        self._charge = Charge(budget, "hash")
        self._tables: list[JoinTable] = []
        self.marks: list[np.ndarray] = []
        self.rows = rows.rows

    @property
    def columns(self) -> list[StoredColumn]:
        """The columns as the probing program must take them: of one class over all parts."""
        return [_merged([p.columns[i] for p in self._parts]) for i in range(len(self._parts[0].columns))]

    def unify(self) -> None:
        """Make all parts carry each column in the same class (a program serves all slices)."""
        for i, merged in enumerate(self.columns):
            for part in self._parts:
                if merged.carried is Physical.I128:
                    part.columns[i] = widened(part.columns[i])

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
        self._charge.add(sum(t.nbytes for t in self._tables))
        self.marks = [np.zeros(p.rows, np.uint8) for p in self._parts]

    def key_filters(self) -> list[KeyFilter] | None:
        """Per part a bitmap of the keys; None when the key is not one integer of a small range."""
        if len(self._keys) != 1:
            return None
        columns = [p.column(self._keys[0]) for p in self._parts]
        if any(c.carried is not Physical.I64 for c in columns):
            return None
        filters = [KeyFilter.build(c, p.rows) for c, p in zip(columns, self._parts, strict=True)]
        found = [f for f in filters if f is not None]
        return found if len(found) == len(filters) else None

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
    return KeyColumn(carried.value, column.values, column.valid)


def _merged(columns: list[StoredColumn]) -> StoredColumn:
    first = columns[0]
    wide = any(c.carried is Physical.I128 for c in columns)
    return StoredColumn(
        first.ref, Physical.I128 if wide else first.carried, any(c.valid is not None for c in columns),
        first.values, first.valid, min(c.lo for c in columns), max(c.hi for c in columns),
    )
