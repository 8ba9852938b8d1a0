"""What describes the columns and the work of `json_rows` (json_rows.py). Imports nothing heavy.

    tree, 8 words a node   [address of its name, bytes of it, is it SUPER?, its slot, its first child's number,
                           children, are they elements of an array?, its number among an array's elements]
                           the root first; a node without children is a column
    state, 8 words         [bytes written, rows, lines taken, rows at most, fold keys?, whole documents?, slots, 0];
                           then FRAMES of 4 words for open objects and arrays [node, the child that may come next,
                           the next element's number or -1, the node of the value], then slots of 4 words, one a
                           column and, behind them, one a node that has children: [where, bytes, what, 0]
"""
from __future__ import annotations

NODE_WORDS, STATE_WORDS, FRAME_WORDS, SLOT_WORDS = 8, 8, 4, 4
NAME, NAME_BYTES, IS_SUPER, SLOT, FIRST, CHILDREN, LISTS, PLACE = range(8)
WRITTEN, ROWS, LINES, LIMIT, FOLD, WHOLE, SLOTS = range(7)
NODE, NEXT, ELEMENT, FOUND = range(4)

# Paths have fewer steps than this, or are followed in Python.
FRAMES = 16

FIELD_END, NULL = 0x1F, 0x1E
# Of a line, in bytes: the manual's limit of one document.
MAX_LINE = 4 << 20
