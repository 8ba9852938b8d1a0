"""Running a physical plan: the tree is cut at its breakers, each piece runs as one segment on all slices.

    run(node)       the node's rows, finished: a collection per slice, a shared one, or the leader's
    collect(node)   a chain  source -> Filter, Project, probe... -> here  compiled to one program (a segment),
                    run on every slice, its rows appended to collections

A join's build side is run before the segment that probes it, so a stream of segments falls out of the
recursion: builds first, then probes, then what is above. The tree is walked on the caller's thread;
what slices do goes through cluster.py.

Rows that do not fit the statement's memory come in pieces (rows.py); what takes pieces is in spill/. A join whose
build side is too large is cut off the chain and becomes a breaker.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any, assert_never

from ..errors import InternalError
from ..planner.columns import physical_columns
from ..planner.expressions import ColumnId, ColumnRef, Expr
from ..planner.physical import (
    ConstantRows,
    Exchange,
    ExternalScan,
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
    UnnestRows,
    VirtualTableScan,
    WindowRows,
    WorkingTable,
)
from ..records import dataclass
from . import constant_rows, group_steps, ordering, row_steps, sinks
from .cluster import Cluster, Job, LocalCluster
from .compile.segment import Segment
from .context import Charge
from .counters import Counters
from .joins import BuildSide
from .key_filters import Passed, descend, into_branch, of_join
from .marked_joins import marked_join
from .pruning import scan_groups
from .recursion import Recursions
from .requirements import required
from .rows import Rows, Where, joined, size_of
from .sources import ScanSource, StoredSource
from .steps import step_name
from .workers import Workers, once

if TYPE_CHECKING:
    from .context import Context
    from .spill.chunks import Spool

Outputs = Sequence[tuple[ColumnRef, Expr]]
_STREAMING = (FilterRows, ProjectColumns)
# Steps whose rows are counted in bytes: those that leave them in one place. (Of moves the exchange counts them.)
_MEASURED = (HashAggregate, SortRows, WindowRows, UnnestRows, UnionAll, RecursiveUnion, WorkingTable, ConstantRows,
             VirtualTableScan)
PROBES = (JoinType.INNER, JoinType.LEFT, JoinType.SEMI, JoinType.ANTI, JoinType.SINGLE)
ROW_OF_TABLE = 48  # bytes that a join's table takes for each row, about


@dataclass(frozen=True, slots=True)
class _Piece:
    """What becomes one segment: a chain (top first) over a source, its build sides by join, filters for the source."""

    chain: list[Any]
    source: Any
    sides: dict[int, BuildSide]
    filters: list[Passed]


class Executor:
    """Runs one plan for one statement."""

    def __init__(self, plan: PhysicalQuery, context: Context, workers: Workers) -> None:
        self.context = context
        self.counters = Counters()
        self.cluster: Cluster = LocalCluster(context, workers, self.counters)
        self.shared: dict[int, Rows] = {}  # of subplans with several readers, by number
        self._built: dict[int, BuildSide] = {}  # build sides of joins that are about to be compiled
        self._large: dict[int, tuple[Rows, list[ColumnId]]] = {}  # build rows, and keys, too large to be probed whole
        self._asked: dict[int, Expr] = {}  # filters right above system tables
        self._needs = required(plan.root, plan.columns)
        self._recursion = Recursions()

    # -- results of nodes --------------------------------------------------------------------------

    def run(self, node: Physical, filters: Sequence[Passed] = ()) -> Rows:
        """All rows of `node`; those that `filters` reject may be left out (key_filters.py)."""
        self.context.cancel.check()
        rows = self._run(node, filters)
        self.counters.finished(node, rows, isinstance(node, _MEASURED))
        return rows

    def _run(self, node: Physical, filters: Sequence[Passed]) -> Rows:
        match node:
            case TableScan() | ExternalScan() | FilterRows() | ProjectColumns():
                return self.collect(node, self.outputs(node), filters)
            case VirtualTableScan() | ConstantRows():
                asked = self._asked.get(id(node))
                return Rows([constant_rows.collection(node, self.context, asked)], Where.LEADER)
            case HashJoin():
                return self._join(node, filters)
            case HashAggregate():
                return group_steps.aggregate(self, node, filters)
            case SortRows():
                return row_steps.sort(self, node, filters)
            case WindowRows():
                return row_steps.window(self, node, filters)
            case UnnestRows():
                return row_steps.unnest(self, node)
            case LimitRows():
                return row_steps.limit(self, node)
            case Exchange():
                return self._exchange(node, filters)
            case UnionAll():
                return self._union(node, filters)
            case Shared():
                return self._reuse(node)
            case InsertRows():
                raise InternalError("an insert is a plan's last step (insert.py)")
            case RecursiveUnion():
                return self._recursion.run(self, node)
            case WorkingTable():
                return self._recursion.working(self, node)
            case _:
                assert_never(node)

    def _exchange(self, node: Exchange, filters: Sequence[Passed]) -> Rows:
        rows, ids = self.with_columns(node.input, list(node.keys), filters)
        if node.move is Move.GATHER:
            for i, part in enumerate(rows.every()):
                self.counters.returned(node, i, part.rows, size_of(part))
        moved = self.cluster.move(rows, node.move, ids, self.spool(node))
        self.counters.moved(node, moved.sent, moved.received)
        rows = moved.rows
        if node.merge_keys and self.presses(rows, rows.size):
            from .spill.sorting import merge

            rows = merge(self, rows, node)
        elif node.merge_keys:
            rows = Rows([ordering.merge(rows.parts[0], node.merge_keys)], Where.LEADER)
        return rows.keep({c.id for c, _ in self.outputs(node)})

    def presses(self, rows: Rows, more: int) -> bool:
        """Whether a step must take its rows piece by piece: `more` bytes are too many for the memory left."""
        return rows.in_pieces or self.context.budget.presses(more, rows.size)

    def spool(self, node: Physical) -> Callable[[], Spool]:
        """Where the node's rows go that do not fit memory; made when first asked for."""

        def made() -> Spool:
            from .spill.chunks import Spool

            return Spool(self.context, node, self.counters)

        return once(made)

    def _union(self, node: UnionAll, filters: Sequence[Passed]) -> Rows:
        inputs = []
        for child, feed in zip(node.inputs, node.feeds, strict=True):
            keep = {c.id for c, _ in self.outputs(node)}
            outputs = [(ref, old) for ref, old in zip(node.columns, feed, strict=True) if ref.id in keep]
            inputs.append(self.collect(child, outputs, into_branch(node.columns, feed, filters)))
        budget = self.context.budget
        for where in (Where.LEADER, Where.SHARED):
            if all(r.where is where for r in inputs):
                return Rows([joined([p for r in inputs for p in r.every()], budget)], where)
        spread = [self.on_slices(r) for r in inputs]
        slices = self.cluster.topology.slices
        return Rows([joined([r.part(i) for r in spread], budget) for i in range(slices)], Where.SLICES)

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
        return rows.select([(new, old.id) for new, old in node.columns if new.id in keep])

    @staticmethod
    def is_breaker(node: Physical) -> bool:
        """Whether the node's rows are finished before anything above it begins."""
        if isinstance(node, HashJoin):
            return node.type not in PROBES
        return not isinstance(node, TableScan | ExternalScan | FilterRows | ProjectColumns)

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
        refs = [(ref, e.id) for ref, e in outputs if isinstance(e, ColumnRef)]
        plain = len(refs) == len(outputs)
        if plain and self.is_breaker(node):
            return self.run(node, filters).select(refs)
        piece = self._descended(node, filters)
        if plain and not piece.chain and isinstance(piece.source, HashJoin):  # itself, too large to be probed whole
            return self.run(piece.source, piece.filters).select(refs)
        segment, source, where = self._compiled(piece)
        return self.collected(node, segment, source, where, outputs)

    def collected(self, node: Physical, segment: Segment, source: Any, where: Where, outputs: Outputs) -> Rows:
        """Run a segment and keep `outputs` of its rows."""
        budget = self.context.budget
        sink = sinks.CollectSink(segment, outputs, budget, step_name(node), self.spool(node))
        slices = self.cluster.submit(Job(segment, source, sink))
        return Rows([joined([sink.finish(t.sink) for t in tasks], budget) for tasks in slices], where)

    def open_segment(self, node: Physical, filters: Sequence[Passed] = (),
                     above: Sequence[BuildSide] = ()) -> tuple[Segment, Any, Where]:
        """Compile the chain that ends at `node`, running what it needs first; `filters` apply to its rows,
        `above`: build sides that the caller will probe at its end."""
        return self._compiled(self._descended(node, filters), above)

    def _descended(self, node: Physical, filters: Sequence[Passed]) -> _Piece:
        """The chain that ends at `node`, its build sides made. Below a join whose build side is too large to be probed
        as a whole it ends: that join is the source."""
        chain: list[Any] = []
        current: Any = node
        while isinstance(current, _STREAMING) or (isinstance(current, HashJoin) and current.type in PROBES):
            chain.append(current)
            current = current.probe if isinstance(current, HashJoin) else current.input
        rows = self.context.view.data(current.table).statistics.rows if isinstance(current, TableScan) else inf
        sides, found = descend(chain, filters, self._prepare, rows)
        for i, step in enumerate(chain):
            if isinstance(step, HashJoin) and id(step) not in sides:
                below = [id(j) for j in chain[i + 1 :] if id(j) in sides]
                self._built.update((j, sides.pop(j)) for j in below)  # for the segment that probes them
                return _Piece(chain[:i], step, sides, found)
        return _Piece(chain, current, sides, found)

    def _compiled(self, piece: _Piece, above: Sequence[BuildSide] = ()) -> tuple[Segment, Any, Where]:
        """The program of a chain, and its source."""
        chain, sides, found = piece.chain, piece.sides, piece.filters
        segment = Segment()
        if chain and isinstance(chain[-1], FilterRows) and isinstance(piece.source, VirtualTableScan):
            self._asked[id(piece.source)] = chain[-1].predicate
        source, where = self._source(piece.source, [*sides.values(), *above], found)
        source.emit(segment)
        segment.source_rows = sum(source.rows(i) for i in range(source.tasks))
        if source.filter is not None:
            segment.filter(source.filter)
        for passed in sorted(found, key=lambda f: f.rate):
            if passed.column in segment.batch.scan:
                segment.key_filter(passed.column, passed.filter)
                self.counters.step(piece.source).filtered = True
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
            self.context.transaction.read(node.table, self.context.cancel.check)
            as_one = data.replicated and isinstance(node.props.distribution, Replicated | OnLeader)
            tasks = slices if not as_one or sliced else 1
            groups, skipped = scan_groups(node, data, tasks, as_one, self.context, filters)
            source = ScanSource(node, groups, skipped, self.context)
            self.counters.scan(node, groups, skipped)
            self.context.progress.blocks_total += sum(len(g) for g in groups) * len(node.columns)
            return source, Where.SHARED if tasks == 1 and as_one else Where.SLICES
        if isinstance(node, ExternalScan):
            from .lake.source import external_source

            return external_source(node, slices, self.context, self.counters, filters), Where.SLICES
        return self.stored(self.run(node, filters), node, sliced)

    def stored(self, rows: Rows, node: Physical, sliced: bool) -> tuple[StoredSource, Where]:
        """Finished rows as a source; `sliced`: each slice must see them."""
        slices = self.cluster.topology.slices
        if sliced and slices > 1 and rows.where is not Where.SLICES:
            return StoredSource([rows.part(0)] * slices, node), Where.SLICES
        return StoredSource(rows.every(), node), rows.where

    # -- joins -----------------------------------------------------------------------------------------

    def _prepare(self, join: HashJoin, filters: Sequence[Passed] = ()) -> BuildSide | None:
        """The join's build side, for one segment; None if it is too large for memory: the join is a step of its own
        then (`_large`)."""
        if id(join) in self._large:
            return None
        if id(join) in self._built:
            return self._built.pop(id(join))
        rows, ids = self.with_columns(join.build, list(join.build_keys), filters)
        self.counters.built(join, rows)
        if self.is_large(rows):
            self._large[id(join)] = rows, ids
            return None
        return self.build_side(join, rows, ids)

    def is_large(self, rows: Rows) -> bool:
        """Whether a table of build rows takes more memory than is left."""
        more = ROW_OF_TABLE * rows.rows + (rows.size if rows.in_pieces else 0)
        return self.context.budget.presses(more, rows.size)

    def build_side(self, join: HashJoin, rows: Rows, ids: Sequence[ColumnId]) -> BuildSide:
        charge = Charge(self.context.budget, f"hash of {step_name(join.build)}")
        side = BuildSide(rows, ids, partial(self.cluster.each, rows=rows.rows), charge)
        side.unify()
        return side

    def _join(self, node: HashJoin, filters: Sequence[Passed]) -> Rows:
        if node.type in PROBES and id(node) not in self._large:
            return self.collect(node, self.outputs(node), filters)
        side = self._prepare(node)
        if side is None:
            from .spill.joins import join

            return join(self, node, *self._large.pop(id(node)), filters if node.type in PROBES else ())
        own = of_join(node, side)
        segment, source, where = self.open_segment(node.probe, [] if own is None else [own], [side])
        return marked_join(self, node, side, segment, source, where)

_counter = 1 << 40


def _fresh() -> ColumnId:
    """An id for a helper column; far above the planner's."""
    global _counter
    _counter += 1
    return _counter
