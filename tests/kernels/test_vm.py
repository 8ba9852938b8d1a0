"""The driver: passes, sections, resumable ops, suspension, errors, cancel, counters."""
from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support_programs import Program, new_frame
from warehouse.kernels import abi, memory

BLOCK, VECTOR, RESUMABLE = abi.LEVEL_BLOCK, abi.LEVEL_VECTOR, abi.LEVEL_RESUMABLE
_OP = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 7)


class Source:
    """State of chunk_source over one I64 column cut into chunks."""

    def __init__(self, chunks: list[list[int]]) -> None:
        self.arrays = [memory.padded(np.array(c, np.int64)) for c in chunks]
        self.table = memory.words(*(memory.address(a) for a in self.arrays))
        first, sizes = 0, []
        for chunk in chunks:
            sizes += [len(chunk), first]
            first += len(chunk)
        self.sizes = memory.words(*sizes)
        self.state = memory.words(0, len(chunks), memory.address(self.table), 1, memory.address(self.sizes),
                                  abi.BATCH_ROWS, 0, 0)

    @property
    def address(self) -> int:
        return memory.address(self.state)


class Machine(Program):
    """A program that may also hold ops written in Python."""

    __slots__ = ("frame", "keep")

    def __init__(self, chunks: list[list[int]]) -> None:
        super().__init__()
        source = Source(chunks)
        self.keep: list[Any] = [source]
        self.frame = new_frame()
        self.add("chunk_source", BLOCK, k=source.address)

    def python(self, function: Callable[..., int], level: int = BLOCK, **operands: Any) -> int:
        """An op that calls `function(out, a, b, c, k, n, frame)`."""
        native = _OP(function)
        self.keep.append(native)
        return self.add(ctypes.cast(native, ctypes.c_void_p).value or 0, level, **operands)

    def collect(self, into: list[int], slot: np.ndarray) -> int:
        def sink(out: int, a: int, b: int, c: int, k: int, n: int, frame: int) -> int:
            into.extend(slot[:n].tolist())
            return abi.OK

        return self.python(sink)

    def slot(self) -> tuple[np.ndarray, tuple[int, int]]:
        array = memory.zeros(abi.BATCH_ROWS + abi.VECTOR_ROWS, np.int64)
        self.keep.append(array)
        return array, (memory.address(array), abi.VECTOR_ROWS * 8)

    def register(self) -> int:
        array = memory.zeros(abi.VECTOR_ROWS, np.int64)
        self.keep.append(array)
        return memory.address(array)

    def start(self) -> int:
        return self.run(self.frame)


def numbers(*sizes: int) -> list[list[int]]:
    first, chunks = 0, []
    for size in sizes:
        chunks.append(list(range(first, first + size)))
        first += size
    return chunks


def test_sections_run_over_all_vectors() -> None:
    """Registers hold one vector, slots the batch; tails, empty batches and whole batches."""
    chunks = numbers(1, 1024, 0, 2500, 65536, 1025)
    machine = Machine(chunks)
    values = machine.register()
    array, slot = machine.slot()
    got: list[int] = []
    machine.add("chunk_i64", VECTOR, out=values, k=0)
    machine.add("mul_i64_k", VECTOR, out=values, a=values, k=3)
    machine.add("add_i64_k", VECTOR, out=slot, a=values, k=5)
    machine.collect(got, array)
    assert machine.start() == abi.END
    assert got == [x * 3 + 5 for chunk in chunks for x in chunk]
    words = machine.words
    assert words[:, abi.I_SECTION].tolist() == [0, 3, 0, 0, 0]
    assert words[0, abi.I_ROWS] == words[4, abi.I_ROWS] == sum(map(len, chunks))
    assert machine.frame[abi.F_PASSES] == len(chunks) + 1
    assert (words[[0, 1, 4], abi.I_CYCLES] > 0).all()


def test_filter_shrinks_the_batch_and_skips_empty_ones() -> None:
    machine = Machine(numbers(3000, 3000, 3000))
    values, mask = machine.slot(), memory.zeros(abi.BATCH_ROWS + 1024, np.uint8)
    rows, picked = machine.slot(), machine.slot()
    calls: list[int] = []
    got: list[int] = []

    def count(out: int, a: int, b: int, c: int, k: int, n: int, frame: int) -> int:
        calls.append(n)
        return abi.OK

    machine.add("chunk_i64", VECTOR, out=values[1], k=0)
    machine.add("ge_i64_k", VECTOR, out=(memory.address(mask), 1024), a=values[1], k=5998)
    machine.add("select", BLOCK, out=rows[1], a=memory.address(mask))
    machine.python(count)
    machine.add("gather_i64", BLOCK, out=picked[1], a=values[1], b=rows[1])
    machine.collect(got, picked[0])
    assert machine.start() == abi.END
    assert got == list(range(5998, 9000))
    assert calls == [2, 3000]  # nothing of the first batch passed
    assert machine.words[3, abi.I_ROWS] == 9000
    assert machine.words[4, abi.I_ROWS] == 3002


def expanding(machine: Machine, times: int, values: np.ndarray, out: np.ndarray) -> None:
    """A resumable op: for each batch gives its rows `times` times, one batch a call."""
    state = memory.zeros(2, np.int64)  # [more to come, rows of the input]
    machine.keep.append(state)

    def probe(o: int, a: int, b: int, c: int, k: int, n: int, frame: int) -> int:
        if state[0] == 0:
            state[:] = (times, n)
        rows = int(state[1])
        out[:rows] = values[:rows] * 10 + (times - int(state[0]))
        ctypes.cast(frame, ctypes.POINTER(ctypes.c_int64))[abi.F_N] = rows
        state[0] -= 1
        return abi.OK

    machine.python(probe, RESUMABLE, k=memory.address(state))


@pytest.mark.parametrize("second", [1, 3])
def test_resumable_ops_go_again_last_first(second: int) -> None:
    machine = Machine([[1, 2], [3]])
    values, once, twice = machine.slot(), machine.slot(), machine.slot()
    got: list[int] = []
    machine.add("chunk_i64", VECTOR, out=values[1], k=0)
    expanding(machine, 2, values[0], once[0])
    expanding(machine, second, once[0], twice[0])
    machine.collect(got, twice[0])
    assert machine.start() == abi.END
    expected = [x * 100 + i * 10 + j for batch in ([1, 2], [3]) for i in range(2) for j in range(second) for x in batch]
    assert got == expected
    # Rows that came in, not counted again when an op goes on.
    assert machine.words[:, abi.I_ROWS].tolist()[2:] == [3, 6, 6 * second]


def test_pending_ops_run_though_the_pass_was_emptied() -> None:
    """What a probe has left is asked for even when a filter drops all of its last batch."""
    machine = Machine([[1]])
    values, found = machine.slot(), machine.slot()
    mask, rows, picked = memory.zeros(2048, np.uint8), machine.slot(), machine.slot()
    got: list[int] = []
    machine.add("chunk_i64", VECTOR, out=values[1], k=0)
    expanding(machine, 3, values[0], found[0])
    machine.add("eq_i64_k", VECTOR, out=(memory.address(mask), 1024), a=found[1], k=12)
    machine.add("select", BLOCK, out=rows[1], a=memory.address(mask))
    machine.add("gather_i64", BLOCK, out=picked[1], a=found[1], b=rows[1])
    machine.collect(got, picked[0])
    assert machine.start() == abi.END
    assert got == [12]


def test_need_space_repeats_the_instruction() -> None:
    machine = Machine(numbers(10, 20))
    array, slot = machine.slot()
    got: list[int] = []
    full = [True]

    def sink(out: int, a: int, b: int, c: int, k: int, n: int, frame: int) -> int:
        if full[0]:
            return abi.NEED_SPACE
        got.extend(array[:n].tolist())
        full[0] = True
        return abi.OK

    machine.add("chunk_i64", VECTOR, out=slot, k=0)
    pc = machine.python(sink)
    statuses = []
    while (status := machine.start()) != abi.END:
        statuses.append(status)
        assert machine.frame[abi.F_PC] == pc
        full[0] = False
    assert statuses == [abi.NEED_SPACE] * 2
    assert got == list(range(30))
    assert machine.words[pc, abi.I_ROWS] == 30


def test_need_space_of_a_pending_op_with_an_empty_batch() -> None:
    """The op is repeated although frame[N] is 0: the batch it works on is its own."""
    machine = Machine([[1]])
    state = memory.zeros(1, np.int64)
    calls: list[int] = []

    def probe(out: int, a: int, b: int, c: int, k: int, n: int, frame: int) -> int:
        calls.append(n)
        words = ctypes.cast(frame, ctypes.POINTER(ctypes.c_int64))
        words[abi.F_N] = 0
        state[0] = len(calls) < 4
        return abi.NEED_SPACE if len(calls) == 2 else abi.OK

    pc = machine.python(probe, RESUMABLE, k=memory.address(state))
    assert machine.start() == abi.NEED_SPACE
    assert machine.frame[abi.F_PC] == pc
    assert machine.start() == abi.END
    assert len(calls) == 4


@pytest.mark.parametrize("last", [True, False])
def test_python_calls_go_on_behind(last: bool) -> None:
    machine = Machine(numbers(5, 7))
    array, slot = machine.slot()
    got: list[int] = []
    machine.add("chunk_i64", VECTOR, out=slot, k=0)
    pc = machine.add("pycall", BLOCK)
    if not last:
        machine.add("add_i64_k", VECTOR, out=slot, a=slot, k=1)
        machine.collect(got, array)
    while machine.start() == abi.PYCALL:
        assert machine.frame[abi.F_PC] == pc
        if last:
            got.extend((array[: machine.frame[abi.F_N]] + 1).tolist())
        machine.frame[abi.F_PC] += 1
    assert got == list(range(1, 13))
    assert machine.words[pc, abi.I_ROWS] == 12


def test_python_may_empty_the_batch() -> None:
    machine = Machine(numbers(5, 7))
    got: list[int] = []
    machine.add("pycall", BLOCK)
    machine.collect(got, memory.zeros(8, np.int64))
    while machine.start() == abi.PYCALL:
        machine.frame[abi.F_N] = 0
        machine.frame[abi.F_PC] += 1
    assert got == []
    assert machine.words[2, abi.I_ROWS] == 0


def test_failures_name_row_and_instruction() -> None:
    machine = Machine([[1] * 100, [1] * 2000 + [0] + [1] * 5])
    _, slot = machine.slot()
    machine.add("chunk_i64", VECTOR, out=slot, k=0)
    pc = machine.add("div_i64", VECTOR, out=machine.register(), a=slot, b=slot)
    assert machine.start() == abi.FAILED
    frame = machine.frame
    assert (frame[abi.F_ERROR_PC], frame[abi.F_PC]) == (pc, pc)
    assert (frame[abi.F_ERROR_CODE], frame[abi.F_ERROR_ROW]) == (abi.ERR_DIVISION_BY_ZERO, 2000)


def test_cancel_word_stops_before_the_next_block_op() -> None:
    cancel = memory.zeros(1, np.int64)
    machine = Machine(numbers(10, 10, 10))
    machine.frame[abi.F_CANCEL] = memory.address(cancel)
    calls: list[int] = []

    def sink(out: int, a: int, b: int, c: int, k: int, n: int, frame: int) -> int:
        calls.append(n)
        cancel[0] = len(calls) == 2
        return abi.OK

    machine.python(sink)
    assert machine.start() == abi.CANCELLED
    assert calls == [10, 10]
    cancel[0] = 0
    assert machine.start() == abi.END
    assert calls == [10, 10, 10]


def test_block_ops_see_vector_number_zero() -> None:
    """Errors of block ops name rows of the batch, not of the last section's vector."""
    machine = Machine([[1] * 1500 + [0] * 10])
    _, slot = machine.slot()
    _, out = machine.slot()
    machine.add("chunk_i64", VECTOR, out=slot, k=0)
    machine.add("div_i64", BLOCK, out=out, a=slot, b=slot)
    assert machine.start() == abi.FAILED
    assert machine.frame[abi.F_ERROR_ROW] == 1500


def test_source_without_batches() -> None:
    machine = Machine([])
    assert machine.start() == abi.END
    assert machine.start() == abi.END
