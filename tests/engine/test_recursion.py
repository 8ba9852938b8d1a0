"""WITH RECURSIVE over topologies and designs, its plan, and its limits."""
from __future__ import annotations

import random

import duckdb
import pytest
import warehouse
from warehouse.engine import recursion

TREE = """
    with recursive r(id, depth, path) as (
        select id, 0, cast(id as varchar(200)) from edge where parent is null
        union all
        select e.id, r.depth + 1, r.path || '/' || cast(e.id as varchar(20))
        from r join edge e on e.parent = r.id where r.depth < 6)
    select r.id, r.depth, r.path, n.name from r left join node n on n.id = r.id
"""
DESIGNS = {
    (1, 1): ("", ""),
    (1, 2): ("distkey(id)", "distkey(id)"),
    (2, 2): ("distkey(parent)", "diststyle all"),
    (4, 4): ("diststyle even", "diststyle even"),
}


def edges() -> list[tuple[int, int | None]]:
    choose = random.Random(5)
    return [(i, choose.randrange(i) if i > 3 and choose.random() < 0.97 else None) for i in range(600)]


def answer(connection: object) -> list[tuple[object, ...]]:
    return sorted(connection.execute(TREE).fetchall())  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def expected() -> list[tuple[object, ...]]:
    judge = duckdb.connect()
    judge.execute("create table edge (id int, parent int)")
    judge.executemany("insert into edge values (?, ?)", edges())
    judge.execute("create table node as select id, 'n' || id as name from edge where id % 3 = 0")
    return answer(judge)


@pytest.mark.parametrize("topology", DESIGNS)
def test_a_tree_is_walked_the_same_everywhere(topology: tuple[int, int], expected: list[tuple[object, ...]]) -> None:
    nodes, slices = topology
    edge, node = DESIGNS[topology]
    with warehouse.connect(":memory:", nodes=nodes, slices_per_node=slices, autocommit=True) as connection:
        connection.execute(f"create table edge (id int, parent int) {edge}")
        connection.cursor().executemany("insert into edge values (%s, %s)", edges())
        connection.execute(f"create table node (id int, name varchar(10)) {node}")
        connection.execute("insert into node select id, 'n' || id::varchar from edge where id % 3 = 0")
        assert answer(connection) == expected


def test_the_plan_shows_the_rounds_and_keeps_what_they_share() -> None:
    with warehouse.connect(":memory:", nodes=2, slices_per_node=2, autocommit=True) as connection:
        connection.execute("create table edge (id int, parent int) distkey(id)")
        sql = """explain analyze with recursive r(id) as (
            select 1 union all
            select e.n from r join (select parent, max(id) as n from edge group by parent) e on e.parent = r.id)
            select count(*) from r"""
        plan = "\n".join(line for (line,) in connection.execute(sql).fetchall())
    assert "XN Recursive Union" in plan and "XN WorkTable Scan on r" in plan
    assert "XN Subquery Scan cte_" in plan  # the groups are made once


def test_a_recursion_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recursion, "MAX_ROUNDS", 20)
    monkeypatch.setattr(recursion, "MAX_ROWS", 1000)
    with warehouse.connect(":memory:", autocommit=True) as connection:
        with pytest.raises(warehouse.ProgrammingError, match="Recursive CTE out of working buffers"):
            connection.execute("with recursive r(n) as (select 1 union all select 1 from r) select * from r").fetchall()
        connection.execute("create table three as select 1 as a union all select 2 union all select 3")
        with pytest.raises(warehouse.ProgrammingError, match="Exceeded recursive CTE max rows limit"):
            connection.execute(
                "with recursive r(n) as (select 1 union all select a from r, three) select * from r"
            ).fetchall()
