"""From the command line's options to a run: tables, workload, topology, signature."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.advisor.cost import Cluster
from ...engine.advisor.designs import name_of
from ...engine.advisor.workload import ADVISOR_LABEL, Broken, Query, recorded
from . import source, workload
from .harness import Harness, Options, Originals, Stage
from .source import CannotRead
from .state import signature
from .suites import ready

if TYPE_CHECKING:
    from ...client.dbapi import Connection
    from .progress import Progress
    from .state import State


@dataclass(slots=True)
class Job:
    """What is to be run."""

    title: str
    options: Options
    queries: Sequence[Query]
    broken: Sequence[Broken]
    stage: Stage
    signature: str
    notes: list[str]
    originals: Originals

    def harness(self, progress: Progress, state: State) -> Harness:
        return Harness(self.options, self.queries, self.broken, self.stage, progress, state, self.originals)


@dataclass(slots=True)
class Tables:
    """Where a run's tables come from, and on what cluster they are, unless asked otherwise. `identity`: for the
    signature."""

    title: str
    stage: Stage
    identity: list[Any]
    queries: Sequence[Query]
    nodes: int = 2
    slices: int = 2
    notes: Sequence[str] = ()
    originals: Originals = field(default_factory=Originals)


def job_of(given: dict[str, Any]) -> Job:
    """The job that options of `warehouse-sql design` describe; CannotRead, errors.Error."""
    queries, broken = workload.read(given["workload"])
    if given["suite"]:
        made = ready(given["suite"], given["scale"], given["seed"])
        found = Tables(made.title, _staging(made.stage), [given["suite"], given["scale"]], made.queries)
    elif given["ddl"]:
        found = _of_files(given, queries)
    else:
        found = _of_database(given, queries)
    if not found.queries:
        raise CannotRead("there is no query to run: " + ("; ".join(f"{b.name}: {b.error}" for b in broken) or
                         "the history has none, give --workload"))
    nodes, slices = given["nodes"] or found.nodes, given["slices"] or found.slices
    options = Options(
        given["out"], nodes, slices, given["threads"], given["minutes"], given["seed"], given["restarts"],
        given["finalists"], given["runs"], given["minimise"], given["estimate_only"],
        Cluster(nodes, nodes * slices, network=given["network"] * 1e6, disk=given["disk"] * 1e6),
    )
    asked = [given[name] for name in ("seed", "restarts", "finalists", "minimise", "network", "disk")]
    texts = [(q.name, q.text, q.weight) for q in found.queries]
    made_of = signature(*found.identity, texts, nodes, slices, *asked)
    return Job(found.title, options, found.queries, broken, found.stage, made_of, [*found.notes], found.originals)


def _of_files(given: dict[str, Any], queries: Sequence[Query]) -> Tables:
    if given["sample"]:
        raise CannotRead("--sample is for databases: load the files into one first")
    script, data = Path(given["ddl"]), Path(given["data"])

    def stage(connection: Connection, step: Callable[[str], None]) -> list[str]:
        return source.load_files(connection, script, data, step)

    identity = [str(script.resolve()), script.read_text(errors="replace"), str(data.resolve())]
    return Tables(f"tables of {script.name}", stage, identity, queries)


def _of_database(given: dict[str, Any], queries: Sequence[Query]) -> Tables:
    database = given["database"]
    with _opened(database) as connection:
        if not given["workload"]:
            queries = recorded(connection.session.database.history.rows())
        clauses = _sample(connection, queries, given["sample"])
        topology = connection.session.database.topology
        there = source.relations(connection)

    def stage(connection: Connection, step: Callable[[str], None]) -> list[str]:
        with _opened(database) as opened:
            return source.copy_database(opened, connection, clauses, step)

    tables = {name_of(t): t for t in there.tables}
    sampled = {name: (tables[name], there.statistics[name]) for name in clauses}
    originals = Originals(tables, sampled, source.scale_of(there, clauses))
    notes = source.described(clauses)
    if clauses:
        notes.append("bytes, blocks and times are those of the sample; "
                     f"costs are of {originals.scale:.1f} times as much")
    return Tables(
        f"database {Path(database).name}", stage, [str(Path(database).resolve()), sorted(clauses.values())], queries,
        topology.nodes, topology.slices_per_node, notes, originals,
    )


def _opened(database: str) -> Connection:
    """An existing database, which is only read. Not opened read-only: only a writer has its history."""
    from ... import connect

    connection = connect(database, create=False, autocommit=True, maintenance=False)
    connection.execute(f"set query_group to '{ADVISOR_LABEL}'")  # its queries are no workload
    return connection


def _sample(connection: Connection, queries: Sequence[Query], rows: int | None) -> dict[Any, str]:
    """WHERE clauses of tables that are sampled."""
    if rows is None:
        return {}
    from ...engine.advisor.estimate import plannable
    from ...engine.advisor.usage import usage_of
    from ...engine.context import Context
    from ...engine.result import Result

    joins: list[Any] = []

    def look(context: Context) -> Result:
        kept, plans, _ = plannable(queries, context)
        joins.extend(pair for pair, _ in usage_of(list(zip(kept, plans)), context.view).joins.most_common())
        return Result("SELECT")

    connection.session.perform("-- advisor: sample", "Design", look)
    return source.sample_clauses(source.relations(connection), joins, rows)


def _staging(stage: Callable[[Connection, Callable[[str], None]], None]) -> Stage:
    def run(connection: Connection, step: Callable[[str], None]) -> list[str]:
        stage(connection, step)
        return []

    return run
