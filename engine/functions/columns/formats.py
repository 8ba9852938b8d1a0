"""TO_CHAR of timestamps over columns: the format is taken apart once, each field is an integer per row that
points into a table of its texts, and the fields are joined side by side.

    'DD Mon YYYY'   ->   day of month   ' '   month   ' '   year
                         ['01', ..., '31']     ['Jan', ...]

A table has a text for each value that the field has in this batch; it is written by the row form
(date_format.py), from any moment of the batch with that value.
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ....storage.types import SqlType
from .. import date_format
from ..base import DAY, FIRST_DAY, LAST_DAY
from ..datetime_tokens import Token, parse_format
from ..text import EPOCH
from .argument import Argument, Form, constants

TEXT = pa.large_string()
DENSE = 1 << 20  # numbers within such a range are told apart by a table, others by sorting
_CLOCK = {"HH24": 3_600_000_000, "HH12": 3_600_000_000, "HH": 3_600_000_000, "MI": 60_000_000, "SS": 1_000_000}
_HALF_DAYS = ("AM", "PM", "A.M.", "P.M.")
_OF_MONTH = ("MM", "MONTH", "MON", "RM", "Q")
_OF_YEAR = ("YYYY", "YYY", "YY", "Y", "Y,YYY", "CC")
_OF_WEEK = ("D", "ID", "DAY", "DY")
_CONSTANT = ("TZ", "OF", "AD", "BC", "A.D.", "B.C.")


def _to_char(args: Sequence[Argument], types: Sequence[SqlType], to: SqlType) -> pa.Array | None:
    given, micros = constants(args[1:]), args[0].numbers()
    if given is None or micros is None or args[0].array is None or len(micros) == 0:
        return None
    array = args[0].array
    if array.null_count:
        micros = np.where(np.asarray(array.is_valid()), micros, 0)
    if not (int(micros.min()) >= FIRST_DAY * DAY and int(micros.max()) < (LAST_DAY + 1) * DAY):
        return None
    columns: list[Any] = []
    for part in parse_format(given[0]):
        columns.append(pa.scalar(part, TEXT) if isinstance(part, str) else _field(part, micros))
    if not columns:
        return None
    joined = pc.binary_join_element_wise(*columns, pa.scalar("", TEXT))
    if isinstance(joined, pa.Scalar):
        joined = pa.array([joined.as_py()] * len(micros), TEXT)
    return pc.if_else(array.is_null(), pa.scalar(None, TEXT), joined) if array.null_count else joined


def _field(token: Token, micros: np.ndarray) -> pa.Array:
    """A field's text for each row."""
    examples, places = _distinct(_group(token.name, micros))
    texts = [
        date_format.field_text(token, EPOCH + timedelta(microseconds=m)) for m in micros[examples].tolist()
    ]
    return pa.array(texts, TEXT).take(pa.array(places))


def _distinct(group: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a row of each distinct number, the number's place among these for each row)."""
    low, high = int(group.min()), int(group.max())
    if high - low > DENSE:
        _, examples, places = np.unique(group, return_index=True, return_inverse=True)
        return examples, places.reshape(-1)
    row_of = np.full(high - low + 1, -1, np.int64)
    row_of[group - low] = np.arange(len(group))
    there = np.flatnonzero(row_of >= 0)
    place_of = np.empty(len(row_of), np.int64)
    place_of[there] = np.arange(len(there))
    return row_of[there], place_of[group - low]


def _group(name: str, micros: np.ndarray) -> np.ndarray:
    """A number per row: equal numbers print the same field."""
    if name in _CLOCK:
        unit = _CLOCK[name]
        return micros // unit % (24 if unit == 3_600_000_000 else 60)
    if name == "MS":
        return micros // 1000 % 1000
    if name == "US":
        return micros % 1_000_000
    if name in _HALF_DAYS:
        return micros // (DAY // 2) % 2
    if name == "SSSS":
        return micros // 1_000_000 % 86_400
    if name in _CONSTANT:
        return np.zeros(len(micros), np.int64)
    days = micros // DAY
    if name in _OF_WEEK:
        return days % 7
    if name in _OF_MONTH or name in _OF_YEAR:
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return months % 12 if name in _OF_MONTH else months // 12
    return days


FORMS: dict[str, Form] = {"to_char_datetime": _to_char}
