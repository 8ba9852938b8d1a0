"""What describes the columns and the output of `write_rows` (text_rows.py). Imports nothing heavy.

    column, 16 words    kind, values, validity, first bit, ...   see the names below
    row, 4 words        [what ends a row, its bytes, bytes of a row without its texts at most, 0]
    state, 16 words     [bytes written, column that is too long or -1, 0 ...; from word 4: scratch memory]

A byte class says what is to be done with a byte of text:

    0         it is copied
    QUOTED    it is copied, and the field needs quotation marks
    DOUBLED   it is written twice, and the field needs quotation marks
    ESCAPED   it is written behind a backslash
    UNICODE   it is written as \\u00xx
    others    a backslash and the class itself: \\n for a line end
"""
from __future__ import annotations

COLUMN_WORDS, ROW_WORDS, STATE_WORDS = 16, 4, 16

# Words of a column.
KIND = 0
VALUES = 1  # address; of text: its bytes
VALIDITY = 2  # address of Arrow's bitmap, 0: no nulls
FIRST = 3  # the first row's place in bitmaps
OFFSETS = 4  # of text: address of int32
SCALE = 5  # of decimals
BEFORE, BEFORE_BYTES = 6, 7  # what stands before the field: a delimiter, a JSON name
NULL, NULL_BYTES = 8, 9  # what is written for NULL
CLASSES = 10  # of text: address of 256 byte classes, 0: bytes are copied
QUOTES = 11  # one of the following
WIDTH = 12  # of fixed-width fields, in characters; 0: as long as it is
GROWTH = 13  # bytes that a byte of text becomes at most

NEVER, ALWAYS, WHERE_NEEDED = 0, 1, 2

# Kinds.
TEXT, INT16, INT32, INT64, DECIMAL, BOOLEAN, DATE, TIMESTAMP, TIMESTAMPTZ, TIME, TIMETZ = range(11)
# Bytes that a value takes at most, without quotation marks.
LONGEST = {
    TEXT: 0, INT16: 6, INT32: 11, INT64: 20, DECIMAL: 48, BOOLEAN: 1, DATE: 16, TIMESTAMP: 34, TIMESTAMPTZ: 38,
    TIME: 16, TIMETZ: 20,
}  # fmt: skip

QUOTED, DOUBLED, ESCAPED, UNICODE = 1, 2, 3, 4
