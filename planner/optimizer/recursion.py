"""Recursive common table expressions: planned once, run round by round.

    Recursion                     RecursiveUnion
      seed                   ->     seed, on the slices
      Join                          HashJoin, on the slices
        WorkingRows                   WorkingTable
        Scan e                        Shared (kept between the rounds)
                                        Exchange of e

The rows that came last lie on the slices where they were made, no telling by what. What a round needs and
no round changes (a join's build side, what is moved or grouped) becomes a shared subplan, so that it is made
in the first round and read in the others.
"""
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..columns import physical_columns
from ..logical import Recursion
from ..physical import (
    Exchange,
    FilterRows,
    HashAggregate,
    HashJoin,
    Physical,
    ProjectColumns,
    Props,
    RecursiveUnion,
    Shared,
    UnionAll,
    WorkingTable,
)
from ..physical_traverse import walk_physical
from .distribution import PARTITIONED, on_slices, one_copy

if TYPE_CHECKING:
    from .plan import Planner


def plan_recursion(planner: Planner, node: Recursion) -> Physical:
    rows = planner.estimator.rows(node)
    seed = on_slices(one_copy(planner.plan(node.seed, {c.id for c in node.seed_columns})))
    step = on_slices(one_copy(planner.plan(node.step, {c.id for c in node.step_columns})))
    step = _Keeper(planner, node.number).visit(step)
    cost = seed.props.cost + step.props.cost * max(1.0, rows / max(1.0, seed.props.rows))
    props = Props(rows, planner.estimator.width(node.columns), seed.props.first_cost, cost, PARTITIONED)
    return RecursiveUnion(node.number, seed, step, node.columns, node.seed_columns, node.step_columns, props)


class _Keeper:
    """Wraps what does not depend on the working rows."""

    def __init__(self, planner: Planner, number: int) -> None:
        self.planner = planner
        self.number = number

    def visit(self, node: Physical) -> Physical:
        match node:
            case FilterRows() | ProjectColumns():
                return replace(node, input=self.visit(node.input))
            case Exchange() | HashAggregate() if self._depends(node):
                return replace(node, input=self.visit(node.input))
            case Exchange() | HashAggregate():
                return self._kept(node)
            case HashJoin():
                build = self.visit(node.build) if self._depends(node.build) else self._kept(node.build)
                return replace(node, probe=self.visit(node.probe), build=build)
            case UnionAll():
                return replace(node, inputs=tuple([self.visit(i) for i in node.inputs]))
            case _:
                return node

    def _depends(self, node: Physical) -> bool:
        return any(isinstance(n, WorkingTable) and n.number == self.number for n in walk_physical(node))

    def _kept(self, node: Physical) -> Physical:
        if isinstance(node, Shared):
            return node
        columns = tuple([(c, c) for c in physical_columns(node)])
        return Shared(self.planner.fresh_share(), node, columns, node.props)
