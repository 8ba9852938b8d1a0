"""Reading the details that the history keeps of queries (engine/history/): one StepRun for each step of each query.

A statement of several plans (a MERGE) numbers their streams, segments and operators on; sys_query_detail, which
has a column for it, counts them apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ...records import dataclass
from ..context import Context
from ..history.describe import BEGUN, ENDED, ROWS, SLICE
from ..history.profile import described
from ..history.records import begun

Queries = frozenset[int] | None  # that are asked for
NETWORK_PACKET = 8_880  # bytes of rows in one, as the manual's examples have them


@dataclass(frozen=True, slots=True)
class StepRun:
    """One step of a query that ran. `known`: engine/history/shape.py's step; `shares`: by slice, those that did
    nothing too (describe.py); `plan`: which of the statement's, from 1."""

    query: int
    who: dict[str, Any]
    plan: int
    stream: int
    segment: int
    step: int
    node: int  # operator of EXPLAIN; 0: a load has none
    parent: int  # the operator above it, 0 for none
    known: dict[str, Any]
    shares: list[list[int]]
    memory: int
    spilled: int
    skipped: int
    filtered: bool
    slices: int
    alerts: tuple[str, ...] = ()

    def total(self, figure: int) -> int:
        return sum(share[figure] for share in self.shares)

    @property
    def task(self) -> int:
        """The number of slice 0's task."""
        return self.segment * self.slices

    @property
    def table(self) -> int:
        return int(self.known["tbl"])


def step_runs(context: Context, queries: Queries, *kinds: str, apart: bool = False) -> Iterator[StepRun]:
    """All steps, or those of some kinds. `apart`: the numbers of each plan from 0."""
    for query, details in context.database.history.details(queries):
        yield from _steps(query, details, kinds, apart)


def running_steps(context: Context) -> Iterator[StepRun]:
    """Steps of the queries that run in this process, as far as they have come."""
    for query, running in sorted(context.database.history.running.copy().items()):
        profiles = list(running.context.profiles)
        if profiles and query != context.query_id:
            record = begun(running.context, running.work.kind)
            yield from _steps(query, json.loads(described(record, profiles)), (), False)


def _steps(query: int, details: dict[str, Any], kinds: tuple[str, ...], apart: bool) -> Iterator[StepRun]:
    streams = segments = nodes = 0
    for number, plan in enumerate(details["plans"], start=1):
        for i, known in enumerate(plan["steps"]):
            if not kinds or known["kind"] in kinds:
                yield _run(query, details, number, plan, i, (streams, segments, nodes))
        if not apart:
            streams += 1 + max(s["at"][0] for s in plan["steps"])
            segments += 1 + max(s["at"][1] for s in plan["steps"])
            nodes += len(plan["lines"])


def _run(query: int, who: dict[str, Any], number: int, plan: dict[str, Any], i: int,
         before: tuple[int, int, int]) -> StepRun:
    known = plan["steps"][i]
    memory, spilled, skipped, filtered, shares = plan["did"][i]
    stream, segment, step = known["at"]
    said = tuple(event for s, t, event, _ in plan["alerts"] if (s, t) == (segment, step))
    parent = plan["lines"][known["line"] - 1][1] if known["line"] else 0
    return StepRun(
        query, who, number, stream + before[0], segment + before[1], step,
        known["line"] + before[2] if known["line"] else 0,
        parent + before[2] if parent else 0, known, _filled(known, shares, plan), memory, spilled, skipped,
        bool(filtered), plan["slices"], said,
    )


def _filled(known: dict[str, Any], shares: list[list[int]], plan: dict[str, Any]) -> list[list[int]]:
    """With the slices that did nothing, at their segment's time."""
    if known["leader"]:
        return shares
    there = {share[SLICE]: share for share in shares}
    if len(there) == plan["slices"]:
        return shares
    times = _segment_times(known["at"][1], plan)
    least = min(times.values(), default=(plan["begun"], plan["begun"]))
    return [there.get(i) or [i, 0, 0, *times.get(i, least), 0, 0, 0] for i in range(plan["slices"])]


def _segment_times(segment: int, plan: dict[str, Any]) -> dict[int, tuple[int, int]]:
    """When each slice that did something there began and ended."""
    return {share[SLICE]: (share[BEGUN], share[ENDED])
            for known, did in zip(plan["steps"], plan["did"], strict=True) if known["at"][1] == segment
            for share in did[4]}


def packets(size: int) -> int:
    """Network packets that a cluster would send."""
    return -(-size // NETWORK_PACKET)


__all__ = ["ROWS", "StepRun", "packets", "running_steps", "step_runs"]
