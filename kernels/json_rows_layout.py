"""What describes the columns and the work of `json_rows` (json_rows.py). Imports nothing heavy.

    column, 4 words     [address of its name, bytes of it, is it SUPER?, 0]
    state, 8 words      [bytes written, rows, lines taken, rows at most, fold keys?, whole documents?, 0, 0]; 4 words
                        a column to work with follow
"""
from __future__ import annotations

COLUMN_WORDS, STATE_WORDS, SLOT_WORDS = 4, 8, 4
NAME, NAME_BYTES, IS_SUPER = 0, 1, 2
WRITTEN, ROWS, LINES, LIMIT, FOLD, WHOLE = 0, 1, 2, 3, 4, 5

FIELD_END, NULL = 0x1F, 0x1E
# Of a line, in bytes: the manual's limit of one document.
MAX_LINE = 4 << 20
