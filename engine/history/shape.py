"""What is the same of all runs of one plan: EXPLAIN's lines, steps and their numbers, what the plan alone is warned of.

A cached plan runs again and again with other literals. Its nodes are made anew where literals are, their estimates
(`props`) never: two plans whose nodes have the same estimates, as objects, are runs of one. So all of this is worked
out once, and a run adds its numbers (describe.py).

    "lines"   [number, parent, operator, code, startup cost, cost, rows, bytes]
    "steps"   {"at": [stream, segment, step], "kind", "label", "line", "leader", "tbl" ...}
"""
from __future__ import annotations

import json
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from ...planner.columns import columns_of_all, physical_inputs
from ...planner.explain import PlanLine, operators_of
from ...planner.physical import (
    Exchange,
    HashAggregate,
    HashJoin,
    InsertRows,
    JoinType,
    Move,
    Physical,
    PhysicalQuery,
    TableScan,
)
from ...planner.steps import Counted, ScanType, Step, StepKind, steps_of
from ...records import dataclass
from .alerts import Alert, alerts_of_plan

if TYPE_CHECKING:
    from ...storage.schema import Table

KEPT_SHAPES = 200
KEEPS = frozenset((StepKind.HASH, StepKind.AGGREGATE, StepKind.SORT, StepKind.WINDOW, StepKind.SAVE, StepKind.UNNEST))
# STL_HASHJOIN's numbers.
_JOIN_TYPES = {JoinType.INNER: 0, JoinType.LEFT: 1, JoinType.FULL: 2, JoinType.RIGHT: 3, JoinType.SEMI: 5,
               JoinType.RIGHT_SEMI: 5, JoinType.ANTI: 6, JoinType.RIGHT_ANTI: 6, JoinType.SINGLE: 1}
# STL_PLAN_INFO's numbers of operators: PostgreSQL 8's, and in the manual's examples Redshift's own.
_CODES = (("XN Merge  ", 122), ("XN Network", 123), ("XN Limit", 120), ("XN Hash  ", 118), ("XN Nested Loop", 110),
          ("XN HashAggregate", 116), ("XN Aggregate", 116), ("XN Hash", 112), ("XN Sort", 114), ("XN Append", 102),
          ("XN Subquery", 106), ("XN Result", 101))
_SEQ_SCAN = 104


@dataclass(frozen=True, slots=True)
class Placed:
    """A step, and where its node is among the plan's. `scans`: a table; `keeps`: all of its rows; `again`: reads what
    another step has kept, whose counters its node's are; `columns`: that a scan reads."""

    step: Step
    node: int
    counted: Counted
    leader: bool
    scans: bool
    keeps: bool
    again: bool
    columns: int
    width: int


@dataclass(frozen=True, slots=True)
class Shape:
    """`nodes`: of the run that was seen first; `text`: lines and steps as JSON; `segments`: for each its steps."""

    nodes: tuple[Physical, ...]
    steps: tuple[Placed, ...]
    segments: tuple[tuple[int, ...], ...]
    text: str
    alerts: tuple[Alert, ...]

    def fits(self, nodes: list[Physical]) -> bool:
        return len(nodes) == len(self.nodes) and all(a.props is b.props for a, b in zip(nodes, self.nodes))


_shapes: OrderedDict[int, Shape] = OrderedDict()
_lock = threading.Lock()


def shape_of(plan: PhysicalQuery) -> tuple[Shape, list[Physical]]:
    """The plan's shape, and its own nodes in the order of the shape's."""
    nodes = [plan.root]
    for node in nodes:
        nodes.extend(physical_inputs(node))
    key = id(plan.root.props)
    with _lock:
        shape = _shapes.get(key)
        if shape is not None and shape.fits(nodes):
            _shapes.move_to_end(key)
            return shape, nodes
    shape = _made(plan, nodes)
    with _lock:
        _shapes[key] = shape
        while len(_shapes) > KEPT_SHAPES:
            _shapes.popitem(last=False)
    return shape, nodes


def _made(plan: PhysicalQuery, nodes: list[Physical]) -> Shape:
    steps = steps_of(plan)
    lines, _ = operators_of(plan)
    places = _Places(lines)
    index = {id(node): i for i, node in reversed(list(enumerate(nodes)))}
    segments: list[list[int]] = [[] for _ in range(max(s.segment for s in steps) + 1)]
    for i, step in enumerate(steps):
        segments[step.segment].append(i)
    text = json.dumps({"lines": [_line(line) for line in lines], "steps": [_step(s, places) for s in steps]},
                      separators=(",", ":"))
    return Shape(tuple(nodes), tuple([_placed(s, index[id(s.node)]) for s in steps]),
                 tuple([tuple(s) for s in segments]), text[1:-1], tuple(alerts_of_plan(nodes)))


def _placed(step: Step, index: int) -> Placed:
    node = step.node
    scans = isinstance(node, TableScan) and step.kind is StepKind.SCAN
    columns = len(node.columns) if isinstance(node, TableScan) else 1
    again = step.kind is StepKind.SCAN and step.scan is ScanType.WORKTABLE and step.table > 0
    return Placed(step, index, step.counted, step.leader, scans, step.kind in KEEPS, again, max(columns, 1),
                  node.props.width)


def _line(line: PlanLine) -> list[Any]:
    props = line.props
    rows = max(1, round(props.rows))
    code = next((code for start, code in _CODES if f"{line.title}  ".startswith(start)), _SEQ_SCAN)
    return [line.number, line.parent, line.text, code, round(props.first_cost, 2), round(props.cost, 2), rows,
            rows * props.width]


class _Places:
    """Which line tells of a node."""

    def __init__(self, lines: list[PlanLine]) -> None:
        self._lines: dict[tuple[int, bool], int] = {}  # by node, and whether of its inner side or its sending
        for line in lines:
            node = line.node
            if isinstance(node, Exchange) and node.move is Move.GATHER and not node.merge_keys:
                self._lines[id(node.input), True] = line.number
            self._lines.setdefault((id(node), line.is_hash), line.number)
            if isinstance(node, HashAggregate) and node.phase == "final":
                self._add_partial(node, line.number)

    def _add_partial(self, node: HashAggregate, number: int) -> None:
        """Both phases, and the move between them, are one line."""
        below: Any = node.input
        while not isinstance(below, HashAggregate):
            self._lines[id(below), False] = number
            below = below.input
        self._lines[id(below), False] = number

    def of(self, step: Step) -> int:
        """The line of a step; of what has none of its own (moves of a join, projections), that of what is below."""
        node: Any = step.node
        if step.counted is Counted.BUILT:
            return self._lines.get((id(node), True)) or self._lines.get((id(node), False), 1)
        if step.counted is Counted.SENT and (found := self._lines.get((id(node.input), True))):
            return found
        while (id(node), False) not in self._lines:
            node = getattr(node, "input", None)
            if node is None:
                return 1
        return self._lines[id(node), False]


def _step(step: Step, places: _Places) -> dict[str, Any]:
    node: Physical = step.node
    made: dict[str, Any] = {
        "at": [step.stream, step.segment, step.step], "kind": step.kind.value, "label": step.label,
        "line": places.of(step), "leader": step.leader, "tbl": step.table,
    }
    if isinstance(node, TableScan) and step.kind is StepKind.SCAN:
        made |= {"name": node.table.name, "ranged": bool(node.pruning), "sortkeys": _sort_columns(node)}
    if isinstance(node, InsertRows):
        made["name"] = node.table.name
    if step.scan is not None:
        made["scan"] = int(step.scan)
    if isinstance(node, HashJoin):
        made |= {"join": _JOIN_TYPES[node.type], "hash": step.hash, "expected": max(1, round(node.build.props.rows))}
    if isinstance(node, HashAggregate) and step.kind is StepKind.AGGREGATE:
        made["grouped"] = bool(node.groups)
    return made


def load_step(kind: StepKind, table: Table) -> dict[str, Any]:
    """The one step of a load that has no plan, or of rows' leaving."""
    label = f"{kind.value:<6} tbl={table.id} name={table.name}"
    return {"at": [0, 0, 0], "kind": kind.value, "label": label, "line": 0, "leader": False,
            "tbl": table.id, "name": table.name}


def _sort_columns(node: TableScan) -> int:
    """Sort key columns that predicates are on, from the first."""
    named = columns_of_all(node.pruning)
    ids = {position: ref.id for ref, position in node.columns}
    count = 0
    for position in node.table.sort_key:
        if ids.get(position) not in named:
            break
        count += 1
    return count
