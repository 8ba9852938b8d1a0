"""Sinks that keep rows: a collection per task, or only marks on a join's build rows.

Appending is native (kernels/append.py): `sink_begin` makes sure that the batch fits, each column is copied
behind what is there, `sink_end` counts the rows. When the capacity (or a string heap) is short the op answers
NEED_SPACE and `grow` doubles it; the query's budget is charged under the step's name. When the statement holds
much already the rows so far go elsewhere instead: to whoever takes them window by window (handing_over.py,
streaming.py), or to disk (spill/chunks.py). Text columns that can be had as codes are kept as codes
(compile/codes.py); `finish` adds their dictionary, or their strings where it is too large.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels import memory
from ..planner.expressions import ColumnRef, Expr
from ..records import dataclass
from ..storage.types import Physical
from .collection import FIRST_HEAP, FIRST_ROWS, Collection, StoredColumn, allocate, form
from .compile.batch import Value
from .compile.codes import Coded, coded
from .compile.program import External
from .compile.segment import Segment
from .context import Charge, MemoryBudget
from .rows import Part, Pieces
from .texts import EMPTY, pays

if TYPE_CHECKING:
    from .spill.chunks import Chunk, Spool


@dataclass(frozen=True, slots=True)
class Output:
    """A column that is appended; `codes`: the value is codes."""

    ref: ColumnRef
    value: Value
    codes: Coded | None = None


class CollectSink:
    """Appends `outputs` of the segment's rows to one collection a task; `spool`: or to pieces on disk."""

    def __init__(self, segment: Segment, outputs: Sequence[tuple[ColumnRef, Expr]], budget: MemoryBudget,
                 step: str = "collecting rows", spool: Callable[[], Spool] | None = None) -> None:
        self._charge = Charge(budget, step)
        self._spool = spool
        builder = segment.builder
        self._columns = self._outputs(segment, outputs)
        begin = builder.block("sink_begin", k=External(lambda task: task.sink.rows_address))
        builder.growers[begin] = lambda task: task.sink.grow_rows()
        for i, output in enumerate(self._columns):
            self._append(builder, i, output.value)
        builder.block("sink_end", k=External(lambda task: task.sink.rows_address))

    def _outputs(self, segment: Segment, outputs: Sequence[tuple[ColumnRef, Expr]]) -> list[Output]:
        """The columns in slots, as codes where they can be had."""
        codes = {e.id: coded(segment.batch, e.id, self._charge) for _, e in outputs
                 if isinstance(e, ColumnRef) and e.type.physical is Physical.STR}
        found = [codes.get(e.id) if isinstance(e, ColumnRef) else None for _, e in outputs]
        others = [e for (_, e), known in zip(outputs, found, strict=True) if known is None]
        values = iter(segment.compiler.values(others, slots=True))
        filled = segment.compiler.filled
        return [Output(ref, filled(next(values)) if known is None else known.value, known)
                for (ref, _), known in zip(outputs, found, strict=True)]

    def _append(self, builder: Any, i: int, value: Value) -> None:
        def column(task: Any) -> int:
            task.sink.task_states = task.states
            address: int = task.sink.column_address(i)
            return address

        def validity(task: Any) -> int:
            address: int = task.sink.valid_address(i)
            return address

        pc = builder.block(f"append_{value.carried.value}", None, value.place, k=External(column))
        if value.carried is Physical.STR:
            builder.growers[pc] = lambda task: task.sink.grow_heap(i)
        if value.valid is not None:
            builder.block("append_valid", None, value.valid, k=External(validity))

    def state(self, index: int, rows: int) -> CollectState:
        return CollectState(self._columns, min(rows, 1 << 16), self._charge.like(0), self._spool)

    def finish(self, state: CollectState) -> Part:
        """The rows that have not been handed over."""
        rest = state.finish()
        return Pieces([*state.chunks, rest]) if state.chunks else rest


class CollectState:
    """One task's growing collection and the parameter blocks of its append ops.

    rows block:    [rows, capacity]
    column block:  [values, rows block, heap, heap used, heap capacity, missing; 8: validity, 9: rows block]
    """

    def __init__(self, columns: list[Output], expected: int, charge: Charge,
                 spool: Callable[[], Spool] | None = None) -> None:
        self._columns = columns
        self._spool = spool
        self.chunks: list[Chunk] = []
        self.hand_over: Callable[[], None] | None = None  # takes the rows so far, by `detach`
        self._charge = charge
        self.task_states: dict[int, Any] = {}  # the task's, where dictionaries are
        self._row_bytes = sum([o.value.carried.width + (o.value.valid is not None) for o in columns])
        count = len(columns)
        words = memory.zeros(count * 16 + 2, np.int64)
        self._blocks, self._rows = words[:-2].reshape(count, 16), words[-2:]
        self._blocks_address = memory.address(words)
        self.rows_address = self._blocks_address + count * 128
        self._values: list[np.ndarray] = []
        self._valid: list[np.ndarray | None] = []
        self._heaps: list[list[np.ndarray]] = [[] for _ in columns]
        self._capacity = 0
        self._begin(max(min(expected, FIRST_ROWS), 16) if expected else 0)

    def _begin(self, capacity: int) -> None:
        """Memory for the first rows, in one piece; none where there will be none."""
        self._charge.add(self._row_bytes * capacity)
        wanted = [form(o.value.carried, capacity) for o in self._columns]
        wanted += [form(Physical.BOOL, capacity) for o in self._columns if o.value.valid is not None]
        arrays, addresses = memory.together(wanted)
        count = len(self._columns)
        self._values, validity = arrays[:count], iter(zip(arrays[count:], addresses[count:]))
        self._valid = [None] * count
        table: list[int] = []
        for i, output in enumerate(self._columns):
            valid = 0
            if output.value.valid is not None:
                self._valid[i], valid = next(validity)
            table += (addresses[i], self.rows_address, 0, 0, 0, 0, 0, 0, valid, self.rows_address, 0, 0, 0, 0, 0, 0)
        self._blocks.reshape(-1)[:] = table
        self._rows[:] = (0, capacity)
        self._capacity = capacity
        for i, output in enumerate(self._columns):
            if output.value.carried is Physical.STR and capacity:
                self._new_heap(i, FIRST_HEAP)

    def detach(self) -> Collection:
        """The rows so far; the sink goes on with memory of its own."""
        part = self.finish()
        self._charge = self._charge.like(0)
        self._heaps = [[] for _ in self._columns]
        capacity = max(part.rows, FIRST_ROWS)
        self._begin(0 if self._charge.budget.presses(self._row_bytes * capacity, part.size) else capacity)
        return part

    def column_address(self, i: int) -> int:
        return self._blocks_address + i * 128

    def valid_address(self, i: int) -> int:
        return self._blocks_address + i * 128 + 64

    def grow_rows(self) -> None:
        rows = int(self._rows[0])
        capacity = max(self._capacity * 2, rows + self._charge.budget.batch_rows)
        if rows and self._presses(self._row_bytes * capacity):
            self._spill()
        else:
            self._resize(capacity)

    def _presses(self, more: int) -> bool:
        goes = self._spool is not None or self.hand_over is not None
        return goes and self._charge.budget.presses(more, self._charge.bytes)

    def _spill(self) -> None:
        """The rows so far are handed over, or go to disk; then the sink goes on with the same memory."""
        if self.hand_over is not None:
            self.hand_over()
            return
        assert self._spool is not None
        self.chunks += self._spool().write(self._so_far())
        self._rows[:] = (0, self._capacity)
        for i, heaps in enumerate(self._heaps):
            if heaps:
                self._charge.add(-sum(h.nbytes for h in heaps[:-1]))
                self._heaps[i] = heaps[-1:]
                self._blocks[i, 3] = 0

    def _resize(self, capacity: int) -> None:
        """Room for `capacity` rows in all columns; one after the other, so that little is held twice."""
        rows = int(self._rows[0])
        for i, output in enumerate(self._columns):
            carried, nullable = output.value.carried, output.value.valid is not None
            width = carried.width + nullable
            self._charge.add(capacity * width)
            values = allocate(carried, capacity)
            valid = allocate(Physical.BOOL, capacity) if nullable else None
            if rows:
                values[:rows] = self._values[i][:rows]
                if valid is not None:
                    valid[:rows] = self._valid[i][:rows]  # type: ignore[index]
            if self._capacity:
                self._charge.add(-self._capacity * width)
            self._values[i], self._valid[i] = values, valid
            self._blocks[i, 0] = memory.address(values)
            if valid is not None:
                self._blocks[i, 8] = memory.address(valid)
        self._rows[1] = self._capacity = capacity

    def grow_heap(self, i: int) -> None:
        """A further heap: strings stored so far stay where they are."""
        missing, size = int(self._blocks[i, 5]), int(self._blocks[i, 4])
        if self._presses(2 * size):
            self._rows[1] = self._rows[0]  # before the next batch `grow_rows` is asked, which spills
            self._new_heap(i, max(size, missing))
        else:
            self._new_heap(i, max(2 * size, missing))

    def _new_heap(self, i: int, size: int) -> None:
        self._charge.add(size)
        heap = memory.empty(size, np.uint8)
        self._heaps[i].append(heap)
        self._blocks[i, 2:5] = (memory.address(heap), 0, size)

    def finish(self) -> Collection:
        heaps = sum(h.nbytes for column in self._heaps for h in column)
        return self._so_far([self._charge], [self._charge.split(heaps)] if heaps else [])

    def _so_far(self, charges: Sequence[Charge] = (), heap_charges: Sequence[Charge] = ()) -> Collection:
        columns = [
            StoredColumn(o.ref, o.value.carried, o.value.valid is not None, self._values[i], self._valid[i],
                         o.value.lo, o.value.hi)
            for i, o in enumerate(self._columns)
        ]
        heaps = [h for column in self._heaps for h in column]
        made = Collection(columns, int(self._rows[0]), heaps, list(charges), list(heap_charges)).trimmed()
        for i, output in enumerate(self._columns):
            if output.codes is not None:
                texts = output.codes.texts(self.task_states) or EMPTY
                made.columns[i] = made.columns[i].recoded(texts, None)
                if not pays(len(texts), made.rows):
                    made.decode(i)
        return made


class NoSink:
    """For segments that only mark build rows."""

    def state(self, index: int, rows: int) -> None:
        return None


def mark(segment: Segment, number: int) -> None:
    """Mark the build rows of side `number`, probed last, that the present rows matched. (Semi and anti joins
    have a side but bring no build rows: the batch counts other joins than the segment counts sides.)"""
    rows = segment.batch.build_rows(segment.batch.newest_join)
    segment.builder.block("mark_rows", None, rows, k=External(lambda task: memory.address(task.joins[number].marks)))


def null_column(like: StoredColumn, rows: int) -> StoredColumn:
    """`rows` NULLs with the column's name and class."""
    values = allocate(like.carried, rows)
    values[:] = 0
    valid = allocate(Physical.BOOL, rows)
    valid[:] = 0
    return replace(like, nullable=True, values=values, valid=valid, lo=min(like.lo, 0), hi=max(like.hi, 0))
