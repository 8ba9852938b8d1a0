"""Rebuilding physical plans with other expressions; nodes in which nothing changed stay the same objects.

A shared subplan is one object with several readers, and remains so.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, assert_never

from .columns import physical_inputs
from .expressions import ColumnRef, Expr
from .logical import SortKey
from .physical import (
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

ExprFunction = Callable[[Expr], Expr]


def walk_physical(root: Physical) -> list[Physical]:
    """Every node once."""
    seen: set[int] = set()
    stack, found = [root], []
    while stack:
        node = stack.pop()
        if id(node) not in seen:
            seen.add(id(node))
            found.append(node)
            stack.extend(physical_inputs(node))
    return found


def expressions_of(node: Physical) -> Sequence[Expr]:
    """The expressions that stand in this node itself."""
    return _EXPRESSIONS[node.__class__](node)


def _of_scan(node: TableScan | ExternalScan) -> Sequence[Expr]:
    return node.pruning if node.filter is None else (node.filter, *node.pruning)


def _of_join(node: HashJoin) -> Sequence[Expr]:
    keys = node.probe_keys + node.build_keys
    return keys if node.residual is None else (*keys, node.residual)


_EXPRESSIONS: dict[type, Callable[[Any], Sequence[Expr]]] = {
    TableScan: _of_scan,
    ExternalScan: _of_scan,
    ConstantRows: lambda node: [expr for row in node.rows for expr in row],
    FilterRows: lambda node: (node.predicate,),
    ProjectColumns: lambda node: [expr for _, expr in node.columns],
    HashJoin: _of_join,
    HashAggregate: lambda node: [expr for _, expr in node.groups + node.aggregates],
    SortRows: lambda node: [key.expr for key in node.keys],
    UnnestRows: lambda node: (node.value,),
    WindowRows: lambda node: [*node.partition, *[key.expr for key in node.order], *[call for _, call in node.calls]],
    Exchange: lambda node: [*node.keys, *[key.expr for key in node.merge_keys]],
    **dict.fromkeys(
        (VirtualTableScan, LimitRows, UnionAll, Shared, InsertRows, RecursiveUnion, WorkingTable), lambda node: ()
    ),
}


def map_physical(root: Physical, f: ExprFunction) -> Physical:
    """The plan with f applied to every expression that is more than a column."""
    made: dict[int, Physical] = {}

    def visit(node: Physical) -> Physical:
        if id(node) not in made:
            made[id(node)] = _rebuilt(node, visit, f)
        return made[id(node)]

    return visit(root)


def _rebuilt(node: Physical, visit: Callable[[Physical], Physical], f: ExprFunction) -> Physical:
    changes: dict[str, Any] = {}
    for name, value in _parts(node).items():
        new = _mapped(value, visit, f)
        if new is not value:
            changes[name] = new
    return replace(node, **changes) if changes else node


def _parts(node: Physical) -> dict[str, Any]:
    """The fields that hold nodes or expressions."""
    match node:
        case TableScan() | ExternalScan():
            return {"filter": node.filter, "pruning": node.pruning}
        case ConstantRows():
            return {"rows": node.rows}
        case FilterRows():
            return {"input": node.input, "predicate": node.predicate}
        case ProjectColumns():
            return {"input": node.input, "columns": node.columns}
        case HashJoin():
            return {
                "probe": node.probe, "build": node.build, "probe_keys": node.probe_keys,
                "build_keys": node.build_keys, "residual": node.residual,
            }
        case HashAggregate():
            return {"input": node.input, "groups": node.groups, "aggregates": node.aggregates}
        case SortRows():
            return {"input": node.input, "keys": node.keys}
        case UnnestRows():
            return {"input": node.input, "value": node.value}
        case WindowRows():
            return {"input": node.input, "partition": node.partition, "order": node.order, "calls": node.calls}
        case Exchange():
            return {"input": node.input, "keys": node.keys, "merge_keys": node.merge_keys}
        case LimitRows() | Shared() | InsertRows():
            return {"input": node.input}
        case UnionAll():
            return {"inputs": node.inputs}
        case RecursiveUnion():
            return {"seed": node.seed, "step": node.step}
        case VirtualTableScan() | WorkingTable():
            return {}
        case _:
            assert_never(node)


def _mapped(value: Any, visit: Callable[[Physical], Physical], f: ExprFunction) -> Any:
    if value is None or isinstance(value, ColumnRef):
        return value
    if isinstance(value, tuple):
        new = tuple([_mapped(v, visit, f) for v in value])
        return value if all(a is b for a, b in zip(value, new)) else new
    if isinstance(value, SortKey):
        expr = f(value.expr)
        return value if expr is value.expr else SortKey(expr, value.descending, value.nulls_first)
    if hasattr(value, "props"):
        return visit(value)
    return f(value)
