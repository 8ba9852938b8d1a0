"""Whether values fit their column: what every load checks before it takes them.

    numbers     within the declared width or precision, else NumericOutOfRange
    REAL        rounded to 32 bits; finite values must stay so
    CHAR        without trailing blanks; CHAR and VARCHAR beyond the declared bytes only blanks, which are
                dropped, else StringTooLong; VARBYTE within its bytes
    CHAR        single-byte characters, for tables of ours (`single_bytes`); files of external tables hold what they do

`fitted` does it for columns that are in the table's physical form already (the engine's own rows);
arrow.py for what readers and users hand over.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any, Never

import numpy as np

from ..errors import NumericOutOfRange, StringTooLong
from .characters import fixed_text
from .types import Kind, Physical, SqlType
from .vector import Array, ColumnData, gather_text

_BLANK = 0x20
_FIRST_WIDE = 0x80  # the least byte of a character of several


def fitted(column: ColumnData, name: str, *, in_range: bool = False) -> ColumnData:
    """The column with values as its type keeps them; `name` is the column that errors speak of. `in_range`:
    numbers are proven to fit. Values under NULL must be 0, strings under NULL empty."""
    type = column.type
    if type.physical is Physical.STR:
        offsets, data = fit_length(*column.text, type, name)
        return single_bytes(replace(column, offsets=offsets, data=data))
    if type.kind is Kind.REAL:
        narrow, wrong = narrow_real(column.fixed)
        if wrong.any():
            overflow(column.fixed[int(np.argmax(wrong))], type, name)
        return replace(column, values=narrow)
    if not in_range:
        check_range(column.fixed, type, name)
    return column


def narrow_real(values: Array) -> tuple[Array, Array]:
    """Doubles rounded to 32 bits, and which of them were finite and are not any more."""
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32).astype(np.float64)
    return narrow, np.isinf(narrow) & np.isfinite(values)


def check_range(values: Array, type: SqlType, name: str) -> None:
    """Refuse exact numbers that the declared width or precision cannot hold."""
    if not type.is_exact or not len(values):
        return
    least, most = type.integer_limits
    if type.physical is Physical.I128:
        # The extremes of the high words bound the values: look closer only at their borders.
        high = values[:, 1].view(np.int64)
        if int(high.max()) < most >> 64 and int(high.min()) > least >> 64:
            return
        for low_word, high_word in zip(values[:, 0].tolist(), high.tolist()):
            if not least <= (high_word << 64) + low_word <= most:
                overflow((high_word << 64) + low_word, type, name)
        return
    if int(values.min()) < least or int(values.max()) > most:
        overflow(int(values.min()) if int(values.min()) < least else int(values.max()), type, name)


def empty_nulls(offsets: Array, data: Array, valid: Array) -> tuple[Array, Array]:
    lengths = np.diff(offsets)
    if not lengths[valid == 0].any():
        return offsets, data
    return shorten(offsets, data, np.where(valid == 1, lengths, 0))


def shorten(offsets: Array, data: Array, lengths: Array) -> tuple[Array, Array]:
    """Keep the first `lengths[i]` bytes of each string."""
    pieces = np.empty(2 * len(lengths) + 1, np.int64)
    pieces[0::2] = offsets
    pieces[1::2] = offsets[:-1] + lengths
    _, kept = gather_text(pieces, data, np.arange(0, 2 * len(lengths), 2))
    out = np.zeros(len(offsets), np.int64)
    np.cumsum(lengths, out=out[1:])
    return out, kept


def fit_length(offsets: Array, data: Array, type: SqlType, name: str) -> tuple[Array, Array]:
    """CHAR: drop trailing blanks. Both: beyond the declared bytes only blanks may stand."""
    lengths = np.diff(offsets)
    if not len(lengths):
        return offsets, data
    limit = type.text_limit if type.length else int(lengths.max())
    if type.kind is Kind.CHAR:
        last = data[np.maximum(offsets[1:] - 1, 0)]
        rows = np.flatnonzero((last == _BLANK) & (lengths > 0))
    else:
        rows = np.flatnonzero(lengths > limit)
    if len(rows):
        lengths = lengths.copy()
        floor = 0 if type.kind is Kind.CHAR else limit
        for row in rows.tolist():
            end, start = int(offsets[row + 1]), int(offsets[row])
            text = data[start:end].tobytes()
            lengths[row] = max(len(text.rstrip(b" ")), floor)
        offsets, data = shorten(offsets, data, lengths)
    longest = int(lengths.max())
    if longest > limit:
        row = int(np.argmax(lengths > limit))
        raise StringTooLong(
            f"value too long for type {type}",
            detail=f'column "{name}": a value of {int(lengths[row])} bytes in row {row} of its batch',
        )
    return offsets, data


def single_bytes(column: ColumnData) -> ColumnData:
    """The column, unless it is one of CHAR with a character of several bytes."""
    if column.type.kind is Kind.CHAR:
        offsets, data = column.text
        data = data[int(offsets[0]) : int(offsets[-1])]
        if len(data) and int(data.max()) >= _FIRST_WIDE:
            fixed_text(data.tobytes().decode(errors="replace"))
    return column


def overflow(value: Any, type: SqlType, name: str) -> Never:
    raise NumericOutOfRange(f'value {value} is out of range for column "{name}" of type {type}')
