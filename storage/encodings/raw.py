"""RAW: values as they are, at the width of their declared type.

Redshift's default for sort keys, BOOLEAN, REAL and DOUBLE PRECISION. Native code reads it in place.

    numbers    VALUES: int16 | int32 | int64 | float32 | float64 | bytes 0/1 | 16-byte pairs
    strings    LENGTH_VECTORS, LENGTH_WORDS, TEXT (strings.py)

The lengths of strings are packed even here: offsets are no values, and packed they cost little.
"""
from __future__ import annotations

import numpy as np

from ...kernels import abi
from ..native import NativeColumn, text_column
from ..types import Kind, Physical, SqlType
from ..vector import Array, ColumnData
from . import strings
from .base import Encoding, Part, Parts, read


class Raw(Encoding):
    name = "raw"
    code = 1
    kinds = frozenset(Kind) - {Kind.INTERVAL, Kind.UNKNOWN}

    def encode(self, column: ColumnData) -> Parts:
        if column.type.physical is Physical.STR:
            return strings.text_parts(column)
        if column.type.physical is Physical.I128:
            return {Part.VALUES: np.ascontiguousarray(column.fixed).reshape(-1)}
        return {Part.VALUES: column.fixed.astype(disk_dtype(column.type), copy=False)}

    def decode(self, parts: Parts, type: SqlType, rows: int) -> ColumnData:
        match type.physical:
            case Physical.STR:
                offsets, data = strings.decode_text(parts, rows)
                return ColumnData(type, rows, offsets=offsets, data=data)
            case Physical.I128:
                return ColumnData(type, rows, read(parts, Part.VALUES, np.uint64, 2 * rows).reshape(-1, 2))
            case Physical.BOOL:
                return ColumnData(type, rows, (_values(parts, type, rows) != 0).astype(np.uint8))
            case Physical.I64:
                return ColumnData(type, rows, _values(parts, type, rows).astype(np.int64, copy=False))
            case Physical.F64:
                return ColumnData(type, rows, _values(parts, type, rows).astype(np.float64, copy=False))

    def native(self, parts: Parts, type: SqlType, rows: int) -> NativeColumn:
        match type.physical:
            case Physical.STR:
                return text_column(strings.native_offsets(parts, rows), read(parts, Part.TEXT, np.uint8))
            case Physical.I128:
                words = read(parts, Part.VALUES, np.uint64, 2 * rows)
                return NativeColumn(abi.DK_RAW_I128, rows, words, 16)
            case Physical.F64:
                values = _values(parts, type, rows)
                return NativeColumn(abi.DK_RAW_FLOAT, rows, values, values.itemsize)
            case Physical.BOOL:
                return super().native(parts, type, rows)
            case Physical.I64:
                values = _values(parts, type, rows)
                return NativeColumn(abi.DK_RAW_INT, rows, values, values.itemsize)


def disk_dtype(type: SqlType) -> np.dtype[np.generic]:
    """Little-endian dtype of a type's values at declared width (not for 128 bits or text)."""
    letter = "u" if type.kind is Kind.BOOLEAN else "f" if type.is_float else "i"
    return np.dtype(f"<{letter}{type.storage_bytes}")


def _values(parts: Parts, type: SqlType, rows: int) -> Array:
    return read(parts, Part.VALUES, disk_dtype(type), rows)
