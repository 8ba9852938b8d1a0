"""A physical plan to what workload management may know of it: what it will take, and its shape.

    Outline(estimate, shape, tables, joins, loops, external)

The estimate counts what scans read (rows and bytes, before filters: their cost is in rows) and what breakers keep at
the same time. The shape is what plans have in common that differ in literals alone.

Runs of one cached plan share their nodes' estimates (`props`), as objects, and so their outline: all but the joins,
whose nodes are each plan's own.
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
from ...storage.schema import Table
from ...wlm.requests import Estimate

ENTRY_BYTES = 48  # of a row in a table of groups or build rows, beside its columns
LOOP_ROWS = 1 / 8  # of a pair that a nested loop looks at: it costs less than a row that is read


KEPT = 500  # outlines


@dataclass(slots=True)
class Outline:
    """`joins`, `loops`: ids of the plan's nodes of those kinds; `tables`: those whose rows are read."""

    estimate: Estimate
    shape: int
    tables: tuple[Table, ...]
    joins: tuple[int, ...]
    loops: tuple[int, ...]
    external: bool = False  # reads external tables


_known: dict[tuple[int, type], tuple[object, Outline]] = {}  # by the root's props, which are kept with it


def outline(plan: PhysicalQuery) -> Outline:
    """See the module's text."""
    props = plan.root.props
    key = id(props), type(plan.root)
    known = _known.get(key)
    if known is not None and known[0] is props:
        found = known[1]
        if not found.estimate.joins:
            return found
        nodes = [n for n in _nodes(plan.root) if type(n) is HashJoin]
        joins, loops = ([id(n) for n in nodes if bool(n.probe_keys) is keyed] for keyed in (True, False))
        return Outline(found.estimate, found.shape, found.tables, tuple(joins), tuple(loops), found.external)
    found = _outline(plan)
    if len(_known) >= KEPT:
        _known.pop(next(iter(_known)), None)
    _known[key] = props, found
    return found


def _outline(plan: PhysicalQuery) -> Outline:
    rows = bytes = memory = 0.0
    shape: list[Any] = []
    tables, joins, loops = [], [], []
    external = False
    pending: list[Any] = [plan.root]
    while pending:  # not by `_nodes`: every query comes through here
        node = pending.pop()
        kind = type(node)
        shape.append(kind)
        props = node.props
        if kind is TableScan or kind is ExternalScan:
            rows += props.cost
            bytes += props.cost * props.width
            shape.append(node.table.id)
            if kind is ExternalScan:
                external = True
            else:
                tables.append(node.table)
            continue
        if kind is VirtualTableScan:
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
        pending += _below(node)
    return Outline(
        Estimate(rows, bytes, int(memory), len(joins) + len(loops)), hash(tuple(shape)),
        tuple(tables), tuple(joins), tuple(loops), external,
    )  # fmt: skip


def reads_tables_only(plan: PhysicalQuery) -> bool:
    """Whether it reads neither system tables nor external ones."""
    return not any(isinstance(node, VirtualTableScan | ExternalScan) for node in _nodes(plan.root))


def _nodes(root: Physical) -> Iterator[Any]:
    pending: list[Any] = [root]
    while pending:
        node = pending.pop()
        yield node
        pending += _below(node)


def _below(node: Any) -> tuple[Any, ...]:
    """A node's inputs."""
    below = getattr(node, "input", None)
    if below is not None:
        return (below,)
    if isinstance(node, HashJoin):
        return node.build, node.probe
    if isinstance(node, UnionAll):
        return node.inputs
    return (node.seed, node.step) if isinstance(node, RecursiveUnion) else ()
