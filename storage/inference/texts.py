"""The SQL type of a column of texts: the narrowest that every value of a sample has.

    1, -20            INTEGER; BIGINT beyond nine digits, and where the sample is not the whole file
    007, 12 345       VARCHAR: as numbers they would not be the same texts
    2.50, 10.00       DECIMAL of their scale, if all have one of up to four digits; else DOUBLE PRECISION
    true, f           BOOLEAN
    2024-01-31        DATE; with a time TIMESTAMP, with a zone too TIMESTAMPTZ

Empty fields say nothing. A VARCHAR has room for twice the longest value seen, in steps; at least SHORTEST.
"""
from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ..types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    MAX_VARCHAR,
    TIMESTAMP,
    TIMESTAMPTZ,
    SqlType,
    decimal,
    varchar,
)  # fmt: skip

SHORTEST = 32
_WHOLE = r"^\s*-?(0|[1-9][0-9]{0,18})\s*$"
_SHORT = r"^\s*-?[0-9]{1,9}\s*$"
_SCALED = r"^\s*-?(?:0|[1-9][0-9]*)\.(?P<fraction>[0-9]+)\s*$"
_FLOAT = r"^\s*-?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?\s*$"
_TRUTH = r"^(?i:true|false|t|f|yes|no)$"
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_MOMENT = _DAY + r"[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_ZONED = _MOMENT + r" ?(Z|[-+][0-9]{2}(:?[0-9]{2})?)"
MAX_DIGITS, MAX_SCALE = 18, 4


def type_of(values: pa.Array, whole: bool) -> SqlType:
    """`whole`: the sample is all there is."""
    said = values.filter(pc.not_equal(pc.utf8_trim_whitespace(values), ""))
    if not len(said):
        return text_type(values)
    if _all(said, _WHOLE):
        return INTEGER if whole and _all(said, _SHORT) else BIGINT
    if _all(said, _SCALED):
        return _decimal(said)
    if _all(said, _FLOAT):
        return DOUBLE
    if _all(said, _TRUTH):
        return BOOLEAN
    for pattern, type in ((_DAY, DATE), (_MOMENT, TIMESTAMP), (_ZONED, TIMESTAMPTZ)):
        if _all(said, f"^{pattern}$"):
            return type
    return text_type(values)


def text_type(values: pa.Array) -> SqlType:
    """VARCHAR with room for longer values than these."""
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    return varchar(min(max(SHORTEST, 1 << (2 * longest - 1).bit_length() if longest else 0), MAX_VARCHAR))


def _all(values: pa.Array, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(values, pattern)).as_py())


def _decimal(values: pa.Array) -> SqlType:
    fractions = pc.struct_field(pc.extract_regex(values, _SCALED), "fraction")
    ends = pc.min_max(pc.utf8_length(fractions))
    least, most = ends["min"].as_py(), ends["max"].as_py()
    digits = pc.max(pc.utf8_length(values)).as_py() - 1
    if least == most <= MAX_SCALE and digits <= MAX_DIGITS:
        return decimal(MAX_DIGITS, most)
    return DOUBLE
