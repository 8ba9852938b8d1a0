"""What kernels know of a Parquet column chunk's pages, and how a column is filled from them. Imports nothing heavy."""
from __future__ import annotations

# -- a page, as `parquet_pages` (parquet_pages.py) finds it: PAGE_WORDS int64 ----------------------------------
KIND = 0  # DATA, DICTIONARY or DATA_V2
UNPACKED = 1  # bytes of the body, unpacked
PACKED = 2  # and as it stands in the file
START = 3  # where the body begins in the chunk
VALUES = 4  # NULLs among them
ENCODING = 5
LEVELS = 6  # DATA: the encoding of definition levels; DATA_V2: their bytes
REPETITION = 7  # DATA_V2: bytes of repetition levels
COMPRESSED = 8  # DATA_V2: 0 where the values are not
NULLS = 9  # DATA_V2
PAGE_WORDS = 10

# -- and what it says of all of them; the dictionary's page follows ---------------------------------------------
S_PAGES = 0  # with data
S_DICTIONARIES = 1
S_ENCODINGS = 2  # a bit for each encoding of data pages
S_VALUES = 3  # of all data pages
S_MOST_VALUES = 4  # of one
S_MOST_BYTES = 5  # of one, unpacked
SUMMARY_WORDS = 6
MOST_ENCODING = 31

DATA, INDEX, DICTIONARY, DATA_V2 = range(4)
PLAIN, PLAIN_DICTIONARY, RLE, RLE_DICTIONARY = 0, 2, 3, 8  # encodings

# -- a column that is filled page by page (`parquet_fill`, parquet_values.py) -----------------------------------
C_DATA = 0  # address of the chunk
C_PAGES = 1  # address of the words of its data pages
C_COUNT = 2  # how many there are
C_NEXT = 3  # the first one that is not used
C_SNAPPY = 4  # 1: packed by Snappy, 0: not packed
C_NULLABLE = 5  # 1: pages have levels
C_ROOM = 6  # address of bytes for a page, unpacked
C_CODES = 7  # address of int32s for a page: levels, codes
C_VALID = 8  # address of a byte a row: 1 where there is a value
C_NULLS = 9  # how many rows have been NULL
C_DICTIONARY = 10  # address of the dictionary's values, of `width` bytes; or views
C_ENTRIES = 11
C_FORM = 12  # NUMBERS, CODES, TEXTS
C_WIDTH = 13  # NUMBERS: bytes of a value: 4 or 8
C_FIXED = 14  # NUMBERS: bytes of a big-endian value in pages, 0: they are as they are
C_OUT = 15  # address of values, codes (int32) or offsets (uint32)
C_FILLED = 16  # rows
C_LOW = 17  # least and greatest integer of PLAIN pages
C_HIGH = 18
C_CODED = 19  # rows that had codes
C_VIEWS = 20  # TEXTS: address of views of a page's texts
C_BYTES = 21  # TEXTS: address of their bytes
C_CAPACITY = 22
C_USED = 23
C_TRIMMED = 24  # TEXTS: 1 where blanks at the end are cut off
C_LONGEST = 25  # TEXTS: a longer one is not taken
COLUMN_WORDS = 26

NUMBERS, CODES, TEXTS = range(3)
