"""Plans of queries that have run, and what they were warned of: stl_explain, stl_plan_info, stl_alert_event_log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...planner.functions.system import LEADER_SLICE
from ...storage.types import BIGINT, DOUBLE, INTEGER, TIMESTAMP, char
from ..context import Context
from ..history.describe import ENDED
from .base import both, clip
from .details import Queries, step_runs
from .stl import moment

Rows = Iterator[tuple[Any, ...]]
PLAN_BYTES = 400
EVENT_BYTES = 1024
_CODE, _STARTUP, _COST, _ROWS, _BYTES = range(3, 8)  # of a line, engine/history/shape.py


def _stl_explain(context: Context, queries: Queries) -> Rows:
    for query, details in context.database.history.details(queries):
        before = 0
        for plan in details["plans"]:
            for (number, parent, text, *_), details_text in zip(plan["lines"], plan["details"], strict=True):
                yield (
                    details["userid"], query, number + before, parent + before if parent else 0,
                    clip(text, PLAN_BYTES), clip(details_text, PLAN_BYTES),
                )  # fmt: skip
            before += len(plan["lines"])


def _stl_plan_info(context: Context, queries: Queries) -> Rows:
    lines: dict[int, list[list[Any]]] = {}
    for query, details in context.database.history.details(queries):
        lines[query] = [line for plan in details["plans"] for line in plan["lines"]]
    for run in step_runs(context, queries):
        if not run.node:
            continue
        line = lines[run.query][run.node - 1]
        yield (
            run.who["userid"], run.query, run.node, run.segment, run.step, int(run.known["leader"]), line[_CODE],
            line[_STARTUP], line[_COST], line[_ROWS], line[_BYTES],
        )  # fmt: skip


def _stl_alert_event_log(context: Context, queries: Queries) -> Rows:
    for query, details in context.database.history.details(queries):
        segments = 0
        for plan in details["plans"]:
            ended = max((share[ENDED] for did in plan["did"] for share in did[4]), default=plan["begun"])
            for segment, step, event, solution in plan["alerts"]:
                whole = segment < 0
                yield (
                    details["userid"], query, LEADER_SLICE if whole else 0, segment if whole else segment + segments,
                    step, details["pid"], details["xid"], clip(event, EVENT_BYTES), clip(solution, EVENT_BYTES),
                    moment(ended),
                )  # fmt: skip
            segments += 1 + max(s["at"][1] for s in plan["steps"])


TABLES = (
    *both(
        "explain",
        (("userid", INTEGER), ("query", INTEGER), ("nodeid", INTEGER), ("parentid", INTEGER),
         ("plannode", char(PLAN_BYTES)), ("info", char(PLAN_BYTES))),
        _stl_explain,
    ),
    *both(
        "plan_info",
        (
            ("userid", INTEGER), ("query", INTEGER), ("nodeid", INTEGER), ("segment", INTEGER), ("step", INTEGER),
            ("locus", INTEGER), ("plannode", INTEGER), ("startupcost", DOUBLE), ("totalcost", DOUBLE),
            ("rows", BIGINT), ("bytes", BIGINT),
        ),
        _stl_plan_info,
    ),
    *both(
        "alert_event_log",
        (
            ("userid", INTEGER), ("query", INTEGER), ("slice", INTEGER), ("segment", INTEGER), ("step", INTEGER),
            ("pid", INTEGER), ("xid", BIGINT), ("event", char(EVENT_BYTES)), ("solution", char(EVENT_BYTES)),
            ("event_time", TIMESTAMP),
        ),
        _stl_alert_event_log,
    ),
)  # fmt: skip
