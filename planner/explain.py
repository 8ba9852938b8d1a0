"""EXPLAIN: a physical plan in the words and layout of Amazon Redshift.

    XN Limit  (cost=1000000004122.29..1000000004122.32 rows=10 width=44)
      ->  XN Merge  (cost=1000000004122.29..1000000004122.46 rows=66 width=44)
            Merge Key: sum(l_extendedprice), o_orderdate
            ->  XN Network  (cost=1000000004122.29..1000000004122.46 rows=66 width=44)
                  Send to leader
                  ->  XN Sort  (cost=1000000004122.29..1000000004122.46 rows=66 width=44)
                        Sort Key: sum(l_extendedprice), o_orderdate
                        ->  XN HashAggregate  (cost=4120.14..4120.30 rows=66 width=44)
                              ->  XN Hash Join DS_DIST_NONE  (cost=...)
                                    Hash Cond: ("outer".l_orderkey = "inner".o_orderkey)
                                    ->  XN Seq Scan on lineitem  (cost=...)
                                          Filter: (l_shipdate > '1995-03-15'::date)
                                    ->  XN Hash  (cost=...)

As there, a redistribution or broadcast is no line of its own (but below a window's sort): the join's DS_ label
tells it, and an aggregate's two phases are one line. Projections and the insert of INSERT and CREATE TABLE AS
are not shown. A move to the slices of the insert's table is (Redshift keeps it to itself): that is what its
design costs.

    XN Network  (cost=...)
      Distribute
      ->  XN Seq Scan on orders  (cost=...)

With `counters` (EXPLAIN ANALYZE) each line gets what its node really did. The golden plan tests print through
this module too.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from .columns import physical_columns, physical_inputs
from .explain_actual import NodeCounters, actual
from .explain_files import PARTS, partition_tests, query_scan, seq_scan
from .explain_names import Names
from .expressions import Expr
from .physical import (
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
    Physical,
    PhysicalQuery,
    ProjectColumns,
    Props,
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
from .predicates import conjuncts
from .rendering import show, show_key

NESTED_LOOP_NOTICE = (
    "----- Nested Loop Join in the query plan - review the join predicates to avoid Cartesian products -----"
)

HASH = "XN Hash"
_JOIN_WORDS = {
    JoinType.INNER: "Hash Join", JoinType.LEFT: "Hash Left Join", JoinType.RIGHT: "Hash Right Join",
    JoinType.FULL: "Hash Full Join", JoinType.SEMI: "Hash IN Join", JoinType.ANTI: "Hash NOT IN Join",
    JoinType.RIGHT_SEMI: "Hash Right IN Join", JoinType.RIGHT_ANTI: "Hash Right NOT IN Join",
    JoinType.SINGLE: "Hash Single Join",
}


# Functions that Spectrum's layer computes (an average is a sum and a count here).
_PUSHED = frozenset(("count", "sum", "min", "max"))


class _Line(NamedTuple):
    """One operator: its headline, the details under it, its inputs."""

    title: str
    props: Props
    node: Physical
    details: Sequence[str] = ()
    inputs: Sequence[Physical] = ()
    files: ExternalScan | None = None


class PlanLine(NamedTuple):
    """One operator as it is printed. Operators are numbered from 1 as they come, `parent` 0 is none (STL_EXPLAIN)."""

    number: int
    parent: int
    depth: int
    title: str
    props: Props
    node: Physical  # of a line "XN Hash": the join
    details: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The line without what really happened."""
        pad = "" if self.depth == 0 else " " * (6 * self.depth - 4) + "->  "
        return f"{pad}{self.title}  {_cost(self.props)}"

    @property
    def is_hash(self) -> bool:
        return self.title == HASH

    @property
    def is_part(self) -> bool:
        """Whether another line of the same node says what it did."""
        return self.is_hash or self.title.startswith(PARTS)


def explain(query: PhysicalQuery, counters: Mapping[int, NodeCounters] | None = None) -> list[str]:
    """The plan's lines; `counters` maps id(node) to what it did."""
    operators, nested_loop = operators_of(query)
    lines: list[str] = []
    for line in operators:
        lines.append(line.text if counters is None or line.is_part else line.text + actual(line.node, counters))
        if line.details:
            pad = " " * (6 * line.depth + 2)
            lines += [pad + detail for detail in line.details]
    if nested_loop:
        lines.append(NESTED_LOOP_NOTICE)
    lines.extend([f"Advice: {text}" for text in query.advice])
    return lines


def operators_of(query: PhysicalQuery) -> tuple[list[PlanLine], bool]:
    """The plan's operators, parents first, and whether one is a nested loop that should be looked at."""
    printer = _Printer(query.root)
    printer.visit(query.root, 0, 0)
    return printer.lines, printer.nested_loop


class _Printer:
    def __init__(self, root: Physical) -> None:
        self.names = Names(root)
        self.lines: list[PlanLine] = []
        self.nested_loop = False
        self.shown: set[int] = set()
        self.pushed: dict[int, HashAggregate] = {}  # by id of the scan of files below

    def text(self, expr: Expr) -> str:
        return self.names.text(expr)

    # -- tree ------------------------------------------------------------------------------------

    def visit(self, node: Physical, depth: int, parent: int, moves: bool = False) -> None:
        """`moves`: a redistribution is a line here."""
        node = _visible(node, moves)
        line = self._line(node)
        number = self._add(parent, depth, line.title, line.props, line.node, line.details)
        if line.files is not None:
            self._over_files(line.files, depth + 1, number)
        for child in line.inputs:
            self.visit(child, depth + 1, number, isinstance(line.node, (SortRows, WindowRows)))
        if isinstance(line.node, HashJoin):
            self._build_side(line.node, depth + 1, number)

    def _add(self, parent: int, depth: int, title: str, props: Props, node: Physical,
             details: Sequence[str] = ()) -> int:
        number = len(self.lines) + 1
        self.lines.append(PlanLine(number, parent, depth, title, props, node, tuple(details)))
        return number

    def _build_side(self, join: HashJoin, depth: int, parent: int) -> None:
        """The hash table is a line of its own, between the join and its inner side."""
        if not join.probe_keys:
            self.visit(join.build, depth, parent)
            return
        inner = _visible(join.build)
        props = Props(
            join.build.props.rows, join.build.props.width, inner.props.cost, inner.props.cost,
            join.build.props.distribution,
        )
        self.visit(inner, depth + 1, self._add(parent, depth, HASH, props, join))

    def _line(self, node: Physical) -> _Line:
        return _LINES[node.__class__](self, node)

    def _virtual(self, node: VirtualTableScan) -> _Line:
        name = node.name.split(".")[-1]
        return _Line(f"LD Seq Scan on {name}{'' if node.alias == name else f' {node.alias}'}", node.props, node)

    def _aggregate(self, node: HashAggregate) -> _Line:
        source = _aggregated(node)
        self._note_pushed(source, node)
        return _Line("XN HashAggregate" if node.groups else "XN Aggregate", node.props, node, (), (source,))

    def _sort(self, node: SortRows) -> _Line:
        keys = ", ".join([self.text(k.expr) for k in node.keys])
        return _Line("XN Sort", node.props, node, (f"Sort Key: {keys}",), (node.input,))

    def _unnest(self, node: UnnestRows) -> _Line:
        word = "XN Unpivot" if node.of_object else "XN Unnest"
        title = f"{word} {self.text(node.value)}{' (outer)' if node.outer else ''}"
        return _Line(title, node.props, node, (), (node.input,))

    def _scan(self, node: TableScan) -> _Line:
        alias = "" if node.alias == node.table.name else f" {node.alias}"
        details = () if node.filter is None else (f"Filter: {self._predicate(node.filter)}",)
        return _Line(f"XN Seq Scan on {node.table.name}{alias}", node.props, node, details)

    def _external(self, node: ExternalScan) -> _Line:
        """What runs over the files is told apart from what takes its rows (c-spectrum-external-performance)."""
        title = "XN Partition Loop" if node.table.source.keys else query_scan(node)
        return _Line(title, node.props, node, files=node)

    def _over_files(self, node: ExternalScan, depth: int, parent: int) -> None:
        """The lines below an S3 Query Scan or a Partition Loop."""
        tests = [] if node.filter is None else conjuncts(node.filter)
        if node.table.source.keys:
            own, tests = partition_tests(node, tests)
            title = f"XN Seq Scan PartitionInfo of {node.table.schema}.{node.table.name}"
            self._add(parent, depth, title, replace(node.props, width=0), node, self._filters(own))
            parent = self._add(parent, depth, query_scan(node), node.props, node)
            depth += 1
        pushed = self.pushed.get(id(node))
        if pushed is not None:
            word = "S3 HashAggregate" if pushed.groups else "S3 Aggregate"
            parent = self._add(parent, depth, word, pushed.props, pushed)
            depth += 1
        self._add(parent, depth, seq_scan(node), node.props, node, self._filters(tests))

    def _filters(self, tests: Sequence[Expr]) -> list[str]:
        return [f"Filter: {self._conjunction(tests)}"] if tests else []

    def _note_pushed(self, source: Physical, aggregate: HashAggregate) -> None:
        """An aggregate right over a scan of files: rows are grouped in the scan's segment, before they go anywhere.
        DISTINCT is told as what it is on Redshift, where it is not pushed."""
        source = _visible(source)
        functions = {call.function for _, call in aggregate.aggregates}
        if isinstance(source, ExternalScan) and functions and functions <= _PUSHED:
            self.pushed[id(source)] = aggregate

    def _filter(self, node: FilterRows) -> _Line:
        """A filter is a line under what it filters."""
        inner = _visible(node.input)
        line = self._line(inner)
        details = (*line.details, f"Filter: {self._predicate(node.predicate)}")
        return _Line(line.title, node.props, line.node, details, line.inputs)

    def _predicate(self, predicate: Expr) -> str:
        return self._conjunction(conjuncts(predicate))

    def _conjunction(self, tests: Sequence[Expr]) -> str:
        parts = [self.text(test) for test in tests]
        return parts[0] if len(parts) == 1 else "(" + " AND ".join(parts) + ")"

    def _join(self, node: HashJoin) -> _Line:
        label = f" {node.label}" if node.label else ""
        if not node.probe_keys:
            self.nested_loop |= min(node.probe.props.rows, node.build.props.rows) > 1
            details = [] if node.residual is None else [f"Join Filter: {self._sides(node.residual, node)}"]
            word = "Nested Loop" if node.type is JoinType.INNER else f"Nested Loop {node.type.value} Join"
            return _Line(f"XN {word}{label}", node.props, node, details, [node.probe])
        conditions = [
            f"({self._side(a, 'outer')} = {self._side(b, 'inner')})"
            for a, b in zip(node.probe_keys, node.build_keys)
        ]
        joined = conditions[0] if len(conditions) == 1 else "(" + " AND ".join(conditions) + ")"
        details = [f"Hash Cond: {joined}"]
        if node.residual is not None:
            details.append(f"Join Filter: {self._sides(node.residual, node)}")
        return _Line(f"XN {_JOIN_WORDS[node.type]}{label}", node.props, node, details, [node.probe])

    def _side(self, expr: Expr, side: str) -> str:
        return show(expr, lambda ref: f'"{side}".{self.names.bare(ref)}')

    def _sides(self, expr: Expr, node: HashJoin) -> str:
        outer = {ref.id for ref in physical_columns(node.probe)}
        return show(expr, lambda ref: f'"{"outer" if ref.id in outer else "inner"}".{self.names.bare(ref)}')

    def _window(self, node: WindowRows) -> _Line:
        lists = (("Partition", [self.text(e) for e in node.partition]),
                 ("Order", [show_key(k, self.names.name) for k in node.order]))
        details = [f"{word}: {', '.join(texts)}" for word, texts in lists if texts]
        return _Line("XN Window", node.props, node, details, [node.input])

    def _exchange(self, node: Exchange) -> _Line:
        if node.move is Move.GATHER and node.merge_keys:
            keys = ", ".join([self.text(k.expr) for k in node.merge_keys])
            network = Exchange(node.input, Move.GATHER, (), node.props)
            return _Line("XN Merge", node.props, node, (f"Merge Key: {keys}",), (network,))
        return _Line("XN Network", node.props, node, (_MOVES[node.move],), (node.input,))

    def _shared(self, node: Shared) -> _Line:
        title = f"XN Subquery Scan cte_{node.id}"
        if node.id in self.shown:
            return _Line(title, node.props, node, ("(computed above)",))
        self.shown.add(node.id)
        return _Line(title, node.props, node, (), (node.input,))


_MOVES = {
    Move.GATHER: "Send to leader", Move.DISTRIBUTE: "Distribute", Move.BROADCAST: "Broadcast",
    Move.ROUND_ROBIN: "Distribute Round Robin",
}
# By class, in place of a `match`, as in traverse.py; without projections and inserts, which are not shown.
_LINES: dict[type, Callable[[_Printer, Any], _Line]] = {
    TableScan: _Printer._scan,
    ExternalScan: _Printer._external,
    VirtualTableScan: _Printer._virtual,
    ConstantRows: lambda _, node: _Line(
        "XN Result" if len(node.rows) == 1 else "XN Values Scan", node.props, node
    ),
    FilterRows: _Printer._filter,
    HashJoin: _Printer._join,
    HashAggregate: _Printer._aggregate,
    SortRows: _Printer._sort,
    WindowRows: _Printer._window,
    UnnestRows: _Printer._unnest,
    LimitRows: lambda _, node: _Line("XN Limit", node.props, node, (), (node.input,)),
    Exchange: _Printer._exchange,
    UnionAll: lambda _, node: _Line("XN Append", node.props, node, (), node.inputs),
    Shared: _Printer._shared,
    RecursiveUnion: lambda _, node: _Line("XN Recursive Union", node.props, node, (), (node.seed, node.step)),
    WorkingTable: lambda _, node: _Line(f"XN WorkTable Scan on {node.name}", node.props, node),
}


# -- what is a line ------------------------------------------------------------------------------


def _cost(props: Props) -> str:
    rows = max(1, round(props.rows))
    return f"(cost={props.first_cost:.2f}..{props.cost:.2f} rows={rows} width={props.width})"


def _visible(node: Physical, moves: bool = False) -> Physical:
    """Through projections, and (unless moves are lines of their own) moves that a join's label tells. An insert's
    own move is a line."""
    if isinstance(node, InsertRows):
        return node.input if isinstance(node.input, Exchange) else _visible(node.input)
    while True:
        kind = node.__class__
        if kind is not ProjectColumns and (kind is not Exchange or moves or node.move is Move.GATHER):  # type: ignore[union-attr]
            return node
        node = node.input  # type: ignore[union-attr]


def _aggregated(node: HashAggregate) -> Physical:
    """The input of both phases together."""
    if node.phase == "final":
        source = node.input
        while not isinstance(source, HashAggregate):
            (source,) = physical_inputs(source)
        return source.input
    return node.input

