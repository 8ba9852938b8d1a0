"""Which columns of each plan node's output are used above it.

A scan's columns serve its filter as well as its parents; a join's keys end at the join. Only what is used above
is collected, hashed into payloads or moved between slices:

    required(root, columns)  ->  for each node the ids of its columns that are needed

A subplan that several parents read (Shared) gets the union.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import assert_never

from ..planner.expressions import ColumnId, ColumnRef, Expr
from ..planner.physical import (
    ConstantRows,
    Exchange,
    ExternalScan,
    FilterRows,
    HashAggregate,
    HashJoin,
    InsertRows,
    LimitRows,
    Physical,
    ProjectColumns,
    RecursiveUnion,
    Shared,
    SortRows,
    TableScan,
    UnionAll,
    UnnestRows,
    VirtualTableScan,
    WindowRows,
    WorkingTable,
)
from ..planner.traverse import children
from ..records import dataclass


@dataclass(slots=True)
class Needs:
    """columns: by id(node); shared: the one input that all uses of a Shared id read."""

    columns: dict[int, set[ColumnId]] = field(default_factory=dict)
    shared: dict[int, Physical] = field(default_factory=dict)


def required(root: Physical, columns: Iterable[ColumnRef]) -> Needs:
    needs = Needs()
    _walk(root, {c.id for c in columns}, needs)
    return needs


def _used(exprs: Iterable[Expr], into: set[ColumnId]) -> set[ColumnId]:
    for expr in exprs:
        if isinstance(expr, ColumnRef):
            into.add(expr.id)
        else:
            _used(children(expr), into)
    return into


def _walk(node: Physical, wanted: set[ColumnId], needs: Needs) -> None:
    known = needs.columns.get(id(node))
    if known is not None:
        wanted = wanted | known
    needs.columns[id(node)] = wanted
    match node:
        case TableScan() | ExternalScan() | VirtualTableScan() | ConstantRows() | WorkingTable():
            return
        case RecursiveUnion():
            needs.columns[id(node)] = {c.id for c in node.columns}
            _walk(node.seed, {c.id for c in node.seed_feed}, needs)
            _walk(node.step, {c.id for c in node.step_feed}, needs)
        case FilterRows():
            _walk(node.input, _used([node.predicate], set(wanted)), needs)
        case ProjectColumns():
            _walk(node.input, _used([e for _, e in node.columns], set()), needs)
        case HashJoin():
            both = _used([] if node.residual is None else [node.residual], set(wanted))
            _walk(node.probe, _used(node.probe_keys, set(both)), needs)
            _walk(node.build, _used(node.build_keys, set(both)), needs)
        case HashAggregate():
            used = _used([e for _, e in node.groups], set())
            for _, call in node.aggregates:
                _used(call.args, used)
            _walk(node.input, used, needs)
        case SortRows():
            _walk(node.input, _used([k.expr for k in node.keys], set(wanted)), needs)
        case WindowRows():
            used = _used(node.partition, wanted - {ref.id for ref, _ in node.calls})
            if any(window.by_peers for _, window in node.calls):  # else the rows' order is all that counts
                _used([k.expr for k in node.order], used)
            for _, window in node.calls:
                _used(window.args, used)
            _walk(node.input, used, needs)
        case UnnestRows():
            _walk(node.input, _used([node.value], wanted - {ref.id for ref in node.made}), needs)
        case LimitRows():
            _walk(node.input, wanted, needs)
        case InsertRows():
            _walk(node.input, {ref.id for ref, _ in node.columns}, needs)
        case Exchange():
            used = _used(node.keys, set(wanted))
            _walk(node.input, _used([k.expr for k in node.merge_keys], used), needs)
        case UnionAll():
            for child, feed in zip(node.inputs, node.feeds, strict=True):
                _walk(child, {f.id for f in feed}, needs)
        case Shared():
            source = needs.shared.setdefault(node.id, node.input)
            _walk(source, {old.id for _, old in node.columns}, needs)
        case _:
            assert_never(node)
