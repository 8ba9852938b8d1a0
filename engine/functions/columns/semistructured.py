"""SUPER over columns: casts, comparisons and type tests of batches of plain scalars, without a loop in Python.

A value is plain when its text can be read off as it stands: a number, a boolean, a string without a backslash. A batch
with other values is for the row form (engine/functions/semistructured.py), but for the tests that look at the first
byte only.
"""
from __future__ import annotations

from collections.abc import Sequence
from decimal import Context

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ....storage.types import MAX_VARCHAR, Kind, Physical, SqlType
from .argument import Argument, Form

TEXT = pa.large_string()
_EXACT = Context(prec=76)  # the host program's may round
_NEEDS_ESCAPES = r'["\\\x00-\x1f]'
_WHOLE = r"^-?[0-9]{1,18}$"
_NUMBER = r"^-?[0-9]"
_OWN_NORMAL_FORM = r'^(-?[0-9]+|true|false|"(?:[^"\\]*[^"\\ ])?")$'


def into(array: pa.Array, source: SqlType) -> pa.Array | None:
    """Scalars as SUPER."""
    if source.is_integer:
        return array.cast(TEXT)
    if source.kind is Kind.BOOLEAN:
        return pc.if_else(array, _constant("true"), _constant("false"))
    if source.is_string and not pc.any(pc.match_substring_regex(array, _NEEDS_ESCAPES)).as_py():
        quote = _constant('"')
        return pc.binary_join_element_wise(quote, array, quote, _constant(""))
    return None


def out_of(array: pa.Array, to: SqlType) -> pa.Array | None:
    """SUPER values as scalars, NULL where they are something else."""
    if to.is_string and to.kind is Kind.VARCHAR:
        return _texts(array, to)
    if to.is_integer and _all(array, _WHOLE):
        values = array.cast(pa.int64())
        ends = pc.min_max(values).as_py()
        low, high = to.integer_limits
        return values if ends["min"] is not None and low <= ends["min"] and ends["max"] <= high else None
    if to.kind is Kind.DECIMAL:
        return _decimals(array, to)
    if to.kind is Kind.DOUBLE and _all(array, _NUMBER):
        return array.cast(pa.float64())
    if to.kind is Kind.BOOLEAN and _all(array, "^(true|false)$"):
        return pc.equal(array, "true")
    return None


def _decimals(array: pa.Array, to: SqlType) -> pa.Array | None:
    """Of exact numbers with no more digits behind the point than the type has; those of 18 before it at most."""
    digits = f"(\\.[0-9]{{1,{to.scale}}})?" if to.scale else ""
    if to.scale > 18 or not _all(array, f"^-?[0-9]{{1,18}}{digits}$"):
        return None
    made = array.cast(pa.string()).cast(pa.decimal128(38, to.scale))
    low, high = to.integer_limits
    ends = pc.min_max(made).as_py()
    if not low <= int(ends["min"].scaleb(to.scale, _EXACT)) <= int(ends["max"].scaleb(to.scale, _EXACT)) <= high:
        return None
    if to.physical is Physical.I64:
        low_words = np.frombuffer(made.buffers()[1], np.int64, 2 * len(made), made.offset * 16)[::2]
        values = pa.py_buffer(np.ascontiguousarray(low_words))
        return pa.Array.from_buffers(pa.int64(), len(made), [_bitmap(made), values])
    words = made.buffers()[1].slice(16 * made.offset)
    return pa.Array.from_buffers(pa.decimal128(38, 0), len(made), [_bitmap(made), words])


def _bitmap(array: pa.Array) -> pa.Buffer | None:
    """The validity of an array from its first row on."""
    return None if not array.null_count else pc.is_valid(array).buffers()[1]


def _texts(array: pa.Array, to: SqlType) -> pa.Array | None:
    if pc.any(pc.match_substring_regex(array, r'\\|^-?[0-9.]+e')).as_py():
        return None
    strings = pc.starts_with(array, '"')
    made = pc.if_else(strings, pc.utf8_slice_codeunits(array, 1, -1), array)
    made = pc.if_else(pc.match_substring_regex(array, r"^[\[{]"), pa.scalar(None, TEXT), made)
    longest = pc.max(pc.binary_length(made)).as_py()
    return made if longest is None or longest <= (to.length or MAX_VARCHAR) else None


def _all(array: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(array, pattern)).as_py() is True


def _constant(text: str) -> pa.Scalar:
    return pa.scalar(text, TEXT)


# -- functions -----------------------------------------------------------------------------------


def _normal(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    """Values that are their own normal form."""
    array = args[0].array
    return array if array is not None and _all(array, _OWN_NORMAL_FORM) else None


def _serialize(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    array = args[0].array
    return array if (array is not None and array.nbytes <= MAX_VARCHAR) or _short(array) else None


def _short(array: pa.Array | None) -> bool:
    longest = None if array is None else pc.max(pc.binary_length(array)).as_py()
    return longest is not None and longest <= MAX_VARCHAR


def _json_size(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    array = args[0].array
    return None if array is None else pc.binary_length(array).cast(pa.int64())


def _begins(pattern: str) -> Form:
    """A test of a value's first characters; false for NULL."""

    def test(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
        array = args[0].array
        return None if array is None else pc.match_substring_regex(array, pattern).fill_null(False)

    return test


_TYPE_NAMES = pa.array(["object", "array", "string", "boolean", "null", "number"], TEXT)
_FIRST = {ord("{"): 0, ord("["): 1, ord('"'): 2, ord("t"): 3, ord("f"): 3}


def _typeof(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    array = args[0].array
    if array is None or len(array) == 0:
        return None
    _, offsets, data = array.buffers()
    if data is None or data.size == 0:
        return None
    starts = np.frombuffer(offsets, np.int64, len(array), array.offset * 8)
    first = np.frombuffer(data, np.uint8)[np.minimum(starts, data.size - 1)]
    table = np.full(256, 5, np.int64)
    for byte, place in _FIRST.items():
        table[byte] = place
    places = np.where(np.asarray(array.is_null()), 4, table[first])
    return _TYPE_NAMES.take(pa.array(places))


FORMS: dict[str, Form] = {
    "super_normal": _normal,
    "json_serialize": _serialize,
    "json_size": _json_size,
    "json_typeof": _typeof,
    "is_array": _begins(r"^\["),
    "is_object": _begins(r"^\{"),
    "is_varchar": _begins('^"'),
    "is_boolean": _begins("^[tf]"),
    "is_scalar": _begins(r"^[^\[{]"),
    "is_decimal": _begins(r"^-?[0-9]+(\.[0-9]+)?$"),
    "is_float": _begins("^-?[0-9.]+e"),
}
