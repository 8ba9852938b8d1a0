"""Words of the parameter blocks that string ops read. Addresses inside a block's own bytes are absolute.

    list    I_COUNT, I_LINEAR, views (address, length) sorted by bytes ..., then the bytes
    compare K_COMPARISON, K_ADDRESS, K_LENGTH, then the bytes
    trim    T_LEFT, T_RIGHT, four words: a bit for each byte value to cut
    arena   A_USED, A_CAPACITY, A_ADDRESS, A_MISSING
    like    L_* below, segments, then the bytes (like.py draws it)
    column  P_* below: applying an op to a scanned column (column_ops.py)
    intern  N_* below: ids of the texts of scanned columns (intern_ops.py)
"""
from __future__ import annotations

C_EQ, C_NE, C_LT, C_LE, C_GT, C_GE = range(6)  # comparisons; compare_str's k

I_COUNT, I_LINEAR, I_VIEWS = 0, 1, 2
LINEAR_LIMIT = 8  # lists up to this length are tried one by one

K_COMPARISON, K_ADDRESS, K_LENGTH = 0, 1, 2
COMPARE_WORDS = 3

T_LEFT, T_RIGHT, T_SET = 0, 1, 2
TRIM_WORDS = 6

A_USED, A_CAPACITY, A_ADDRESS, A_MISSING = range(4)
ARENA_WORDS = 4

# -- LIKE: a pattern cut at its % signs into segments -----------------------------------------------
L_SEGMENTS = 0  # how many
L_FROM_START = 1  # the first segment must stand at the start (no leading %)
L_TO_END = 2  # the last segment must reach the end (no trailing %)
L_MINIMUM = 3  # bytes that a matching string has at least
L_FOLD = 4  # compare ASCII letters without case
L_NEEDLE = 5  # address of the longest run of plain bytes, and
L_NEEDLE_LENGTH = 6  # its length; 0 = there is none to search for
L_SEGMENT_WORDS = 8  # per segment: address of bytes, of kinds, number of elements, plain?
S_BYTES, S_KINDS, S_LENGTH, S_PLAIN = range(4)
SEGMENT_WORDS = 4
KIND_BYTE, KIND_ANY = 0, 1  # an element: this byte, or any character (_)

# -- applying an op to a column ------------------------------------------------------------------------
P_COLUMN = 0  # the column's index in the scan
P_OP = 1  # address of the op over STR views
P_K = 2  # its k
P_LIKE = 3  # pred_column: k is a LIKE block with a needle
P_FETCH_CODES = 4  # address of fetch_codes
P_CODES = 5  # address of int64[65,536 + 1,024]: codes of a batch
P_RESULTS = 6  # address of int64[65,536]: results for a dictionary's entries
P_VIEWS = 7  # address of 2 * int64[1,024], and behind it
P_VALID = 8  # address of uint8[1,024]
P_GROUP = 9  # the row group (frame[F_GROUP]) whose dictionary the results are for
COLUMN_WORDS = 10

# -- ids of text columns ---------------------------------------------------------------------------------
N_TABLE = 0  # address of a group table with one STR key a column, bound to N_VIEWS and N_VALID
N_OP = 1  # address of its op
N_MEMO = 2  # address of int64[MEMO_ENTRIES]: id by the row's codes, -1 = not met
N_GROUP = 3  # the row group whose dictionaries the memo is for
N_CODES = 4  # address of int64[2][1,024]
N_ROWS = 5  # address of int64[1,024]
N_VIEWS = 6  # address of STR[columns][1,024]
N_VALID = 7  # address of uint8[columns][1,024]
N_FETCH = 8  # address of fetch_str
N_FETCH_VALID = 9
N_COUNT = 10  # number of columns
N_COLUMNS = 11  # their indices in the scan

MEMO_ENTRIES = 1 << 15
