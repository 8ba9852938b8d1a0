"""The memory of a join: the table's words (shared by all probes) and a probe's state (one per program).

A **table** answers one question: which is the first build row for this key? The rows that bear the same
key follow in a chain or, in the array of a dense range, next to it:

    array       rows[key - low] = build row or -1                       int32, unique keys
    runs        starts[key - low] .. starts[key - low + 1] into rows     uint32 and int32, repeated keys
    bitmap      bit key - low                                           SEMI and ANTI: no row asked for
    hash        slots of (key, build row + 1), 0 = empty                one i64 key
    generic     slots of (64-bit hash, build row + 1)                   other keys; the keys are compared
    constant    every build row                                         no keys: nested loop
                + next[build row] = the next row with the same key, -1 = none (hash, generic)

`array` and `runs` have a spare entry behind the range for all keys outside it. Rows with a NULL key are in no
table. Build rows are numbered below 2**31.

Several i64 keys whose ranges are small are **packed** into one, ((key0 - low0) * span1 + key1 - low1) ...,
and looked up as one; a probe key outside a range packs to PACK_OUTSIDE, which is in no table.

A **state** belongs to one instruction of one program. Word 0 is what the driver looks at.
"""
from __future__ import annotations

# -- a table: int64 words ------------------------------------------------------------------------
T_ROWS = 0  # build rows
T_DATA = 1  # address: array and runs: rows; hash and generic: slots; bitmap: words
T_LOW = 2  # array, runs, bitmap: smallest key
T_SPAN = 3  # array, runs, bitmap: largest key - smallest key + 1
T_SHIFT = 4  # hash: 64 - bits of a slot's number
T_MASK = 5  # hash, generic: number of slots - 1
T_NEXT = 6  # hash, generic: address of next (int32), 0 = keys are unique
T_STARTS = 7  # runs: address of starts
T_USED = 8  # hash, generic, while building: slots taken
T_REPEATED = 9  # while building: a key came twice
T_KEYS = 10  # generic and packed: number of keys
T_INNER = 11  # packed: address of the lookup op to ask with packed keys
T_KEY_WORDS = 16  # generic and packed: KEY_WORDS words for each key
TABLE_WORDS = 16

# -- a key of a generic or packed table ---------------------------------------------------------
KEY_WORDS = 8
TK_KIND = 0  # kinds.K_*
TK_VALUES = 1  # build side's values
TK_HASH_OP = 2  # address of hash_*
TK_LOW = 3  # packed: smallest key
TK_SPAN = 4  # packed: number of keys in the range
TK_VALID = 5  # build side's validity or 0 (while building)
TK_WIDTH = 6  # bytes of a value

# -- a probe's state ----------------------------------------------------------------------------
S_PENDING = 0  # 1: more output to come from the same batch; the engine may set 0 to drop it
S_ROWS = 1  # rows of that batch
S_ROW = 2  # the next probe row
S_NEXT = 3  # the build row (runs: position; constant: row) to go on with for that probe row; -1: begin it
S_TABLE = 4
S_LOOKUP = 5  # address of the table's lookup op
S_FIRSTS = 6  # address of int64[1024]: the lookup's answers
S_HASHES = 7  # address of uint64[1024] (generic), int64[1024] (packed)
S_VALID = 8  # address of uint8[1024]: generic, packed: all keys valid
S_MODE = 9  # MODE_*
S_OFFSET = 10  # first row of the rows now looked up (set for generic and packed lookups)
S_KEY_WORDS = 16  # generic, packed: per key (address of the batch's values, of its validity or 0)
STATE_WORDS = 16
STATE_KEY_WORDS = 2

MODE_INNER = 0
MODE_LEFT = 1
MODE_SINGLE = 2  # as LEFT; a second match is an error
MODE_SEMI = 3
MODE_ANTI = 4

CHUNK = 1024  # rows looked up at a time
AHEAD = 24  # rows between a prefetch and its use
CACHED_BYTES = 1 << 18  # a table up to this size stays in the second-level cache and is not prefetched
PACK_OUTSIDE = -1
