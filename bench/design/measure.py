"""One design, measured: the workload's queries run over its variants, and what their steps counted.

    wall, cpu          seconds, the least of `runs`; of this process, planning apart
    bytes              by DISTRIBUTE and by BROADCAST; of these, between nodes
    blocks             read and skipped, by table
    spilled            bytes written to disk for want of memory
    cluster            seconds that the cost model makes of it (engine/advisor/cost.py)

Every query must give as many rows in one design as in another: the number is kept, the report says where it differs.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...engine.advisor.cost import Cluster, Work, seconds
from ...engine.advisor.designs import Design, TableName, shown
from ...engine.advisor.estimate import planned
from ...engine.advisor.workload import ADVISOR_LABEL, Query
from ...engine.execute import execute
from ...engine.result import Result
from ...planner.physical import Exchange, Move, PhysicalQuery, TableScan
from ...planner.physical_traverse import walk_physical
from .variants import Loaded, Variants

if TYPE_CHECKING:
    from ...engine.context import Context


@dataclass(slots=True)
class QueryFigures:
    """One query in one design."""

    wall: float = 0.0
    cpu: float = 0.0
    planning: float = 0.0
    rows: int = 0
    bytes_distributed: int = 0
    bytes_broadcast: int = 0
    node_bytes: int = 0
    moves: int = 0
    blocks: int = 0
    blocks_skipped: int = 0
    disk_bytes: float = 0.0
    spilled: int = 0
    tables: dict[str, list[int]] = field(default_factory=dict)  # blocks read, skipped
    error: str | None = None

    @property
    def bytes(self) -> int:
        """To other slices."""
        return self.bytes_distributed + self.bytes_broadcast

    def work(self) -> Work:
        return Work(float(self.bytes), float(self.node_bytes), self.moves, float(self.blocks),
                    float(self.blocks_skipped), 0.0, self.disk_bytes, self.cpu)


@dataclass(slots=True)
class Measured:
    """A design and all its figures; `designs`: table -> TableDesign.to_json()."""

    name: str
    why: str
    designs: list[tuple[TableName, dict[str, Any]]]
    queries: dict[str, QueryFigures]
    loads: dict[str, Loaded]
    storage: int  # bytes on the cluster: ALL tables once a node
    load_seconds: float
    vacuum_seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(found: dict[str, Any]) -> Measured:
        return Measured(
            **{**found,
               "designs": [((n[0], n[1]), d) for n, d in found["designs"]],
               "queries": {name: QueryFigures(**q) for name, q in found["queries"].items()},
               "loads": {name: Loaded(**one) for name, one in found["loads"].items()}}
        )

    def total(self, queries: Sequence[Query]) -> Work:
        """Of the workload, by weight; without queries that failed."""
        total = Work()
        for query in queries:
            found = self.queries.get(query.name)
            if found is not None and found.error is None:
                total.add(found.work(), query.weight)
        return total


def measure(variants: Variants, name: str, why: str, design: Design, queries: Sequence[Query], cluster: Cluster,
            runs: int, step: Callable[[str], None]) -> Measured:
    """Load what is not there yet, run every query `runs` times; CannotLoad."""
    loads: dict[str, Loaded] = {}
    for table, chosen in design.items():
        if variants.loaded(table, chosen) is None:
            step(f"loading {shown(table)}: {chosen}")
        loads[shown(table)] = variants.ensure(table, chosen)
    figures = {}
    for query in queries:
        step(query.name)
        figures[query.name] = _query(variants, design, query, loads, cluster, runs)
    storage = sum(one.stored * (cluster.nodes if one.replicated else 1) for one in loads.values())
    return Measured(
        name, why, [(n, d.to_json()) for n, d in design.items()], figures, loads, storage,
        sum(one.seconds for one in loads.values()), sum(one.vacuum for one in loads.values()),
    )


def _query(variants: Variants, design: Design, query: Query, loads: dict[str, Loaded], cluster: Cluster,
           runs: int) -> QueryFigures:
    from ...errors import Error

    best = QueryFigures()
    session = variants.connection.session
    for number in range(max(1, runs)):
        made: list[QueryFigures] = []

        def once(context: Context, made: list[QueryFigures] = made) -> Result:
            made.append(_run(variants, design, query, context, loads, cluster))
            return Result("SELECT")

        try:
            session.perform(f"-- {ADVISOR_LABEL}: {query.name}", "Design", once)
        except Error as error:
            return QueryFigures(error=str(error))
        found = made[0]
        if number == 0:
            best = found
        else:
            best.wall, best.cpu = min(best.wall, found.wall), min(best.cpu, found.cpu)
            best.planning = min(best.planning, found.planning)
    return best


def _run(variants: Variants, design: Design, query: Query, context: Context, loads: dict[str, Loaded],
         cluster: Cluster) -> QueryFigures:
    view = variants.routed(context.view, design)
    there = replace(context, view=view)
    start = time.perf_counter()
    plan = planned(query.text, view, there)
    figures = QueryFigures(planning=time.perf_counter() - start)
    wall, cpu = time.perf_counter(), time.process_time()
    figures.rows = sum(batch.num_rows for batch in execute(plan, there))
    figures.wall, figures.cpu = time.perf_counter() - wall, time.process_time() - cpu
    names = {variants_table: name for name, variants_table in _tables(plan, design, variants)}
    _count(plan, there, figures, names, loads, cluster)
    return figures


def _tables(plan: PhysicalQuery, design: Design, variants: Variants) -> list[tuple[str, str]]:
    from .variants import variant_name

    return [(shown(name), variant_name(name, chosen)) for name, chosen in design.items()]


def _count(plan: PhysicalQuery, context: Context, figures: QueryFigures, names: dict[str, str],
           loads: dict[str, Loaded], cluster: Cluster) -> None:
    for node in walk_physical(plan.root):
        counters = context.counters.get(id(node))
        if counters is None:
            continue
        figures.spilled += counters.bytes_spilled
        if isinstance(node, Exchange) and node.move in (Move.DISTRIBUTE, Move.BROADCAST):
            figures.node_bytes += counters.node_bytes
            figures.moves += counters.bytes_moved > 0
            if node.move is Move.DISTRIBUTE:
                figures.bytes_distributed += counters.bytes_moved
            else:
                figures.bytes_broadcast += counters.bytes_moved
        elif isinstance(node, TableScan) and node.table.name in names:
            name = names[node.table.name]
            read, skipped = counters.blocks_read, counters.blocks_skipped
            figures.blocks += read
            figures.blocks_skipped += skipped
            seen = figures.tables.setdefault(name, [0, 0])
            seen[0], seen[1] = seen[0] + read, seen[1] + skipped
            figures.disk_bytes += _disk_bytes(node, loads[name], read, skipped, cluster)


def _disk_bytes(node: TableScan, load: Loaded, read: int, skipped: int, cluster: Cluster) -> float:
    """Bytes that the scan's blocks have, on all nodes; of a skewed table as if all slices had what the fullest has."""
    every = sum(load.column_bytes.get(node.table.columns[p].name, 0) for _, p in node.columns
                if p < len(node.table.columns))
    share = read / (read + skipped) if read + skipped else 0.0
    return every * share * (cluster.nodes if load.replicated else load.skew)


def cluster_seconds(measured: Measured, queries: Sequence[Query], cluster: Cluster) -> float:
    """Of the whole workload, CPU time of this machine included."""
    return seconds(measured.total(queries), cluster)
