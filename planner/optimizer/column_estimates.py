"""What is known of a column's values, and the arithmetic of how many rows and values there are."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from ...records import dataclass
from ...storage.types import Physical, SqlType
from ..logical import JoinKind

if TYPE_CHECKING:
    from ...storage.sample import Sample
    from ...storage.schema import ColumnStatistics

DEFAULT_DISTINCT = 200.0  # PostgreSQL's habit for unknown columns
STRING_WIDTH = 16.0


@dataclass(slots=True)
class ColumnEstimate:
    """Shared by all who ask, and never changed (frozen ones take twice as long to make)."""

    distinct: float
    source_rows: float
    low: Any = None
    high: Any = None
    nulls: float = 0.0  # fraction
    width: float = 8.0
    sample: Sample | None = None

    def with_distinct(self, distinct: float) -> ColumnEstimate:
        return ColumnEstimate(
            distinct, self.source_rows, self.low, self.high, self.nulls, self.width, self.sample
        )


def type_width(type: SqlType) -> float:
    if type.physical is Physical.STR:
        return min(STRING_WIDTH, float(type.length or STRING_WIDTH))
    return float(type.storage_bytes)


def of_table(column: ColumnStatistics | None, type: SqlType, rows: float) -> ColumnEstimate:
    """A column of a table of so many rows."""
    if column is None:
        distinct = min(DEFAULT_DISTINCT, rows) if rows else 1.0
        return ColumnEstimate(max(1.0, distinct), rows, width=type_width(type))
    nulls = column.null_count / rows if rows else 0.0
    width = column.average_width if type.physical is Physical.STR else type_width(type)
    return ColumnEstimate(
        max(1.0, column.distinct), max(rows, 1.0), column.low, column.high, nulls, width, column.sample
    )


def joined_rows(kind: JoinKind, left: float, right: float, selectivity: float) -> float:
    """Rows of a join whose condition holds for `selectivity` of all pairs."""
    matches = right * selectivity  # per left row
    match kind:
        case JoinKind.INNER | JoinKind.CROSS:
            return left * matches
        case JoinKind.LEFT:
            return left * max(1.0, matches)
        case JoinKind.RIGHT:
            return right * max(1.0, left * selectivity)
        case JoinKind.FULL:
            return max(left, right, left * matches)
        case JoinKind.SEMI:
            return left * min(1.0, matches)
        case JoinKind.ANTI:
            return left * max(0.05, 1.0 - min(1.0, matches))
        case JoinKind.SINGLE:
            return left
        case _:
            assert_never(kind)


def combined(counts: list[float]) -> float:
    """Combinations of so many values each, damped."""
    first, *others = sorted(counts, reverse=True)
    for count in others:
        first *= max(1.0, count ** (1.0 if len(others) == 1 else 0.7))
    return first


def thinned(distinct: float, source_rows: float, rows: float) -> float:
    """Distinct values left in `rows` of `source_rows` rows."""
    if rows >= source_rows or distinct <= 1.0:
        return max(1.0, min(distinct, rows)) if rows >= 1.0 else 1.0
    per_value = source_rows / distinct
    if per_value > 1e6:
        return min(distinct, max(1.0, rows))
    left: float = distinct * (1.0 - (1.0 - rows / source_rows) ** per_value)
    return max(1.0, min(left, rows))


