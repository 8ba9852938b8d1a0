"""Character functions over columns."""
from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ....storage.types import MAX_VARCHAR, SqlType
from .argument import Argument, Form, constants, like

TEXT = pa.large_string()


def _replace(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    given = constants(args[1:])
    if given is None or args[0].array is None:
        return None
    if not given[0]:
        return args[0].array
    return pc.replace_substring(args[0].array, given[0], given[1])


def _pad(compute: object) -> Form:
    """LPAD, RPAD with one character: longer text is cut first."""

    def form(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
        given = constants(args[1:])
        if given is None or args[0].array is None:
            return None
        length, fill = max(given[0], 0), given[1] if len(given) > 1 else " "
        if len(fill) != 1 or length > MAX_VARCHAR:
            return None
        cut = pc.utf8_slice_codeunits(args[0].array, 0, length)
        return compute(cut, length, fill)  # type: ignore[operator]

    return form


def _repeat(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    given = constants(args[1:])
    if given is None or args[0].array is None:
        return None
    array, count = args[0].array, max(given[0], 0)
    longest = pc.max(pc.binary_length(array)).as_py() or 0
    return pc.binary_repeat(array, count) if longest * count <= MAX_VARCHAR else None


def _reverse(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    return None if args[0].array is None else pc.utf8_reverse(args[0].array)


def _split_part(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    """The pieces of all rows stand one behind the other: a row's n-th is found by its offset."""
    given = constants(args[1:])
    if given is None or args[0].array is None or given[1] < 1 or not given[0]:
        return None
    delimiter, part = given
    array = args[0].array
    pieces = pc.split_pattern(array, delimiter, max_splits=part)
    offsets = np.asarray(pieces.offsets)
    at = offsets[:-1] + part - 1
    there = at < offsets[1:]
    found = pieces.values.take(pa.array(np.where(there, at, 0), mask=~there))
    return pc.if_else(array.is_null(), pa.scalar(None, TEXT), pc.coalesce(found, pa.scalar("", TEXT)))


def _ascii(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    """Of texts that begin with an ASCII character."""
    array = args[0].array
    if array is None or len(array) == 0:
        return None
    offsets = np.frombuffer(array.buffers()[1], np.int64, len(array) + 1, array.offset * 8)
    data = array.buffers()[2]
    raw = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    empty = offsets[1:] == offsets[:-1]
    first = raw[np.minimum(offsets[:-1], len(raw) - 1)].astype(np.int64)
    if (first[~empty] >= 128).any():
        return None
    return like(array, np.where(empty, 0, first))


@lru_cache(maxsize=1)
def _characters() -> pa.Array:
    """Made when first needed: pa.array imports pandas."""
    return pa.array([None, *(chr(i) for i in range(1, 128))], TEXT)


def _chr(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    codes = args[0].numbers()
    if codes is None or args[0].array is None:
        return None
    places = np.where((codes > 0) & (codes < 128), codes, 0)
    return _characters().take(like(args[0].array, places))


FORMS: dict[str, Form] = {
    "ascii": _ascii,
    "chr": _chr,
    "lpad": _pad(pc.utf8_lpad),
    "rpad": _pad(pc.utf8_rpad),
    "repeat": _repeat,
    "replace": _replace,
    "reverse": _reverse,
    "split_part": _split_part,
}
