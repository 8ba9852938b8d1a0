"""A run of the design harness: staging, screening, measuring, encodings, the result.

    stage      the tables into a scratch database below OUT, on the topology asked for   (source.py)
    screen     thousands of designs by estimates                          (screen.py)
    measure    the baseline, all EVEN, the finalists                      (measure.py)
    refine     single tables of the best one changed, while time is left
    encodings  bytes of each column in each encoding
    result     one JSON object                                            (report.py)

After every step the state is kept (state.py): a run that is stopped goes on from there. The best design is the one of
the least cost, by figures measured here and speeds stated (engine/advisor/cost.py).
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.advisor.cost import STORAGE_SECONDS, Cluster, Work, seconds
from ...engine.advisor.designs import Design, TableDesign, TableName, shown
from ...engine.advisor.workload import Broken, Query
from ...engine.result import Result
from ...storage.schema import DistStyle, Table, TableStatistics
from . import encodings, screen
from .measure import Measured, measure
from .variants import CannotLoad, Variants, definition

if TYPE_CHECKING:
    from ...client.dbapi import Connection
    from ...engine.context import Context
    from .progress import Progress
    from .state import State

# Of CPU time, what two runs of the same may differ by: a share, and seconds a query. Only what is above that counts.
CPU_NOISE, CPU_NOISE_QUERY = 0.25, 0.002
SAME = 1.005  # costs that are no further apart are the same
WORTH = 1.02  # a baseline that costs at most so many times the best design is left as it is
BASELINE, EVEN = "baseline", "all EVEN"

Stage = Callable[["Connection", Callable[[str], None]], list[str]]


@dataclass(slots=True)
class Options:
    """What a run may do."""

    out: Path
    nodes: int = 2
    slices: int = 2
    threads: int | None = None
    minutes: float = 10.0
    seed: int = 0
    restarts: int = 4
    finalists: int = 4
    runs: int = 2
    minimise: str = "time"
    estimate_only: bool = False
    cluster: Cluster | None = None

    @property
    def model(self) -> Cluster:
        return self.cluster or Cluster(self.nodes, self.nodes * self.slices)


@dataclass(frozen=True, slots=True)
class Originals:
    """The tables of the database that a run is about; statistics of those of which it has a sample."""

    tables: Mapping[TableName, Table] = field(default_factory=dict)
    sampled: Mapping[TableName, tuple[Table, TableStatistics]] = field(default_factory=dict)
    scale: float = 1.0  # rows of the largest table for each of its sample: bytes and blocks are taken so many times


class Harness:
    """One run. `stage` fills an empty database and says what it could not take."""

    def __init__(self, options: Options, queries: Sequence[Query], broken: Sequence[Broken], stage: Stage,
                 progress: Progress, state: State, originals: Originals | None = None) -> None:
        """`originals`: the tables as their database has them, where staging leaves something out of them."""
        self.options = options
        self.originals = originals or Originals()
        self.given = list(queries)
        self.broken = list(broken)
        self.stage = stage
        self.progress = progress
        self.state = state
        self.cluster = options.model
        self.measured: list[Measured] = [Measured.from_json(m) for m in state.parts.get("measured", ())]
        self.failed: list[str] = list(state.parts.get("failed", ()))

    def run(self) -> dict[str, Any]:
        """The parts of the result that report.py makes one of."""
        connection = self._open()
        try:
            self._screened(connection)
            if not self.options.estimate_only:
                variants = Variants(connection, self.state.parts.get("variants", {}))
                self._finalists(variants)
                self._refine(variants)
                self._encodings(variants)
            self._reasons(connection)
        finally:
            connection.close()
        self.progress.end()
        return self.state.parts

    # -- staging and screening -----------------------------------------------------------------------

    def _open(self) -> Connection:
        from ... import connect

        staged = self.state.parts.get("staged", False)
        if not staged:
            self.state.begin()
        connection = connect(
            str(self.state.scratch), nodes=self.options.nodes, slices_per_node=self.options.slices,
            threads=self.options.threads, autocommit=True, maintenance=False,
        )
        if not staged:
            self.progress.phase("staging the tables")
            problems = self.stage(connection, lambda text: self.progress.step(0, 0, text))
            self.state.keep(staged=True, problems=problems)
        return connection

    def _screened(self, connection: Connection) -> None:
        if "search" in self.state.parts:
            return
        self.progress.phase("screening designs by estimates")
        asked = self._asked(self.options.restarts, self.options.finalists)
        found: list[dict[str, Any]] = []

        def search(context: Context) -> Result:
            found.append(screen.Screening(context, self.given, asked, self.progress).run())
            return Result("SELECT")

        connection.session.perform("-- advisor: screening", "Design", search)
        self.state.keep(search=found[0])

    def _asked(self, restarts: int, finalists: int) -> screen.Asked:
        tables = self.originals.tables
        numbered = frozenset(n for n, t in tables.items() if any(c.identity is not None for c in t.columns))
        return screen.Asked(self.options.seed, restarts, finalists, self.options.minimise, self.cluster, numbered,
                            self.originals.sampled)

    @property
    def queries(self) -> list[Query]:
        """Those that can be planned."""
        return [Query(*q) for q in self.state.parts["search"]["queries"]]

    # -- measuring -----------------------------------------------------------------------------------

    def _finalists(self, variants: Variants) -> None:
        search = self.state.parts["search"]
        now = screen.from_json(search["now"])
        even = {name: TableDesign(DistStyle.EVEN) for name in now}
        wanted: list[tuple[str, str, Design]] = [(BASELINE, "as the tables are", now)]
        if even != now:
            wanted.append((EVEN, "no design at all", even))
        chosen = [screen.from_json(d) for d in search["finalists"]]
        wanted += [(f"design {i}", "a finalist of the estimates", d) for i, d in enumerate(chosen, 1)]
        self.progress.phase(f"measuring {len(wanted)} designs on {len(self.queries)} queries")
        for done, (name, why, design) in enumerate(wanted):
            self._measure(variants, name, why, design, done, len(wanted))

    def _measure(self, variants: Variants, name: str, why: str, design: Design, done: int,
                 total: int) -> Measured | None:
        known = self._known(design)
        if known is not None:
            return known
        try:
            found = measure(
                variants, name, why, design, self.queries, self.cluster, self.options.runs,
                lambda text: self.progress.step(done, total, f"{name}: {text}"),
            )
        except CannotLoad as error:
            self.failed.append(f"{name}: {error}")
            self.state.keep(failed=self.failed, variants=variants.known)
            return None
        self.measured.append(found)
        self.state.keep(measured=[m.to_json() for m in self.measured], variants=variants.known)
        return found

    def _known(self, design: Design) -> Measured | None:
        wanted = {shown(n): d.to_json() for n, d in design.items()}
        return next((m for m in self.measured if {shown(n): d for n, d in m.designs} == wanted), None)

    def _refine(self, variants: Variants) -> None:
        """The best design with single tables changed, as long as time is left; what is better becomes the best."""
        alternatives = self.state.parts["search"]["alternatives"]
        self.progress.phase(f"looking around the best design: {len(alternatives)} changes of single tables")
        for done, change in enumerate(alternatives):
            if self.progress.elapsed > 60 * self.options.minutes:
                self.state.keep(left=len(alternatives) - done)
                return
            best = self.best()
            name: TableName = (change["table"][0], change["table"][1])
            design = dict(screen.from_json([[[*n], d] for n, d in best.designs]))
            design[name] = TableDesign.from_json(change["design"])
            number = sum(m.name.startswith("design") for m in self.measured) + 1
            self._measure(variants, f"design {number}", f"{best.name} with {shown(name)} {design[name]}", design, done,
                          len(alternatives))
        self.state.keep(left=0)

    def best(self) -> Measured:
        """The measured design of the least cost; the baseline, where that is hardly better; of designs that cost about
        the same the one that the estimates put first."""
        scores = [self.score(m) for m in self.measured]
        if scores[0] <= WORTH * min(scores):
            return self.measured[0]
        return next(m for m, score in zip(self.measured, scores) if score <= SAME * min(scores))

    def score(self, found: Measured) -> float:
        """What is minimised, of measured figures; queries that failed make a design worthless."""
        if any(q.error for q in found.queries.values()):
            return float("inf")
        least = min(m.total(self.queries).cpu for m in self.measured)
        own = found.total(self.queries)
        own.cpu = max(least, own.cpu / (1 + CPU_NOISE) - CPU_NOISE_QUERY * len(self.queries))
        work = Work()
        work.add(own, self.originals.scale)
        work.moves = own.moves
        cost = seconds(work, self.cluster) + STORAGE_SECONDS * found.storage * self.originals.scale
        return work.bytes_slices / 1e6 + 1e-3 * cost if self.options.minimise == "bytes" else cost

    # -- what is said about it -----------------------------------------------------------------------

    def _encodings(self, variants: Variants) -> None:
        best = self.best()
        if self.state.parts.get("encodings_of") == best.name:
            return
        self.progress.phase("comparing encodings")
        design = screen.from_json([[[*n], d] for n, d in best.designs])
        self.state.keep(encodings=encodings.of_design(variants, design, self.progress), encodings_of=best.name)

    def _reasons(self, connection: Connection) -> None:
        """Reasons and statements of the recommended design, and what it scores beside the others."""
        if self.measured:
            design = screen.from_json([[[*n], d] for n, d in self.best().designs])
        else:
            design = screen.from_json(self.state.parts["search"]["finalists"][0])
        asked = self._asked(1, 1)

        def explain(context: Context) -> Result:
            screening = screen.Screening(context, self.queries, asked, self.progress)
            final = {n: self._encoded(n, d) for n, d in design.items()}
            self.state.keep(
                recommended=self.best().name if self.measured else "estimate",
                design=[[[*n], d.to_json()] for n, d in final.items()],
                reasons=screening.reasons(design), partners=screening.partners(design),
                statements={shown(n): d.statements(self._original(n, screening)) for n, d in final.items()},
                ddl={shown(n): definition(d.applied(self._original(n, screening)), d) for n, d in final.items()},
                scores={m.name: self.score(m) for m in self.measured},
            )
            return Result("SELECT")

        connection.session.perform("-- advisor: reasons", "Design", explain)

    def _original(self, name: TableName, screening: screen.Screening) -> Table:
        return self.originals.tables.get(name, screening.candidates[name].table)

    def _encoded(self, name: TableName, design: TableDesign) -> TableDesign:
        """The design with the encodings that are worth fixing."""
        from dataclasses import replace

        columns = self.state.parts.get("encodings", {}).get(shown(name), {})
        fixed = tuple((c, f["best"]) for c, f in columns.items() if f["best"] != f["chosen"])
        return replace(design, encodings=fixed) if fixed and not design.interleaved else design
