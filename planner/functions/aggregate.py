"""Aggregate functions: argument and result types (r_SUM, r_AVG, r_COUNT, r_MIN ...).

    COUNT     anything                BIGINT
    SUM       integers                BIGINT
              NUMERIC(p,s)            NUMERIC(38,s)
              REAL, DOUBLE            DOUBLE PRECISION
    AVG       integers                BIGINT, truncated
              NUMERIC(p,s)            NUMERIC(38,s)
              REAL, DOUBLE            DOUBLE PRECISION
    MIN MAX   all but BOOLEAN         the argument's type
    STDDEV_*  VAR_*  numbers          DOUBLE PRECISION
    BIT_AND   BIT_OR  integers        the argument's type

They ignore NULLs; over no rows all but COUNT are NULL.
"""
from __future__ import annotations

from collections.abc import Callable

from ...records import dataclass
from ...storage.types import BIGINT, BOOLEAN, DOUBLE, MAX_PRECISION, Kind, SqlType, decimal, varchar


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`key` names it for the engine; `result` is None for a type it does not take.

    keeps_distinct: DISTINCT changes the answer (MIN, MAX and the like drop it).
    """

    names: tuple[str, ...]
    key: str
    result: Callable[[SqlType], SqlType | None]
    keeps_distinct: bool = True


def _count(type: SqlType) -> SqlType | None:
    return BIGINT


def _total(type: SqlType) -> SqlType | None:
    kind = type.kind
    if kind.is_integer:
        return BIGINT
    if kind.is_decimal:
        return decimal(MAX_PRECISION, type.scale)
    return DOUBLE if kind.is_float else None


def _ordered(type: SqlType) -> SqlType | None:
    if type.kind is Kind.UNKNOWN:
        return varchar()
    return None if type.kind in (Kind.BOOLEAN, Kind.INTERVAL, Kind.HLLSKETCH) else type


def anything(type: SqlType) -> SqlType | None:
    """Any type but HLLSKETCH, as it is."""
    if type.is_sketch:
        return None
    return varchar() if type.kind is Kind.UNKNOWN else type


def _boolean(type: SqlType) -> SqlType | None:
    return BOOLEAN if type.kind in (Kind.BOOLEAN, Kind.UNKNOWN) or type.is_integer else None


def _deviation(type: SqlType) -> SqlType | None:
    return DOUBLE if type.is_numeric else None


def _bits(type: SqlType) -> SqlType | None:
    return type if type.is_integer else None


DEVIATIONS = ("stddev_samp", "stddev_pop", "var_samp", "var_pop")

AGGREGATES: tuple[Aggregate, ...] = (
    Aggregate(("count",), "count", _count),
    Aggregate(("sum",), "sum", _total),
    Aggregate(("avg",), "avg", _total),
    Aggregate(("min",), "min", _ordered, keeps_distinct=False),
    Aggregate(("max",), "max", _ordered, keeps_distinct=False),
    Aggregate(("any_value",), "any_value", anything, keeps_distinct=False),
    Aggregate(("bool_and",), "bool_and", _boolean, keeps_distinct=False),
    Aggregate(("bool_or",), "bool_or", _boolean, keeps_distinct=False),
    Aggregate(("bit_and",), "bit_and", _bits, keeps_distinct=False),
    Aggregate(("bit_or",), "bit_or", _bits, keeps_distinct=False),
    Aggregate(("stddev", "stddev_samp"), "stddev_samp", _deviation),
    Aggregate(("stddev_pop",), "stddev_pop", _deviation),
    Aggregate(("variance", "var_samp"), "var_samp", _deviation),
    Aggregate(("var_pop",), "var_pop", _deviation),
)
