"""The frame clause of a window: ROWS (and RANGE) with their bounds.

    ROWS 3 PRECEDING                                   -3 .. 0
    ROWS UNBOUNDED FOLLOWING                            0 .. None   (where BETWEEN is missing, the current row
                                                                     is the other bound)
    ROWS BETWEEN 2 PRECEDING AND UNBOUNDED FOLLOWING   -2 .. None

Redshift has ROWS only; compatibility 'extended' takes RANGE too, where an offset is a distance between values of the
one ORDER BY column: a number, or an INTERVAL of days and time for dates and times.

    ORDER BY d RANGE INTERVAL '36 hours' PRECEDING     rows whose date lies at most one day before (dates are whole)
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, ProgrammingError
from ...records import dataclass
from ...storage.datetimes import DAY
from ...storage.types import Kind, SqlType
from ..coercion import settle
from ..expressions import Call, Cast, Frame, Literal
from ..intervals import typed
from ..logical import SortKey
from .expressions import ExpressionBinder
from .literals import constant_count

WINDOWING = "42P20"  # windowing_error
MAX_OFFSET = 1 << 62  # further is the same as unbounded
MAX_DIGITS = 18  # of a decimal that is held in 64 bits
NEGATIVE = "invalid preceding or following size in window function"


def bind_frame(e: ExpressionBinder, spec: exp.WindowSpec, order: Sequence[SortKey], position: int | None) -> Frame:
    """The frame of a WindowSpec whose window is in `order`."""
    mode = str(spec.args.get("kind") or "ROWS").lower()
    if mode == "range" and not e.b.context.extended:
        raise NotSupportedError("RANGE clause of window functions not yet implemented", position=position)
    if mode not in ("rows", "range"):
        raise NotSupportedError(f"{mode.upper()} clause of window functions is not supported", position=position)
    if spec.args.get("exclude"):
        raise NotSupportedError("EXCLUDE in a frame clause is not supported", position=position)
    bounds = _Bounds(e, mode, order, position)
    start = bounds.of(spec.args.get("start"), spec.args.get("start_side"), math.ceil)
    if spec.args.get("end") is None:
        following = _side(spec.args.get("start_side")) == "following"
        if following:
            start = bounds.of(spec.args.get("start"), spec.args.get("start_side"), math.floor)
        start, end = ((mode, 0), start) if following else (start, (mode, 0))
    else:
        end = bounds.of(spec.args["end"], spec.args.get("end_side"), math.floor)
    _check(start, end, position)
    return Frame(mode, _offset(start), _offset(end))


Bound = tuple[str, float]  # a word ('preceding', 'following': unbounded) or the mode, with an offset


def _side(side: Any) -> str:
    return str(side or "").lower()


@dataclass(frozen=True, slots=True)
class _Bounds:
    """How the two bounds of a frame are read."""

    e: ExpressionBinder
    mode: str
    order: Sequence[SortKey]
    position: int | None

    def of(self, node: Any, side: Any, whole: Callable[[Fraction], int]) -> Bound:
        """`whole` makes a distance that lies between two values one of theirs."""
        if isinstance(node, str):
            return (_side(side), 0) if node.upper() == "UNBOUNDED" else (self.mode, 0)
        sign = -1 if _side(side) == "preceding" else 1
        if self.mode == "rows":
            count = constant_count(self.e, node, "ROWS")
            if count is None:
                raise ProgrammingError("frame offset must not be null", sqlstate="22004", position=self.position)
            return self.mode, sign * min(count, MAX_OFFSET)
        distance = self._distance(node) * sign
        if self._key().is_float:
            return self.mode, float(distance)
        return self.mode, max(-MAX_OFFSET, min(whole(distance), MAX_OFFSET))

    def _key(self) -> SqlType:
        if len(self.order) != 1:
            raise ProgrammingError("RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
                                   sqlstate=WINDOWING, position=self.position)
        return self.order[0].expr.type

    def _distance(self, node: Any) -> Fraction:
        """An offset in the units that the ORDER BY column's values are held in."""
        type, offset = self._key(), typed(settle(self.e.bind(node)))
        known = offset.operand if isinstance(offset, Cast) and isinstance(offset.operand, Literal) else offset
        if isinstance(known, Call) and known.key == "negate" and isinstance(known.args[0], Literal):
            raise ProgrammingError(NEGATIVE, sqlstate="22013", position=self.position)
        if not isinstance(known, Literal):
            raise NotSupportedError("an offset of RANGE needs a constant", position=self.position)
        if known.value is None:
            raise ProgrammingError("frame offset must not be null", sqlstate="22004", position=self.position)
        number = isinstance(known.value, (int, float)) and math.isfinite(known.value)
        if number and known.value < 0:
            raise ProgrammingError(NEGATIVE, sqlstate="22013", position=self.position)
        if known.type.kind is Kind.INTERVAL_DS and (type.is_temporal or type.is_clock):
            return Fraction(known.value, DAY if type.kind is Kind.DATE else 1)
        numbers = type.is_integer or type.is_float or (type.kind is Kind.DECIMAL and type.precision <= MAX_DIGITS)
        if not numbers or not number or not (known.type.is_exact or known.type.is_float):
            raise NotSupportedError(
                f"RANGE with an offset of type {known.type} is not supported for an ORDER BY column of type {type}",
                position=self.position,
            )
        value = Fraction(known.value) / 10 ** (known.type.scale if known.type.kind is Kind.DECIMAL else 0)
        return value * 10 ** (type.scale if type.kind is Kind.DECIMAL else 0)


def _offset(bound: Bound) -> float | None:
    return None if bound[0] in ("preceding", "following") else bound[1]


def _check(start: Bound, end: Bound, position: int | None) -> None:
    """PostgreSQL's words for bounds in the wrong order."""
    problem = None
    if start[0] == "following":
        problem = "frame start cannot be UNBOUNDED FOLLOWING"
    elif end[0] == "preceding":
        problem = "frame end cannot be UNBOUNDED PRECEDING"
    elif start[0] == "preceding" or end[0] == "following" or start[1] <= end[1]:
        return
    elif start[1] == 0:
        problem = "frame starting from current row cannot have preceding rows"
    elif end[1] == 0:
        problem = "frame starting from following row cannot end with current row"
    elif start[1] > 0 > end[1]:
        problem = "frame starting from following row cannot have preceding rows"
    else:
        problem = "the starting boundary of a frame cannot be greater than its ending boundary"
    raise ProgrammingError(problem, sqlstate=WINDOWING, position=position)
