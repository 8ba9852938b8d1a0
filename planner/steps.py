"""Streams, segments and steps: a physical plan numbered as Redshift numbers what slices run.

    select n, sum(x) from big join small using (k) group by n          (small is broadcast)

    stream 0   segment 0   scan small · project · bcast
               segment 1   scan (network) · hash
    stream 1   segment 2   scan big · project · hjoin · aggr
    stream 2   segment 3   scan (worktable) · dist
               segment 4   scan (network) · aggr
    stream 3   segment 5   scan (worktable) · return
               segment 6   scan (network) · return                      on the leader

One rule makes the numbers. A step that must have seen all of its rows before any goes on (hash, aggr, sort, window,
save) ends its segment and its stream: what is above reads the worktable that it leaves, in the next stream. A step
that sends rows elsewhere (dist, bcast, return) ends its segment only: the segment that receives them belongs to the
same stream. A join's inner side comes first. (c-query-planning.md; where the manual's examples differ from one
another: docs/decisions/0020-steps-and-history.md.)

Each step names the plan node whose counters it has, and which of them (`Counted`). Who shows the numbers:
engine/history/ for the STL, SVL and SYS tables, which find a step's line of EXPLAIN by its node.
"""
from __future__ import annotations

import enum
from dataclasses import field
from typing import assert_never

from ..records import dataclass
from .columns import physical_inputs
from .physical import (
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
    PhysicalQuery,
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

FIRST_WORKTABLE = 239  # as in the manual's examples; users' tables have larger ids
WORKTABLE = "Internal Worktable"


class StepKind(enum.Enum):
    """Values are the words of SVL_QUERY_SUMMARY's labels."""

    SCAN = "scan"
    PROJECT = "project"
    HASH = "hash"
    HASH_JOIN = "hjoin"
    NESTED_LOOP = "nloop"
    AGGREGATE = "aggr"
    SORT = "sort"
    WINDOW = "window"
    UNNEST = "unnest"
    SAVE = "save"
    DISTRIBUTE = "dist"
    BROADCAST = "bcast"
    RETURN = "return"
    MERGE = "merge"
    LIMIT = "limit"
    INSERT = "insert"
    DELETE = "delete"


class Counted(enum.Enum):
    """Which of its node's counters a step has."""

    ROWS = "rows"  # that the node gave
    BUILT = "built"  # of a join's inner side
    SENT = "sent"  # through an exchange
    RESULT = "result"  # to the client


class ScanType(enum.IntEnum):
    """STL_SCAN's `type`."""

    NETWORK = 1
    TABLE = 2
    WORKTABLE = 3  # rows of the statement itself, and of system tables
    EXTERNAL = 29


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `table`: the id of what it scans, fills or probes, 0 for none; `leader`: runs there and not on the
    slices; `hash`: of a join, the segment and step of its inner side."""

    stream: int
    segment: int
    step: int
    kind: StepKind
    node: Physical
    counted: Counted
    leader: bool
    table: int = 0
    name: str = ""
    scan: ScanType | None = None
    hash: tuple[int, int] | None = None

    @property
    def label(self) -> str:
        """As SVL_QUERY_SUMMARY has it: `scan   tbl=100204 name=lineitem`, `dist`."""
        text = f"{self.kind.value:<6} tbl={self.table}" if self.table else self.kind.value
        return f"{text} name={self.name}" if self.name else text


def steps_of(plan: PhysicalQuery) -> tuple[Step, ...]:
    """The plan's steps in the order of their segments."""
    numbering = _Numbering()
    numbering.whole(plan.root)
    return tuple([step for segment in numbering.segments for step in segment.steps])


@dataclass(slots=True)
class _Segment:
    """Steps so far; rows come out at its end."""

    stream: int
    number: int
    leader: bool
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Rows in a worktable, all there: the next segment scans it. `node` knows how many they are."""

    node: Physical
    leader: bool
    table: int


class _Numbering:
    def __init__(self) -> None:
        self.segments: list[_Segment] = []
        self._stream = 0
        self._tables = FIRST_WORKTABLE
        self._shared: dict[int, _Kept] = {}

    def whole(self, root: Physical) -> None:
        """All of a plan, the last step too: rows to the client, or none from an insert."""
        rows = self._open(self._visit(root))
        if not isinstance(root, InsertRows):
            self._add(rows, StepKind.RETURN, root, Counted.RESULT)

    # -- segments --------------------------------------------------------------------------------

    def _begin(self, leader: bool) -> _Segment:
        segment = _Segment(self._stream, len(self.segments), leader)
        self.segments.append(segment)
        return segment

    def _add(self, segment: _Segment, kind: StepKind, node: Physical, counted: Counted = Counted.ROWS,
             table: int = 0, name: str = "", scan: ScanType | None = None,
             hash: tuple[int, int] | None = None) -> Step:
        step = Step(segment.stream, segment.number, len(segment.steps), kind, node, counted, segment.leader, table,
                    name, scan, hash)
        segment.steps.append(step)
        return step

    def _keep(self, segment: _Segment, kind: StepKind, node: Physical, counted: Counted = Counted.ROWS,
              table: int | None = None, of: Physical | None = None) -> tuple[_Kept, Step]:
        """End a segment and its stream with a step that leaves a worktable. `of`: who knows how many rows the
        step had, if not `node`."""
        table = self._worktable() if table is None else table
        step = self._add(segment, kind, of or node, counted, table)
        self._stream += 1
        return _Kept(node, segment.leader, table), step

    def _worktable(self) -> int:
        self._tables += 1
        return self._tables - 1

    def _open(self, rows: _Segment | _Kept) -> _Segment:
        """A segment at whose end the rows come out."""
        if isinstance(rows, _Segment):
            return rows
        segment = self._begin(rows.leader)
        self._add(segment, StepKind.SCAN, rows.node, Counted.ROWS, rows.table, WORKTABLE, ScanType.WORKTABLE)
        return segment

    # -- nodes -----------------------------------------------------------------------------------

    def _visit(self, node: Physical) -> _Segment | _Kept:
        match node:
            case TableScan() | ExternalScan() | VirtualTableScan() | ConstantRows() | WorkingTable():
                return self._source(node)
            case FilterRows() | ProjectColumns():
                return self._streams(node, StepKind.PROJECT)
            case LimitRows():
                return self._streams(node, StepKind.LIMIT)
            case HashJoin():
                return self._join(node)
            case HashAggregate():
                return self._breaks(node, StepKind.AGGREGATE)
            case SortRows():
                return self._breaks(node, StepKind.SORT)
            case WindowRows():
                return self._breaks(node, StepKind.WINDOW)
            case UnnestRows():
                return self._breaks(node, StepKind.UNNEST)
            case Exchange():
                return self._move(node)
            case UnionAll() | RecursiveUnion():
                return self._union(node)
            case Shared():
                return self._reused(node)
            case InsertRows():
                rows = self._open(self._visit(node.input))
                self._add(rows, StepKind.INSERT, node, Counted.ROWS, node.table.id, node.table.name)
                return rows
            case _:
                assert_never(node)

    def _source(
        self, node: TableScan | ExternalScan | VirtualTableScan | ConstantRows | WorkingTable
    ) -> _Segment:
        segment = self._begin(leader=isinstance(node, VirtualTableScan | ConstantRows))
        match node:
            case TableScan() | ExternalScan():
                kind = ScanType.TABLE if isinstance(node, TableScan) else ScanType.EXTERNAL
                self._add(segment, StepKind.SCAN, node, Counted.ROWS, node.table.id, node.table.name, kind)
            case VirtualTableScan():
                name = node.name.rpartition(".")[2]
                self._add(segment, StepKind.SCAN, node, Counted.ROWS, 0, name, ScanType.WORKTABLE)
            case _:
                self._add(segment, StepKind.SCAN, node, scan=ScanType.WORKTABLE)
        return segment

    def _streams(self, node: FilterRows | ProjectColumns | LimitRows, kind: StepKind) -> _Segment:
        rows = self._open(self._visit(node.input))
        self._add(rows, kind, node)
        return rows

    def _breaks(self, node: HashAggregate | SortRows | WindowRows | UnnestRows, kind: StepKind) -> _Kept:
        return self._keep(self._open(self._visit(node.input)), kind, node)[0]

    def _join(self, node: HashJoin) -> _Segment:
        inner = self._open(self._visit(node.build))
        kept, step = self._keep(inner, StepKind.HASH if node.probe_keys else StepKind.SAVE, node, Counted.BUILT)
        rows = self._open(self._visit(node.probe))
        self._add(rows, StepKind.HASH_JOIN if node.probe_keys else StepKind.NESTED_LOOP, node, Counted.ROWS, kept.table,
                  hash=(step.segment, step.step))
        return rows

    def _move(self, node: Exchange) -> _Segment:
        kinds = {Move.BROADCAST: StepKind.BROADCAST, Move.GATHER: StepKind.RETURN}
        rows = self._open(self._visit(node.input))
        self._add(rows, kinds.get(node.move, StepKind.DISTRIBUTE), node, Counted.SENT)
        received = self._begin(leader=node.move is Move.GATHER)
        if node.merge_keys:
            self._add(received, StepKind.MERGE, node)
        else:
            self._add(received, StepKind.SCAN, node, name=WORKTABLE, scan=ScanType.NETWORK)
        return received

    def _union(self, node: UnionAll | RecursiveUnion) -> _Kept:
        """Every input fills the same worktable."""
        table = self._worktable()
        leader = True
        for child in physical_inputs(node):
            rows = self._open(self._visit(child))
            self._keep(rows, StepKind.SAVE, node, table=table, of=child)
            leader &= rows.leader
        return _Kept(node, leader, table)

    def _reused(self, node: Shared) -> _Kept:
        """What several read is made, and numbered, once."""
        found = self._shared.get(node.id)
        if found is None:
            below = self._visit(node.input)
            if isinstance(below, _Segment):
                below = self._keep(below, StepKind.SAVE, node.input)[0]
            found = self._shared[node.id] = below
        return found
