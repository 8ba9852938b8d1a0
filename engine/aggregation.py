"""Grouping and aggregation as the end of a segment.

Every row gets a group id, then each aggregate's op updates its state by id (kernels/grouping.py,
aggregates.py). How the ids are found is chosen from the keys' proven ranges:

    no keys             state row 0
    one integral key    dense array over a small range, or a hash table of one key
    several small keys  packed into one integer:  code = ((k0 - lo0 + 1) << bits1) + (k1 - lo1 + 1) ...
    strings             of dictionaries and build sides: as small integers (interning.py, texts.py); those of a few
                        combinations of dictionaries together, and if there are no other keys, that is all
    anything else       by hash, comparing all keys

A packed or interned key is taken apart again when the groups are handed on. NULL packs as 0.
Partial and final phases are the same operator: a final one sums partial sums and counts (the planner
says so); only the type of the result differs. Groups that do not fit memory go to disk as partial results
(spill/groups.py): when the table should grow and the statement holds too much, before the next batch.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InternalError
from ..kernels.accumulators import SumBlock, in_one_pass, op_of, small_values
from ..kernels.group_table import Column, GroupKey, GroupTable
from ..planner.expressions import AggregateCall, ColumnId, ColumnRef, Expr
from ..planner.physical import HashAggregate
from ..records import dataclass
from ..storage.types import Physical
from .collection import Collection, StoredColumn
from .compile import numeric
from .compile.batch import Value
from .compile.codes import known_texts, looked_up
from .compile.program import External, Operand, Place
from .compile.segment import Segment
from .context import Charge, MemoryBudget
from .group_state import AggregateState, code_column, key_column, result_column
from .interning import Interned, coded_column, in_dictionaries, intern, intern_together, numbers
from .texts import Texts, pays

if TYPE_CHECKING:
    from .spill.groups import GroupSpill

PACK_BITS = 62
# A dense table of group ids pays where its range is small, or not much larger than the number of rows.
SMALL_SPAN, SPAN_PER_ROW = 1 << 16, 8
# Texts are interned together up to so many expected groups: each is looked up once a row group.
TOGETHER_GROUPS = 1024
# Of a column of codes they are the strings of the ranks' extremes.
RANKED = ("min", "max", "any_value")
# Room made for groups at the start, by the planner's estimate: each growth runs the batch again.
MOST_EXPECTED = 1 << 17
# ... where there is memory for many times as many.
ROOM_PER_EXPECTED = 1024


@dataclass(frozen=True, slots=True)
class _Key:
    """A group key in the program: its slots (an id for interned text, a number of `texts`) and what it packs to.
    Texts that are interned together are one key for several columns."""

    refs: tuple[ColumnRef, ...]
    value: Value
    interned: Interned | None
    bits: int  # 0 = does not pack
    low: int
    texts: Texts | None = None


class AggregateSink:
    """Writes the grouping and accumulating instructions; makes and finishes each task's state."""

    def __init__(self, segment: Segment, node: HashAggregate, budget: MemoryBudget,
                 spill: Callable[[], GroupSpill] | None = None) -> None:
        """`spill`: where groups go that do not fit memory."""
        self._segment, self._budget, self._spill = segment, budget, spill
        self._expected = node.props.rows
        self._dense_span = max(SMALL_SPAN, min(SPAN_PER_ROW * node.input.props.rows, budget.room // 16))
        self._groups = [ref for ref, _ in node.groups]
        self._calls = list(node.aggregates)
        # Accumulators, each once: function, class, argument's place and validity.
        self._specs: list[tuple[str, str, Place | None, Place | None]] = []
        self._known: dict[tuple[str, str, Place | None, Place | None], int] = {}  # their places in _specs
        self._summed: list[tuple[int, bool]] = []  # of agg_sums: accumulator, whether its values are small
        if any(call.distinct for _, call in self._calls):
            raise InternalError("a DISTINCT aggregate reached the engine")
        arguments = self._arguments()
        self._texts = [self._ranked(call) if call.function in RANKED else None for _, call in self._calls]
        self._keys = self._make_keys(node.groups)
        self._packed = len(self._keys) > 1 and sum(k.bits for k in self._keys) <= PACK_BITS and all(
            k.bits for k in self._keys
        )
        ids = self._emit_groups() if self._keys else None
        self._numbers = [
            self._emit_aggregate(call, argument, ids)
            for (_, call), argument in zip(self._calls, arguments, strict=True)
        ]
        if self._summed:
            self._emit_sums(ids)

    # -- writing ---------------------------------------------------------------------------------------

    def _arguments(self) -> list[Value | None]:
        """The aggregates' argument columns in slots."""
        known = [self._of_codes(call) for _, call in self._calls]
        exprs: list[Expr] = [call.args[0] for (_, call), value in zip(self._calls, known, strict=True)
                             if call.args and value is None]
        values = iter(self._segment.compiler.values(exprs, slots=True))
        filled = self._segment.compiler.filled
        return [filled(next(values)) if call.args and value is None else value
                for (_, call), value in zip(self._calls, known, strict=True)]

    def _of_codes(self, call: AggregateCall) -> Value | None:
        """The argument where it is a column of codes: MIN and MAX of strings are those of their ranks."""
        texts, batch = self._ranked(call), self._segment.batch
        if texts is None or call.function not in (*RANKED, "count") or not isinstance(call.args[0], ColumnRef):
            return None
        codes = batch.codes(call.args[0].id)
        return codes if call.function == "count" else looked_up(batch, codes, texts.ranks)

    def _ranked(self, call: AggregateCall) -> Texts | None:
        """The dictionary of an argument that is a column of codes."""
        column = call.args[0] if call.args else None
        return known_texts(self._segment.batch, column.id) if isinstance(column, ColumnRef) else None

    def _make_keys(self, groups: Sequence[tuple[ColumnRef, Expr]]) -> list[_Key]:
        coded = [g for g in groups if in_dictionaries(self._segment, g[1])]
        self._direct = len(coded) == len(groups) > 0 and (len(groups) == 1 or self._expected <= TOGETHER_GROUPS)
        if self._direct:
            return [self._text_key(coded, lambda task: (task.sink.interned, task.sink.grow))]
        together = len(coded) > 1 and self._expected <= TOGETHER_GROUPS
        keys = [self._text_key(coded)] if together else []
        for ref, expr in groups:
            if together and (ref, expr) in coded:
                continue
            known = numbers(self._segment, expr)
            if known is not None:
                keys.append(replace(self._plain_key(ref, known[1]), texts=known[0]))
                continue
            found = intern(self._segment, expr) if expr.type.physical is Physical.STR else None
            if found is not None:
                interned, value = found
                keys.append(_Key((ref,), value, interned, (value.hi + 2).bit_length(), 0))
                continue
            value = self._segment.compiler.values([expr], slots=True)[0]
            keys.append(self._plain_key(ref, self._segment.compiler.filled(value)))
        return keys

    def _text_key(self, groups: Sequence[tuple[ColumnRef, Expr]], table: Any = None) -> _Key:
        interned, value = intern_together(self._segment, [expr for _, expr in groups], table)
        return _Key(tuple(ref for ref, _ in groups), value, interned, (value.hi + 2).bit_length(), 0)

    def _plain_key(self, ref: ColumnRef, value: Value) -> _Key:
        if value.carried is Physical.I64:
            bits = (value.hi - value.lo + 2).bit_length()
            return _Key((ref,), value, None, bits if bits <= PACK_BITS else 0, value.lo)
        if value.carried is Physical.BOOL:
            return _Key((ref,), value, None, 2, 0)
        return _Key((ref,), value, None, 0, 0)

    def _emit_groups(self) -> Place | None:
        if self._direct:
            return self._keys[0].value.place
        builder = self._segment.builder
        ids = builder.slot(Physical.I64)
        a: Operand
        b: Operand
        if self._packed:
            a, b = self._emit_packed(), None
            touches: tuple[Place, ...] = ()
        else:
            places = [p for k in self._keys for p in (k.value.place, k.value.valid) if p is not None]
            a, b = self._keys[0].value.place, self._keys[0].value.valid
            touches = tuple(places)
        begin = builder.block("sink_begin", k=External(lambda task: task.sink.gate_address))
        builder.growers[begin] = lambda task: task.sink.spill(self)
        kind = GroupTable.op_of(self._table_keys())
        pc = builder.block(kind, ids, a, b, k=External(lambda task: task.sink.table_address(task)),
                           touches=touches)
        builder.growers[pc] = lambda task: task.sink.grow()
        return ids

    def _emit_packed(self) -> Place:
        """The packed key of each row, in a slot."""
        builder, compiler = self._segment.builder, self._segment.compiler
        packed: Place | None = None
        for key in self._keys:
            value = key.value
            if value.carried is Physical.BOOL:
                wide = builder.register(Physical.I64)
                builder.vector("bool_to_i64", wide, value.place)
                value = Value(value.type, Physical.I64, wide, value.valid, 0, 1)
            code = builder.register(Physical.I64)
            builder.vector("add_i64_k", code, value.place, k=1 - key.low)
            code_value = Value(value.type, Physical.I64, code, value.valid)
            code_value = numeric.mask_null(compiler, code_value)
            assert code_value.place is not None
            if packed is None:
                packed = code_value.place
            else:
                joined = builder.register(Physical.I64)
                builder.vector("pack_keys", joined, packed, code_value.place, k=1 << key.bits)
                packed = joined
        assert packed is not None
        return builder.keep(packed, Physical.I64)

    def _emit_aggregate(self, call: AggregateCall, argument: Value | None, ids: Place | None) -> int:
        """Write an aggregate's instruction, or find the same one; the number of its accumulator."""
        builder = self._segment.builder
        physical = "i64" if argument is None else argument.carried.value
        place = valid = None
        if argument is not None:
            valid = argument.valid
            place = None if call.function == "count" else argument.place
        known = (call.function, physical if place else "", place, valid)
        number = self._known.setdefault(known, len(self._specs))
        if number < len(self._specs):
            return number
        self._specs.append(known)
        if ids is not None and in_one_pass(call.function, physical):
            self._summed.append((number, argument is None or small_values(argument.lo, argument.hi)))
            return number
        op = op_of(call.function, physical)
        pc = builder.block(op, None, place, valid, ids,
                           External(lambda task: task.sink.accumulators.items[number].address))
        builder.growers[pc] = lambda task: task.sink.grow_heap(number)
        return number

    def _emit_sums(self, ids: Place | None) -> None:
        """Write the instruction of all sums and counts by group."""
        columns = [(number, small, self._specs[number][2:]) for number, small in self._summed]

        def resolve(task: Any) -> int:
            def address(place: Place | None) -> int:
                return 0 if place is None else task.instance.address(place)

            state: AggregateState = task.sink
            state.sums = SumBlock([(state.accumulators.items[number], address(values), address(valid), small)
                                   for number, small, (values, valid) in columns])
            return state.sums.address

        touches = tuple(p for _, _, places in columns for p in places if p is not None)
        self._segment.builder.block("agg_sums", None, c=ids, k=External(resolve), touches=touches)

    def _table_keys(self) -> list[GroupKey]:
        if self._packed:
            return [GroupKey("i64")]
        if self._direct:
            return [GroupKey("str") for _ in self._groups]
        keys = []
        for key in self._keys:
            if key.value.carried is Physical.I64 and key.value.hi - key.value.lo < self._dense_span:
                keys.append(GroupKey("i64", key.value.lo, key.value.hi))
            else:
                keys.append(GroupKey("i64" if key.interned else key.value.carried.value))
        return keys

    # -- tasks -----------------------------------------------------------------------------------------

    def state(self, index: int, rows: int) -> AggregateState:
        specs = [(function, physical or "i64") for function, physical, _, _ in self._specs]
        keys = self._table_keys() if self._keys else None
        expected = int(min(self._expected, rows, MOST_EXPECTED, self._budget.room // ROOM_PER_EXPECTED))
        spill = None if self._direct else self._spill
        return AggregateState(keys, specs, self._slots(), self._budget, expected, self._direct, spill)

    def _slots(self) -> list[tuple[Place | None, Place | None]]:
        return [] if self._packed else [(k.value.place, k.value.valid) for k in self._keys]

    def finish(self, state: AggregateState) -> Collection:
        """The groups and results as rows."""
        heaps: list[np.ndarray] = []
        columns: list[StoredColumn] = []
        rows = 1
        if state.table is not None:
            rows = state.table.count
            columns = self._key_columns(state, heaps)
        for (ref, _), number, texts in zip(self._calls, self._numbers, self._texts, strict=True):
            result = result_column(ref, state.accumulators.items[number], heaps)
            columns.append(result if texts is None else result.recoded(texts, texts.by_rank))
        made = Collection(columns, rows, heaps, [state.charge])
        for i, stored in enumerate(columns):
            if stored.texts is not None and not pays(len(stored.texts), rows):
                made.decode(i)
        state.charge.add(min(made.size - state.charge.bytes, 0))  # the table goes soon
        return made

    def _key_columns(self, state: AggregateState, heaps: list[np.ndarray]) -> list[StoredColumn]:
        """The groups' keys, in the order of the node's."""
        assert state.table is not None
        if self._direct:
            return self._direct_columns(state.table, state.charge, heaps)
        found: dict[ColumnId, StoredColumn] = {}
        exported = self._unpack(state.table) if self._packed else state.table.export()
        for key, column in zip(self._keys, exported, strict=True):
            ref = key.refs[0]
            if key.interned is None:
                found[ref.id] = code_column(key_column(ref, column, heaps, key.value), key.texts)
            elif len(key.refs) == 1:
                found[ref.id] = key.interned.stored(state.task_states, ref, column.values, state.charge)
            else:
                texts = key.interned.texts(state.task_states, column)
                found.update((r.id, key_column(r, c, heaps)) for r, c in zip(key.refs, texts, strict=True))
        return [found[ref.id] for ref in self._groups]

    def _direct_columns(self, table: GroupTable, charge: Charge, heaps: list[np.ndarray]) -> list[StoredColumn]:
        """The texts of groups that are ids of texts; of one text as codes, each its own."""
        if len(self._groups) == 1 and pays(table.count, table.count):
            return [coded_column(table, self._groups[0], np.arange(table.count), charge)]
        return [key_column(ref, column, heaps) for ref, column in zip(self._groups, table.export(), strict=True)]

    def _unpack(self, table: GroupTable) -> list[Column]:
        packed = table.export()[0].values
        columns: list[Column] = []
        for key in reversed(self._keys):
            code = packed & ((1 << key.bits) - 1)
            packed = packed >> key.bits
            values = code + (key.low - 1)
            valid = None
            if key.value.valid is not None and not code.all():
                valid = (code != 0).astype(np.uint8)
                values *= valid
            if key.value.carried is Physical.BOOL:
                values = values.astype(np.uint8)
            columns.append(Column(key.value.carried.value, values, valid))
        return columns[::-1]
