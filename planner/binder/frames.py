"""The frame clause of a window: ROWS (and RANGE) with their bounds.

    ROWS 3 PRECEDING                                   -3 .. 0
    ROWS UNBOUNDED FOLLOWING                            0 .. None   (where BETWEEN is missing, the current row
                                                                     is the other bound)
    ROWS BETWEEN 2 PRECEDING AND UNBOUNDED FOLLOWING   -2 .. None

Redshift has ROWS only; compatibility 'extended' takes RANGE with UNBOUNDED and CURRENT ROW too.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, ProgrammingError
from ..expressions import Frame
from .expressions import ExpressionBinder
from .literals import constant_count

WINDOWING = "42P20"  # windowing_error
MAX_OFFSET = 1 << 62  # further is the same as unbounded


def bind_frame(e: ExpressionBinder, spec: exp.WindowSpec, position: int | None) -> Frame:
    """The frame of a WindowSpec."""
    mode = str(spec.args.get("kind") or "ROWS").lower()
    if mode == "range" and not e.b.context.extended:
        raise NotSupportedError("RANGE clause of window functions not yet implemented", position=position)
    if mode not in ("rows", "range"):
        raise NotSupportedError(f"{mode.upper()} clause of window functions is not supported", position=position)
    if spec.args.get("exclude"):
        raise NotSupportedError("EXCLUDE in a frame clause is not supported", position=position)
    start = _bound(e, spec.args.get("start"), spec.args.get("start_side"), mode, position)
    if spec.args.get("end") is None:
        following = _side(spec.args.get("start_side")) == "following"
        start, end = ((mode, 0), start) if following else (start, (mode, 0))
    else:
        end = _bound(e, spec.args["end"], spec.args.get("end_side"), mode, position)
    _check(start, end, position)
    return Frame(mode, _offset(start), _offset(end))


Bound = tuple[str, int]  # a word ('preceding', 'following': unbounded) or the mode, with an offset


def _side(side: Any) -> str:
    return str(side or "").lower()


def _bound(e: ExpressionBinder, node: Any, side: Any, mode: str, position: int | None) -> Bound:
    if isinstance(node, str):
        return (_side(side), 0) if node.upper() == "UNBOUNDED" else (mode, 0)
    if mode == "range":
        raise NotSupportedError("RANGE with an offset is not supported", position=position)
    count = constant_count(e, node, "ROWS")
    if count is None:
        raise ProgrammingError("frame offset must not be null", sqlstate="22004", position=position)
    count = min(count, MAX_OFFSET)
    return mode, -count if _side(side) == "preceding" else count


def _offset(bound: Bound) -> int | None:
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
