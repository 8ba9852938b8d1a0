"""Functions of values in order: aggregates with WITHIN GROUP (ORDER BY ...), and the same as window functions.

    LISTAGG([DISTINCT] x [, 'delimiter'])      VARCHAR(65535)     WITHIN GROUP optional (r_LISTAGG)
    MEDIAN(x)                                  as PERCENTILE_CONT(0.5) within group (order by x)
    PERCENTILE_CONT(p)                         interpolated: exact numbers NUMERIC with as many more digits as
                                               p has, so that nothing is rounded; floats DOUBLE PRECISION; dates
                                               and timestamps stay what they are (r_PERCENTILE_CONT)
    PERCENTILE_DISC(p)                         one of the values; Redshift has it with OVER or APPROXIMATE only

NULLs are ignored. `argument`: the values are the argument, not the key of WITHIN GROUP.
"""
from __future__ import annotations

from ...records import dataclass
from ...storage.types import DOUBLE, MAX_PRECISION, Kind, SqlType, decimal

_INTEGER_DIGITS = {Kind.SMALLINT: 5, Kind.INTEGER: 10, Kind.BIGINT: 19}
_MOMENTS = (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ)


@dataclass(frozen=True, slots=True)
class OrderedFunction:
    """`within`: WITHIN GROUP is needed, allowed or refused; `alone`: allowed without OVER."""

    name: str
    key: str
    within: str  # 'needed', 'allowed', 'refused'
    alone: bool = True


ORDERED = (
    OrderedFunction("listagg", "listagg", "allowed"),
    OrderedFunction("median", "percentile_cont", "refused"),
    OrderedFunction("percentile_cont", "percentile_cont", "needed"),
    OrderedFunction("percentile_disc", "percentile_disc", "needed", alone=False),
    OrderedFunction("approximate_percentile_disc", "percentile_disc", "needed"),
)
_BY_NAME = {f.name: f for f in ORDERED}


def resolve_ordered(name: str) -> OrderedFunction | None:
    return _BY_NAME.get(name)


def between_type(type: SqlType, digits: int) -> SqlType | None:
    """What PERCENTILE_CONT gives for values of a type, with a percentile of so many decimal digits."""
    if type.is_float:
        return DOUBLE
    if type.is_exact:
        precision = type.precision if type.kind is Kind.DECIMAL else _INTEGER_DIGITS[type.kind]
        more = min(digits, MAX_PRECISION - precision)
        return decimal(min(precision + more + 1, MAX_PRECISION), type.scale + more)
    return type if type.kind in _MOMENTS else None


def element_type(type: SqlType) -> SqlType | None:
    """What PERCENTILE_DISC gives: numbers, dates and times as they are."""
    return type if type.is_numeric or type.kind in (*_MOMENTS, Kind.TIME, Kind.TIMETZ) else None
