"""From the command line's options to a run: tables, workload, topology, signature."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...engine.advisor.cost import Cluster
from ...engine.advisor.designs import name_of
from ...engine.advisor.workload import Broken, Query, recorded
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


def job_of(given: dict[str, Any]) -> Job:
    """The job that options of `warehouse-sql design` describe; CannotRead, errors.Error."""
    queries, broken = workload.read(given["workload"])
    notes: list[str] = []
    originals = Originals()
    if given["suite"]:
        made = ready(given["suite"], given["scale"], given["seed"])
        title, queries = made.title, [*made.queries]
        stage: Stage = _staging(made.stage)
        nodes, slices = given["nodes"] or 2, given["slices"] or 2
        identity: list[Any] = [given["suite"], given["scale"]]
    elif given["ddl"]:
        title = f"tables of {Path(given['ddl']).name}"
        nodes, slices = given["nodes"] or 2, given["slices"] or 2
        stage = _of_files(given)
        identity = [_stamp(given["ddl"]), str(Path(given["data"]).resolve())]
        if given["sample"]:
            raise CannotRead("--sample is for databases: load the files into one first")
    else:
        database = given["database"]
        with _opened(database) as connection:
            if not given["workload"]:
                queries = recorded(connection.session.database.history.rows())
            clauses = _sample(connection, queries, given["sample"])
            topology = connection.session.database.topology
            there = source.relations(connection)
            tables = {name_of(t): t for t in there.tables}
            sampled = {n: (tables[n], there.statistics[n]) for n in clauses}
            originals = Originals(tables, sampled, source.scale_of(there, clauses))
        nodes, slices = given["nodes"] or topology.nodes, given["slices"] or topology.slices_per_node
        title, stage = f"database {Path(database).name}", _of_database(database, clauses)
        identity = [str(Path(database).resolve()), sorted(clauses.values())]
        notes = source.described(clauses)
        if clauses:
            notes.append("bytes, blocks and times are those of the sample; "
                         f"costs are of {originals.scale:.1f} times as much")
    if not queries:
        raise CannotRead("there is no query to run: " + ("; ".join(f"{b.name}: {b.error}" for b in broken) or
                         "the history has none, give --workload"))
    options = Options(
        given["out"], nodes, slices, given["threads"], given["minutes"], given["seed"], given["restarts"],
        given["finalists"], given["runs"], given["minimise"], given["estimate_only"],
        Cluster(nodes, nodes * slices, network=given["network"] * 1e6, disk=given["disk"] * 1e6),
    )
    identity += [[(q.name, q.text, q.weight) for q in queries], nodes, slices, given["seed"], given["restarts"],
                 given["finalists"], given["minimise"], given["network"], given["disk"]]
    return Job(title, options, queries, broken, stage, signature(*identity), notes, originals)


def _opened(database: str) -> Connection:
    """An existing database, which is only read. Not opened read-only: only a writer has its history."""
    from ... import connect

    return connect(database, create=False, autocommit=True, maintenance=False)


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


def _of_files(given: dict[str, Any]) -> Stage:
    def run(connection: Connection, step: Callable[[str], None]) -> list[str]:
        return source.load_files(connection, Path(given["ddl"]), Path(given["data"]), step)

    return run


def _of_database(database: str, clauses: dict[Any, str]) -> Stage:
    def run(connection: Connection, step: Callable[[str], None]) -> list[str]:
        with _opened(database) as there:
            return source.copy_database(there, connection, clauses, step)

    return run


def _stamp(path: str) -> list[Any]:
    return [str(Path(path).resolve()), Path(path).read_text(errors="replace")]
