"""The name of a plan's step, for messages: what needs memory, what is being done.

    HashJoin(... TableScan(orders))   ->   hash join with scan of orders
"""
from __future__ import annotations

from typing import assert_never

from ..planner.physical import (
    ConstantRows,
    Exchange,
    ExternalScan,
    FilterRows,
    HashAggregate,
    HashJoin,
    InsertRows,
    LimitRows,
    Move,
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

_MOVES = {
    Move.DISTRIBUTE: "distribution of ", Move.BROADCAST: "broadcast of ", Move.GATHER: "",
    Move.ROUND_ROBIN: "distribution of ",
}


def step_name(node: Physical) -> str:
    """What the step does, in a few words."""
    match node:
        case TableScan():
            return f"scan of {node.table.name}"
        case ExternalScan():
            return f"scan of files of {node.table.name}"
        case VirtualTableScan():
            return f"scan of {node.name}"
        case FilterRows() | ProjectColumns() | LimitRows():
            return step_name(node.input)
        case HashJoin():
            return f"{'hash join' if node.probe_keys else 'nested loop'} with {step_name(node.build)}"
        case HashAggregate():
            return "aggregate"
        case SortRows():
            return "sort"
        case WindowRows():
            return "window"
        case UnnestRows():
            return "unnest"
        case Exchange():
            return _MOVES[node.move] + step_name(node.input)
        case UnionAll():
            return "append"
        case Shared():
            return f"common table {node.id}"
        case ConstantRows():
            return "values"
        case InsertRows():
            return f"insert into {node.table.name}"
        case RecursiveUnion():
            return "recursive union"
        case WorkingTable():
            return f"scan of {node.name}"
        case _:
            assert_never(node)
