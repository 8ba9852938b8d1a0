"""The star schema benchmark: its rows are repeatable and in shape, its answers are DuckDB's."""
from __future__ import annotations

import duckdb
import warehouse
from warehouse.bench.design import ssb

SCALE = 0.002


def test_the_same_seed_gives_the_same_rows() -> None:
    assert ssb.generate("lineorder", 0.001, 1).equals(ssb.generate("lineorder", 0.001, 1))
    assert not ssb.generate("lineorder", 0.001, 1).equals(ssb.generate("lineorder", 0.001, 2))
    assert ssb.rows("part", 4) == 600_000 and ssb.generate("dwdate", 1).num_rows == 2557


def test_lines_of_an_order_belong_together() -> None:
    table = ssb.generate("lineorder", 0.001).to_pandas()
    assert (table.groupby("lo_orderkey")[["lo_custkey", "lo_orderdate", "lo_ordtotalprice"]].nunique() == 1).all().all()
    sums = table.groupby("lo_orderkey").agg(total=("lo_extendedprice", "sum"), kept=("lo_ordtotalprice", "first"))
    assert (sums.total == sums.kept).all() and table.lo_orderdate.is_monotonic_increasing
    lines = table.groupby("lo_orderkey").lo_linenumber.agg(["min", "max", "count"])
    assert ((lines["min"] == 1) & (lines["max"] == lines["count"])).all()


def test_answers() -> None:
    judge = duckdb.connect()
    some = 0
    with warehouse.connect(nodes=2, slices_per_node=2, autocommit=True) as ours:
        for name, columns in ssb.TABLES.items():
            rows = ssb.generate(name, SCALE)
            ours.execute(f"create table {name} ({columns}) diststyle even")
            ours.write_arrow(name, rows, create=False)
            judge.register(name, rows)
        for name, text in ssb.QUERIES.items():
            mine, theirs = ours.execute(text).fetchall(), judge.execute(text).fetchall()
            assert sorted(map(repr, _plain(mine))) == sorted(map(repr, _plain(theirs))), name
            some += len(mine) > 1
    assert some >= 4, "most queries find something even in little data"


def _plain(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [tuple(int(v) if not isinstance(v, str) and v is not None else v for v in row) for row in rows]
