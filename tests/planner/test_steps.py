"""Streams, segments and steps: the rule that numbers them, over all kinds of plans."""
from __future__ import annotations

from pathlib import Path

import pytest
from plan_tools.tpch_tables import Planning
from warehouse.planner.physical import PhysicalQuery
from warehouse.planner.physical_traverse import walk_physical
from warehouse.planner.steps import ScanType, Step, StepKind, steps_of

ENDS_STREAM = {StepKind.HASH, StepKind.AGGREGATE, StepKind.SORT, StepKind.WINDOW, StepKind.SAVE, StepKind.UNNEST}
MOVES = {StepKind.DISTRIBUTE, StepKind.BROADCAST, StepKind.RETURN}
TEXTS = Path(__file__).parents[1] / "oracle" / "tpch"
EVERY = [
    *((TEXTS / f"q{n:02d}.sql").read_text().replace("{fraction}", "0.0001") for n in range(1, 23)),
    "select n_name from nation, region where n_nationkey < r_regionkey",
    "select c_name from customer full join orders on c_custkey = o_custkey",
    "select n_name from nation union select r_name from region intersect select c_name from customer limit 2",
    "select 1, 'x'",
    "select rank() over (partition by l_suppkey order by l_tax desc) from lineitem",
    "select sum(l_tax) over (partition by l_suppkey, l_orderkey) from lineitem limit 3",
    "with x as (select l_suppkey k, sum(l_tax) s from lineitem group by 1) "
    "select p.k from x p, x q where p.s = q.s",
    "with recursive r(n) as (select n_nationkey from nation union all select n + 1 from r where n < 30) "
    "select n, count(*) from r group by 1",
]


def segments(steps: tuple[Step, ...]) -> list[list[Step]]:
    """The steps by segment, which are numbered without gaps; so are the steps of each."""
    found: list[list[Step]] = [[] for _ in range(1 + max(s.segment for s in steps))]
    for step in steps:
        assert step.step == len(found[step.segment])
        found[step.segment].append(step)
    return found


def shown(plan: PhysicalQuery) -> list[str]:
    return [f"{s.stream}.{s.segment}.{s.step} {'LD ' if s.leader else ''}{s.label}" for s in steps_of(plan)]


@pytest.mark.parametrize("design", ["key", "even"])
@pytest.mark.parametrize("number", range(len(EVERY)))
def test_the_rule(number: int, design: str) -> None:
    plan = Planning(2, 2, design).plan(EVERY[number])
    steps = steps_of(plan)
    pieces = segments(steps)
    nodes = {id(node) for node in walk_physical(plan.root)}
    tables = {s.table for s in steps if s.kind in ENDS_STREAM}
    for segment, after in zip(pieces, [*pieces[1:], []], strict=True):
        first, *rest, last = [*segment, segment[-1]] if len(segment) == 1 else segment
        assert first.kind in (StepKind.SCAN, StepKind.MERGE) and not {s.kind for s in rest} & (ENDS_STREAM | MOVES)
        assert len({(s.stream, s.leader) for s in segment}) == 1
        assert last.kind in ENDS_STREAM | MOVES
        if after:
            assert after[0].stream == last.stream + (last.kind in ENDS_STREAM)
            assert last.kind in ENDS_STREAM or after[0].kind is StepKind.MERGE or after[0].scan is ScanType.NETWORK
        if first.scan is ScanType.WORKTABLE and first.table:
            assert first.table in tables
        for step in segment:
            assert id(step.node) in nodes
            if step.hash is not None:
                built = pieces[step.hash[0]][step.hash[1]]
                assert built.node is step.node and built.table == step.table and built.stream < step.stream
    assert steps[-1].kind is StepKind.RETURN and steps[-1].leader


def test_a_join_is_numbered_from_its_inner_side() -> None:
    plan = Planning(2, 2, "even").plan("select n_name, count(*) from customer join nation on c_nationkey = n_nationkey "
                                       "group by 1 order by 2 limit 3")
    customer, nation = (next(s.table for s in steps_of(plan) if s.name == name) for name in ("customer", "nation"))
    assert shown(plan)[:10] == [
        f"0.0.0 scan   tbl={nation} name=nation", "0.0.1 bcast",
        "0.1.0 scan name=Internal Worktable", "0.1.1 hash   tbl=239",
        f"1.2.0 scan   tbl={customer} name=customer", "1.2.1 hjoin  tbl=239", "1.2.2 project", "1.2.3 aggr   tbl=240",
        "2.3.0 scan   tbl=240 name=Internal Worktable", "2.3.1 return",
    ]  # fmt: skip


def test_a_union_saves_into_one_table() -> None:
    found = shown(Planning(2, 2, "key").plan("select n_name from nation union all select r_name from region"))
    assert [line.split(" ", 1)[1] for line in found if "save" in line] == ["save   tbl=239", "save   tbl=239"]
    assert "2.2.0 scan   tbl=239 name=Internal Worktable" in found
