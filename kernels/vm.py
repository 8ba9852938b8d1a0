"""The driver: runs a program (see abi.py) over batches until its source ends or it must ask Python.

    pass:   source -> section -> block op -> section -> ... -> sink
             |   one vector at a time; F_VECTOR and n = min(1024, N - v * 1024) set before each op
             +-- N = 0 after a block op: skip to the end of the pass

    end of pass:  the last RESUMABLE instruction whose state[0] is not 0 goes again, else the source.

It returns to Python only with a status other than OK: END, or with frame[F_PC] at the instruction
that asked for something. Called again it repeats the instruction at frame[F_PC] (0: a new pass).

Counters: each block op adds the rows it was given to I_ROWS and its cycles to I_CYCLES. The source is
given no rows: it counts those it produced. A call that is repeated (NEED_SPACE) or continued (a
resumed probe) counts its rows once. A section's cycles stand at its first op. The cancel word is read
before every block op, and thus at least once per pass and 65,536 rows.

Vector ops answer OK or FAILED only: a section cannot be repeated.
"""
from __future__ import annotations

from .abi import (
    CANCELLED,
    F_CANCEL,
    F_ERROR_PC,
    F_N,
    F_PASSES,
    F_PC,
    F_VECTOR,
    FAILED,
    I_A,
    I_A_STRIDE,
    I_B,
    I_B_STRIDE,
    I_C,
    I_C_STRIDE,
    I_CYCLES,
    I_K,
    I_LEVEL,
    I_OP,
    I_OUT,
    I_OUT_STRIDE,
    I_ROWS,
    I_SECTION,
    INSTRUCTION_WORDS,
    LEVEL_RESUMABLE,
    LEVEL_VECTOR,
    NEED_SPACE,
    OK,
    VECTOR_ROWS,
)
from .intrinsics import call_op, cycles, i64p, inline
from .registry import kernel

INSTRUCTION_BYTES = INSTRUCTION_WORDS * 8


@inline
def _run_section(first, count, frame):
    """Run `count` vector ops from the instruction at `first` over all vectors of the batch."""
    f = i64p(frame)
    rows = f[F_N]
    for v in range((rows + VECTOR_ROWS - 1) // VECTOR_ROWS):
        n = min(VECTOR_ROWS, rows - v * VECTOR_ROWS)
        f[F_VECTOR] = v
        for j in range(count):
            i = i64p(first + j * INSTRUCTION_BYTES)
            status = call_op(
                i[I_OP], i[I_OUT] + v * i[I_OUT_STRIDE], i[I_A] + v * i[I_A_STRIDE],
                i[I_B] + v * i[I_B_STRIDE], i[I_C] + v * i[I_C_STRIDE], i[I_K], n, frame,
            )
            if status != OK:
                return (j << 8) | status
    f[F_VECTOR] = 0  # block ops name rows of the whole batch
    return OK


@inline
def _pending(program, count):
    """The last resumable instruction that has more to give, or -1."""
    for pc in range(count - 1, 0, -1):
        i = i64p(program + pc * INSTRUCTION_BYTES)
        if i[I_LEVEL] == LEVEL_RESUMABLE and i64p(i[I_K])[0] != 0:
            return pc
    return -1


@inline
def _run_block(pc, instruction, frame):
    """Call one block op and book its counters."""
    f, i = i64p(frame), i64p(instruction)
    rows = f[F_N]
    if pc == 0:
        rows = 0
        f[F_N] = 0
        f[F_PASSES] += 1
    resumed = i[I_LEVEL] == LEVEL_RESUMABLE and i64p(i[I_K])[0] != 0
    start = cycles(0)
    status = call_op(i[I_OP], i[I_OUT], i[I_A], i[I_B], i[I_C], i[I_K], rows, frame)
    i[I_CYCLES] += cycles(0) - start
    if pc == 0 and status == OK:
        i[I_ROWS] += f[F_N]
    elif status != NEED_SPACE and not resumed:
        i[I_ROWS] += rows
    return status


@kernel("drive", arity=3)
def drive(program, count, frame):
    """Run `count` instructions at `program` from frame[F_PC] on; answers a status."""
    f = i64p(frame)
    pc = f[F_PC]
    if 0 < pc < count and f[F_N] == 0:  # Python emptied the batch (PYCALL); a pending probe goes on
        i = i64p(program + pc * INSTRUCTION_BYTES)
        if i[I_LEVEL] != LEVEL_RESUMABLE or i64p(i[I_K])[0] == 0:
            pc = count
    while True:
        while pc < count:
            instruction = program + pc * INSTRUCTION_BYTES
            i = i64p(instruction)
            if i[I_LEVEL] == LEVEL_VECTOR:
                start = cycles(0)
                answer = _run_section(instruction, i[I_SECTION], frame)
                i[I_CYCLES] += cycles(0) - start
                if answer != OK:
                    f[F_PC] = f[F_ERROR_PC] = pc + (answer >> 8)
                    return answer & 255
                pc += i[I_SECTION]
                continue
            if f[F_CANCEL] != 0 and i64p(f[F_CANCEL])[0] != 0:
                f[F_PC] = pc
                return CANCELLED
            status = _run_block(pc, instruction, frame)
            if status != OK:
                f[F_PC] = pc
                if status == FAILED:
                    f[F_ERROR_PC] = pc
                return status
            pc = pc + 1 if f[F_N] != 0 else count
        pc = max(_pending(program, count), 0)
