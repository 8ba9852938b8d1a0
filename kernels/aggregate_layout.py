"""The memory of an accumulator: one aggregate's state for every group, in arrays indexed by group id.

The block of words stays at one address; growing replaces the arrays. Row 0 serves when there are no groups.

    count           values int64
    sum_i64, _i128  values 16 bytes: signed 128-bit total                seen uint8
    sum_f64         values float64                                       seen
    minmax_i64, _f64, _bool   values int64, held as (value xor flip)     seen
    minmax_i128     values 16 bytes, held as (value xor flip)            seen
    moments, merge_moments    values (count, mean, squared deviations) float64             seen
    bit_and, bit_or values int64                                         seen
    minmax_str      values (offset into the heap, length, room) int64    seen

`flip` is 0 for MIN and -1 for MAX: inverting all bits reverses the order, so one op finds both. Floats are
held as integers that sort like them (NaN above all). `seen` says whether any valid value came: none
gives NULL. Empty states hold the value that loses to all others.
"""
from __future__ import annotations

A_VALUES = 0
A_SEEN = 1
A_FLIP = 2
A_GROUPS_AT = 3  # address of the number of groups, 0 = no groups
A_HEAP = 4
A_HEAP_USED = 5
A_HEAP_CAPACITY = 6
A_NEED = 7  # when the heap is full: bytes that were missing
A_MARKED = 8  # agg_sums: the first so many groups are marked as seen
ACCUMULATOR_WORDS = 9

FEW_GROUPS = 4  # up to here rows are added under a mask per group, with SIMD
PARTIAL_BITS = 46  # 65,536 values below 2**46 add up in 63 bits

# -- several sums and counts at once (grouped_sums.py): a block of these words ----------------------------
M_COUNT = 0  # number of columns
M_COLUMNS = 1  # here the columns begin, each of M_WORDS
M_ACCUMULATOR = 0  # address of the accumulator's words
M_VALUES = 1  # address of the batch's values, 0 = a count
M_VALID = 2  # address of their validity, 0 = all valid
M_SMALL = 3  # 1 = the values are proven to lie below 2**PARTIAL_BITS
M_WORDS = 4

LOCAL_GROUPS = 512  # up to here sums are collected in 64 bits on the side
COPIES = 4  # ... in turns, for rows of one group would wait for each other
