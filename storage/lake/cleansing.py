"""Data handling of external tables: what becomes of values that do not fit (r_CREATE_EXTERNAL_TABLE).

                                  without       data_cleansing_enabled = true, by property
    text longer than its column   is cut        surplus_char_handling     SET_TO_NULL (unless told), TRUNCATE, FAIL
    bytes longer                  an error      surplus_bytes_handling    SET_TO_NULL (unless told), TRUNCATE, FAIL
    text that is no UTF-8         an error      invalid_char_handling     FAIL, SET_TO_NULL, REPLACE (replacement_char)
    integers too wide (ORC)       an error      numeric_overflow_handling FAIL, SET_TO_NULL

DISABLED is as without. DROP_ROW of these is refused where the property is set. Arrays in which all is right, nearly
all there are, are given back as they are.
"""
from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import InvalidText, StringTooLong
from ...records import dataclass
from ..types import Kind, SqlType
from .definition import Field, Source

CUT, NULL, FAIL, REPLACE = "TRUNCATE", "SET_TO_NULL", "FAIL", "REPLACE"
_TEXT = (Kind.VARCHAR, Kind.CHAR)
_NON_ASCII = 0x80


@dataclass(frozen=True, slots=True)
class Handling:
    """An action for each kind of value that does not fit."""

    characters: str = CUT
    bytes: str = FAIL
    invalid: str = FAIL
    replacement: str = "?"
    overflow: str = FAIL

    @staticmethod
    def of(source: Source) -> Handling:
        if source.option("data_cleansing_enabled").lower() != "true":
            return Handling()

        def given(name: str, usual: str, disabled: str) -> str:
            action = source.option(name, usual).upper()
            return disabled if action == "DISABLED" else action

        return Handling(
            given("surplus_char_handling", NULL, CUT), given("surplus_bytes_handling", NULL, FAIL),
            given("invalid_char_handling", FAIL, FAIL), source.option("replacement_char", "?"),
            given("numeric_overflow_handling", FAIL, FAIL),
        )


    def changes(self, type: SqlType) -> bool:
        """Whether values of a column may become others than the file's statistics speak of: NULLs, replaced ones."""
        if type.kind in _TEXT:
            return self.characters == NULL or self.invalid != FAIL
        return self.bytes != FAIL if type.kind is Kind.VARBYTE else type.is_integer and self.overflow != FAIL


def fitting(array: pa.Array, field: Field, handling: Handling) -> pa.Array:
    """The array with values that fit, or told what is wrong."""
    type = field.type.sql
    if type.kind in _TEXT:
        return _shortened(_valid_text(array, field, handling), field, handling.characters, pa.large_string())
    if type.kind is Kind.VARBYTE and handling.bytes != FAIL and not pa.types.is_dictionary(array.type):
        return _shortened(array, field, handling.bytes, pa.large_binary())
    if type.is_integer and handling.overflow == NULL and pa.types.is_integer(array.type):
        low, high = type.integer_limits
        wide = array.cast(pa.decimal128(20, 0))
        inside = pc.and_(pc.greater_equal(wide, low), pc.less_equal(wide, high))
        return pc.if_else(inside, array, pa.scalar(None, array.type))
    return array


def is_utf8(array: pa.Array) -> bool:
    """Whether all of a string array is; plain ASCII is seen at a glance."""
    data = array.buffers()[2]
    if data is None or not len(data) or int(np.frombuffer(data, np.uint8).max()) < _NON_ASCII:
        return True
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _valid_text(array: pa.Array, field: Field, handling: Handling) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        array = array.cast(pa.large_binary()) if pa.types.is_string_view(array.type) else array
        binary = array if pa.types.is_large_binary(array.type) else array.cast(pa.large_binary())
        array = binary.view(pa.large_string())
    if is_utf8(array):
        return array
    if handling.invalid == FAIL:
        raise InvalidText(f'invalid UTF-8 in column "{field.name}"',
                          hint="The table property invalid_char_handling says what to do with it.")
    binary = array.cast(pa.large_binary())
    return pa.array([_mended(v, handling) for v in binary.to_pylist()], pa.large_string())


def _mended(value: bytes | None, handling: Handling) -> str | None:
    if value is None:
        return None
    try:
        return value.decode()
    except UnicodeDecodeError:
        if handling.invalid == NULL:
            return None
        return value.decode(errors="replace").replace("\ufffd", handling.replacement)


def _shortened(array: pa.Array, field: Field, action: str, type: pa.DataType) -> pa.Array:
    limit = field.type.sql.length
    longest = pc.max(pc.binary_length(array)).as_py()
    if longest is None or longest <= limit:
        return array
    if action == FAIL:
        raise StringTooLong(f"value too long for type {field.type.sql}",
                            detail=f'column "{field.name}": a value of {longest} bytes')
    return pa.array([_short(v, limit, action) for v in array.to_pylist()], type)


def _short(value: Any, limit: int, action: str) -> Any:
    raw = value.encode() if isinstance(value, str) else value
    if raw is None or len(raw) <= limit:
        return value
    if action == NULL:
        return None
    return raw[:limit].decode(errors="ignore") if isinstance(value, str) else raw[:limit]
