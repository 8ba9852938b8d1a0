"""The search: all connected splits are seen once, limits are kept, constrained joins stay legal."""
from __future__ import annotations

import random
from itertools import combinations
from math import inf

import pytest
from plan_tools.reference import Cluster
from plan_tools.tpch_tables import Planning
from warehouse.bench.tpch import TPCH
from warehouse.planner.optimizer import join_order
from warehouse.planner.optimizer.connected import connected_pairs, few_pairs
from warehouse.planner.physical import HashJoin, TableScan
from warehouse.planner.physical_traverse import walk_physical


def connected(mask: int, near: list[int]) -> bool:
    reached = mask & -mask
    while True:
        grown = reached
        for i in range(len(near)):
            if reached >> i & 1:
                grown |= near[i] & mask
        if grown == reached:
            return reached == mask
        reached = grown


def every_pair(count: int, near: list[int]) -> set[frozenset[int]]:
    """Brute force: all pairs of disjoint connected sets with an edge between them."""
    sets = [m for m in range(1, 1 << count) if connected(m, near)]
    found = set()
    for one, other in combinations(sets, 2):
        if not one & other and any(one >> i & 1 and near[i] & other for i in range(count)):
            found.add(frozenset((one, other)))
    return found


@pytest.mark.parametrize("seed", range(30))
def test_connected_pairs(seed: int) -> None:
    choose = random.Random(seed)
    count = choose.randint(2, 7)
    near = [0] * count
    for i in range(1, count):  # a random tree and some more edges
        for j in {choose.randrange(i), choose.randrange(count)} - {i}:
            near[i] |= 1 << j
            near[j] |= 1 << i
    pairs = list(connected_pairs(count, near, 1 << 30))
    assert len(pairs) == len({frozenset(p) for p in pairs}), "no pair twice"
    assert {frozenset(p) for p in pairs} == every_pair(count, near)
    assert few_pairs(tuple(near), len(pairs) + 1) == tuple(pairs)
    assert few_pairs(tuple(near), len(pairs)) is None
    done = {1 << i for i in range(count)}
    for one, other in pairs:  # both parts were made before they are joined
        assert one in done and other in done
        done.add(one | other)


def chain(tables: int) -> str:
    names = [f"nation n{i}" for i in range(tables)]
    joins = [f"n{i}.n_nationkey = n{i + 1}.n_regionkey" for i in range(tables - 1)]
    return f"select count(*) from {', '.join(names)} where {' and '.join(joins)}"


def scans(sql: str) -> int:
    return sum(isinstance(n, TableScan) for n in walk_physical(Planning(2, 2).plan(sql).root))


@pytest.mark.parametrize("tables", [2, 8, 11, 16, 30])
def test_many_relations(tables: int) -> None:
    assert scans(chain(tables)) == tables


def test_a_star_beyond_the_limit_is_planned_greedily() -> None:
    sides = [f"nation n{i}" for i in range(14)]
    keys = [f"s_nationkey + {i} = n{i}.n_nationkey" for i in range(14)]
    assert scans(f"select count(*) from supplier, {', '.join(sides)} where {' and '.join(keys)}") == 15


def test_no_connection_is_a_cross_join_of_the_smallest() -> None:
    plan = Planning(1, 2).plan("select count(*) from lineitem, region, orders where l_orderkey = o_orderkey")
    (cross,) = [n for n in walk_physical(plan.root) if isinstance(n, HashJoin) and not n.probe_keys]
    assert {"region"} == {n.table.name for n in walk_physical(cross.build) if isinstance(n, TableScan)}


def test_greedy_gives_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    from plan_tools.small_tables import View, bind, random_data
    from warehouse.engine.evaluate import evaluate
    from warehouse.planner.optimize import optimize
    from warehouse.storage.schema import Topology

    sql = ("select t.a, u.b, v.k from t left join u on t.a = u.a join v on t.b = v.b "
           "where exists (select 1 from w where w.k = v.k) and t.c not in (select b from u)")
    data = random_data(5)
    view = View("key", Topology.even(2, 2), data, {})
    exact = Cluster(data, 4).run(optimize(bind(sql, view), view, evaluate))
    monkeypatch.setattr(join_order, "MAX_EXACT", 0)
    greedy = Cluster(data, 4).run(optimize(bind(sql, view), view, evaluate))
    assert sorted(map(repr, exact)) == sorted(map(repr, greedy))


def test_the_smaller_side_is_built() -> None:
    plan = Planning(1, 2).plan("select count(*) from part, lineitem where p_partkey = l_partkey")
    (join,) = [n for n in walk_physical(plan.root) if isinstance(n, HashJoin)]
    assert [n.table.name for n in walk_physical(join.build) if isinstance(n, TableScan)] == ["part"]


def costs(sql: str, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Of the plan of each region of joins."""
    found: list[float] = []
    solve = join_order.JoinOrder.solve

    def noted(self: join_order.JoinOrder) -> join_order.Candidate:
        best = solve(self)
        found.append(best.cost)
        return best

    with monkeypatch.context() as patch:
        patch.setattr(join_order.JoinOrder, "solve", noted)
        Planning(2, 2).plan(sql)
    return found


@pytest.mark.parametrize("query", ["q02", "q05", "q08", "q13", "q20", "q21"])
def test_what_is_left_out_would_not_have_won(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sql = TPCH.text(query, 1.0)
    quick = costs(sql, monkeypatch)
    monkeypatch.setattr(join_order, "KEEP", ((join_order.MAX_PAIRS, 1000),))
    monkeypatch.setattr(join_order, "FEW_PAIRS", join_order.MAX_PAIRS)
    monkeypatch.setattr(join_order, "least_costs", lambda one, other: (-inf, -inf))
    monkeypatch.setattr(join_order, "live_orders", lambda orders, mask: frozenset(o.root for o in orders))
    assert costs(sql, monkeypatch) == pytest.approx(quick, rel=1e-6)


def test_of_plans_that_cost_the_same_the_narrower_side_is_built() -> None:
    for one, other in ("ab", "ba"):
        sql = f"select a.n_name from nation {one}, nation {other} where a.n_nationkey = b.n_nationkey"
        plan = Planning(1, 2).plan(sql)
        (join,) = [n for n in walk_physical(plan.root) if isinstance(n, HashJoin)]
        assert [n.alias for n in walk_physical(join.build) if isinstance(n, TableScan)] == ["b"]
