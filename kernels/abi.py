"""The contract between programs (engine/) and native code (kernels/): ops, instructions, frames.

Everything that runs hot is a **program**: an int64 table of instructions, run by one native driver
(`vm.py`). Each instruction calls one **op**, a compiled function found by address in the table
itself. All ops have one signature, all int64:

    status = op(out, a, b, c, k, n, frame)

      out, a, b, c   addresses of operands (0 = absent)
      k              a constant, or the address of the op's parameter block or state (int64 words)
      n              rows to handle: 1..1024 for a vector op, up to 65,536 for a block op
      frame          address of the frame (below)

Ops never allocate and never raise; they answer a status. They come at two **levels**:

    VECTOR   runs once per 1,024 rows. An operand's address is  base + v * stride  for vector v:
             stride 0 is a register (stays in L1), stride 1024 * width is a slot (a whole batch).
             Vector ops next to each other form a section: for each vector, all ops of the section.
    BLOCK    runs once per batch, on base addresses. It may change frame[N] (select, probe).
    RESUMABLE a block op that may produce more than one batch of output from one batch of input
             (a join's probe). k points at its state; state[0] != 0 after a call means "more to
             come": when the pass ends the driver starts again at the *last* such instruction,
             (before the source is asked for the next batch). The op keeps its input's n itself.

    source ---> [vector section] ---> select ---> gather... ---> probe ---> [section] ---> sink
       ^   frame[N]=rows           N shrinks                  N = matches                  |
       +-------------------------- next batch, or back to a pending probe <----------------+

The first instruction is the source: it sets frame[N] or answers END. When a block op leaves N = 0
the rest of the pass is skipped. Statuses other than OK and END suspend the program: the driver
stores the instruction's number in frame[PC] and returns; Python does what is asked (grow a buffer,
call an Arrow function, raise the error) and calls the driver again, which repeats that instruction
(NEED_SPACE) or goes on behind it (PYCALL: Python sets frame[PC] + 1 first).

Data in memory, per physical class (storage/types.py, Physical):

    I64    int64: all integers, DATE (days), TIMESTAMP/TIME (microseconds), DECIMAL to 19 digits
           (scaled), dictionary ids. Epoch 1970-01-01.
    F64    float64: REAL and DOUBLE PRECISION
    BOOL   uint8 0/1; also every mask and every validity (1 = valid)
    I128   16 bytes little endian: unsigned low word, signed high word (DECIMAL above 19 digits)
    STR    16 bytes: int64 address, int64 length in bytes. A view is valid during the pass of its
           batch only: sinks copy the bytes. Readable memory extends 32 bytes past every string.

**A value under NULL is 0** (BOOL 0, STR length 0): so in a filter AND is `a & b`, OR is `a | b`.
Value ops ignore validity: the compiler emits mask ops that combine validities. Row numbers and
selections are int64 (SEL class = I64), -1 meaning "no row" (gathers give NULL).
"""
from __future__ import annotations

VECTOR_ROWS = 1024
BATCH_ROWS = 65536

# -- statuses ----------------------------------------------------------------------------------
OK = 0
END = 1  # the source has no more batches
NEED_SPACE = 2  # a sink or table is full: grow it, repeat the instruction
PYCALL = 3  # run the Python function of this instruction, go on behind it
CANCELLED = 4  # the cancel word was set
FAILED = 5  # frame[ERROR_CODE], frame[ERROR_ROW] say what and where

# -- error codes in frame[ERROR_CODE] -------------------------------------------------------------
ERR_OVERFLOW = 1
ERR_DIVISION_BY_ZERO = 2
ERR_TOO_MANY_ROWS = 3  # scalar subquery
ERR_BAD_TEXT = 4
ERR_BAD_DATE = 5
ERR_STRING_TOO_LONG = 6
ERR_BAD_ENCODING = 7  # a block of a kind that the op cannot read: a defect, or damage
ERR_DOMAIN = 8  # a function's argument is outside its domain: sqrt(-1), ln(0)
ERR_CALL = 9  # a function run in Python failed for the row; the task keeps the error itself
ERR_NEGATIVE_LENGTH = 10  # SUBSTRING with a length below 0

# -- instruction words (one instruction = INSTRUCTION_WORDS int64) -------------------------------
I_OP = 0  # address of the op
I_LEVEL = 1
I_OUT = 2
I_OUT_STRIDE = 3
I_A = 4
I_A_STRIDE = 5
I_B = 6
I_B_STRIDE = 7
I_C = 8
I_C_STRIDE = 9
I_K = 10
I_ROWS = 11  # counter: rows in (the source: rows out), summed by the driver for block ops
I_CYCLES = 12  # counter: cycles spent; those of a vector section stand at its first op
I_SECTION = 13  # for the first op of a vector section: number of ops in it (filled by the assembler)
INSTRUCTION_WORDS = 16

LEVEL_BLOCK = 0
LEVEL_VECTOR = 1
LEVEL_RESUMABLE = 2

# -- frame words -----------------------------------------------------------------------------------
F_N = 0  # rows in the current batch
F_PC = 1  # where to resume; 0 = start of a pass
F_CANCEL = 2  # address of the query's cancel word (int64, non-zero = stop)
F_ERROR_CODE = 3
F_ERROR_ROW = 4  # row in the batch
F_ERROR_PC = 5  # instruction that failed
F_PASSES = 6  # passes run (counter)
F_VECTOR = 7  # number of the vector being run (set by the driver before each vector op)
F_SOURCE_ROW = 8  # the source's first row of the current batch (for row ids)
F_GROUP = 9  # row groups begun (0 = not told): what ops derive from a dictionary holds while it stays the same
F_USER = 16  # free for sources
FRAME_WORDS = 64

# -- a scanned column of one row group: its descriptor (int64 words), made by storage/buffer.py -----
# (or of a batch of it, whole vectors that the source cut out: source.py)
# The table of descriptors of a task is int64[row groups][columns] of addresses of these.
D_KIND = 0  # one of the DK_* below
D_ROWS = 1
D_NULLS = 2  # address of the null bitmap (bit = 1: NULL), 0 = no NULLs
D_DATA = 3  # address of the payload
D_WIDTH = 4  # DK_RAW*: bytes per value (1, 2, 4, 8 signed); DK_RAW_F: 4 or 8
D_META = 5  # DK_PACKED*: address of int64[vectors][4] = (offset in words, width, base, flags)
D_DICT = 6  # DK_DICT*: address of the dictionary: int64 values, or STR views
D_DICT_ROWS = 7
D_OFFSETS = 8  # DK_RAW_STR: address of uint32[rows + 1]
D_ZONES = 9  # DK_PACKED: address of int64[vectors][2] (min, max), 0 = none
D_BYTES = 10  # length of the payload in bytes
D_CODES_META = 11  # DK_DICT*: D_META-like table of the packed codes; D_DATA holds their words
DESCRIPTOR_WORDS = 16

DK_RAW_INT = 1  # signed integers of D_WIDTH bytes -> I64
DK_RAW_FLOAT = 2  # floats of D_WIDTH bytes -> F64
DK_RAW_BOOL = 3  # bytes 0/1 -> BOOL
DK_RAW_I128 = 4
DK_PACKED = 5  # bit-packed 1,024-value vectors, 16 interleaved 64-bit lanes (AZ64) -> I64
DK_DICT_INT = 6  # packed codes into int64 values -> I64
DK_RAW_STR = 7  # uint32 offsets and bytes -> STR
DK_DICT_STR = 8  # packed codes into STR views -> STR

# flags of a packed vector (META word 3)
PACK_FOR = 0  # value = base + delta
PACK_DELTA = 1  # value[i] = value[i-1] + base + delta[i] (wrapping); value[-1] stands in the word before
#                 the vector's first lane word, i.e. at words[offset - 1]
