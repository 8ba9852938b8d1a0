"""Small data: how long until something tiny is done, beside DuckDB in the same run.

    new process to first row        python starts, imports, opens ':memory:', selects one row, which arrives here
    ... and to its end              the same, until the process has ended
    open ':memory:'                 connect() and close() in a running process
    create, insert, join            CREATE TABLE, INSERT of 10 rows, a join of it with two tables of
                                    10 rows, DROP TABLE; 1,000 times in one session
    plan a TPC-H query              EXPLAIN: first of its shape, and repeated with another literal
"""
from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from .engines import NAMES, DuckDB, Warehouse, open_engine
from .planning import planning
from .runner import say
from .tpch import TPCH

_FIRST_ROW = {
    "warehouse": "import warehouse; print(warehouse.connect(':memory:').execute('select 1').fetchone(), flush=True)",
    "duckdb": "import duckdb; print(duckdb.connect(':memory:').execute('select 1').fetchone(), flush=True)",
}


def measure(cycles: int = 1000, processes: int = 7) -> dict[str, dict[str, Any]]:
    """All measurements; milliseconds."""
    began = {name: first_row(name, processes) for name in NAMES}
    figures = {
        "new process to first row": both(lambda name: began[name][0], 600),
        "new process to first row and its end": both(lambda name: began[name][1], None),
        "open and close :memory:": both(open_memory, 20),
        "CREATE + INSERT of 10 rows + three-table join": both(lambda name: cycle(name, cycles), 15),
    }
    planned = planning(TPCH, 0.01)
    first, again = (
        round(statistics.median(figure[kind] for figure in planned.values()), 3) for kind in ("first", "again")
    )
    figures["planning a TPC-H query, first of its shape (median of 22)"] = {"warehouse": first, "goal": 10}
    figures["planning a TPC-H query, repeated (median of 22)"] = {"warehouse": again, "goal": 1}
    return figures


def both(measurement: Callable[[str], float], goal: float | None) -> dict[str, Any]:
    return {name: round(measurement(name) * 1000, 3) for name in NAMES} | {"goal": goal}


def first_row(name: str, processes: int) -> tuple[float, float]:
    """Seconds from starting Python until the row is here, and until the process has ended; medians of several."""
    say(f"{name}: new process to first row")
    walls = []
    for _ in range(processes):
        start = time.perf_counter()
        with subprocess.Popen([sys.executable, "-c", _FIRST_ROW[name]], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            if process.stdout.readline() != b"(1,)\n":
                raise SystemExit(f"{name}: a new process has not printed its row")
            here = time.perf_counter() - start
        walls.append((here, time.perf_counter() - start))
    return statistics.median([here for here, _ in walls]), statistics.median([end for _, end in walls])


def open_memory(name: str, times: int = 30) -> float:
    """Seconds to open and close a fresh database in memory."""
    import duckdb
    import warehouse

    connect = warehouse.connect if name == "warehouse" else duckdb.connect
    walls = []
    for _ in range(times):
        start = time.perf_counter()
        connect(":memory:").close()
        walls.append(time.perf_counter() - start)
    return statistics.median(walls)


def cycle(name: str, cycles: int) -> float:
    """Seconds of one create-insert-join cycle, the mean over all."""
    say(f"{name}: {cycles} small cycles")
    engine = open_engine(name, ":memory:", 2)
    try:
        execute = engine.connection.execute
        values = ", ".join(f"({i}, 'name {i}')" for i in range(10))
        for table in ("left_side", "right_side"):
            execute(f"create table {table} (id integer, name varchar(20))")
            execute(f"insert into {table} values {values}")
        start = time.perf_counter()
        for number in range(cycles):
            one_cycle(engine, f"small_{number}", values)
        return (time.perf_counter() - start) / cycles
    finally:
        engine.close()


def one_cycle(engine: Warehouse | DuckDB, table: str, values: str) -> None:
    engine.connection.execute(f"create table {table} (id integer, name varchar(20))")
    engine.connection.execute(f"insert into {table} values {values}")
    joined = engine.run(
        f"select t.id, l.name, r.name from {table} t join left_side l on t.id = l.id "
        "join right_side r on r.id = l.id where t.id < 8"
    )
    assert joined.num_rows == 8
    engine.connection.execute(f"drop table {table}")
