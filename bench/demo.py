"""The demo: TPC-H from Parquet through COPY, one join explained in two designs, 22 checked answers.

    generate -> CREATE TABLE with DISTKEY and SORTKEY -> COPY -> EXPLAIN a join, collocated and not,
    with the bytes that each moves -> the 22 queries, each compared with DuckDB -> times beside DuckDB's
"""
from __future__ import annotations

import time
from pathlib import Path

from ..kernels import pack
from ..storage.topology import usable_cpus
from . import machine
from .demo_kernels import KERNELS
from .engines import DuckDB, Engine, Warehouse, timed
from .runner import check_answer, scratch
from .suite import folder_bytes
from .tpch import DESIGNS, TPCH

JOIN = """select o_orderpriority, sum(l_extendedprice * (1 - l_discount)) as revenue
from {orders} join {lineitem} on o_orderkey = l_orderkey
group by o_orderpriority"""


def run(scale: float, threads: int, nodes: int, slices: int) -> None:
    """The whole demo, printed as it goes."""
    title(f"TPC-H at scale factor {scale:g} on {nodes} node(s) with {slices} slices each")
    folder = TPCH.generate(scale)
    print(f"Parquet files in {shown(folder)}: {folder_bytes(folder) / 1e6:.0f} MB")
    with scratch() as work:
        ours = Warehouse(str(work / "dw"), threads, nodes=nodes, slices_per_node=slices)
        judge = DuckDB(str(work / "judge.duckdb"), threads)
        try:
            load(ours, folder)
            judge.load(TPCH, folder, "")
            two_designs(ours)
            answers(ours, judge, scale)
        finally:
            ours.close()
            judge.close()


def compile_kernels() -> None:
    """Those that the demo uses, on a machine that has not compiled them; the others when they are asked for."""


    def begun(name: str, done: int, total: int) -> None:
        if done == 0:
            print("compiling the kernels that it uses, once on a machine (`make warmup` compiles all)", flush=True)

    pack.warmup(begun, usable_cpus(), KERNELS)


def shown(path: Path) -> Path:
    """A path as a reader knows it: from the working folder where it is below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def title(text: str) -> None:
    print(f"\n== {text}", flush=True)


def load(ours: Warehouse, folder: Path) -> None:
    """CREATE TABLE and COPY, one line each."""
    title("CREATE TABLE ... DISTKEY ... SORTKEY, then COPY from Parquet")
    cursor = ours.connection.cursor()
    for statement in TPCH.create_statements("demo"):
        cursor.execute(statement)
    for table, statement in zip(TPCH.tables, TPCH.copy_statements(folder)):
        took, _ = timed(cursor.execute, statement)
        [(count,)] = cursor.execute(f"select count(*) from {table}").fetchall()
        print(f"{table:10} {count:>10,} rows  {took.wall:6.2f} s   {DESIGNS['demo'][table]}", flush=True)


def two_designs(ours: Warehouse) -> None:
    """The same join where both sides are distributed by its key, and where neither is."""
    title("A join of two tables that share their DISTKEY: every slice joins what it has")
    explain(ours, JOIN.format(orders="orders", lineitem="lineitem"))
    title("The same join over EVEN tables: rows must move first")
    for table in ("orders", "lineitem"):
        ours.connection.execute(f"create table {table}_even diststyle even as select * from {table}")
    explain(ours, JOIN.format(orders="orders_even", lineitem="lineitem_even"))
    for table in ("orders", "lineitem"):
        ours.connection.execute(f"drop table {table}_even")


def explain(ours: Warehouse, sql: str) -> None:
    """EXPLAIN ANALYZE: the plan, and what each step really moved."""
    for (line,) in ours.connection.execute(f"explain analyze {sql}").fetchall():
        print(line)


def answers(ours: Warehouse, judge: DuckDB, scale: float) -> None:
    """Run and check the 22 queries; then the times of both."""
    title("The 22 queries, each answer compared with DuckDB's")
    lines: list[tuple[str, float, float]] = []
    for query in TPCH.queries:
        check_answer(TPCH, [ours, judge], query, scale)
        print(f"{query} right", end="  " if query[-1] not in "05" else "\n", flush=True)
        sql = TPCH.text(query, scale)
        lines.append((query, quickest(ours, sql), quickest(judge, sql)))
    cores = machine.usable_cores()
    title(f"Milliseconds on the wall, best of 3 after the check, {cores} cores (`make bench` is stricter)")
    print(f"{'query':8}{'warehouse':>12}{'duckdb':>12}{'ratio':>9}")
    lines.append(("total", sum(line[1] for line in lines), sum(line[2] for line in lines)))
    for query, mine, theirs in lines:
        print(f"{query:8}{mine:>12.1f}{theirs:>12.1f}{mine / theirs:>8.2f}x")


def quickest(engine: Engine, sql: str, times: int = 3) -> float:
    """Milliseconds of the quickest of a few runs."""
    return min(timed(engine.run, sql)[0].wall for _ in range(times)) * 1000


def main(scale: float, threads: int, nodes: int, slices: int) -> None:
    compile_kernels()
    start = time.perf_counter()
    run(scale, threads, nodes, slices)
    print(f"\nAll 22 answers are right. The demo took {time.perf_counter() - start:.0f} s.")


