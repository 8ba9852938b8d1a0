"""Physical plans in detail: phases of aggregates, order and limits, copies of replicated tables, advice."""
from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest
from plan_tools.tpch_tables import Planning
from warehouse.errors import NotSupportedError
from warehouse.planner.physical import (
    Exchange,
    HashAggregate,
    Hashed,
    HashJoin,
    JoinType,
    LimitRows,
    Move,
    OnLeader,
    Partitioned,
    Physical,
    Replicated,
    SortRows,
    TableScan,
    UnionAll,
)
from warehouse.planner.physical_traverse import walk_physical

Node = TypeVar("Node", bound=Physical)


def find(kind: type[Node], sql: str, planning: Planning | None = None) -> list[Node]:
    planning = planning or Planning(2, 2)
    return [n for n in walk_physical(planning.plan(sql).root) if isinstance(n, kind)]


def phases(sql: str, planning: Planning | None = None) -> set[str]:
    return {n.phase for n in find(HashAggregate, sql, planning)}


# -- aggregates ------------------------------------------------------------------------------------


def test_groups_with_the_distribution_key_lie_together() -> None:
    assert phases("select l_orderkey, sum(l_tax) from lineitem group by l_orderkey") == {"single"}
    assert phases("select l_orderkey, l_tax, count(*) from lineitem group by 1, 2") == {"single"}


def test_also_through_a_join_key() -> None:
    sql = "select o_orderkey, count(*) from lineitem join orders on l_orderkey = o_orderkey group by 1"
    assert phases(sql) == {"single"}


def test_few_groups_meet_on_the_leader() -> None:
    sql = "select l_returnflag, count(*) from lineitem group by 1"
    assert phases(sql) == {"partial", "final"}
    moves = [n.move for n in find(Exchange, sql)]
    assert moves == [Move.GATHER]


def test_many_groups_meet_on_slices() -> None:
    sql = "select l_partkey, count(*) from lineitem group by 1"
    assert phases(sql) == {"partial", "final"}
    assert Move.DISTRIBUTE in [n.move for n in find(Exchange, sql)]


def test_no_partial_phase_where_it_would_not_shrink() -> None:
    sql = "select l_comment, count(*) from lineitem group by 1"
    assert phases(sql) == {"single"}


def test_one_slice_has_one_phase() -> None:
    assert phases("select l_partkey, count(*) from lineitem group by 1", Planning(1, 1)) == {"single"}


def test_partial_counts_are_summed() -> None:
    sql = "select count(*), sum(l_tax), min(l_tax) from lineitem"
    (final,) = [n for n in find(HashAggregate, sql) if n.phase == "final"]
    assert [call.function for _, call in final.aggregates] == ["sum", "sum", "min"]
    assert isinstance(final.props.distribution, OnLeader)


def test_a_replicated_table_is_counted_once() -> None:
    (scan,) = find(TableScan, "select count(*) from nation")
    assert isinstance(scan.props.distribution, Partitioned)


# -- order and limits ------------------------------------------------------------------------------


def test_top_n_sorts_on_slices_and_merges() -> None:
    sql = "select l_tax from lineitem order by l_tax, l_orderkey limit 5 offset 2"
    (sort,), (limit,) = find(SortRows, sql), find(LimitRows, sql)
    (merge,) = find(Exchange, sql)
    assert sort.limit == 7 and (limit.count, limit.offset) == (5, 2)
    assert merge.merge_keys == sort.keys


def test_an_order_nobody_sees_is_not_made() -> None:
    assert find(SortRows, "select count(*) from (select l_tax from lineitem order by l_tax) x") == []


def test_a_limit_below_is_ordered() -> None:
    sql = "select count(*) from (select l_tax from lineitem order by l_tax limit 3) x"
    assert [s.limit for s in find(SortRows, sql)] == [3]


def test_sort_expressions_become_columns() -> None:
    (sort,) = find(SortRows, "select l_tax from lineitem order by l_tax * 2 + l_discount")
    assert all(type(key.expr).__name__ == "ColumnRef" for key in sort.keys)


# -- joins -----------------------------------------------------------------------------------------


def join(sql: str, planning: Planning | None = None) -> HashJoin:
    (found,) = find(HashJoin, sql, planning)
    return found


def test_a_replicated_left_side_is_split_for_a_left_join() -> None:
    found = join("select count(*) from nation left join customer on n_nationkey = c_nationkey")
    kept = found.probe if found.type is JoinType.LEFT else found.build
    assert not isinstance(kept.props.distribution, Replicated)


def test_a_left_join_with_more_than_equalities_is_turned() -> None:
    sql = "select count(*) from orders left join lineitem on o_orderkey = l_orderkey and o_orderdate < l_shipdate"
    found = join(sql)
    assert found.type is JoinType.RIGHT and found.residual is not None


def test_a_condition_on_the_left_row_guards_the_key() -> None:
    found = join("select count(*) from lineitem left join orders on l_orderkey = o_orderkey and l_tax > 1")
    assert found.residual is None
    keys = (*found.probe_keys, *found.build_keys)
    assert any(type(key).__name__ == "Case" for key in keys)


def test_full_join_needs_equalities() -> None:
    with pytest.raises(NotSupportedError, match="merge-joinable"):
        Planning().plan("select count(*) from orders full join lineitem on o_orderdate < l_shipdate")


def test_semi_joins_build_their_smaller_side() -> None:
    small_left = ("select count(*) from orders where o_orderdate = date '1995-01-01' "
                  "and exists (select 1 from lineitem where l_orderkey = o_orderkey)")
    small_right = "select count(*) from lineitem where l_partkey in (select p_partkey from part where p_size = 1)"
    assert join(small_left).type is JoinType.RIGHT_SEMI
    assert join(small_right).type is JoinType.SEMI


def test_hash_distribution_is_kept_through_a_collocated_join() -> None:
    found = join("select l_orderkey, o_custkey from lineitem join orders on l_orderkey = o_orderkey")
    assert found.label == "DS_DIST_NONE"
    assert isinstance(found.props.distribution, Hashed)


def test_what_is_moved_is_narrow() -> None:
    sql = "select count(*) from lineitem join part on l_partkey = p_partkey where p_name like 'a%'"
    (moved,) = [n for n in find(Exchange, sql, Planning(2, 2)) if n.move is not Move.GATHER]
    assert moved.props.width == 4


def test_unions_read_one_copy() -> None:
    sql = "select n_name from nation union all select r_name from region"
    (union,) = find(UnionAll, sql)
    assert not any(isinstance(i.props.distribution, Replicated) for i in union.inputs)


# -- advice ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sql", "remedy"), [
    ("select max(p_name) from lineitem, part where l_partkey = p_partkey",
     "DISTKEY(l_partkey) on lineitem avoids it"),
    ("select max(c_name) from orders, customer where o_custkey = c_custkey",
     "DISTKEY(o_custkey) on orders avoids it"),
])
def test_advice(sql: str, remedy: str) -> None:
    (line,) = Planning(2, 2).plan(sql).advice
    assert line.endswith(remedy) and " MB; " in line


def test_no_advice_where_nothing_moves() -> None:
    assert Planning(2, 2).plan("select count(*) from lineitem, orders where l_orderkey = o_orderkey").advice == ()


def test_even_tables_get_advice_for_both_sides() -> None:
    planning = Planning(2, 2, "even")
    (line,) = planning.plan("select count(*) from lineitem, orders where l_orderkey = o_orderkey").advice
    assert line.endswith("DISTKEY(l_orderkey) on lineitem and DISTKEY(o_orderkey) on orders avoids it")


# -- semi joins below aggregates -------------------------------------------------------------------


def test_groups_nobody_asks_for_are_not_made(golden: Callable[[str, str], None]) -> None:
    sql = ("select sum(l_tax) from lineitem, part, (select l_partkey k, avg(l_quantity) q from lineitem group by 1) x "
           "where p_partkey = lineitem.l_partkey and x.k = p_partkey and p_size = 1 and p_brand = 'Brand#11' "
           "and l_quantity < q")
    golden("reduce_aggregates.txt", "\n".join(Planning(2, 2).explain(sql)))


def test_an_unfiltered_partner_does_not_reduce() -> None:
    sql = ("select count(*) from part, (select l_partkey k, avg(l_quantity) q from lineitem group by 1) x "
           "where x.k = p_partkey")
    assert not [j for j in find(HashJoin, sql) if j.type in (JoinType.SEMI, JoinType.RIGHT_SEMI)]
