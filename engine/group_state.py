"""One task's groups: their table, what their aggregates are at, and both as columns.

The program writes into a table of groups and an accumulator for each aggregate (kernels/group_table.py,
accumulators.py); the instructions are written in aggregation.py. When the table should grow and the statement holds
too much memory, the groups so far go to disk (spill/groups.py) and the table begins anew.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import NumericOutOfRange
from ..kernels import memory
from ..kernels.accumulators import Accumulator, Accumulators, SumBlock
from ..kernels.group_table import Column, GroupKey, GroupTable
from ..planner.expressions import ColumnRef
from ..storage.types import Physical
from .collection import StoredColumn, narrowed
from .compile.batch import Value
from .compile.program import Place
from .context import Charge, MemoryBudget
from .interning import InternState
from .texts import Texts

_LOW_WORD = (1 << 64) - 1  # an unsigned low word's bits

if TYPE_CHECKING:
    from .aggregation import AggregateSink
    from .rows import Piece
    from .spill.groups import GroupSpill

FEWEST_EXPECTED = 64  # groups that there is room for at least
OPEN = 1 << 62  # of a gate: room for any batch


class AggregateState:
    """One task's groups and accumulators."""

    def __init__(self, keys: list[GroupKey] | None, specs: list[tuple[str, str]],
                 slots: list[tuple[Place | None, Place | None]], budget: MemoryBudget, expected: int,
                 direct: bool = False, spill: Callable[[], GroupSpill] | None = None) -> None:
        self.table = None if keys is None else GroupTable(keys, max(expected, FEWEST_EXPECTED), resumable=not direct)
        self.interned = None if self.table is None else InternState(self.table)
        self.accumulators = Accumulators(self.table)
        self.sums: SumBlock | None = None
        self.task_states: dict[int, Any] = {}  # the task's, where interned strings are
        self._slots = slots
        self._spill = spill
        self._gate = memory.words(0, OPEN)  # as a sink's rows and capacity: closed, it asks for `spill`
        self.gate_address = memory.address(self._gate)
        self.spilled: list[list[Piece]] = []  # groups on disk, by partition
        self.charge = Charge(budget, "aggregate")
        for function, physical in specs:
            self.accumulators.add(function, physical)
        self._recharge()

    def table_address(self, task: Any) -> int:
        """The group table's address; generic tables learn here where the batch's keys stand."""
        assert self.table is not None
        self.task_states = task.states
        if not self.table.takes_operands:
            instance = task.instance
            self.table.bind([instance.address(p) for p, _ in self._slots],
                            [0 if v is None else instance.address(v) for _, v in self._slots])
        return self.table.address

    def grow(self) -> None:
        assert self.table is not None
        if self._spill is not None and self.charge.budget.presses(4 * self._nbytes, self._nbytes):
            self._gate[1] = 0  # this batch has ids already: the next one finds the gate closed
        self.table.grow()
        self.accumulators.grow()
        self._recharge()

    def grow_heap(self, number: int) -> None:
        self.accumulators.items[number].grow_heap()
        self._recharge()

    def spill(self, sink: AggregateSink) -> None:
        """Between batches: all groups go to disk, the table begins anew."""
        assert self._spill is not None and self.table is not None
        self._gate[1] = OPEN
        self._spill().put(self.spilled, sink.finish(self))
        self.table.reset(max(self.table.capacity // 2, FEWEST_EXPECTED))
        self.accumulators.shrink()
        self._recharge()

    @property
    def _nbytes(self) -> int:
        return self.accumulators.nbytes + (0 if self.table is None else self.table.nbytes)

    def _recharge(self) -> None:
        self.charge.add(self._nbytes - self.charge.bytes)


def key_column(ref: ColumnRef, column: Column, heaps: list[np.ndarray], like: Value | None = None) -> StoredColumn:
    """A key of the groups; `like`: the value whose range is its own."""
    if isinstance(column.owner, np.ndarray):
        heaps.append(column.owner)
    values = _owned(column.values)
    valid = None if column.valid is None else _owned(column.valid)
    carried = Physical(column.physical)
    lo, hi = (like.lo, like.hi) if like is not None and carried is like.carried else (0, 0)
    if valid is not None:
        lo, hi = min(lo, 0), max(hi, 0)
    return StoredColumn(ref, carried, valid is not None, values, valid, lo, hi)


def code_column(column: StoredColumn, texts: Texts | None) -> StoredColumn:
    """A column of a dictionary's numbers as one of its codes."""
    if texts is None:
        return column
    return column.recoded(texts, None if texts.numbers is None else texts.by_number)


def _owned(values: np.ndarray) -> np.ndarray:
    """A contiguous copy with slack behind it."""
    flat = memory.padded(np.ascontiguousarray(values).reshape(-1))
    return flat.reshape(values.shape)


def result_column(ref: ColumnRef, item: Accumulator, heaps: list[np.ndarray]) -> StoredColumn:
    """An aggregate's results in the class that its type (and its values) allow."""
    narrow = ref.type.physical is Physical.I64
    column = item.export_i64() if narrow else item.export()
    if isinstance(column.owner, np.ndarray):
        heaps.append(column.owner)
    values = _owned(column.values)
    valid = None if column.valid is None else _owned(column.valid)
    stored = StoredColumn(ref, Physical(column.physical), valid is not None, values, valid)
    stored = narrowed(stored)
    if stored.carried is Physical.I64 and len(stored.values):
        stored.lo, stored.hi = int(stored.values.min()), int(stored.values.max())
    elif stored.carried is Physical.I128:
        stored.lo, stored.hi = ref.type.integer_limits
        _check_limits(stored)
    return stored


def _check_limits(column: StoredColumn) -> None:
    """Refuse totals of 128 bits with more digits than their type has: to all that follows its range is a proof."""
    high = column.values[:, 1].view(np.int64)
    near = (high >= column.hi >> 64) | (high <= column.lo >> 64)  # the high words bound the values
    if column.valid is not None:
        near &= column.valid == 1
    for low_word, high_word in zip(column.values[near, 0].tolist(), high[near].tolist()):
        if not column.lo <= (high_word << 64) + (low_word & _LOW_WORD) <= column.hi:
            raise NumericOutOfRange("Numeric data overflow (result precision)",
                                    detail=f"A total is too large for type {column.ref.type}.")
