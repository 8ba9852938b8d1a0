"""INSERT ... SELECT and CREATE TABLE AS: what moves to the slices of the target, as EXPLAIN shows it."""
from __future__ import annotations

from collections.abc import Callable

from plan_tools.tpch_tables import Planning
from warehouse.engine.evaluate import evaluate
from warehouse.planner.explain import explain
from warehouse.planner.optimize import optimize_insert
from warehouse.planner.physical import Exchange, InsertRows, Move, OnLeader, PhysicalQuery
from warehouse.planner.physical_traverse import walk_physical
from warehouse.storage.schema import Column, DistStyle, Table

KEY, EVEN, ALL, AUTO = DistStyle.KEY, DistStyle.EVEN, DistStyle.ALL, DistStyle.AUTO

# (what it shows, the target's style, the position of its DISTKEY, the query)
CASES = [
    ("the same DISTKEY: collocated", KEY, 0, "select l_orderkey, l_tax from lineitem"),
    ("collocated through a join", KEY, 1,
     "select o_orderdate, l_orderkey from lineitem, orders where l_orderkey = o_orderkey"),
    ("collocated through a group", KEY, 0, "select l_orderkey, sum(l_tax) from lineitem group by l_orderkey"),
    ("a wider integer hashes alike", KEY, 0, "select cast(c_custkey as bigint), c_name from customer"),
    ("another key", KEY, 0, "select l_partkey, l_tax from lineitem"),
    ("an expression", KEY, 0, "select l_orderkey + 1, l_tax from lineitem"),
    ("from ALL by key", KEY, 0, "select n_nationkey, n_name from nation"),
    ("EVEN is dealt out", EVEN, None, "select l_orderkey, l_tax from lineitem"),
    ("to every node", ALL, None, "select c_custkey, c_name from customer"),
    ("every node has all rows", ALL, None, "select n_nationkey, n_name from nation"),
    ("a small AUTO table", AUTO, None, "select c_custkey, c_name from customer where c_custkey < 100"),
    ("a large AUTO table", AUTO, None, "select c_custkey, c_name from customer"),
    ("each slice sorts: nothing is merged", KEY, 0, "select l_orderkey, l_tax from lineitem order by l_tax"),
    ("a limit is counted off on the leader", EVEN, None, "select l_orderkey from lineitem limit 100"),
    ("rows of the leader", EVEN, None, "select 1, 'x'"),
    ("an aggregate without groups", KEY, 0, "select count(*), max(l_tax) from lineitem"),
]


def plan(style: DistStyle, key: int | None, sql: str, slices: int = 2) -> PhysicalQuery:
    planning = Planning(slices, slices)
    query = planning.bind(sql)
    columns = tuple(Column(i, name, ref.type) for i, (name, ref) in enumerate(zip(query.names, query.columns)))
    table = Table(99, "public", "target", columns, style, key)
    return optimize_insert(query, table, tuple(range(len(columns))), planning.view(), evaluate)


def test_golden(golden: Callable[[str, str], None]) -> None:
    shown = [
        "\n".join([f"> {style.value}{'' if key is None else f'({key + 1})'}: {sql}    -- {what}",
                   *explain(plan(style, key, sql))])
        for what, style, key, sql in CASES
    ]
    golden("inserts.txt", "\n\n".join(shown))


def test_only_what_the_leader_alone_can_make_passes_through_it() -> None:
    for _, style, key, sql in CASES[:13]:
        nodes = list(walk_physical(plan(style, key, sql).root))
        assert isinstance(nodes[0], InsertRows)
        assert not any(isinstance(n.props.distribution, OnLeader) for n in nodes)
        assert not any(isinstance(n, Exchange) and n.move is Move.GATHER for n in nodes)


def test_one_slice_has_nowhere_to_move_to() -> None:
    for _, style, key, sql in CASES:
        nodes = walk_physical(plan(style, key, sql, slices=1).root)
        assert not any(isinstance(n, Exchange) and n.move is not Move.GATHER for n in nodes)
