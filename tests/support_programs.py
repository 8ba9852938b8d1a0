"""Write a program whose addresses are all known.

    p = Program()
    p.add("scan_source", abi.LEVEL_BLOCK, k=state)
    p.add("load_i64", abi.LEVEL_VECTOR, out=register(values), k=0)
    p.add("add_i64_k", abi.LEVEL_VECTOR, out=slot(sums), a=register(values), k=5)
    p.add("select", ...)
    status = p.run(frame)

An operand is an address or a pair (address, bytes from one vector to the next): a register is given
as an address, a slot as `(address, 1024 * width)`. An op is a name, or the address of one. Whoever
runs a program keeps its memory alive. The engine's own programs, which run on many slices, are
templates: engine/compile/program.py.
"""
from __future__ import annotations

import numpy as np
from warehouse.kernels import abi, memory, pack

Operand = int | tuple[int, int]

NONE: Operand = 0


def new_frame(cancel: int = 0) -> np.ndarray:
    """A frame at the start of a program; `cancel` is the address of the cancel word."""
    frame = memory.zeros(abi.FRAME_WORDS, np.int64)
    frame[abi.F_CANCEL] = cancel
    return frame


class Program:
    """Instructions in order; the table is made when first run."""

    __slots__ = ("_rows", "_words")

    def __init__(self) -> None:
        self._rows: list[list[int]] = []
        self._words: np.ndarray | None = None

    def add(self, op: str | int, level: int, out: Operand = NONE, a: Operand = NONE, b: Operand = NONE,
            c: Operand = NONE, k: int = 0) -> int:
        """Append an instruction; answers its number."""
        row = [0] * abi.INSTRUCTION_WORDS
        row[abi.I_OP] = pack.address(op) if isinstance(op, str) else op
        row[abi.I_LEVEL] = level
        row[abi.I_K] = k - (1 << 64) if k >= 1 << 63 else k
        word = abi.I_OUT
        for operand in (out, a, b, c):
            if isinstance(operand, tuple):
                row[word], row[word + 1] = operand
            else:
                row[word] = operand
            word += 2
        self._rows.append(row)
        self._words = None
        return len(self._rows) - 1

    @property
    def words(self) -> np.ndarray:
        """The instruction table, with the length of each vector section at its first op."""
        if self._words is None:
            section: list[int] | None = None
            for row in self._rows:
                if row[abi.I_LEVEL] != abi.LEVEL_VECTOR:
                    section = None
                    continue
                if section is None:
                    section = row
                    section[abi.I_SECTION] = 0
                section[abi.I_SECTION] += 1
            words = memory.empty(len(self._rows) * abi.INSTRUCTION_WORDS, np.int64)
            words[:] = np.array(self._rows, np.int64).reshape(-1)
            self._words = words.reshape(len(self._rows), abi.INSTRUCTION_WORDS)
        return self._words

    def run(self, frame: np.ndarray) -> int:
        """Drive the program from frame[F_PC] on; answers the status (abi.py)."""
        words = self.words
        return pack.native("drive")(memory.address(words), len(words), memory.address(frame))
