"""A profile as JSON, as the history keeps it and engine/virtual/steps.py and plans.py read it.

    {"slices":  how many          "begun": when
     "lines", "steps":  of the plan's shape (shape.py)
     "details": EXPLAIN's details by line                    "Filter: (k = 3)"
     "did":     by step [memory, bytes spilled, blocks skipped, filtered by a join's keys, shares]
     "alerts":  [segment, step, event, solution]}

    a share   [slice, rows, bytes, begun, ended, rows of row groups opened, of them deleted, blocks]

Times are microseconds since 1970. A step's time is its segment's, as Redshift's is: from the first to the last thing
that a slice did there. Slices that did nothing are left out. Rows that all slices share are one slice's (0).

Bytes are counted where rows are kept or sent. Of a table scan, whose rows may never be in one place, they are its
rows by the planner's width, which is exact but for character columns. Where a step is not compiled into anything
(columns only renamed) its rows are those of the step before it.
"""
from __future__ import annotations

import json
from typing import Any

from ...planner.explain import operators_of
from ...planner.functions.system import LEADER_SLICE
from ...planner.physical import Exchange, TableScan
from ...planner.steps import Counted, Step, StepKind
from ..counters import SliceCounters, StepCounters
from .alerts import Alert, Measured, alerts_of_step
from .profile import Profile
from .shape import KEEPS, Shape, shape_of

Share = list[int]  # see the module's text
SLICE, ROWS, BYTES, BEGUN, ENDED, READ, DELETED, BLOCKS = range(8)
_NOTHING = StepCounters()
_REST = (0, 0, 0, 0, 0)  # of a share that is rows and bytes


def describe(profile: Profile) -> str:
    """All that the history keeps of a plan's run."""
    shape, nodes = shape_of(profile.plan)
    counters = [profile.counters.steps.get(id(node)) for node in nodes]
    shares = _shares(shape, counters, profile)
    _set_times(shape, counters, shares, profile)
    did = [_did(placed.step, counters[placed.node] or _NOTHING, share)
           for placed, share in zip(shape.steps, shares, strict=True)]
    values = {
        "slices": profile.slices,
        "begun": int((profile.counters.begun + profile.counters.clock) * 1e6),
        "details": [" ".join(line.details) for line in operators_of(profile.plan)[0]],
        "did": did,
        "alerts": [[a.segment, a.step, a.event, a.solution] for a in _alerts(profile, shape, shares)],
    }
    return "{" + shape.text + "," + json.dumps(values, separators=(",", ":"))[1:]


def _did(step: Step, counters: StepCounters, shares: list[Share]) -> list[Any]:
    kept = step.kind in KEEPS
    scans = step.counted is Counted.ROWS and step.kind is StepKind.SCAN
    return [counters.memory if kept else 0, counters.bytes_spilled if kept else 0,
            counters.blocks_skipped if scans else 0, int(counters.filtered and scans), shares]


# -- shares --------------------------------------------------------------------------------------


def _shares(shape: Shape, counters: list[StepCounters | None], profile: Profile) -> list[list[Share]]:
    """Every step's shares, times missing."""
    found: list[list[Share]] = []
    for placed in shape.steps:
        known, step = counters[placed.node], placed.step
        if step.counted is Counted.RESULT:
            found.append([[LEADER_SLICE, profile.rows, profile.bytes, *_REST]])
        elif known is not None:
            found.append(_on_leader(step, known) if step.leader else _on_slices(step, known))
        elif step.counted is Counted.ROWS and step.step and found[-1]:
            found.append([[share[SLICE], share[ROWS], 0, *_REST] for share in found[-1]])
        else:  # the statement failed before
            found.append([[LEADER_SLICE, 0, 0, *_REST]] if step.leader else [])
    return found


def _on_slices(step: Step, counters: StepCounters) -> list[Share]:
    """What each slice did."""
    made: list[Share] = []
    for i in sorted(counters.slices):
        share = _figures(step, counters.slices[i])
        if share[ROWS] or share[READ] or share[BLOCKS]:
            share[SLICE] = i
            made.append(share)
    return made


def _on_leader(step: Step, counters: StepCounters) -> list[Share]:
    """What the leader did."""
    total = [LEADER_SLICE, 0, 0, *_REST]
    for each in counters.slices.values():
        share = _figures(step, each)
        for i in range(ROWS, BLOCKS + 1):
            total[i] += share[i]
    if not total[ROWS] and isinstance(step.node, Exchange):  # handed on as they came
        total[ROWS] = sum([s.sent for s in counters.slices.values()])
        total[BYTES] = sum([s.bytes_sent for s in counters.slices.values()])
    return [total]


def _figures(step: Step, share: SliceCounters) -> Share:
    """All of a share but the slice and the times."""
    if step.counted is Counted.SENT:
        return [0, share.sent, share.bytes_sent, *_REST]
    if step.counted is Counted.BUILT:
        return [0, share.built, share.bytes_built, *_REST]
    node = step.node
    if isinstance(node, TableScan) and step.kind is StepKind.SCAN:
        return [0, share.rows, share.rows * node.props.width, 0, 0, share.read, share.deleted, share.blocks]
    return [0, share.rows, share.bytes, *_REST]


# -- times ---------------------------------------------------------------------------------------


def _set_times(shape: Shape, counters: list[StepCounters | None], shares: list[list[Share]], profile: Profile) -> None:
    """Give every share its segment's times on its slice."""
    clock = profile.counters.clock
    before = profile.counters.begun
    for steps in shape.segments:
        spans, finished = _spans(shape, steps, counters)
        begun = min([a for a, _ in spans.values()], default=before)
        ended = max([b for _, b in spans.values()], default=begun)
        ended = max(ended, finished)
        for i in steps:
            leader = shape.steps[i].step.leader
            for share in shares[i]:
                first, last = spans.get(share[SLICE], (begun, ended))
                last = ended if leader else last
                share[BEGUN], share[ENDED] = int((first + clock) * 1e6), int((max(first, last) + clock) * 1e6)
        before = max(before, ended)


def _spans(shape: Shape, steps: tuple[int, ...],
           counters: list[StepCounters | None]) -> tuple[dict[int, tuple[float, float]], float]:
    """When each slice ran native code for these steps; when the last of them that waits for its rows had them."""
    spans: dict[int, tuple[float, float]] = {}
    finished = 0.0
    for i in steps:
        placed = shape.steps[i]
        known = counters[placed.node]
        if known is None or placed.step.counted is not Counted.ROWS:
            continue
        finished = max(finished, known.ended)
        for number, share in known.slices.items():
            if share.begun and not placed.step.leader:
                a, b = spans.get(number, (share.begun, share.ended))
                spans[number] = min(a, share.begun), max(b, share.ended)
    return spans, finished


# -- alerts --------------------------------------------------------------------------------------


def _alerts(profile: Profile, shape: Shape, shares: list[list[Share]]) -> list[Alert]:
    found = [Alert(f"Missing query planner statistics:{name}", "Run the ANALYZE command")
             for name in profile.unanalyzed]
    found += shape.alerts
    for placed, each in zip(shape.steps, shares, strict=True):
        step = placed.step
        if step.kind in (StepKind.SCAN, StepKind.DISTRIBUTE, StepKind.BROADCAST):
            columns = len(step.node.columns) if isinstance(step.node, TableScan) else 1
            rows, read, deleted, blocks = (sum([s[i] for s in each]) for i in (ROWS, READ, DELETED, BLOCKS))
            found += alerts_of_step(Measured(step, rows, read, deleted, blocks // max(columns, 1)), profile.slices)
    return found
