"""Joins that keep or test rows of the build side: the probing segment marks the build rows that it meets.

    RIGHT, FULL           probe rows are collected, then build rows without a mark are added with NULLs
    RIGHT_SEMI, _ANTI     nothing is collected; the marked build rows come out, or the others
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..planner.physical import HashJoin, JoinType
from . import sinks
from .cluster import Job
from .collection import Collection, StoredColumn
from .compile.segment import Segment
from .joins import BuildSide
from .rows import Rows, Where, joined, pieces_of
from .steps import step_name

if TYPE_CHECKING:
    from .executor import Executor, Outputs


def marked_join(executor: Executor, node: HashJoin, side: BuildSide, segment: Segment, source: Any, where: Where,
                outputs: Outputs | None = None, booked: HashJoin | None = None) -> Rows:
    """Probe at the end of `segment`, then what the marks tell; `outputs`: if not those used above `node`, `booked`:
    the plan's node if `node` is none."""
    outputs = executor.outputs(node) if outputs is None else outputs
    segment.builder.node = booked = booked or node
    bidx = segment.probe(node, side)
    assert bidx is not None
    semi = node.type in (JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)
    number = len(segment.sides) - 1
    sinks.mark(segment, number)
    if semi:
        executor.cluster.submit(Job(segment, source, sinks.NoSink()))
        return _marked(executor, node, side, where, outputs)
    budget = executor.context.budget
    sink = sinks.CollectSink(segment, outputs, budget, step_name(booked), executor.spool(booked))
    slices = executor.cluster.submit(Job(segment, source, sink))
    matched = [joined([sink.finish(t.sink) for t in tasks], budget) for tasks in slices]
    return _outer(executor, side, Rows(matched, where))


def _marked(executor: Executor, node: HashJoin, side: BuildSide, where: Where, outputs: Outputs) -> Rows:
    """Build rows with a mark (RIGHT_SEMI) or without one (RIGHT_ANTI)."""
    wanted = node.type is JoinType.RIGHT_SEMI
    keep = {c.id for c, _ in outputs}
    parts = []
    for part, marks in zip(side.parts, side.marks, strict=True):
        taken = part.take(np.flatnonzero(marks if wanted else marks == 0))
        taken.columns = [c for c in taken.columns if c.ref.id in keep]
        parts.append(taken)
    if side.shared:
        return _where_probed(executor, Rows(parts, Where.SHARED), where)
    return Rows(parts, Where.SLICES)


def _where_probed(executor: Executor, rows: Rows, where: Where) -> Rows:
    """Rows of a shared build side, each once: over the slices if the probe was there."""
    return executor.on_slices(rows) if where is Where.SLICES else Rows(rows.every(), where)


def _outer(executor: Executor, side: BuildSide, matched: Rows) -> Rows:
    """Add build rows without a match, with NULLs for the probe's columns."""
    lonely = []
    like = pieces_of(matched.part(0))[0].empty().columns
    for part, marks in zip(side.parts, side.marks, strict=True):
        rest = part.take(np.flatnonzero(marks == 0))
        by_id = {c.ref.id: c for c in rest.columns}
        columns: list[StoredColumn] = []
        for column in like:
            known = by_id.get(column.ref.id)
            columns.append(known if known is not None else sinks.null_column(column, rest.rows))
        lonely.append(Collection(columns, rest.rows, rest.heaps))
    extra = Rows(lonely, Where.SHARED if side.shared else Where.SLICES)
    if side.shared:
        extra = _where_probed(executor, extra, matched.where)
    budget = executor.context.budget
    parts = [joined([m, e], budget) for m, e in zip(matched.every(), extra.every(), strict=True)]
    return Rows(parts, matched.where)

