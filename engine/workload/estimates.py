"""A physical plan to what workload management may know of it: what it will take, its shape, what leads nowhere near
the slices.

    Outline(estimate, shape, leader, scans, joins, loops)

The estimate counts what scans read (rows and bytes, before filters: their cost is in rows) and what breakers keep at
the same time. The shape is what plans have in common that differ in literals alone.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...planner.physical import (
    Exchange,
    ExternalScan,
    HashAggregate,
    HashJoin,
    Physical,
    PhysicalQuery,
    RecursiveUnion,
    SortRows,
    TableScan,
    UnionAll,
    VirtualTableScan,
    WindowRows,
)
from ...records import dataclass
from ...wlm.requests import Estimate
from ..virtual import VIRTUAL_TABLES

ENTRY_BYTES = 48  # of a row in a table of groups or build rows, beside its columns
LOOP_ROWS = 1 / 8  # of a pair that a nested loop looks at: it costs less than a row that is read


@dataclass(slots=True)
class Outline:
    """`scans`, `joins`, `loops`: ids of the plan's nodes of those kinds; `leader`: slices have no part in it."""

    estimate: Estimate
    shape: int
    leader: bool
    scans: tuple[int, ...]
    joins: tuple[int, ...]
    loops: tuple[int, ...]


def outline(plan: PhysicalQuery) -> Outline:
    """See the module's text."""
    rows = bytes = memory = 0.0
    shape: list[Any] = []
    scans, joins, loops = [], [], []
    leader = True
    for node in _nodes(plan.root):
        kind = type(node)
        shape.append(kind)
        props = node.props
        if kind is TableScan or kind is ExternalScan:
            rows += props.cost
            bytes += props.cost * props.width
            shape.append(node.table.id)
            scans.append(id(node))
            leader = False
        elif kind is VirtualTableScan:
            leader = leader and VIRTUAL_TABLES[node.name].leader_only
            shape.append(node.name)
        elif kind is HashJoin:
            build = node.build.props
            memory += build.rows * (build.width + ENTRY_BYTES)
            if node.probe_keys:
                joins.append(id(node))
            else:
                rows += node.probe.props.rows * build.rows * LOOP_ROWS
                loops.append(id(node))
        elif kind is HashAggregate:
            memory += props.rows * (props.width + ENTRY_BYTES)
        elif kind is SortRows or kind is WindowRows:
            memory += props.rows * props.width
        elif kind is Exchange:
            shape.append(node.move)
    return Outline(
        Estimate(rows, bytes, int(memory), len(joins) + len(loops)), hash(tuple(shape)), leader,
        tuple(scans), tuple(joins), tuple(loops),
    )  # fmt: skip


def has_virtual(plan: PhysicalQuery) -> bool:
    """Whether it reads system tables."""
    return any(isinstance(node, VirtualTableScan) for node in _nodes(plan.root))


def _nodes(root: Physical) -> Iterator[Any]:
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, HashJoin):
            pending += (node.build, node.probe)
        elif isinstance(node, UnionAll):
            pending += node.inputs
        elif isinstance(node, RecursiveUnion):
            pending += (node.seed, node.step)
        elif (below := getattr(node, "input", None)) is not None:
            pending.append(below)
