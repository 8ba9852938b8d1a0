"""EXPLAIN's layout, words and numbers."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

from plan_tools.tpch_tables import Planning
from warehouse.planner import explain as printing
from warehouse.planner import rendering
from warehouse.planner.explain import NESTED_LOOP_NOTICE, explain
from warehouse.planner.expressions import Expr
from warehouse.planner.physical import Exchange, InsertRows, Move, Physical, ProjectColumns, TableScan
from warehouse.planner.physical_traverse import walk_physical

QUERIES = [
    "select eventname, count(*) from (select n_name as eventname from nation) x group by 1",
    "select a.n_name, b.n_name from nation a, nation b where a.n_regionkey = b.n_regionkey",
    "select n_name from nation, region where n_nationkey < r_regionkey",
    "select c_name from customer left join orders on c_custkey = o_custkey where o_orderkey is null",
    "select c_custkey, sum(o_totalprice) from customer, orders where c_custkey = o_custkey group by 1 "
    "having sum(o_totalprice) > 100 order by 2 desc limit 3",
    "select n_name from nation union all select r_name from region",
    "select 1, 'x'",
    "select p_name from part where p_type like '%BRASS' and p_size in (1, 2) and p_retailprice is not null "
    "and (p_brand = 'a' or p_mfgr <> 'b')",
    "select case when o_orderdate < '1995-01-01' then 'old' else 'new' end, count(*) from orders group by 1",
    # windows: collocated, moved, on the leader; one sort for several
    "select l_orderkey, row_number() over (partition by l_orderkey order by l_linenumber) from lineitem",
    "select sum(l_tax) over (partition by l_suppkey, l_orderkey) from lineitem",
    "select rank() over (partition by l_suppkey order by l_tax desc) from lineitem",
    "select rank() over (partition by l_suppkey order by l_tax, l_shipdate), sum(l_tax) over (partition by l_suppkey "
    "order by l_tax rows unbounded preceding), count(*) over (partition by l_suppkey, l_partkey) from lineitem",
    "select rank() over (order by c_acctbal + 1) from customer",
    "select n_name, sum(sum(c_acctbal)) over (partition by n_regionkey) from customer, nation "
    "where c_nationkey = n_nationkey group by n_name, n_regionkey",
    "select l_orderkey from lineitem qualify count(*) over (partition by l_orderkey) > 3",
    "with x as (select l_suppkey k, sum(l_tax) s from lineitem group by 1) "
    "select p.k from x p, x q where p.s = q.s",
]


@dataclass
class Counted:
    rows: int = 7
    milliseconds: float = 1.5
    bytes_moved: int = 0
    blocks_read: int = 0
    blocks_skipped: int = 0
    bytes_spilled: int = 0
    files_read: int = 0
    files_skipped: int = 0


def test_golden(golden: Callable[[str, str], None]) -> None:
    planning = Planning(2, 2)
    golden("explain.txt", "\n\n".join("\n".join([f"> {q}", *planning.explain(q)]) for q in QUERIES))


def test_nested_loops_are_warned_of() -> None:
    planning = Planning()
    assert planning.explain("select count(*) from nation, region")[-1] == NESTED_LOOP_NOTICE


def test_a_single_row_is_no_nested_loop_to_warn_of() -> None:
    lines = Planning().explain("select n_name from nation where n_nationkey > (select avg(r_regionkey) from region)")
    assert NESTED_LOOP_NOTICE not in lines


def test_indentation_is_redshifts() -> None:
    lines = Planning(1, 1).explain("select count(*) from lineitem, orders where l_orderkey = o_orderkey")
    assert [line[: len(line) - len(line.lstrip())] for line in lines[:3]] == ["", "  ", "  "]
    join = next(line for line in lines if "Hash Join" in line)
    condition = lines[lines.index(join) + 1]
    assert condition.index("Hash Cond") == join.index("XN") + 2


def test_counters_follow_their_node() -> None:
    plan = Planning(2, 2).plan("select sum(l_tax) from lineitem where l_tax > 1")
    scan = next(n for n in walk_physical(plan.root) if isinstance(n, TableScan))
    counters = {id(scan): Counted(rows=42, milliseconds=3.25, blocks_read=5, blocks_skipped=2)}
    (line,) = [line for line in explain(plan, counters) if "actual" in line]
    assert line.startswith("  ->  XN Seq Scan on lineitem")
    assert line.endswith("(actual rows=42 time=3.25 ms blocks read=5 skipped=2)")


def test_a_move_reports_its_bytes() -> None:
    plan = Planning(2, 2).plan("select l_tax from lineitem")
    assert isinstance(plan.root, Exchange)
    first = explain(plan, {id(plan.root): Counted(bytes_moved=1234)})[0]
    assert "bytes moved=1234" in first


def test_every_node_and_expression_has_its_words() -> None:
    assert printing._LINES.keys() | {ProjectColumns, InsertRows} == set(get_args(Physical))
    assert printing._MOVES.keys() == set(Move)
    assert rendering._SHOWN.keys() == set(get_args(Expr))
