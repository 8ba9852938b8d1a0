"""The advice for a live database: which tables to alter, by the estimates, for what its history recorded.

    recorded queries -> plans -> candidates -> search (two starts) -> the best design
    each table that it changes, put back alone: what the workload would lose is the change's gain

Only what ALTER TABLE can do is recommended, and changes that gain little are left out. Tables whose new distribution
keys belong together have one group number. Nothing is loaded; `warehouse-sql design` measures. What was worked out is
kept until tables or history change.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from ...records import dataclass
from ...reserved_words import quoted
from ...storage.schema import DistStyle, Table
from .candidates import Candidates, Rules
from .cost import Cluster
from .designs import Design, TableDesign, TableName, name_of
from .encodings import compare
from .estimate import Estimates, plannable
from .reasons import reason
from .samples import Samples
from .search import Search, Space, joins_within
from .usage import Usage, usage_of
from .workload import Broken, Query, recorded

if TYPE_CHECKING:
    from ..context import Context

QUERIES = 50  # of the history: those that took the most time
RESTARTS = 2
WORTH = 0.01  # of the workload's estimated time that a change must save
ENCODED_ROWS = 100_000  # fewer are stored in a few blocks, whatever their encoding
ALONE = -1  # the group of a table that is altered by itself
HIGHEST_IDLE = 200  # more records than this since then, and the advice is worked out anew


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One table's change. `gain`: seconds of the workload on a cluster, by the model of cost.py; `share`: of all."""

    type: str  # diststyle, sortkey, encode: as Redshift's view has it
    table: Table
    group: int
    ddl: str
    automatic: bool
    gain: float
    share: float
    reason: str


@dataclass(frozen=True, slots=True)
class Advice:
    """All that was found."""

    recommendations: tuple[Recommendation, ...]
    queries: int
    broken: tuple[Broken, ...]
    seconds: float  # of the workload now, estimated
    improved: float  # ... with all recommendations


_kept: WeakKeyDictionary[object, tuple[tuple[int, int], Advice]] = WeakKeyDictionary()


def advice(context: Context) -> Advice:
    """For the recorded history; kept while neither it nor the catalogue has changed much."""
    records = context.database.history.rows()
    key = (context.view.snapshot, len(records) // HIGHEST_IDLE if len(records) > HIGHEST_IDLE else len(records))
    known = _kept.get(context.database)
    if known is not None and known[0] == key:
        return known[1]
    found = advise(recorded(records, QUERIES), context)
    _kept[context.database] = key, found
    return found


def advise(queries: Sequence[Query], context: Context) -> Advice:
    """For any workload, of the tables as they are."""
    kept, plans, broken = plannable(queries, context)
    usage = usage_of(list(zip(kept, plans)), context.view)
    samples = Samples(context)
    topology = context.view.topology
    rules = Rules(context.view, usage, samples, topology.nodes, topology.slices, alter_only=lambda table: True)
    tables = [t for t in context.view.relations() if isinstance(t, Table) and _concerned(t, usage, context)]
    candidates = {name_of(t): rules.of(t) for t in tables}
    estimates = Estimates(context, kept, Cluster(topology.nodes, topology.slices), topology, samples)
    now = {name: TableDesign.of(found.table) for name, found in candidates.items()}
    if not kept or not candidates:
        return Advice((), len(kept), tuple(broken), 0.0, 0.0)
    joins = joins_within([pair for pair, _ in usage.joins.most_common()], candidates)
    search = Search(Space(candidates, joins), estimates.seconds)
    best = _needed(search.run(now, RESTARTS)[0][1], now, search)
    before, after = search.score(now), search.score(best)
    found = [*_recommended(best, now, candidates, usage, search),
             *_encoded(candidates, seconds_on_disk(estimates, now), before, context)]
    return Advice(tuple(sorted(found, key=lambda r: -r.gain)), len(kept), tuple(broken), before, after)


def _concerned(table: Table, usage: Usage, context: Context) -> bool:
    return name_of(table) in usage.tables and not table.temporary and context.view.data(table).statistics.rows > 0


def _needed(best: Design, now: Design, search: Search) -> dict[TableName, TableDesign]:
    """The best design without the changes that hardly matter: rewriting a table is not free."""
    design = dict(best)
    before = search.score(now)
    for name in sorted(design, key=lambda n: _loss(n, design, now, search)):
        parts = [now[name], now[name].with_sort_key(design[name].sort_key, design[name].interleaved),
                 design[name].with_sort_key(now[name].sort_key, now[name].interleaved)]
        for part in parts:
            if part != design[name] and search.score({**design, name: part}) - search.score(design) < WORTH * before:
                design[name] = part
                break
    return design


def _loss(name: TableName, design: Design, now: Design, search: Search) -> float:
    """What the workload would lose if this table stayed as it is."""
    return search.score({**design, name: now[name]}) - search.score(design)


def _recommended(best: Design, now: Design, candidates: dict[TableName, Candidates], usage: Usage,
                 search: Search) -> list[Recommendation]:
    groups = _groups(best, now, usage)
    total = max(search.score(now), 1e-12)
    found = []
    for name, design in best.items():
        table = candidates[name].table
        gain = _loss(name, best, now, search)
        for ddl in design.statements(table):
            moved = design.distribution != now[name].distribution
            automatic = moved and table.declared_style is DistStyle.AUTO
            found.append(Recommendation("diststyle" if moved else "sortkey", table, groups.get(name, ALONE), ddl,
                                        automatic, gain, gain / total, reason(name, best, usage)))
    return found


def seconds_on_disk(estimates: Estimates, design: Design) -> float:
    """Of the workload, what reading blocks takes."""
    return estimates.total(design).disk_bytes / (estimates.cluster.nodes * estimates.cluster.disk)


def _encoded(candidates: dict[TableName, Candidates], on_disk: float, total: float,
             context: Context) -> list[Recommendation]:
    """Other encodings for columns of large tables. Their gain is what is saved of the bytes of all tables."""
    every = max(1, sum(context.view.data(c.table).statistics.bytes for c in candidates.values()))
    found = []
    for one in candidates.values():
        table = one.table
        if table.interleaved or context.view.data(table).statistics.rows < ENCODED_ROWS:
            continue
        better = {name: sizes for name, sizes in compare(table, context).items() if sizes.best != sizes.stored}
        if better:
            saved = sum(sizes.saved for sizes in better.values())
            clauses = ", ".join(f"alter column {quoted(n)} encode {s.best}" for n, s in better.items())
            gain = on_disk * saved / every
            found.append(Recommendation(
                "encode", table, ALONE, f"alter table {quoted(table.schema)}.{quoted(table.name)} {clauses}",
                any(c.encoding == "auto" for c in table.columns), gain, gain / max(total, 1e-12),
                f"saves {saved / 1e6:.1f} MB of {context.view.data(table).statistics.bytes / 1e6:.1f} MB.",
            ))
    return found


def _groups(best: Design, now: Design, usage: Usage) -> dict[TableName, int]:
    """Numbers of tables that are given keys which belong together."""
    changed = {n for n, d in best.items() if d.style is DistStyle.KEY and d.distribution != now[n].distribution}
    group: dict[TableName, int] = {}
    for (left, a), (right, b) in usage.joins:
        keys = best[left].dist_key, best[right].dist_key
        if left in changed and right in changed and left != right and keys == (a, b):
            number = group.get(left) or group.get(right) or len(set(group.values())) + 1
            group[left] = group[right] = number
    return group
