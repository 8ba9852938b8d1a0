"""Screening: what the optimiser's estimates say of thousands of designs, before anything is loaded.

    queries -> plans -> columns used -> candidates (rules strike out others) -> search -> finalists, alternatives

Everything that comes out is a JSON value, so that a stopped run need not screen again.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ...engine.advisor.candidates import Candidates, Rules
from ...engine.advisor.cost import Cluster, Work, seconds
from ...engine.advisor.designs import Design, TableDesign, TableName, name_of, shown
from ...engine.advisor.estimate import Estimates, plannable
from ...engine.advisor.reasons import collocated, reason
from ...engine.advisor.samples import Samples
from ...engine.advisor.search import Search, Space, finalists, joins_within
from ...engine.advisor.usage import Usage, usage_of
from ...engine.advisor.whatif import Believed
from ...engine.advisor.workload import Query
from ...storage.schema import DistStyle, Table, TableStatistics

if TYPE_CHECKING:
    from ...engine.context import Context
    from .progress import Progress

LARGEST = 2  # tables in whose distribution finalists differ
ALTERNATIVES_A_TABLE = 3
TOLD_APART = 1.01  # blocks of the worst and the best sort key: else there is nothing to show
NEAR = 1.15  # an alternative is worth loading while its estimate is within this of the best


@dataclass(slots=True)
class Asked:
    """What a screening is to find."""

    seed: int
    restarts: int
    finalists: int
    minimise: str  # "time" or "bytes"
    cluster: Cluster
    alter_only: frozenset[TableName] = frozenset()  # tables whose rows cannot be written into a new one
    known: Mapping[TableName, tuple[Table, TableStatistics]] = field(default_factory=dict)  # of tables that are sampled


class Screening:
    """One screening, within one statement; see the module's text."""

    def __init__(self, context: Context, queries: Sequence[Query], asked: Asked, progress: Progress) -> None:
        if asked.known:
            context = replace(context, view=Believed(context.view, asked.known))
        self.context = context
        self.asked = asked
        self.progress = progress
        self.queries, plans, self.broken = plannable(queries, context)
        self.usage: Usage = usage_of(list(zip(self.queries, plans)), context.view)
        self.samples = Samples(context, asked.seed)
        topology = context.view.topology
        rules = Rules(context.view, self.usage, self.samples, topology.nodes, topology.slices,
                      lambda table: name_of(table) in asked.alter_only)
        tables = [r for r in context.view.relations() if isinstance(r, Table) and name_of(r) in self.usage.tables]
        self.candidates: dict[TableName, Candidates] = {
            name_of(t): rules.of(t) for t in tables if context.view.data(t).statistics.rows
        }
        self.estimates = Estimates(context, self.queries, asked.cluster, topology, self.samples)

    def run(self) -> dict[str, Any]:
        """The result, as JSON values."""
        now = {name: TableDesign.of(found.table) for name, found in self.candidates.items()}
        joins = joins_within([pair for pair, _ in self.usage.joins.most_common()], self.candidates)
        search = Search(Space(self.candidates, joins), self.score, self.asked.seed)
        ranked = search.run(now, self.asked.restarts, self._seen)
        best = ranked[0][1]
        by_size = sorted(now, key=lambda n: -self.context.view.data(self.candidates[n].table).statistics.bytes)
        chosen = finalists(ranked, self.asked.finalists, by_size[:LARGEST])
        fewest = min((d for _, d in ranked[:2000]), key=lambda d: self.estimates.total(d).bytes_slices)
        if fewest not in chosen:
            chosen.append(fewest)
        return {
            "queries": [[q.name, q.text, q.weight] for q in self.queries],
            "broken": [[b.name, b.error] for b in self.broken],
            "now": _json(now), "finalists": [_json(d) for d in chosen],
            "estimates": [self._figures(d) for d in chosen], "baseline": self._figures(now),
            "alternatives": self._alternatives(best), "sort_keys": self._sort_keys(best),
            "struck": [str(s) for found in self.candidates.values() for s in found.struck],
            "candidates": {shown(n): [len(c.distributions), len(c.sortings)] for n, c in self.candidates.items()},
            "designs_seen": len(ranked), "plans_made": self.estimates.plans_made,
        }

    def score(self, design: Design) -> float:
        """What is minimised: seconds on the cluster, or bytes that move and a little of the seconds."""
        storage = self._stored(design) * 0.02e-9
        if self.asked.minimise == "bytes":
            work = self.estimates.total(design)
            return work.bytes_slices / 1e6 + 1e-3 * (seconds(work, self.asked.cluster) + storage)
        return self.estimates.seconds(design) + storage

    def reasons(self, design: Design) -> dict[str, str]:
        return {shown(name): reason(name, design, self.usage) for name in design}

    def partners(self, design: Design) -> dict[str, list[str]]:
        """Of each table, those that it is collocated with."""
        return {shown(name): collocated(name, design, self.usage) for name in design}

    # -- parts ---------------------------------------------------------------------------------------

    def _seen(self, done: int, total: int, best: float) -> None:
        unit = "MB moved" if self.asked.minimise == "bytes" else "s"
        self.progress.step(done, total, f"start {done}: best so far {best:.3f} {unit}")

    def _stored(self, design: Design) -> float:
        nodes = self.asked.cluster.nodes
        return sum(
            self.context.view.data(self.candidates[n].table).statistics.bytes
            * (nodes if d.style is DistStyle.ALL else 1) for n, d in design.items()
        )

    def _figures(self, design: Design) -> dict[str, float]:
        work: Work = self.estimates.total(design)
        return {
            "seconds": self.estimates.seconds(design), "bytes": work.bytes_slices, "node_bytes": work.bytes_nodes,
            "blocks": work.blocks, "blocks_skipped": work.blocks_skipped, "blocks_bare": work.blocks_bare,
            "storage": self._stored(design),
        }

    def _alternatives(self, best: Design) -> list[dict[str, Any]]:
        """Other designs of single tables that the estimates find nearly as good: candidates for real measurement."""
        limit = NEAR * self.score(best)
        found: list[tuple[float, TableName, TableDesign]] = []
        for name, candidates in self.candidates.items():
            own = []
            for design in candidates:
                if design != best[name] and (score := self.score({**best, name: design})) <= limit:
                    own.append((score, name, design))
            own.sort(key=lambda item: item[0])
            found += [item for item in own if self._differs(best, item[1], item[2])][:ALTERNATIVES_A_TABLE]
        found.sort(key=lambda item: item[0])
        return [{"table": [*name], "design": d.to_json(), "score": score} for score, name, d in found]

    def _differs(self, best: Design, name: TableName, design: TableDesign) -> bool:
        """Whether the estimates tell the two apart at all: what no query sees is not worth a load."""
        return abs(self.score({**best, name: design}) - self.score(best)) > 1e-6

    def _sort_keys(self, best: Design) -> dict[str, list[list[Any]]]:
        """Per table with several sort keys: each, and the blocks that the workload would read and skip."""
        found: dict[str, list[list[Any]]] = {}
        for name, candidates in self.candidates.items():
            if len(candidates.sortings) > 2:
                rows: list[list[Any]] = []
                for names, interleaved in candidates.sortings:
                    design = best[name].with_sort_key(names, interleaved)
                    work = self.estimates.total({**best, name: design})
                    rows.append([design.sorting, work.blocks, work.blocks_skipped])
                if max(row[1] for row in rows) > TOLD_APART * min(row[1] for row in rows):
                    found[shown(name)] = sorted(rows, key=lambda row: row[1])
        return found


def _json(design: Design) -> list[list[Any]]:
    return [[[*name], d.to_json()] for name, d in design.items()]


def from_json(found: Sequence[Sequence[Any]]) -> dict[TableName, TableDesign]:
    """A design that `Screening.run` wrote."""
    return {(name[0], name[1]): TableDesign.from_json(d) for name, d in found}
