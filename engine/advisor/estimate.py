"""One query in one design, without loading it: the optimiser's plan and its estimates.

    plan against a WhatIf catalogue  ->  moves: rows x width x the share that leaves its slice, its node
                                     ->  scans: row groups that zone maps leave (skipping.py) x columns

A plan depends on distributions alone, so it is made once for each choice of those; sort keys only change what its scans
read. Both are remembered, which is what lets search.py look at thousands of designs. CPU time is not estimated.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import Error, NotSupportedError
from ...planner.binder import bind_query
from ...planner.optimize import optimize
from ...planner.optimizer.distribution import key_column
from ...planner.parse import parse_statement
from ...planner.physical import (
    Exchange,
    FilterRows,
    HashJoin,
    Move,
    Physical,
    PhysicalQuery,
    ProjectColumns,
    Replicated,
    TableScan,
)
from ...planner.physical_traverse import walk_physical
from ...planner.statements import Select
from ...storage.maintenance.sizes import table_column_bytes
from ...storage.schema import DistStyle, Table, Topology
from ..evaluate import evaluate
from ..handlers.binding import bind_context
from ..key_filters import DROPPING
from .cost import Cluster, Work, seconds
from .designs import Design, TableDesign, TableName, name_of
from .samples import Samples
from .skipping import GROUP_ROWS, KeySet, Skipping, signature
from .usage import origins
from .whatif import WhatIf
from .workload import Broken, Query

if TYPE_CHECKING:
    from ...storage.schema import CatalogView
    from ..context import Context


def planned(text: str, view: CatalogView, context: Context) -> PhysicalQuery:
    """A query's plan against any catalogue view."""
    there = replace(context, view=view, parameters=())
    statement = parse_statement(text)
    if not isinstance(statement, Select):
        raise NotSupportedError(f"a workload is made of queries, and this is {type(statement).__name__.upper()}")
    return optimize(bind_query(statement.tree, view, bind_context(there)), view, evaluate)


def plannable(queries: Sequence[Query], context: Context) -> tuple[list[Query], list[PhysicalQuery], list[Broken]]:
    """The queries that can be planned as the catalogue is, their plans, and the others."""
    from ..failures import translate

    kept, plans, broken = [], [], []
    for query in queries:
        try:
            plan = planned(query.text, context.view, context)
        except Error as error:
            broken.append(Broken(query.name, str(error)))
        except Exception as error:
            broken.append(Broken(query.name, str(translate(error))))
        else:
            if plan.tables:
                kept.append(query)
                plans.append(plan)
            else:
                broken.append(Broken(query.name, "it reads no table of the database"))
    return kept, plans, broken


class Estimates:
    """Work of queries in designs, on a topology; see the module's text."""

    def __init__(self, context: Context, queries: Sequence[Query], cluster: Cluster, topology: Topology,
                 samples: Samples) -> None:
        self.queries = queries
        self.cluster = cluster
        self.plans_made = 0
        self._context = context
        self._topology = topology
        self._samples = samples
        self._plans: dict[Any, PhysicalQuery] = {}
        self._tables: dict[str, frozenset[TableName]] = {}
        self._skipping: dict[int, Skipping] = {}
        self._shares: dict[Any, float] = {}
        self._work: dict[Any, Work] = {}
        self._widths: dict[int, dict[int, float]] = {}

    def work(self, query: Query, design: Design) -> Work:
        """What the query would do."""
        own = self._own(query, design)
        found = self._work.get((query.name, own))
        if found is None:
            found = self._work[query.name, own] = self._of_plan(self.plan(query, design), query, design)
        return found

    def seconds(self, design: Design) -> float:
        """Of the whole workload on the cluster."""
        return sum(q.weight * seconds(self.work(q, design), self.cluster) for q in self.queries)

    def total(self, design: Design) -> Work:
        total = Work()
        for query in self.queries:
            total.add(self.work(query, design), query.weight)
        return total

    def plan(self, query: Query, design: Design) -> PhysicalQuery:
        self._context.cancel.check()
        own = tuple((name, d.style, d.dist_key) for name, d in self._own(query, design))
        found = self._plans.get((query.name, own))
        if found is None:
            found = planned(query.text, WhatIf(self._context.view, design, self._topology), self._context)
            self._plans[query.name, own] = found
            self._tables.setdefault(query.name, frozenset(name_of(t) for t in found.tables))
            self.plans_made += 1
        return found

    def _own(self, query: Query, design: Design) -> tuple[tuple[TableName, TableDesign], ...]:
        """The part of a design that the query sees."""
        tables = self._tables.get(query.name)
        return tuple(sorted(
            ((n, d) for n, d in design.items() if tables is None or n in tables), key=lambda item: item[0]
        ))

    # -- of a plan -----------------------------------------------------------------------------------

    def _of_plan(self, plan: PhysicalQuery, query: Query, design: Design) -> Work:
        work = Work()
        keys = self._key_sets(plan.root)
        for node in walk_physical(plan.root):
            match node:
                case Exchange(move=Move.DISTRIBUTE | Move.BROADCAST):
                    self._moved(node, work)
                case TableScan():
                    self._read(node, query, design, keys.get(id(node), ()), work)
                case _:
                    pass
        return work

    def _moved(self, node: Exchange, work: Work) -> None:
        nodes, slices = self._topology.nodes, self._topology.slices
        size = node.input.props.rows * node.input.props.width
        if isinstance(node.input.props.distribution, Replicated) or slices == 1:
            return
        work.moves += 1
        if node.move is Move.BROADCAST:
            copies = nodes - 1 if nodes > 1 else slices - 1
            work.bytes_slices += size * copies
            work.bytes_nodes += size * (nodes - 1)
        else:
            work.bytes_slices += size * (slices - 1) / slices
            work.bytes_nodes += size * (nodes - 1) / nodes

    def _read(self, node: TableScan, query: Query, design: Design, keys: Sequence[KeySet], work: Work) -> None:
        table = node.table
        own = design.get(name_of(table)) or TableDesign.of(table)
        replicated = own.style is DistStyle.ALL
        places = 1 if replicated else self._topology.slices
        share = self._share(node, query, own, places, keys)
        rows = self._samples.of(table).table_rows
        groups = places * -(-rows // (places * GROUP_ROWS)) if rows else 0
        widths = self._column_bytes(table)
        size = rows * sum(widths.get(table.columns[p].id, 8.0) for _, p in node.columns if p < len(table.columns))
        skew = self._skew(table, own)
        work.blocks += groups * share * len(node.columns)
        work.blocks_skipped += groups * (1 - share) * len(node.columns)
        work.blocks_bare += 0 if node.pruning or keys else groups * len(node.columns)
        work.disk_bytes += size * share * (self._topology.nodes if replicated else skew)

    def _share(self, node: TableScan, query: Query, own: TableDesign, places: int, keys: Sequence[KeySet]) -> float:
        name = (query.name, node.table.id, node.pruning, own.sort_key, own.interleaved, places, signature(keys))
        found = self._shares.get(name)
        if found is None:
            found = self._shares[name] = self._skips(node.table).share(node, own, places, keys)
        return found

    def _skew(self, table: Table, own: TableDesign) -> float:
        if own.dist_key is None:
            return 1.0
        position = table.position(own.dist_key)
        name = ("skew", table.id, position)
        if name not in self._shares:
            assert position is not None
            self._shares[name] = self._samples.of(table).fullest(position, self._topology.slices)
        return self._shares[name]

    def _skips(self, table: Table) -> Skipping:
        found = self._skipping.get(table.id)
        if found is None:
            found = self._skipping[table.id] = Skipping(self._samples.of(table))
        return found

    def _column_bytes(self, table: Table) -> dict[int, float]:
        """Stored bytes a row of each column, as it is now."""
        found = self._widths.get(table.id)
        if found is None:
            data = self._context.view.data(table)
            stored = max(1, sum(e.rows for e in data.extents))
            sizes = table_column_bytes(self._context.home(table), data)
            found = self._widths[table.id] = {id: size / stored for id, size in sizes.items()}
        return found

    def _key_sets(self, root: Physical) -> dict[int, list[KeySet]]:
        """By id of a scan: the keys that joins above it leave, where the build side is a small table with a filter."""
        known = origins(root)
        scans = [n for n in walk_physical(root) if isinstance(n, TableScan)]
        found: dict[int, list[KeySet]] = {}
        for node in walk_physical(root):
            if not isinstance(node, HashJoin) or node.type not in DROPPING:
                continue
            source = _filtered_scan(node.build)
            for probe, build in zip(node.probe_keys, node.build_keys):
                a, b = key_column(probe), key_column(build)
                if source is None or a is None or b is None or b.id not in known or a.id not in known:
                    continue
                position = source.table.position(known[b.id][1])
                keys = None if position is None else self._skips(source.table).matching(source, position)
                if keys is None:
                    continue
                for scan in scans:
                    place = next((p for ref, p in scan.columns if ref.id == a.id), None)
                    if place is not None and name_of(scan.table) == known[a.id][0]:
                        found.setdefault(id(scan), []).append(KeySet(place, keys))
        return found


def _filtered_scan(node: Physical) -> TableScan | None:
    """The scan with a filter that a build side is, below moves and projections."""
    while isinstance(node, Exchange | ProjectColumns | FilterRows):
        node = node.input
    return node if isinstance(node, TableScan) and node.pruning else None
