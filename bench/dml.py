"""`make bench SUITE=dml`: small changes and upkeep, beside DuckDB and SQLite in one run.

    insert        one row a statement, each committed durably: the three engines in turns, statement by statement; some
                  statements of one engine after each other; ours and SQLite in turns alone. In turns each begins with
                  the caches as the others have left them, and DuckDB's statement leaves little in them
                  Before, as many as let every log grow to the size that it keeps: an fsync of a file that grows costs
                  more, and SQLite's log has grown with the load, ours has not
    point read    one row by its key, out of the loaded rows
    upsert        1,000 rows of which half are there: MERGE from a staging table, ON CONFLICT
    load          a CSV file: COPY; SQLite's by executemany in one transaction
    vacuum        after a fifth of the rows was deleted (DuckDB has nothing to reclaim by hand: CHECKPOINT)
    scan          an aggregate over rows that came one by one, after the background worker has been at them, and over
                  the same rows loaded at once
    reader        queries a second of a reader with one thread, alone, beside a process with one thread that writes to
                  another database (what the machine alone takes from it) and beside one that writes to the reader's;
                  how often it waited for a lock

SQLite works in WAL mode with synchronous FULL, so that a commit means the same; it is the measure for single rows.
After each part all engines must hold the same rows.
"""
from __future__ import annotations

import csv
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from ..records import dataclass
from .runner import say

DEFINITION = "create table t (id integer not null{key}, n integer, name varchar(20))"
ON_CONFLICT = "on conflict (id) do update set n = excluded.n, name = excluded.name"
WRITER = (
    "import sys, time, warehouse\n"
    "c = warehouse.connect(sys.argv[1], threads=1, autocommit=True, maintenance=False)\n"
    "c.execute('insert into w values (-1, 0)')\n"
    "c.execute('update w set v = 1 where k = -1')\n"
    "print('ready', flush=True)\n"
    "end, i = time.monotonic() + float(sys.argv[2]), 0\n"
    "while time.monotonic() < end:\n"
    "    c.execute(f'insert into w values ({i}, {i})')\n"
    "    c.execute(f'update w set v = v + 1 where k = {i}')\n"
    "    c.execute(f'delete from w where k = {i}')\n"  # so that the reader has no more to read than without it
    "    i += 1\n"
    "print(i)\n"
)


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is measured: rows loaded, single inserts, repetitions of the rest, seconds of the reader."""

    rows: int = 200_000
    inserts: int = 10_000
    times: int = 200
    warm: int = 500  # single inserts before those that are measured
    burst: int = 50  # inserts of one engine in a turn, where it is not one
    upserts: int = 9
    seconds: float = 5.0


class Engine(Protocol):
    """One of the three, on a database of its own with a table t."""

    name: str

    def run(self, sql: str) -> list[Any]: ...

    def load(self, table: str, file: Path) -> None: ...

    def upsert(self, rows: list[tuple[int, int, str]]) -> None: ...

    def vacuum(self) -> None: ...

    def close(self) -> None: ...


class _Ours:
    name = "warehouse"

    def __init__(self, folder: Path) -> None:
        import warehouse

        self.connection = warehouse.connect(str(folder / "dw"), threads=1, autocommit=True)
        self.run("set enable_result_cache_for_session to off")
        self.run(DEFINITION.format(key="") + " diststyle even sortkey (id)")
        self.run("create table staged (id integer, n integer, name varchar(20)) diststyle even")

    def run(self, sql: str) -> list[Any]:
        cursor = self.connection.execute(sql)
        return cursor.fetchall() if cursor.description else []

    def load(self, table: str, file: Path) -> None:
        self.run(f"copy {table} from '{file}' csv")

    def upsert(self, rows: list[tuple[int, int, str]]) -> None:
        self.run("truncate staged")
        self.run("insert into staged values " + _values(rows))
        self.run("merge into t using staged s on t.id = s.id when matched then update set n = s.n, name = s.name "
                 "when not matched then insert values (s.id, s.n, s.name)")

    def vacuum(self) -> None:
        self.run("vacuum t to 100 percent")

    def settle(self) -> None:
        """What the background worker does in the next quiet time."""
        worker = self.connection.session.worker
        assert worker is not None
        worker.tick()

    def close(self) -> None:
        self.connection.close()


class _DuckDB:
    name = "duckdb"

    def __init__(self, folder: Path) -> None:
        import duckdb

        self.connection = duckdb.connect(str(folder / "duck.db"), config={"threads": 1})
        self.run(DEFINITION.format(key=" primary key"))

    def run(self, sql: str) -> list[Any]:
        return self.connection.execute(sql).fetchall()

    def load(self, table: str, file: Path) -> None:
        self.run(f"copy {table} from '{file}' (format csv)")

    def upsert(self, rows: list[tuple[int, int, str]]) -> None:
        self.run(f"insert into t values {_values(rows)} {ON_CONFLICT}")

    def vacuum(self) -> None:
        self.run("checkpoint")

    def close(self) -> None:
        self.connection.close()


class _SQLite:
    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "sqlite.db", isolation_level=None)
        self.run("pragma journal_mode = wal")
        self.run("pragma synchronous = full")
        self.run(DEFINITION.format(key=" primary key"))

    def run(self, sql: str) -> list[Any]:
        return self.connection.execute(sql).fetchall()

    def load(self, table: str, file: Path) -> None:
        self.run("begin immediate")
        with file.open(newline="") as text:
            self.connection.executemany(f"insert into {table} values (?, ?, ?)", csv.reader(text))
        self.run("commit")

    def upsert(self, rows: list[tuple[int, int, str]]) -> None:
        self.run(f"insert into t values {_values(rows)} {ON_CONFLICT}")

    def vacuum(self) -> None:
        self.run("vacuum")

    def close(self) -> None:
        self.connection.close()


def measure(amounts: Amounts | None = None) -> dict[str, Any]:
    """Milliseconds by figure and engine, and what the reader did."""
    todo = amounts or Amounts()
    with tempfile.TemporaryDirectory(prefix="warehouse-dml-") as name:
        folder = Path(name)
        ours = _Ours(folder)
        engines: tuple[Engine, ...] = (ours, _DuckDB(folder), _SQLite(folder))
        try:
            figures = _changes(engines, folder, todo)
            scan = _scan(ours, folder, todo)
        finally:
            for engine in engines:
                engine.close()
        return {"milliseconds": figures, "scan": scan, "reader": _reader(folder, todo)}


def _changes(engines: tuple[Engine, ...], folder: Path, todo: Amounts) -> dict[str, dict[str, float]]:
    figures: dict[str, dict[str, float]] = {}
    say(f"load of {todo.rows} rows")
    file = folder / "rows.csv"
    with file.open("w", newline="") as text:
        csv.writer(text).writerows(_row(i) for i in range(todo.rows))
    figures[f"load of {todo.rows:,} rows"] = {e.name: _timed(e.load, "t", file) for e in engines}
    _compare(engines)

    say(f"{todo.warm} single inserts, {todo.times} and as many point reads in turns, {5 * todo.times} by {todo.burst}")
    rows = iter(range(todo.rows, todo.rows + todo.warm + 7 * todo.times))

    def insert(engine: Engine, i: int) -> None:
        engine.run(f"insert into t values {_values([_row(i)])}")

    _in_turns(engines, todo.warm, insert, rows, todo.burst)
    figures["single-row INSERT, durable (p50)"] = _in_turns(engines, todo.times, insert, rows)
    figures[f"... {todo.burst} after each other (p50)"] = _in_turns(engines, 5 * todo.times, insert, rows, todo.burst)
    alone, (ours, duck, lite) = list(islice(rows, todo.times)), engines
    figures["... in turns with SQLite alone (p50)"] = _in_turns((ours, lite), todo.times, insert, iter(alone))
    duck.run(f"insert into t values {_values([_row(i) for i in alone])}")
    _compare(engines)
    keys = iter(range(0, todo.rows, max(1, todo.rows // todo.times)))
    figures["point read (p50)"] = _in_turns(
        engines, todo.times, lambda e, i: e.run(f"select n, name from t where id = {i}"), keys
    )

    say("upserts")
    batches = iter(range(1, todo.upserts + 1))
    figures["upsert of 1,000 rows (p50)"] = _in_turns(
        engines, todo.upserts, lambda e, i: e.upsert([_row(todo.rows - 500 * i + j, i) for j in range(1000)]), batches
    )
    _compare(engines)

    say("vacuum")
    for engine in engines:
        engine.run("delete from t where id % 5 = 0")
    figures["VACUUM, a fifth deleted"] = {e.name: _timed(e.vacuum) for e in engines}
    _compare(engines)
    return figures


def _scan(ours: _Ours, folder: Path, todo: Amounts) -> dict[str, float]:
    """Milliseconds of an aggregate over rows that came one by one, and at once."""
    say(f"{todo.inserts} single inserts, then scans")
    for table in ("one_by_one", "at_once"):
        ours.run(f"create table {table} (id integer, n integer, name varchar(20)) diststyle even")
    with (folder / "again.csv").open("w", newline="") as text:
        csv.writer(text).writerows(_row(i) for i in range(todo.inserts))
    ours.load("at_once", folder / "again.csv")
    walls = [_timed(ours.run, f"insert into one_by_one values {_values([_row(i)])}") for i in range(todo.inserts)]
    ours.settle()
    query = "select count(*), sum(n), min(name), max(id) from {}"
    if ours.run(query.format("one_by_one")) != ours.run(query.format("at_once")):
        raise SystemExit("the rows that came one by one are not those that came at once")
    found = {table: statistics.median(_timed(ours.run, query.format(table)) for _ in range(9))
             for table in ("one_by_one", "at_once")}
    return {"one by one": found["one_by_one"], "at once": found["at_once"], "insert": statistics.median(walls)}


def _reader(folder: Path, todo: Amounts) -> dict[str, float]:
    """Queries a second alone and beside a writer, and waits for locks."""
    import warehouse

    say("a reader beside a writer")
    with warehouse.connect(str(folder / "dw"), threads=1, autocommit=True, maintenance=False) as c:
        c.execute("set enable_result_cache_for_session to off")
        c.execute("create table w (k integer, v integer) diststyle even")

        def queries() -> float:
            count, end = 0, time.monotonic() + todo.seconds
            while time.monotonic() < end:
                c.execute("select n % 100, count(*), sum(n) from t group by 1").fetchall()
                c.execute("select count(*) from w").fetchone()
                count += 2
            return count / todo.seconds

        alone = queries()
        with warehouse.connect(str(folder / "elsewhere"), autocommit=True) as other:
            other.execute("create table w (k integer, v integer) diststyle even")
        with _writer(folder / "elsewhere", todo.seconds + 1):
            elsewhere = queries()
        with _writer(folder / "dw", todo.seconds + 1) as writer:
            beside = queries()
            writes = int(writer())
        return {"alone": alone, "beside a writer elsewhere": elsewhere, "beside a writer": beside, "writes": writes,
                "waits": c.session.database.access.waits}


@contextmanager
def _writer(path: Path, seconds: float) -> Iterator[Callable[[], str]]:
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(seconds)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        child.stdout.readline()
        yield child.stdout.readline
        child.wait()
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


def _in_turns(engines: tuple[Engine, ...], times: int, work: Callable[[Engine, int], Any],
              numbers: Iterator[int], burst: int = 1) -> dict[str, float]:
    """Medians by engine, which take turns after `burst` statements: after one, each begins with the caches that the
    others have left."""
    walls: dict[str, list[float]] = {engine.name: [] for engine in engines}
    for _ in range(times // burst):
        turn = list(islice(numbers, burst))
        for engine in engines:
            walls[engine.name].extend([_timed(work, engine, number) for number in turn])
    return {name: statistics.median(found) for name, found in walls.items()}


def _compare(engines: tuple[Engine, ...]) -> None:
    """All must hold the same rows."""
    found = {e.name: [int(v) for v in e.run("select count(*), sum(n), sum(id), count(distinct name) from t")[0]]
             for e in engines}
    if len({tuple(values) for values in found.values()}) > 1:
        raise SystemExit(f"the engines do not hold the same rows: {found}")


def _row(i: int, version: int = 0) -> tuple[int, int, str]:
    return i, (i * 7919 + version) % 100_003, f"name {(i + version) % 1000}"


def _values(rows: list[tuple[int, int, str]]) -> str:
    return ", ".join(f"({i}, {n}, '{name}')" for i, n, name in rows)


def _timed(work: Callable[..., Any], *arguments: Any) -> float:
    """Milliseconds of a call."""
    start = time.perf_counter()
    work(*arguments)
    return (time.perf_counter() - start) * 1000


def lines(found: dict[str, Any]) -> list[str]:
    """As Markdown."""
    out = ["| milliseconds | warehouse | duckdb | sqlite | ours to SQLite's |", "|---|---:|---:|---:|---:|"]
    for name, figures in found["milliseconds"].items():
        ours, duck, lite = (figures.get(engine) for engine in ("warehouse", "duckdb", "sqlite"))
        shown = " | ".join("" if figure is None else f"{figure:.2f}" for figure in (ours, duck, lite))
        out.append(f"| {name} | {shown} | {ours / lite:.2f}x |")
    scan, reader = found["scan"], found["reader"]
    return [
        *out, "",
        f"A scan of rows that were inserted one by one (p50 {scan['insert']:.2f} ms) takes "
        f"{scan['one by one']:.2f} ms after the worker's round, of the same rows loaded at once "
        f"{scan['at once']:.2f} ms.",
        f"A reader with one thread: {reader['alone']:.0f} queries a second alone, {reader['beside a writer']:.0f} "
        f"beside a writer ({reader['beside a writer'] / reader['alone']:.0%}), which made {reader['writes']:.0f} "
        f"changes of three statements, and {reader['beside a writer elsewhere']:.0f} beside one in another database "
        f"({reader['beside a writer elsewhere'] / reader['alone']:.0%}); it waited {reader['waits']:.0f} times for a "
        "lock.",
    ]
