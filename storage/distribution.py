"""Which slice a row belongs to: hash families, key hashes, round robin.

Two columns may be joined where they lie (DS_DIST_NONE) only if equal values always hash alike. Types
whose equal values do are one **family**:

    family          types                                         hashed as
    integer         SMALLINT INTEGER BIGINT, DECIMAL(p <= 19, 0)  int64
    decimal:s       DECIMAL(p <= 19, s), s > 0                    int64, scaled
    wide:s          DECIMAL(p > 19, s)                            128 bits, scaled
    float           REAL DOUBLE PRECISION                         double (-0 = 0, one NaN)
    text            CHAR VARCHAR                                  bytes without trailing blanks
    text:ci         the same, case-insensitive                    lower-cased first
    date ...        each other type alone                         int64, or one byte

A key's hash is 64 bits (kernels/hashing.py, HASH_VERSION); NULL hashes to a constant, so all NULLs meet
on one slice. The slice is the hash scaled down to the number of slices. Rows on disk stay where their
hash put them: tests hold vectors like these fast, and they change only with HASH_VERSION.

    0 -> 0x0    42 -> 0xa759ea27d4727622    NULL -> 0x9e6c63d0876a9a47      (BIGINT)

Slice to node is a table in the catalogue (schema.Topology), not this module's business.
"""
from __future__ import annotations

import numpy as np

from ..errors import InternalError
from ..kernels import hashing, memory
from .types import Kind, Physical, SqlType
from .vector import Array, ColumnData, gather_text

_BLANK = 0x20


def family(type: SqlType) -> str:
    """The name of the type's hash family."""
    match type.kind:
        case Kind.SMALLINT | Kind.INTEGER | Kind.BIGINT:
            return "integer"
        case Kind.DECIMAL if type.physical is Physical.I64:
            return f"decimal:{type.scale}" if type.scale else "integer"
        case Kind.DECIMAL:
            return f"wide:{type.scale}"
        case Kind.REAL | Kind.DOUBLE:
            return "float"
        case Kind.CHAR | Kind.VARCHAR | Kind.UNKNOWN:
            return "text:ci" if type.case_insensitive else "text"
        case _:
            return type.kind.name.lower()


def hash_column(column: ColumnData, into: Array | None = None) -> Array:
    """uint64 hashes of a column; `into`: hashes of the key columns before it, combined in place."""
    physical = column.type.physical
    valid = None if column.valid is None else np.ascontiguousarray(column.valid)
    if physical is Physical.STR:
        offsets, data = comparable_text(column)
        return hashing.hash_array(string_views(offsets, data), "str", valid, into)
    return hashing.hash_array(np.ascontiguousarray(column.fixed), physical.value, valid, into)


def hash_columns(columns: list[ColumnData]) -> Array:
    """Hashes of keys made of several columns."""
    if not columns:
        raise InternalError("a distribution key needs a column")
    hashes = hash_column(columns[0])
    for column in columns[1:]:
        hash_column(column, into=hashes)
    return hashes


def slice_of_hash(hashes: Array, slices: int) -> Array:
    """int64 slice of each hash."""
    return hashing.slice_array(hashes, slices)


def round_robin(first: int, rows: int, slices: int) -> Array:
    """EVEN: the slices of `rows` rows when `first` have been placed before."""
    return (np.arange(first, first + rows, dtype=np.int64)) % slices


def comparable_text(column: ColumnData) -> tuple[Array, Array]:
    """Offsets and bytes such that equal strings have equal bytes: no trailing blanks, one case."""
    offsets, data = column.text
    if column.type.case_insensitive:
        return _lower_case(column)
    lengths = np.diff(offsets)
    if column.rows and ((lengths > 0) & (data[np.maximum(offsets[1:] - 1, 0)] == _BLANK)).any():
        return _strip_blanks(offsets, data, lengths)
    return offsets, data


def _strip_blanks(offsets: Array, data: Array, lengths: Array) -> tuple[Array, Array]:
    kept, starts = lengths.copy(), offsets[:-1]
    while True:
        trailing = (kept > 0) & (data[np.maximum(starts + kept - 1, 0)] == _BLANK)
        if not trailing.any():
            break
        kept -= trailing
    pieces = np.empty(2 * len(kept) + 1, np.int64)
    pieces[0::2] = offsets
    pieces[1::2] = starts + kept
    return gather_text(pieces, data, np.arange(0, 2 * len(kept), 2))


def _lower_case(column: ColumnData) -> tuple[Array, Array]:
    """Unicode lower case, without trailing blanks; NULLs stay empty."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from .arrow import from_arrow, to_arrow
    from .types import TEXT

    array = pc.utf8_rtrim(pc.utf8_lower(to_arrow(column).fill_null("")), " ").cast(pa.large_string())
    return from_arrow(array, TEXT).text


def string_views(offsets: Array, data: Array) -> Array:
    """int64[n][2] (address, length) of strings: valid while `data` lives."""
    views = np.empty((len(offsets) - 1, 2), np.int64)
    np.add(offsets[:-1], memory.address(data), out=views[:, 0])
    np.subtract(offsets[1:], offsets[:-1], out=views[:, 1])
    return views
