"""Running a physical plan: the tree is cut at its breakers, each piece runs as one segment on all slices.

    run(node)       the node's rows, finished: a collection per slice, a shared one, or the leader's
    collect(node)   a chain  source -> Filter, Project, probe... -> here  compiled to one program (a segment),
                    run on every slice, its rows appended to collections

A join's build side is run before the segment that probes it, so a stream of segments falls out of the
recursion: builds first, then probes, then what is above. The tree is walked on the caller's thread;
what slices do goes through cluster.py.

    RIGHT, FULL           probe rows are collected, then build rows without a mark are added with NULLs
    RIGHT_SEMI, _ANTI     the probing segment only marks build rows; the marked (or other) ones come out
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from ..errors import InternalError
from ..planner.columns import physical_columns
from ..planner.expressions import AggregateCall, ColumnId, ColumnRef, Expr
from ..planner.physical import (
    ConstantRows,
    Exchange,
    FilterRows,
    HashAggregate,
    HashJoin,
    InsertRows,
    JoinType,
    LimitRows,
    Move,
    OnLeader,
    Physical,
    PhysicalQuery,
    ProjectColumns,
    RecursiveUnion,
    Replicated,
    Shared,
    SortRows,
    TableScan,
    UnionAll,
    VirtualTableScan,
    WindowRows,
    WorkingTable,
)
from . import aggregation, constant_rows, ordering, sinks, windows
from .cluster import Cluster, Job, LocalCluster
from .collection import Collection, StoredColumn, concatenate
from .compile.segment import Segment
from .context import Charge
from .counters import Counters
from .joins import BuildSide
from .key_filters import Passed, below_groups, descend, of_join
from .pruning import scan_groups
from .recursion import Recursions
from .requirements import required
from .rows import Rows, Where
from .sources import ScanSource, StoredSource
from .steps import step_name
from .workers import Workers

if TYPE_CHECKING:
    from .context import Context

Outputs = Sequence[tuple[ColumnRef, Expr]]
_STREAMING = (FilterRows, ProjectColumns)
# How partial results are put together, where not by the same function.
_MERGED = {"count": "sum", "moments": "merge_moments"}
MERGE_WORTH = 8  # rows a group from which several workers group one slice and merge
_PROBES = (JoinType.INNER, JoinType.LEFT, JoinType.SEMI, JoinType.ANTI, JoinType.SINGLE)


class Executor:
    """Runs one plan for one statement."""

    def __init__(self, plan: PhysicalQuery, context: Context, workers: Workers) -> None:
        self.context = context
        self.counters = Counters()
        self.cluster: Cluster = LocalCluster(context, workers, self.counters)
        self.shared: dict[int, Rows] = {}  # of subplans with several readers, by number
        self._needs = required(plan.root, plan.columns)
        self._recursion = Recursions(self)

    # -- results of nodes --------------------------------------------------------------------------

    def run(self, node: Physical, filters: Sequence[Passed] = ()) -> Rows:
        """All rows of `node`; those that `filters` reject may be left out (key_filters.py)."""
        self.context.cancel.check()
        rows = self._run(node, filters)
        self.counters.finished(node, rows.rows)
        return rows

    def _run(self, node: Physical, filters: Sequence[Passed]) -> Rows:
        match node:
            case TableScan() | FilterRows() | ProjectColumns():
                return self.collect(node, self.outputs(node), filters)
            case VirtualTableScan() | ConstantRows():
                return Rows([constant_rows.collection(node, self.context)], Where.LEADER)
            case HashJoin():
                return self._join(node, filters)
            case HashAggregate():
                return self._aggregate(node, filters)
            case SortRows():
                return self._sort(node, filters)
            case WindowRows():
                return self._window(node, filters)
            case LimitRows():
                return self._limit(node)
            case Exchange():
                return self._exchange(node, filters)
            case UnionAll():
                return self._union(node)
            case Shared():
                return self._reuse(node)
            case InsertRows():
                raise InternalError("an insert is a plan's last step (insert.py)")
            case RecursiveUnion():
                return self._recursion.run(node)
            case WorkingTable():
                return self._recursion.working(node)
            case _:
                assert_never(node)

    def _sort(self, node: SortRows, filters: Sequence[Passed]) -> Rows:
        passed = filters if node.limit is None else ()
        rows, ids = self.with_columns(node.input, [k.expr for k in node.keys], passed)
        parts: list[Collection] = list(rows.parts)
        keep = {c.id for c, _ in self.outputs(node)}  # keys that nobody reads above are not put in order

        def work(i: int) -> None:
            parts[i] = ordering.sort(rows.parts[i].trimmed(), ids, node.keys, node.limit, keep)

        self.cluster.each(work, len(parts))
        return Rows(parts, rows.where)

    def _window(self, node: WindowRows, filters: Sequence[Passed]) -> Rows:
        rows = self.run(node.input, windows.through(node, filters))
        parts: list[Collection] = list(rows.parts)

        def work(i: int) -> None:
            parts[i] = windows.run(rows.parts[i].trimmed(), node, self.context.budget)

        self.cluster.each(work, len(parts))
        return self._dropping(Rows(parts, rows.where), node)

    def _dropping(self, rows: Rows, node: Physical) -> Rows:
        """Only the columns used above the node (keys go)."""
        keep = {c.id for c, _ in self.outputs(node)}
        for part in rows.parts:
            part.columns = [c for c in part.columns if c.ref.id in keep]
        return rows

    def _limit(self, node: LimitRows) -> Rows:
        whole = self.run(node.input).single().trimmed()
        end = whole.rows if node.count is None else min(whole.rows, node.offset + node.count)
        return Rows([whole.take(slice(min(node.offset, whole.rows), end))], Where.LEADER)

    def _exchange(self, node: Exchange, filters: Sequence[Passed]) -> Rows:
        rows, ids = self.with_columns(node.input, list(node.keys), filters)
        moved = self.cluster.move(rows, node.move, ids)
        self.counters.moved(node, moved.count, moved.bytes)
        rows = moved.rows
        if node.merge_keys:
            rows = Rows([ordering.merge(rows.parts[0], node.merge_keys)], Where.LEADER)
        return self._dropping(rows, node)

    def _union(self, node: UnionAll) -> Rows:
        inputs = []
        for child, feed in zip(node.inputs, node.feeds, strict=True):
            keep = {c.id for c, _ in self.outputs(node)}
            outputs = [(ref, old) for ref, old in zip(node.columns, feed, strict=True) if ref.id in keep]
            inputs.append(self.collect(child, outputs))
        if all(r.where is Where.LEADER for r in inputs):
            return Rows([concatenate([r.single() for r in inputs])], Where.LEADER)
        if all(r.where is Where.SHARED for r in inputs):
            return Rows([concatenate([r.single() for r in inputs])], Where.SHARED)
        spread = [self.on_slices(r) for r in inputs]
        slices = self.cluster.topology.slices
        return Rows([concatenate([r.parts[i] for r in spread]) for i in range(slices)], Where.SLICES)

    def _spread(self, rows: Rows) -> Rows:
        """Rows of the leader, or of which all slices see one copy, each on one slice."""
        return self.cluster.move(rows, Move.ROUND_ROBIN, ()).rows

    def on_slices(self, rows: Rows) -> Rows:
        return rows if rows.where is Where.SLICES else self._spread(rows)

    def _reuse(self, node: Shared) -> Rows:
        rows = self.shared.get(node.id)
        if rows is None:
            rows = self.shared[node.id] = self.run(self._needs.shared[node.id])
        keep = {c.id for c, _ in self.outputs(node)}
        return renamed(rows, [(new, old.id) for new, old in node.columns if new.id in keep])

    @staticmethod
    def is_breaker(node: Physical) -> bool:
        """Whether the node's rows are finished before anything above it begins."""
        if isinstance(node, HashJoin):
            return node.type not in _PROBES
        return not isinstance(node, TableScan | FilterRows | ProjectColumns)

    def outputs(self, node: Physical) -> list[tuple[ColumnRef, Expr]]:
        """The node's columns that are used above it."""
        needed = self._needs.columns.get(id(node))
        return [(c, c) for c in physical_columns(node) if needed is None or c.id in needed]

    # -- segments ------------------------------------------------------------------------------------

    def with_columns(self, node: Physical, exprs: list[Expr],
                     filters: Sequence[Passed] = ()) -> tuple[Rows, list[ColumnId]]:
        """Rows of `node` with each expression as a column (its own, or one added); their ids."""
        outputs = self.outputs(node)
        ids: list[ColumnId] = []
        extra: list[tuple[ColumnRef, Expr]] = []
        for expr in exprs:
            if isinstance(expr, ColumnRef):
                ids.append(expr.id)
            else:
                ref = ColumnRef(_fresh(), expr.type, "key")
                extra.append((ref, expr))
                ids.append(ref.id)
        if extra:
            return self.collect(node, [*outputs, *extra], filters), ids
        return self.run(node, filters), ids

    def collect(self, node: Physical, outputs: Outputs, filters: Sequence[Passed] = ()) -> Rows:
        """Run the segment that ends at `node` and keep `outputs` of its rows."""
        if self.is_breaker(node) and all(isinstance(e, ColumnRef) for _, e in outputs):
            rows = self.run(node, filters)
            for part in rows.parts:
                part.columns = [replace_ref(part.column(e.id), ref) for ref, e in outputs
                                if isinstance(e, ColumnRef)]
            return rows
        segment, source, where = self.open_segment(node, filters)
        sink = sinks.CollectSink(segment, outputs, self.context.budget, step_name(node))
        slices = self.cluster.submit(Job(segment, source, sink))
        return Rows([concatenate([sink.finish(t.sink) for t in tasks]) for tasks in slices], where)

    def open_segment(self, node: Physical, filters: Sequence[Passed] = (),
                     above: Sequence[BuildSide] = ()) -> tuple[Segment, Any, Where]:
        """Compile the chain that ends at `node`, running what it needs first; `filters` apply to its rows,
        `above`: build sides that the caller will probe at its end."""
        chain: list[Any] = []
        current: Any = node
        while isinstance(current, _STREAMING) or (isinstance(current, HashJoin) and current.type in _PROBES):
            chain.append(current)
            current = current.probe if isinstance(current, HashJoin) else current.input
        sides, found = descend(chain, filters, self._build_side)
        segment = Segment()
        source, where = self._source(current, [*sides.values(), *above], found)
        source.emit(segment)
        segment.source_rows = sum(source.rows(i) for i in range(source.tasks))
        if isinstance(source, ScanSource) and source.filter is not None:
            segment.filter(source.filter)
        for passed in sorted(found, key=lambda f: f.rate):
            if passed.column in segment.batch.scan:
                segment.key_filter(passed.column, passed.filter)
        for step in reversed(chain):
            segment.builder.node = step
            match step:
                case FilterRows():
                    segment.filter(step.predicate)
                case ProjectColumns():
                    segment.project(step.columns)
                case HashJoin():
                    segment.probe(step, sides[id(step)])
        return segment, source, where

    def _source(self, node: Physical, sides: list[BuildSide], filters: Sequence[Passed]) -> tuple[Any, Where]:
        """The source of a chain, with as many tasks as the segment needs."""
        sliced = any(not s.shared for s in sides)
        slices = self.cluster.topology.slices
        if isinstance(node, TableScan):
            data = self.context.view.data(node.table)
            self.context.transaction.read(node.table)
            as_one = data.replicated and isinstance(node.props.distribution, Replicated | OnLeader)
            tasks = slices if not as_one or sliced else 1
            groups, skipped = scan_groups(node, data, tasks, as_one, self.context, filters)
            source = ScanSource(node, groups, skipped, self.context)
            self.counters.blocks(node, sum(len(g) for g in groups) * len(node.columns), skipped * len(node.columns))
            self.context.progress.blocks_total += sum(len(g) for g in groups) * len(node.columns)
            return source, Where.SHARED if tasks == 1 and as_one else Where.SLICES
        rows = self.run(node, filters)
        if rows.where is Where.SLICES:
            return StoredSource(rows.parts, node), Where.SLICES
        if sliced and slices > 1:
            return StoredSource([rows.parts[0]] * slices, node), Where.SLICES
        return StoredSource(rows.parts, node), rows.where

    # -- joins -----------------------------------------------------------------------------------------

    def _build_side(self, join: HashJoin, filters: Sequence[Passed] = ()) -> BuildSide:
        rows, ids = self.with_columns(join.build, list(join.build_keys), filters)
        self.counters.built(join, rows.rows)
        charge = Charge(self.context.budget, f"hash of {step_name(join.build)}")
        side = BuildSide(rows, ids, self.cluster.each, charge)
        side.unify()
        return side

    def _join(self, node: HashJoin, filters: Sequence[Passed]) -> Rows:
        if node.type in _PROBES:
            return self.collect(node, self.outputs(node), filters)
        side = self._build_side(node)
        own = of_join(node, side)
        segment, source, where = self.open_segment(node.probe, [] if own is None else [own], [side])
        segment.builder.node = node
        bidx = segment.probe(node, side)
        assert bidx is not None
        semi = node.type in (JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)
        number = len(segment.sides) - 1
        sinks.mark(segment, number)
        sink: Any = sinks.NoSink()
        if not semi:
            sink = sinks.CollectSink(segment, self.outputs(node), self.context.budget, step_name(node))
        slices = self.cluster.submit(Job(segment, source, sink))
        if semi:
            return self._marked(node, side, where)
        matched = [concatenate([sink.finish(t.sink) for t in tasks]) for tasks in slices]
        return self._outer(node, side, Rows(matched, where))

    def _marked(self, node: HashJoin, side: BuildSide, where: Where) -> Rows:
        """Build rows with a mark (RIGHT_SEMI) or without one (RIGHT_ANTI)."""
        wanted = node.type is JoinType.RIGHT_SEMI
        keep = {c.id for c, _ in self.outputs(node)}
        parts = []
        for part, marks in zip(side.parts, side.marks, strict=True):
            taken = part.take(np.flatnonzero(marks if wanted else marks == 0))
            taken.columns = [c for c in taken.columns if c.ref.id in keep]
            parts.append(taken)
        if side.shared:
            return self._where_probed(Rows(parts, Where.SHARED), where)
        return Rows(parts, Where.SLICES)

    def _where_probed(self, rows: Rows, where: Where) -> Rows:
        """Rows of a shared build side, each once: over the slices if the probe was there."""
        return self._spread(rows) if where is Where.SLICES else Rows(rows.parts, where)

    def _outer(self, node: HashJoin, side: BuildSide, matched: Rows) -> Rows:
        """Add build rows without a match, with NULLs for the probe's columns."""
        lonely = []
        for part, marks in zip(side.parts, side.marks, strict=True):
            rest = part.take(np.flatnonzero(marks == 0))
            by_id = {c.ref.id: c for c in rest.columns}
            columns: list[StoredColumn] = []
            for column in matched.parts[0].columns:
                known = by_id.get(column.ref.id)
                columns.append(known if known is not None else sinks.null_column(column, rest.rows))
            lonely.append(Collection(columns, rest.rows, rest.heaps))
        extra = Rows(lonely, Where.SHARED if side.shared else Where.SLICES)
        if side.shared:
            extra = self._where_probed(extra, matched.where)
        parts = [concatenate([m, e]) for m, e in zip(matched.parts, extra.parts, strict=True)]
        return Rows(parts, matched.where)

    # -- aggregates --------------------------------------------------------------------------------------

    def _aggregate(self, node: HashAggregate, filters: Sequence[Passed]) -> Rows:
        segment, source, where = self.open_segment(node.input, below_groups(node, filters))
        segment.builder.node = node
        sink = aggregation.AggregateSink(segment, node, self.context.budget)
        few = node.props.rows * MERGE_WORTH < node.input.props.rows
        slices = self.cluster.submit(Job(segment, source, sink, few))
        parts = self._merged(node, [[sink.finish(t.sink) for t in tasks] for tasks in slices])
        if not node.groups and where is Where.SLICES and node.phase != "partial" and len(parts) > 1:
            raise InternalError("an aggregate without groups must be gathered before its final phase")
        return Rows(parts, where)

    def _merged(self, node: HashAggregate, partials: list[list[Collection]]) -> list[Collection]:
        """One collection a slice, of what one or several workers made of it."""
        parts = [concatenate(p) for p in partials]
        if all(len(p) == 1 for p in partials):
            return parts
        segment, source = Segment(), StoredSource(parts, node)
        source.emit(segment)
        sink = aggregation.AggregateSink(segment, _merging(node), self.context.budget)
        slices = self.cluster.submit(Job(segment, source, sink, shared=False))
        return [sink.finish(tasks[0].sink) for tasks in slices]


def _merging(node: HashAggregate) -> HashAggregate:
    """The aggregate that puts together what several workers made of one slice."""
    calls = tuple((ref, AggregateCall(_MERGED.get(call.function, call.function), (ref,), ref.type))
                  for ref, call in node.aggregates)
    return replace(node, groups=tuple((ref, ref) for ref, _ in node.groups), aggregates=calls)


def replace_ref(column: StoredColumn, ref: ColumnRef) -> StoredColumn:
    return column if column.ref is ref else replace(column, ref=ref)


def renamed(rows: Rows, columns: Sequence[tuple[ColumnRef, ColumnId]]) -> Rows:
    """The rows' columns under other names: the same arrays, in collections of their own."""
    parts = [
        Collection([replace_ref(part.column(old), new) for new, old in columns], part.rows, part.heaps)
        for part in rows.parts
    ]
    return Rows(parts, rows.where)


_counter = 1 << 40


def _fresh() -> ColumnId:
    """An id for a helper column; far above the planner's."""
    global _counter
    _counter += 1
    return _counter
