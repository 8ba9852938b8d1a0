"""Accumulators: the states of a query's aggregates, growing along with a group table.

    sums = Accumulators(table)                         or Accumulators(None): one row, no groups
    total = sums.add("sum", "i64")                     -> Accumulator
    program: (total.op, a=values, b=validity, c=ids, k=total.address)
    on NEED_SPACE of the group op: table.grow(); sums.grow()
    on NEED_SPACE of agg_minmax_str: total.grow_heap()
    total.export() -> Column (I128 for sums of integers), in order of ids

Functions: count (valid rows; count(*) is count without validity), sum, min, max, any_value (= min), bool_and
(= min), bool_or (= max), bit_and, bit_or, moments (count, mean, squared deviations as a string of 24 bytes) and
merge_moments of such strings. An empty group's result is NULL, its count 0.

With groups, all sums of 64-bit integers and counts of a program are one instruction (grouped_sums.py):

    block = SumBlock([(accumulator, values, validity, small), ...])      addresses; 0 = absent
    program: ("agg_sums", c=ids, k=block.address)

Partial results are merged by running them through the same ops: sums of sums and counts, min of mins.
Ops: aggregates.py, extremes.py, moments.py; what the arrays hold: aggregate_layout.py.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InternalError, NumericOutOfRange
from . import aggregate_layout as layout
from . import memory
from .group_layout import G_COUNT
from .group_table import Column, GroupTable

_LARGEST = np.iinfo(np.int64).max
_FIRST_HEAP = 1 << 14
_EXTREMES = {"min": 0, "any_value": 0, "bool_and": 0, "max": -1, "bool_or": -1}
_WORDS = {"agg_sum_i64": 2, "agg_sum_i128": 2, "agg_minmax_i128": 2, "agg_minmax_str": 3,
          "agg_moments": 3, "agg_merge_moments": 3}  # of a state
_MOMENTS = {"moments": ("agg_moments", "f64"), "merge_moments": ("agg_merge_moments", "str")}
_BITS = {"bit_and": "agg_bit_and", "bit_or": "agg_bit_or"}
_SUMS = {"i64": "agg_sum_i64", "i128": "agg_sum_i128", "f64": "agg_sum_f64"}


class Accumulator:
    """One aggregate's state. `op` runs it; `address` goes into the instruction's k."""

    def __init__(self, function: str, physical: str, table: GroupTable | None) -> None:
        self.function = function
        self.physical = physical
        self.op = op_of(function, physical)
        self.words = memory.zeros(layout.ACCUMULATOR_WORDS, np.int64)
        self.address = memory.address(self.words)
        self.words[layout.A_FLIP] = _EXTREMES.get(function, 0)
        self._table = table
        self._per_group = _WORDS.get(self.op, 1)
        self._values = memory.nothing(np.float64 if self.op == "agg_sum_f64" else np.int64)
        self._seen = memory.nothing(np.uint8)
        self._heap = memory.nothing(np.uint8)
        if table is not None:
            self.words[layout.A_GROUPS_AT] = table.address + 8 * G_COUNT
        if self.op == "agg_minmax_str":
            self._resize_heap(_FIRST_HEAP)
        self.grow()

    @property
    def nbytes(self) -> int:
        return self._values.nbytes + self._seen.nbytes + self._heap.nbytes

    def grow(self) -> None:
        """Room for as many groups as the table has."""
        capacity = max(self._table.capacity if self._table is not None else 1, layout.FEW_GROUPS)
        known = len(self._seen)
        if capacity <= known:
            return
        seen = memory.zeros(capacity, np.uint8)
        values = memory.zeros(capacity * self._per_group, self._values.dtype)
        if known:
            seen[:known] = self._seen
            values[: known * self._per_group] = self._values
        self._clear(values, known)
        self._seen, self._values = seen, values
        self.words[layout.A_SEEN] = memory.address(seen)
        self.words[layout.A_VALUES] = memory.address(values)

    def grow_heap(self) -> None:
        """More heap, after agg_minmax_str answered NEED_SPACE."""
        self._resize_heap(2 * (len(self._heap) + int(self.words[layout.A_NEED])))

    def export(self) -> Column:
        """The results by group id: count I64, sums of integers I128, else the argument's class."""
        count = self._table.count if self._table is not None else 1
        if self.op == "agg_count":
            return Column("i64", self._values[:count].copy(), None)
        seen = self._seen[:count].copy()
        valid = None if seen.all() else seen
        values = self._values[: count * self._per_group].reshape(count, self._per_group)
        if self.op in ("agg_sum_i64", "agg_sum_i128"):
            return Column("i128", values.copy(), valid)
        if self.op == "agg_sum_f64":
            return Column("f64", values[:, 0].copy(), valid)
        if self.op in ("agg_moments", "agg_merge_moments"):
            return self._export_moments(values, valid)
        if self.op in _BITS.values():
            return Column("i64", np.where(seen, values[:, 0], 0), valid)
        return self._export_extreme(values, seen, valid)

    @staticmethod
    def _export_moments(values: np.ndarray, valid: np.ndarray | None) -> Column:
        """The states as strings of their bytes, for a merge or a function of them."""
        states = memory.padded(values.reshape(-1))
        views = np.empty((len(values), 2), np.int64)
        views[:, 0] = memory.address(states) + 24 * np.arange(len(values))
        views[:, 1] = 24
        if valid is not None:
            views[valid == 0] = 0
        return Column("str", views, valid, states)

    def export_i64(self) -> Column:
        """As `export`, a 128-bit sum as I64; raises when one does not fit."""
        column = self.export()
        if column.physical != "i128":
            return column
        if np.any(column.values[:, 1] != column.values[:, 0] >> 63):
            raise NumericOutOfRange("sum is out of range for type bigint")
        return Column("i64", np.ascontiguousarray(column.values[:, 0]), column.valid)

    def shrink(self) -> None:
        """Forget all values; memory is for as many groups as the table has room for (strings keep theirs)."""
        self._seen, self._values = self._seen[:0], self._values[:0]
        self.words[layout.A_MARKED] = self.words[layout.A_HEAP_USED] = 0
        self.grow()

    def reset(self) -> None:
        """Forget all values, keep the memory."""
        self._seen.fill(0)
        self.words[layout.A_MARKED] = 0
        self._values.fill(0)
        self._clear(self._values, 0)
        self.words[layout.A_HEAP_USED] = 0

    def _clear(self, values: np.ndarray, start: int) -> None:
        """Empty states from group `start` on, in an array of zeros: what loses to every value."""
        fresh = values[start * self._per_group :]
        if self.op == "agg_minmax_i128":
            fresh[0::2] = -1
            fresh[1::2] = _LARGEST
        elif self.op == "agg_bit_and":
            fresh[:] = -1
        elif self.op.startswith("agg_minmax") and self.op != "agg_minmax_str":
            fresh[:] = _LARGEST

    def _export_extreme(self, values: np.ndarray, seen: np.ndarray, valid: np.ndarray | None) -> Column:
        if self.physical == "str":
            views = values[:, :2] + np.array([memory.address(self._heap), 0])
            views[seen == 0] = 0
            return Column("str", np.ascontiguousarray(views), valid, self._heap)
        values = values ^ self.words[layout.A_FLIP]
        values[seen == 0] = 0
        if self.physical == "i128":
            return Column("i128", values, valid)
        flat = np.ascontiguousarray(values[:, 0])
        if self.physical == "bool":
            return Column("bool", flat.astype(np.uint8), valid)
        if self.physical == "f64":
            return Column("f64", (flat ^ ((flat >> 63) & _LARGEST)).view(np.float64), valid)
        return Column("i64", flat, valid)

    def _resize_heap(self, size: int) -> None:
        heap = memory.empty(size, np.uint8)
        heap[: len(self._heap)] = self._heap
        self._heap = heap
        self.words[layout.A_HEAP] = memory.address(heap)
        self.words[layout.A_HEAP_CAPACITY] = size


class SumBlock:
    """The parameter block of agg_sums: which sums and counts it updates, from where."""

    def __init__(self, columns: Sequence[tuple[Accumulator, int, int, bool]]) -> None:
        """(accumulator, address of values, of validity, whether values surely lie below 2**PARTIAL_BITS)."""
        words = [len(columns)]
        for accumulator, values, valid, small in columns:
            words += [accumulator.address, values, valid, int(small)]
        self.words = memory.words(*words)
        self.address = memory.address(self.words)


class Accumulators:
    """All aggregates over one group table (None: no groups, one row)."""

    def __init__(self, table: GroupTable | None) -> None:
        self.table = table
        self.items: list[Accumulator] = []

    def add(self, function: str, physical: str) -> Accumulator:
        """A new aggregate over values of a physical class."""
        item = Accumulator(function, physical, self.table)
        self.items.append(item)
        return item

    def grow(self) -> None:
        """After the table grew."""
        for item in self.items:
            item.grow()

    def reset(self) -> None:
        for item in self.items:
            item.reset()

    def shrink(self) -> None:
        """After the table was reset to fewer groups."""
        for item in self.items:
            item.shrink()

    @property
    def nbytes(self) -> int:
        return sum(item.nbytes for item in self.items)

    def export(self) -> list[Column]:
        return [item.export() for item in self.items]


def in_one_pass(function: str, physical: str) -> bool:
    """Whether agg_sums does it, given groups."""
    return op_of(function, physical) in ("agg_count", "agg_sum_i64")


def small_values(lo: int, hi: int) -> bool:
    """Whether values of a range need no look before a batch of them is summed in 64 bits."""
    return max(-lo, hi) < 1 << layout.PARTIAL_BITS


def op_of(function: str, physical: str) -> str:
    """The op that accumulates values of a physical class."""
    if function == "count":
        return "agg_count"
    if function == "sum" and physical in _SUMS:
        return _SUMS[physical]
    if _MOMENTS.get(function, ("", ""))[1] == physical:
        return _MOMENTS[function][0]
    if function in _BITS and physical == "i64":
        return _BITS[function]
    if function in _EXTREMES:
        return f"agg_minmax_{physical}"
    raise InternalError(f"no accumulator for {function} of {physical}")
