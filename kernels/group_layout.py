"""The memory of a group table: keys -> dense group ids 0, 1, 2 ... in order of first appearance.

    dense      ids[key - low] = id or -1                    one i64 key in a known small range
    single     slots of (key, id + 1), 0 = empty            one i64 key
    generic    slots of (64-bit hash, id + 1)               any keys; the stored keys are compared

The table is one block of int64 words at an address that never changes; growing replaces the arrays the words
point to. Keys are stored by column in order of ids, so exporting copies nothing. A NULL is a key of its own.

Stored strings are (offset into the heap, length), so that the heap may move.
"""
from __future__ import annotations

G_COUNT = 0  # groups so far
G_CAPACITY = 1  # groups the arrays have room for
G_DATA = 2  # dense: address of ids (int32); else of the slots
G_SHIFT = 3  # single: 64 - bits of a slot's number
G_MASK = 4  # slots - 1
G_LOW = 5  # dense: smallest key
G_SPAN = 6  # dense: keys in the range
G_NULL = 7  # dense, single: id of NULL, -1 = not met yet
G_HASHES = 8  # generic: hashes by id
G_SCRATCH = 9  # generic: hashes of a batch
G_HEAP = 10  # address of the heap of stored strings
G_HEAP_USED = 11
G_HEAP_CAPACITY = 12
G_NEED = 13  # when the heap is full: bytes that were missing
G_KEYS = 14  # number of keys
G_ROW = 15  # after NEED_SPACE: the row to go on with; -1 = the table does not resume
G_KEY_WORDS = 16
GROUP_WORDS = 16

KEY_WORDS = 8
GK_KIND = 0  # kinds.K_*
GK_STORED = 1  # values by id
GK_STORED_VALID = 2  # uint8 by id
GK_HASH_OP = 3  # address of hash_*
GK_WIDTH = 4
GK_VALUES = 5  # the batch's values (generic; set by GroupTable.bind)
GK_VALID = 6  # the batch's validity, or 0

AHEAD = 24  # rows between a prefetch and its use
