"""The function catalogue: what each function takes and gives. What it *does* is in the engine.

One module per family, each with a tuple FUNCTIONS of `Signature` (signature.py); aggregates in
aggregate.py, window functions in window.py. `resolve(name)` gives a name's signatures, in the order in which they
are tried.

Implementation keys, with argument types as the engine gets them (n = any numeric class, text = VARCHAR,
int = any integer, ts = TIMESTAMP or TIMESTAMPTZ); result types stand in the Call:

    add subtract multiply divide modulo (n, n)    negate abs sign (n)      floor ceil (DECIMAL | DOUBLE)
    round trunc (DOUBLE)                          sqrt exp ln log10 sin cos tan asin acos atan (DOUBLE)
    power (DOUBLE, DOUBLE)
    length octet_length upper lower (text)        substring (text, int [, int])     left right (text, int)
    trim ltrim rtrim (text [, text])              replace (text, text, text)        strpos (text, text)
    concat (text, text)
    date_add_days (DATE, int)                     date_add_months (DATE, int)       ts_add_months (ts, int)
    ts_add_micros (ts, BIGINT)                    add_months (TIMESTAMP, int)       last_day (DATE | ts)
    date_diff_<part> (DATE, DATE), (ts, ts)       date_trunc_<part> (DATE | ts)     extract_<part> (DATE | ts | TIME)
    to_zone from_zone (ts, text)                  convert_timezone (TIMESTAMP, text, text)
    super_* functions: with SUPER arguments (semistructured.py)
    regexp_* and json_* functions: with all arguments (regexp.py, json.py)

All are strict. Everything else (COALESCE, NULLIF, GETDATE ...) is built from other expressions.
"""
from __future__ import annotations

from . import (
    aggregate,
    binary,
    conditional,
    conversion,
    datetime,
    hash,
    hyperloglog,
    json,
    leader,
    math,
    moments,
    ordered,
    regexp,
    semistructured,
    string,
    system,
    window,
)
from .aggregate import Aggregate
from .missing import MISSING, refusal
from .ordered import OrderedFunction, resolve_ordered
from .signature import Signature, Site
from .window import WindowFunction, is_only_window, resolve_window

_FAMILIES = (math, string, regexp, datetime, moments, conversion, conditional, hash, json, semistructured, system,
             binary, leader, hyperloglog)
_PART_KEYS = ("date_diff", "date_trunc", "extract")
_PARTS = ("millennium", "century", "decade", "year", "quarter", "month", "week", "day", "hour", "minute",
          "second", "millisecond", "microsecond")
_FIELDS = (*_PARTS, "dow", "doy", "epoch")

SIGNATURES: tuple[Signature, ...] = tuple(s for family in _FAMILIES for s in family.FUNCTIONS)
_BY_NAME: dict[str, tuple[Signature, ...]] = {}
for _signature in SIGNATURES:
    for _name in _signature.names:
        _BY_NAME[_name] = (*_BY_NAME.get(_name, ()), _signature)
_AGGREGATES: dict[str, Aggregate] = {name: a for a in aggregate.AGGREGATES for name in a.names}

# Keys that Call nodes carry: what the engine has to implement.
KEYS: frozenset[str] = frozenset(
    {"add", "subtract", "multiply", "divide", "modulo", "negate", "date_add_days", "date_add_months",
     "ts_add_months", "ts_add_micros", "add_months", "clock_add", "as_number", "from_number", "round", "trunc", "power",
     "random", "slice_num"}
    | {key for family in (binary, conversion, hash, hyperloglog, json, moments, regexp, semistructured)
       for key in family.KEYS}
    | {s.key for s in SIGNATURES if s.build is None}
    | {f"date_diff_{part}" for part in _PARTS}
    | {f"date_trunc_{part}" for part in _PARTS}
    | {f"extract_{part}" for part in _FIELDS}
)
# Keys whose functions can fail for some argument, and those that are called for every row anew.
FALLIBLE: frozenset[str] = frozenset(s.key for s in SIGNATURES if s.fallible) | {
    "convert_timezone", "to_zone", "from_zone", "print_zoned", "read_zoned", "to_char_zoned", "zone_distance",
    *binary.FALLIBLE, *regexp.FALLIBLE_KEYS, *semistructured.FALLIBLE_KEYS}
UNCACHED: frozenset[str] = frozenset(s.key for s in SIGNATURES if s.volatility == "volatile")
AGGREGATE_KEYS: frozenset[str] = frozenset(a.key for a in aggregate.AGGREGATES)


def resolve(name: str) -> tuple[Signature, ...]:
    """The signatures of a scalar function; empty when there is none of that name."""
    return _BY_NAME.get(name, ())


def resolve_aggregate(name: str) -> Aggregate | None:
    return _AGGREGATES.get(name)


def names() -> tuple[str, ...]:
    """All names, for near-name hints and listings."""
    others = [w.name for w in window.WINDOWS] + [o.name for o in ordered.ORDERED]
    return tuple(sorted({*_BY_NAME, *_AGGREGATES, *others}))


__all__ = [
    "AGGREGATE_KEYS", "Aggregate", "FALLIBLE", "KEYS", "MISSING", "SIGNATURES", "OrderedFunction", "Signature", "Site",
    "UNCACHED", "WindowFunction", "is_only_window", "names", "refusal", "resolve", "resolve_aggregate",
    "resolve_ordered", "resolve_window",
]
