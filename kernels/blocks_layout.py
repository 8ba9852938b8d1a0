"""The words of a job of `open_blocks` (blocks.py); here, so that who fills them imports no numba."""
from __future__ import annotations

J_DATA, J_BYTES, J_CRC, J_ROWS, J_ENCODING, J_WIDTH, J_FORM, J_ROOM, J_LEFT, J_OPENED, J_OFFSET = range(11)
JOB_WORDS = 11
NO_FILE = -1  # in the place of a file's descriptor: the blocks have been read

FORM_PACKED = 1  # AZ64 -> DK_PACKED
FORM_DICT_INT = 2  # BYTEDICT of numbers -> DK_DICT_INT
FORM_DICT_STR = 3  # BYTEDICT of strings -> DK_DICT_STR
FORM_RAW_INT = 4  # RAW -> DK_RAW_INT
FORM_RAW_FLOAT = 5  # RAW -> DK_RAW_FLOAT
