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
from itertools import accumulate
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


@dataclass(slots=True)
class ProgramBuilder:
    """Write instructions in order; see the module's text."""

    instructions: list[Instruction] = field(default_factory=list)
    calls: dict[int, Callable[[Any, int], None]] = field(default_factory=dict)  # pc -> Python function
    growers: dict[int, Callable[[Any], None]] = field(default_factory=dict)  # pc -> what NEED_SPACE asks
    failures: dict[int, int] = field(default_factory=dict)  # pc of a fail_where -> the task state with its errors
    limits: dict[int, Any] = field(default_factory=dict)  # pc of a range check -> the SqlType whose range it is
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
                if each.out is not None and isinstance(each.out, Place):
                    each.out = kept.get(each.out.index, each.out)
                if each.a is not None and isinstance(each.a, Place):
                    each.a = kept.get(each.a.index, each.a)
                if each.b is not None and isinstance(each.b, Place):
                    each.b = kept.get(each.b.index, each.b)
                if each.c is not None and isinstance(each.c, Place):
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
    external_words: np.ndarray  # flat positions of what tasks fill in ...
    externals: list[External]  # ... and who knows it
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
        flat[self.external_words] = [external.resolve(task) for external in self.externals]
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
    places, (register_bytes, slot_bytes) = _allocate(instructions)
    flat: list[int] = []
    fixes: tuple[list[int], list[int]] = ([], [])
    offsets: tuple[list[int], list[int]] = ([], [])
    at: list[int] = []
    externals: list[External] = []
    for each in instructions:
        base = len(flat)
        op, level, k = each.op, each.level, each.k
        row = [0] * abi.INSTRUCTION_WORDS
        row[abi.I_OP] = _known(op, base + abi.I_OP, at, externals) if isinstance(op, External) else pack.address(op)
        row[abi.I_LEVEL] = level if isinstance(level, int) else _known(level, base + abi.I_LEVEL, at, externals)
        row[abi.I_K] = k if isinstance(k, int) else _known(k, base + abi.I_K, at, externals)
        for word, operand in ((abi.I_OUT, each.out), (abi.I_A, each.a), (abi.I_B, each.b), (abi.I_C, each.c)):
            if operand is None:
                continue
            if isinstance(operand, Place):
                kind, offset = places[operand.index]
                fixes[kind].append(base + word)
                offsets[kind].append(offset)
                if kind == SLOT:
                    row[word + 1] = operand.width * abi.VECTOR_ROWS
            else:
                _known(operand, base + word, at, externals)
                row[word + 1] = operand.width * abi.VECTOR_ROWS
        flat += row
    _mark_sections(flat, instructions)
    parts = [flat, fixes[REGISTER], offsets[REGISTER], fixes[SLOT], offsets[SLOT], at]
    whole = np.array([number for part in parts for number in part], np.int64)  # one array is made sooner than six
    ends = list(accumulate(map(len, parts)))
    words, registers, register_offsets, slots, slot_offsets, external_words = [
        whole[end - len(part) : end] for part, end in zip(parts, ends)
    ]
    return Template(
        words.reshape(len(instructions), abi.INSTRUCTION_WORDS), registers, register_offsets, slots, slot_offsets,
        external_words, externals, register_bytes, slot_bytes, places, batch_rows(builder, slot_bytes), builder,
    )


def _known(external: External, position: int, at: list[int], externals: list[External]) -> int:
    """Note a word that each task fills in; 0 until then."""
    at.append(position)
    externals.append(external)
    return 0


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
    for pc, instruction in enumerate(instructions):
        if instruction.level == abi.LEVEL_VECTOR:
            start = pc if start is None else start
            words[start * abi.INSTRUCTION_WORDS + abi.I_SECTION] += 1
        else:
            start = None


def _allocate(instructions: list[Instruction]) -> tuple[dict[int, tuple[int, int]], list[int]]:
    """Place index -> (kind, byte offset), by linear scan over live ranges; bytes in all, of each kind."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    known: dict[int, Place] = {}  # in the order of their first use
    resumable: list[int] = []
    for pc, each in enumerate(instructions):
        if each.level == abi.LEVEL_RESUMABLE or isinstance(each.level, External):
            resumable.append(pc)
        for operand in (each.out, each.a, each.b, each.c, *each.touches):
            if operand is not None and isinstance(operand, Place):
                index = operand.index
                if index not in last:
                    first[index] = pc
                    known[index] = operand
                last[index] = pc
    if resumable:
        end = len(instructions)
        for index, place in known.items():
            # Read at or behind a resumable instruction that it was written before: keep to the end.
            if place.kind == SLOT:
                behind = bisect_right(resumable, first[index])
                if behind < len(resumable) and resumable[behind] <= last[index]:
                    last[index] = end
    return _scan(known, first, last)


_ROWS = (_REGISTER_ROWS, _SLOT_ROWS)  # by kind


def _scan(known: dict[int, Place], first: dict[int, int],
          last: dict[int, int]) -> tuple[dict[int, tuple[int, int]], list[int]]:
    """Linear scan with one free list per kind and width; `known`: in the order of their first use."""
    result: dict[int, tuple[int, int]] = {}
    free: dict[tuple[int, int], list[int]] = {}
    active: tuple[list[tuple[int, int, int]], ...] = ([], [])  # by kind, heaps of (last use, width, offset)
    tops = [0, 0]
    for index, place in known.items():
        kind, width, start = place.kind, place.width, first[index]
        used = active[kind]
        while used and used[0][0] < start:
            _, freed, offset = heapq.heappop(used)
            free.setdefault((kind, freed), []).append(offset)
        spare = free.get((kind, width))
        if spare:
            offset = spare.pop()
        else:
            offset = tops[kind]
            tops[kind] += _ROWS[kind] * width + _PAD
        result[index] = (kind, offset)
        heapq.heappush(used, (last[index], width, offset))
    return result, tops
