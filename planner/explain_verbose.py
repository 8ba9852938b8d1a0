"""EXPLAIN VERBOSE: every node of the plan with all that it holds (r_EXPLAIN), above the lines of EXPLAIN.

    {HASHJOIN
       :startup_cost 2.52
       :total_cost 58653620.93
       :plan_rows 8712
       :plan_width 43
       :dist_info hashed (venueid#7)
       :targetlist (eventid#1 integer, venueid#7 integer)
       :type Inner
       :probe_keys (venueid#2)
       :build_keys (venueid#7)
       :label DS_BCAST_INNER
       :probe
       {TABLESCAN
          ...

Redshift prints its planner's own structures, and so does this: nodes and fields are those of physical.py. What
EXPLAIN leaves out is here too: projections, moves, both phases of an aggregate, columns with their types. A column's
number tells it from others of its name.
"""
from __future__ import annotations

import enum
from dataclasses import fields
from typing import Any, get_args

from .columns import physical_columns
from .expressions import AggregateCall, ColumnRef, Expr, WindowCall
from .logical import SortKey
from .physical import Distribution, Hashed, Physical, PhysicalQuery, Props, Replicated
from .rendering import show, show_key

_NODES = get_args(Physical)
_EXPRESSIONS = (*get_args(Expr), AggregateCall, WindowCall)
_STEP = 3  # blanks


def verbose(query: PhysicalQuery) -> list[str]:
    """The lines of the dump. A subplan that several nodes read is printed where it comes first."""
    lines: list[str] = []
    _node(query.root, 0, lines, set())
    return lines


def _node(node: Any, depth: int, lines: list[str], shown: set[int]) -> None:
    pad = " " * depth
    lines.append(f"{pad}{{{type(node).__name__.upper()}")
    if id(node) in shown:
        lines[-1] += " (above)}"
        return
    shown.add(id(node))
    inner = pad + " " * _STEP
    props: Props = node.props
    columns = ", ".join([f"{_column(c)} {c.type}" for c in physical_columns(node)])
    lines += [
        f"{inner}:startup_cost {props.first_cost:.2f}", f"{inner}:total_cost {props.cost:.2f}",
        f"{inner}:plan_rows {max(1, round(props.rows))}", f"{inner}:plan_width {props.width}",
        f"{inner}:dist_info {_distribution(props.distribution)}", f"{inner}:targetlist ({columns})",
    ]
    held = [(field.name, getattr(node, field.name)) for field in fields(node) if field.name != "props"]
    lines += [f"{inner}:{name} {_text(value)}" for name, value in held if not _inputs(value)]
    for name, below in [(name, _inputs(value)) for name, value in held]:
        if below:
            lines.append(f"{inner}:{name}")
            for child in below:
                _node(child, depth + _STEP, lines, shown)
    lines.append(pad + "}")


def _inputs(value: Any) -> tuple[Any, ...]:
    """The nodes that a field holds."""
    below = value if isinstance(value, tuple) else (value,)
    return below if below and isinstance(below[0], _NODES) else ()


def _text(value: Any) -> str:
    if value is None or value == ():
        return "<>"
    if isinstance(value, tuple):
        return f"({', '.join([_text(v) for v in value])})"
    if isinstance(value, SortKey):
        return show_key(value, _column)
    if isinstance(value, _EXPRESSIONS):
        return show(value, _column)
    if isinstance(value, enum.Enum):
        return str(value.value)
    return str(getattr(value, "name", value))  # a table's name; a number, a label


def _column(ref: ColumnRef) -> str:
    return f"{ref.name}#{ref.id}"


def _distribution(distribution: Distribution) -> str:
    match distribution:
        case Hashed():
            return f"hashed {_text(tuple([f'#{c}' for c in distribution.columns]))}"
        case Replicated():
            return "all"
        case _:
            return "leader" if type(distribution).__name__ == "OnLeader" else "even"
