"""Window functions: what they take, what they give, which parts of OVER they need or refuse (r_WF_*).

    ROW_NUMBER                     BIGINT             ORDER BY optional, no frame
    RANK DENSE_RANK                INTEGER            the same; without ORDER BY all rows are peers
    PERCENT_RANK CUME_DIST         DOUBLE PRECISION   the same
    NTILE(n)                       BIGINT             the same
    LAG LEAD(x [, offset])         x's type           ORDER BY required, no frame, IGNORE NULLS
    FIRST_VALUE LAST_VALUE(x)      x's type           framed, IGNORE NULLS
    NTH_VALUE(x, n)                x's type           framed, IGNORE NULLS
    RATIO_TO_REPORT(x)             DOUBLE PRECISION   neither ORDER BY nor frame
    SUM AVG COUNT MIN MAX STDDEV_* VAR_*              framed; SUM and AVG of BIGINT are NUMERIC here
    LISTAGG MEDIAN PERCENTILE_*    see ordered.py     neither; their order stands in WITHIN GROUP

A framed function with an ORDER BY must have a frame clause in Redshift (with compatibility 'extended' it gets
SQL's: RANGE UNBOUNDED PRECEDING).
"""
from __future__ import annotations

import enum
from collections.abc import Callable

from ...records import dataclass
from ...storage.types import BIGINT, DOUBLE, INTEGER, MAX_PRECISION, Kind, SqlType, decimal
from .aggregate import AGGREGATES, anything


class Order(enum.Enum):
    """What a function says of ORDER BY in its OVER clause."""

    OPTIONAL = "optional"
    REQUIRED = "required"
    REFUSED = "refused"


Result = Callable[[SqlType], "SqlType | None"]


@dataclass(frozen=True, slots=True)
class WindowFunction:
    """`key` names it for the engine; `result`: by the first argument's type (None: it does not take that type);
    `arguments`: fewest and most; `framed`: computed over a frame; `nulls`: takes IGNORE NULLS;
    `counted`: the second argument is a number of rows."""

    name: str
    key: str
    result: Result
    arguments: tuple[int, int] = (1, 1)
    order: Order = Order.OPTIONAL
    framed: bool = False
    nulls: bool = False
    extended: bool = False  # not among the manual's window functions


def _fixed(type: SqlType) -> Result:
    return lambda _: type


def _total(type: SqlType) -> SqlType | None:
    """SUM and AVG: wider than the aggregates of a BIGINT."""
    if type.kind is Kind.BIGINT:
        return decimal(MAX_PRECISION, 0)
    return _PLAIN["sum"].result(type)


_PLAIN = {name: a for a in AGGREGATES for name in a.names}
_OF_THE_MANUAL = ("count", "sum", "avg", "min", "max", "stddev", "stddev_samp", "stddev_pop", "variance",
                  "var_samp", "var_pop")
_RESULTS: dict[str, Result] = {"sum": _total, "avg": _total, "min": anything, "max": anything}
_AGGREGATES = tuple(
    WindowFunction(name, a.key, _RESULTS.get(name, a.result), framed=True, extended=name not in _OF_THE_MANUAL)
    for name, a in _PLAIN.items()
)
_NONE, _TWO = (0, 0), (2, 2)

WINDOWS: tuple[WindowFunction, ...] = (
    WindowFunction("row_number", "row_number", _fixed(BIGINT), _NONE),
    WindowFunction("rank", "rank", _fixed(INTEGER), _NONE),
    WindowFunction("dense_rank", "dense_rank", _fixed(INTEGER), _NONE),
    WindowFunction("percent_rank", "percent_rank", _fixed(DOUBLE), _NONE),
    WindowFunction("cume_dist", "cume_dist", _fixed(DOUBLE), _NONE),
    WindowFunction("ntile", "ntile", lambda t: BIGINT if t.is_integer else None),
    WindowFunction("lag", "lag", anything, (1, 2), Order.REQUIRED, nulls=True),
    WindowFunction("lead", "lead", anything, (1, 2), Order.REQUIRED, nulls=True),
    WindowFunction("first_value", "first_value", anything, framed=True, nulls=True),
    WindowFunction("last_value", "last_value", anything, framed=True, nulls=True),
    WindowFunction("nth_value", "nth_value", anything, _TWO, framed=True, nulls=True),
    WindowFunction("ratio_to_report", "ratio_to_report", lambda t: DOUBLE if t.is_numeric else None,
                   order=Order.REFUSED),
    *_AGGREGATES,
)
_BY_NAME = {w.name: w for w in WINDOWS}


def resolve_window(name: str) -> WindowFunction | None:
    return _BY_NAME.get(name)


def is_only_window(name: str) -> bool:
    """A function that there is with OVER only."""
    return name in _BY_NAME and name not in _PLAIN
