"""Are two results the same? Rows as multisets, ORDER BY keys in order, numbers by their kind.

    integers, text, dates, booleans, DECIMAL   exact (by value: 1.50 equals 1.5, 2 equals 2.00)
    floats                                     within 1e-9 relatively; NaN equals NaN
    NULL                                       equals NULL only

`difference` answers None or a sentence that says what differs, made for an assertion's message.
Text of CHAR columns is compared without trailing blanks, which mean nothing there.
"""
from __future__ import annotations

import datetime
import decimal
import math
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import sqlglot
from sqlglot import exp

Row = Sequence[Any]
RELATIVE = 1e-9


def difference(ours: Sequence[Row], theirs: Sequence[Row], keys: Sequence[int] = ()) -> str | None:
    """What differs between two results, ordered by the columns at positions `keys`; None if nothing."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows, expected {len(theirs)}; first: {list(ours[:2])} and {list(theirs[:2])}"
    mine = [tuple(map(canonical, row)) for row in ours]
    other = [tuple(map(canonical, row)) for row in theirs]
    for i, (a, b) in enumerate(zip(mine, other)):
        if not all(same(a[k], b[k]) for k in keys):
            return f"row {i} is out of order: {ours[i]}, expected {theirs[i]}"
    floating = {k for row in (*mine, *other) for k, v in enumerate(row) if isinstance(v, float)}
    mine, other = (sorted(rows, key=lambda row: sort_key(row, floating)) for rows in (mine, other))
    for a, b in zip(mine, other):
        if len(a) != len(b) or not all(map(same, a, b)):
            return f"row {a}, expected {b}"
    return None


def canonical(value: Any) -> Any:
    """A value in the one form in which both engines' answers are compared."""
    match value:
        case bool() | None:
            return value
        case int():
            return decimal.Decimal(value)
        case decimal.Decimal():
            return value
        case str():
            return value.rstrip(" ")
        case datetime.datetime() if value.tzinfo is not None:
            return value.astimezone(datetime.UTC)
        case _:
            return value


def same(a: Any, b: Any) -> bool:
    """Equality of two canonical values."""
    if a is None or b is None:
        return a is b
    if isinstance(a, float) or isinstance(b, float):
        if isinstance(a, str) or isinstance(b, str):
            return False
        x, y = float(a), float(b)
        if math.isnan(x) or math.isnan(y):
            return math.isnan(x) and math.isnan(y)
        return math.isclose(x, y, rel_tol=RELATIVE, abs_tol=1e-12)
    if isinstance(a, bool) != isinstance(b, bool):
        return False
    return bool(a == b)


def sort_key(row: Row, floating: Collection[int] = ()) -> tuple[Any, ...]:
    """A total order over rows of any values; floats last, rounded, so that noise does not reorder. The columns
    `floating` are floats on one side at least: numbers there are ordered as such on both."""
    values = [float(v) if k in floating and isinstance(v, decimal.Decimal) else v for k, v in enumerate(row)]
    exact = tuple((k, v is not None, type(v).__name__, str(_plain(v)))
                  for k, v in enumerate(values) if not isinstance(v, float))
    return exact, tuple((math.isnan(v), 0.0 if math.isnan(v) else float(f"{v:.7g}"))
                        for v in values if isinstance(v, float))


def _plain(value: Any) -> Any:
    return value.normalize() if isinstance(value, decimal.Decimal) else value


def difference_of_some(
    ours: Sequence[Row], theirs: Sequence[Row], all_of_theirs: Sequence[Row], keys: Sequence[int],
) -> str | None:
    """What differs where a LIMIT may keep any of several equal rows: the number, the keys, which rows."""
    if len(ours) != len(theirs):
        return f"{len(ours)} rows, expected {len(theirs)}"
    for i, (a, b) in enumerate(zip(ours, theirs)):
        if not all(same(canonical(a[k]), canonical(b[k])) for k in keys):
            return f"row {i} is out of order: {a}, expected {b}"
    surplus = Counter(map(_counted, ours)) - Counter(map(_counted, all_of_theirs))
    return f"not among the right rows: {next(iter(surplus))}" if surplus else None


def _counted(row: Row) -> tuple[Any, ...]:
    return sort_key(tuple(map(canonical, row)))


def without_limit(sql: str) -> str | None:
    """DuckDB's text without its outermost LIMIT, if it has one."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    if not tree.args.get("limit"):
        return None
    tree.set("limit", None)
    return tree.sql(dialect="duckdb")


def order_keys(sql: str, columns: Sequence[str]) -> list[int]:
    """Positions of the output columns that the outermost ORDER BY names (expressions are left out)."""
    order = sqlglot.parse_one(sql, read="redshift").args.get("order")
    positions = {name.lower(): i for i, name in enumerate(columns)}
    keys = []
    for item in order.expressions if order else ():
        key = item.this
        if isinstance(key, exp.Literal) and key.is_int:
            keys.append(int(key.name) - 1)
        elif isinstance(key, exp.Column) and key.name.lower() in positions:
            keys.append(positions[key.name.lower()])
    return keys
