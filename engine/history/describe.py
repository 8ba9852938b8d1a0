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

A statement that still runs can be described too: counters grow meanwhile, so they are copied where they are gone
through.
"""
from __future__ import annotations

import json
from typing import Any

from ...planner.explain import operators_of
from ...planner.functions.system import LEADER_SLICE
from ...planner.physical import Exchange
from ...planner.steps import Counted, StepKind
from ..counters import SliceCounters, StepCounters
from .alerts import LEAST_ROWS, Alert, Measured, alerts_of_step
from .profile import LoadProfile, Profile
from .shape import Placed, Shape, load_step, shape_of

Share = list[int]  # see the module's text
SLICE, ROWS, BYTES, BEGUN, ENDED, READ, DELETED, BLOCKS = range(8)
_NOTHING = StepCounters()
_MOVES = (StepKind.DISTRIBUTE, StepKind.BROADCAST)
_REST = (0, 0, 0, 0, 0)  # of a share that is rows and bytes


def describe(profile: Profile | LoadProfile) -> str:
    """All that the history keeps of a plan's run, or of a load's."""
    if isinstance(profile, LoadProfile):
        return _load(profile)
    shape, nodes = shape_of(profile.plan)
    counters = [profile.counters.steps.get(id(node)) for node in nodes]
    shares = _shares(shape, counters, profile)
    _set_times(shape, counters, shares, profile)
    did = [_did(placed, counters[placed.node] or _NOTHING, share)
           for placed, share in zip(shape.steps, shares, strict=True)]
    values = {
        "slices": profile.slices,
        "begun": int((profile.counters.begun + profile.counters.clock) * 1e6),
        "details": [" ".join(line.details) for line in operators_of(profile.plan)[0]],
        "did": did,
        "alerts": [[a.segment, a.step, a.event, a.solution] for a in _alerts(profile, shape, shares)],
    }
    return "{" + shape.text + "," + json.dumps(values, separators=(",", ":"))[1:]


def _load(profile: LoadProfile) -> str:
    """One insert or delete step, with no line of EXPLAIN."""
    begun, ended = int(profile.began * 1e6), int(profile.ended * 1e6)
    shares = [[i, rows, 0, begun, ended, 0, 0, 0] for i, rows in enumerate(profile.rows) if rows]
    step = load_step(StepKind(profile.kind), profile.table)
    return json.dumps({
        "lines": [], "steps": [step], "slices": len(profile.rows), "begun": begun, "details": [],
        "did": [[0, 0, 0, 0, shares]], "alerts": [],
    }, separators=(",", ":"))  # fmt: skip


def _did(placed: Placed, counters: StepCounters, shares: list[Share]) -> list[Any]:
    if placed.keeps:
        return [counters.memory, counters.bytes_spilled, 0, 0, shares]
    if placed.scans:
        return [0, 0, counters.blocks_skipped, int(counters.filtered), shares]
    return [0, 0, 0, 0, shares]


# -- shares --------------------------------------------------------------------------------------


def _shares(shape: Shape, counters: list[StepCounters | None], profile: Profile) -> list[list[Share]]:
    """Every step's shares, times missing."""
    found: list[list[Share]] = []
    for placed in shape.steps:
        known, counted = counters[placed.node], placed.counted
        if counted is Counted.RESULT:
            found.append([[LEADER_SLICE, profile.rows, profile.bytes, *_REST]])
        elif known is not None:
            shares = [_share(placed, i, known.slices[i]) for i in sorted(known.slices)]
            if placed.leader:
                found.append([_on_leader(placed, known, shares)])
            else:
                found.append([s for s in shares if s[ROWS] or s[READ]])
        elif counted is Counted.ROWS and placed.step.step and found[-1]:
            found.append([[share[SLICE], share[ROWS], 0, *_REST] for share in found[-1]])
        else:  # the statement failed before
            found.append([[LEADER_SLICE, 0, 0, *_REST]] if placed.leader else [])
    return found


def _share(placed: Placed, i: int, share: SliceCounters) -> Share:
    """What slice `i` did."""
    if placed.scans:
        return [i, share.rows, share.rows * placed.width, 0, 0, share.read, share.deleted, share.blocks]
    if placed.counted is Counted.SENT:
        return [i, share.sent, share.bytes_sent, *_REST]
    if placed.counted is Counted.BUILT:
        return [i, share.built, share.bytes_built, *_REST]
    return [i, share.rows, share.bytes, *_REST]


def _on_leader(placed: Placed, counters: StepCounters, shares: list[Share]) -> Share:
    """All together."""
    rows, size = sum([s[ROWS] for s in shares]), sum([s[BYTES] for s in shares])
    if isinstance(placed.step.node, Exchange):
        size = sum([s.bytes_sent for s in list(counters.slices.values())])
        rows = rows or sum([s.sent for s in list(counters.slices.values())])  # handed on as they came
    return [LEADER_SLICE, rows, size, *_REST]


# -- times ---------------------------------------------------------------------------------------


def _set_times(shape: Shape, counters: list[StepCounters | None], shares: list[list[Share]], profile: Profile) -> None:
    """Give every share its segment's times on its slice."""
    clock = profile.counters.clock
    before = profile.counters.begun
    for steps in shape.segments:
        spans, finished = _spans(shape, steps, counters)
        begun = min([a for a, _ in spans.values()], default=before)
        ended = max([finished, begun, *[b for _, b in spans.values()]])
        for i in steps:
            for share in shares[i]:
                first, last = spans.get(share[SLICE]) or (begun, ended)
                share[BEGUN], share[ENDED] = int((first + clock) * 1e6), int((last + clock) * 1e6)
        if ended > before:
            before = ended


def _spans(shape: Shape, steps: tuple[int, ...],
           counters: list[StepCounters | None]) -> tuple[dict[int, tuple[float, float]], float]:
    """When each slice ran native code for these steps; when the last of them that waits for its rows had them."""
    spans: dict[int, tuple[float, float]] = {}
    finished = 0.0
    for i in steps:
        placed = shape.steps[i]
        known = counters[placed.node]
        if known is None or placed.again or placed.counted not in (Counted.ROWS, Counted.SENT):
            continue
        finished = max(finished, known.ended)
        own = placed.counted is Counted.ROWS and not placed.leader
        for number, share in list(known.slices.items()) if own else ():
            if share.begun:
                a, b = spans.get(number) or (share.begun, share.ended)
                spans[number] = min(a, share.begun), max(b, share.ended)
    return spans, finished


# -- alerts --------------------------------------------------------------------------------------


def _alerts(profile: Profile, shape: Shape, shares: list[list[Share]]) -> list[Alert]:
    found = [Alert(f"Missing query planner statistics:{name}", "Run the ANALYZE command")
             for name in profile.unanalyzed]
    found += shape.alerts
    for placed, each in zip(shape.steps, shares, strict=True):
        if placed.scans or placed.step.kind in _MOVES:
            rows, read, deleted, blocks = (sum([s[i] for s in each]) for i in (ROWS, READ, DELETED, BLOCKS))
            if max(rows, read) >= LEAST_ROWS:
                step = Measured(placed.step, rows, read, deleted, blocks // placed.columns)
                found += alerts_of_step(step, profile.slices)
    return found
