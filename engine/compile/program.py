"""A segment's program while it is being written, and its instances for the slices.

A `ProgramBuilder` collects instructions whose operands are *places*, not addresses:

    Register   1,024 rows, lives inside one vector section (adjacent vector ops), stays in L1
    Slot       65,536 rows, lives until its last use in the pass
    External   an address that each task knows only for itself: a join table's state, a sink's column

`finish()` ends writing: registers and slots get positions in two arenas by liveness (a linear scan),
and the instructions become a **template**: one int64 table plus the list of words that hold addresses.
`Template.instantiate(arena, task)` copies the table and fills in the addresses of one worker's arena and
one task's externals; that is a few numpy operations, so a program is compiled once and run on every slice.

A slot that is written before a RESUMABLE instruction and read after it must survive until the pass ends,
because the driver may come back to that instruction (kernels/abi.py).
"""
from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import field
from typing import Any

import numpy as np

from ...kernels import abi, memory, pack
from ...records import dataclass
from ...storage.types import Physical

REGISTER, SLOT = 0, 1


@dataclass(frozen=True, slots=True)
class Place:
    """A virtual register or slot: `index` is unique in its program, `width` in bytes a row."""

    kind: int
    index: int
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class External:
    """An address found per task: `resolve(task)`. As an operand, rows are `width` bytes (stride)."""

    resolve: Callable[[Any], int]
    width: int = 0


Operand = Place | External | None


@dataclass(slots=True)
class Instruction:
    op: str | External
    level: int | External
    out: Operand
    a: Operand
    b: Operand
    c: Operand
    k: int | External
    span: tuple[int, int] | None = None  # in the statement's text, for errors
    touches: tuple[Place, ...] = ()  # further places it uses, through its state


_OPERAND_WORDS = (
    (abi.I_OUT, abi.I_OUT_STRIDE), (abi.I_A, abi.I_A_STRIDE), (abi.I_B, abi.I_B_STRIDE),
    (abi.I_C, abi.I_C_STRIDE),
)


@dataclass(slots=True)
class ProgramBuilder:
    """Write instructions in order; see the module's text."""

    instructions: list[Instruction] = field(default_factory=list)
    calls: dict[int, Callable[[Any, int], None]] = field(default_factory=dict)  # pc -> Python function
    growers: dict[int, Callable[[Any], None]] = field(default_factory=dict)  # pc -> what NEED_SPACE asks
    failures: dict[int, int] = field(default_factory=dict)  # pc of a fail_where -> the task state with its errors
    node: Any = None  # the plan node being compiled: instructions are booked to it
    owners: list[Any] = field(default_factory=list)  # plan node of each instruction
    span: tuple[int, int] | None = None  # of the expression being compiled
    constants: list[Any] = field(default_factory=list)  # parameter blocks and what they point to, kept alive
    kept: dict[int, Place] = field(default_factory=dict)  # register -> the slot that is used in its place
    section: int = 0  # number of the current vector section; registers live in one only
    _next: int = 0
    _in_vector: bool = False

    def register(self, physical: Physical) -> Place:
        self._next += 1
        return Place(REGISTER, self._next, physical.width)

    def slot(self, physical: Physical) -> Place:
        self._next += 1
        return Place(SLOT, self._next, physical.width)

    def keep(self, place: Place, physical: Physical) -> Place:
        """A slot with what is in a register: whatever writes and reads the register will use the slot."""
        if place.kind == SLOT:
            return place
        return self.kept.setdefault(place.index, self.slot(physical))

    def vector(self, op: str, out: Operand, a: Operand = None, b: Operand = None, c: Operand = None,
               k: int | External = 0) -> int:
        """Append a vector op. Returns its number."""
        self._in_vector = True
        self.owners.append(self.node)
        self.instructions.append(Instruction(op, abi.LEVEL_VECTOR, out, a, b, c, k, self.span))
        return len(self.instructions) - 1

    def block(self, op: str | External, out: Operand = None, a: Operand = None, b: Operand = None,
              c: Operand = None, k: int | External = 0, level: int | External = abi.LEVEL_BLOCK,
              touches: tuple[Place, ...] = ()) -> int:
        """Append a block op; ends the vector section. Returns its number."""
        if self._in_vector:
            self._in_vector = False
            self.section += 1
        self.owners.append(self.node)
        self.instructions.append(Instruction(op, level, out, a, b, c, k, self.span, touches))
        return len(self.instructions) - 1

    def call(self, function: Callable[[Any, int], None], touches: tuple[Place, ...]) -> None:
        """Run `function(task, rows)` in Python at this point of the pass; it uses the slots `touches`."""
        self.calls[self.block("pycall", touches=touches)] = function

    def parameters(self, words: np.ndarray) -> int:
        """Keep a parameter block alive with the program; its address."""
        self.constants.append(words)
        return memory.address(words)

    def constant(self, values: np.ndarray) -> External:
        """An operand that is the same array for all tasks and batches; kept alive with the program."""
        at = self.parameters(values)
        return External(lambda task: at)

    def finish(self) -> Template:
        kept = self.kept
        if kept:
            for each in self.instructions:
                if isinstance(each.out, Place):
                    each.out = kept.get(each.out.index, each.out)
                if isinstance(each.a, Place):
                    each.a = kept.get(each.a.index, each.a)
                if isinstance(each.b, Place):
                    each.b = kept.get(each.b.index, each.b)
                if isinstance(each.c, Place):
                    each.c = kept.get(each.c.index, each.c)
        return _finish(self)


@dataclass(slots=True)
class Template:
    """The finished table with its relocations."""

    words: np.ndarray  # int64[instructions, INSTRUCTION_WORDS]
    register_words: np.ndarray  # flat positions ...
    register_offsets: np.ndarray  # ... and byte offsets in the register arena
    slot_words: np.ndarray
    slot_offsets: np.ndarray
    externals: list[tuple[int, External]]
    register_bytes: int
    slot_bytes: int
    places: dict[int, tuple[int, int]]  # place index -> (kind, byte offset)
    batch_rows: int  # rows that the source should hand out at a time
    builder: ProgramBuilder

    def instantiate(self, arena: Arena, task: Any) -> Instance:
        words = self.words.copy()
        flat = words.reshape(-1)
        registers, slots = arena.reserve(self.register_bytes, self.slot_bytes)
        flat[self.register_words] = self.register_offsets + registers
        flat[self.slot_words] = self.slot_offsets + slots
        task.instance = instance = Instance(self, words, registers, slots)
        for position, external in self.externals:
            flat[position] = external.resolve(task)
        return instance


@dataclass(slots=True)
class Instance:
    """A program ready to run in one worker."""

    template: Template
    words: np.ndarray
    registers: int
    slots: int

    def address(self, place: Place) -> int:
        kind, offset = self.template.places[place.index]
        return offset + (self.registers if kind == REGISTER else self.slots)


class Arena:
    """Memory for registers and slots of the programs that one worker runs, reused between them."""

    __slots__ = ("_at", "_registers", "_slots")

    def __init__(self) -> None:
        self._registers = self._slots = memory.nothing(np.uint8)
        self._at = memory.address(self._registers), memory.address(self._slots)

    def reserve(self, register_bytes: int, slot_bytes: int) -> tuple[int, int]:
        if len(self._registers) < register_bytes or len(self._slots) < slot_bytes:
            if len(self._registers) < register_bytes:
                self._registers = memory.empty(register_bytes, np.uint8)
                self._registers[:] = 0
            if len(self._slots) < slot_bytes:
                self._slots = memory.empty(slot_bytes, np.uint8)
            self._at = memory.address(self._registers), memory.address(self._slots)
        return self._at

    @property
    def bytes(self) -> int:
        return len(self._registers) + len(self._slots)


# A register is padded so that neighbours do not fall on the same cache sets.
_REGISTER_ROWS = abi.VECTOR_ROWS
_SLOT_ROWS = abi.BATCH_ROWS + abi.VECTOR_ROWS
_PAD = 64
# What a batch's slots may fill of the second-level cache, and the fewest rows for which calls cost little.
CACHE_BYTES = 256 << 10
FEWEST_BATCH_ROWS = 2048


def _finish(builder: ProgramBuilder) -> Template:
    instructions = builder.instructions
    places = _allocate(instructions)
    fixes: tuple[list[int], list[int]] = ([], [])
    offsets: tuple[list[int], list[int]] = ([], [])
    externals: list[tuple[int, External]] = []
    register_bytes = slot_bytes = 0
    flat = [0] * (len(instructions) * abi.INSTRUCTION_WORDS)
    base = 0
    for instruction in instructions:
        for word, value in ((abi.I_OP, instruction.op), (abi.I_LEVEL, instruction.level), (abi.I_K, instruction.k)):
            if isinstance(value, External):
                externals.append((base + word, value))
            else:
                flat[base + word] = pack.address(value) if isinstance(value, str) else value
        operands = (instruction.out, instruction.a, instruction.b, instruction.c)
        for (word, stride), operand in zip(_OPERAND_WORDS, operands):
            if operand is None:
                continue
            if isinstance(operand, External):
                externals.append((base + word, operand))
                flat[base + stride] = operand.width * abi.VECTOR_ROWS
                continue
            kind, offset = places[operand.index]
            fixes[kind].append(base + word)
            offsets[kind].append(offset)
            if kind == SLOT:
                flat[base + stride] = operand.width * abi.VECTOR_ROWS
                slot_bytes = max(slot_bytes, offset + _SLOT_ROWS * operand.width + _PAD)
            else:
                register_bytes = max(register_bytes, offset + _REGISTER_ROWS * operand.width + _PAD)
        base += abi.INSTRUCTION_WORDS
    _mark_sections(flat, instructions)
    words = np.array(flat, np.int64).reshape(len(instructions), abi.INSTRUCTION_WORDS)
    return Template(
        words, np.array(fixes[0], np.int64), np.array(offsets[0], np.int64), np.array(fixes[1], np.int64),
        np.array(offsets[1], np.int64), externals, register_bytes, slot_bytes, places,
        batch_rows(builder, slot_bytes), builder,
    )


def batch_rows(builder: ProgramBuilder, slot_bytes: int) -> int:
    """Rows of a batch: as many as keep the slots in the cache, all where Python runs once a batch."""
    if builder.calls:
        return abi.BATCH_ROWS
    fitting = CACHE_BYTES * _SLOT_ROWS // max(slot_bytes, 1)
    rows = min(max(fitting, FEWEST_BATCH_ROWS), abi.BATCH_ROWS)
    return 1 << (rows.bit_length() - 1)


def _mark_sections(words: list[int], instructions: list[Instruction]) -> None:
    """Write into each section's first op how many ops it has; `words`: of all instructions in one row."""
    start = None
    for pc in range(len(instructions) + 1):
        vector = pc < len(instructions) and instructions[pc].level == abi.LEVEL_VECTOR
        if vector and start is None:
            start = pc
        elif not vector and start is not None:
            words[start * abi.INSTRUCTION_WORDS + abi.I_SECTION] = pc - start
            start = None


def _allocate(instructions: list[Instruction]) -> dict[int, tuple[int, int]]:
    """Place index -> (kind, byte offset), by linear scan over live ranges."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    known: dict[int, Place] = {}
    resumable: list[int] = []
    for pc, instruction in enumerate(instructions):
        if instruction.level == abi.LEVEL_RESUMABLE or isinstance(instruction.level, External):
            resumable.append(pc)
        operands = (instruction.out, instruction.a, instruction.b, instruction.c)
        for operand in (*operands, *instruction.touches) if instruction.touches else operands:
            if isinstance(operand, Place):
                index = operand.index
                if index not in known:
                    first[index] = pc
                    known[index] = operand
                last[index] = pc
    end = len(instructions)
    for index, place in known.items():
        # Read at or behind a resumable instruction that it was written before: keep to the end.
        if place.kind == SLOT:
            behind = bisect_right(resumable, first[index])
            if behind < len(resumable) and resumable[behind] <= last[index]:
                last[index] = end
    return {**_scan(known, first, last, REGISTER, _REGISTER_ROWS), **_scan(known, first, last, SLOT, _SLOT_ROWS)}


def _scan(known: dict[int, Place], first: dict[int, int], last: dict[int, int], kind: int,
          rows: int) -> dict[int, tuple[int, int]]:
    """Linear scan with one free list per width."""
    result: dict[int, tuple[int, int]] = {}
    free: dict[int, list[int]] = {}
    active: list[tuple[int, int, int]] = []  # a heap of (last use, width, offset)
    top = 0
    for place in sorted((p for p in known.values() if p.kind == kind), key=lambda p: first[p.index]):
        start = first[place.index]
        while active and active[0][0] < start:
            _, width, offset = heapq.heappop(active)
            free.setdefault(width, []).append(offset)
        spare = free.get(place.width)
        if spare:
            offset = spare.pop()
        else:
            offset = top
            top += rows * place.width + _PAD
        result[place.index] = (kind, offset)
        heapq.heappush(active, (last[place.index], place.width, offset))
    return result
