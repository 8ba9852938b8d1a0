"""Plans kept for a set of leaves: each as cheap as it must be where its rows lie."""
from __future__ import annotations

from math import inf

from warehouse.planner.optimizer.cost import Weights
from warehouse.planner.optimizer.join_parts import ANYWHERE, Candidate, Part, least_costs
from warehouse.planner.optimizer.movement import Where

K, X = 1, 2  # classes of columns
ROWS = 1000.0


def part(*live: int, places: tuple[Where, ...] = (), most: float = inf) -> Part:
    sizes = Weights(2, 4).side(ROWS, 8.0)
    return Part(ROWS, 8.0, *sizes, 3, ROWS, 0.0, most, frozenset(live), places, False, most, most)


def plan(cost: float, where: Where) -> Candidate:
    return Candidate(3, ROWS, cost, where)


def kept(of: Part, *plans: Candidate, count: int = 4) -> dict[Where, float]:
    for each in plans:
        if of.admits(each.where, each.cost):
            of.keep(each, count)
    return {where: each.cost for where, each in of.plans.items()}


def test_the_first_of_plans_that_cost_the_same_stays() -> None:
    first = plan(10.0, "anywhere")
    of = part(places=ANYWHERE)
    assert kept(of, first, plan(10.0 - 1e-12, "anywhere")) == {"anywhere": 10.0}
    assert of.plans["anywhere"] is first


def test_hashed_rows_lie_as_well_as_rows_that_are_anywhere() -> None:
    assert kept(part(K), plan(10.0, "anywhere"), plan(9.0, (K,))) == {(K,): 9.0}
    assert kept(part(K), plan(9.0, (K,)), plan(9.5, "anywhere")) == {(K,): 9.0}
    assert kept(part(K), plan(9.0, (K,)), plan(8.0, "anywhere")) == {(K,): 9.0, "anywhere": 8.0}


def test_better_lying_rows_are_worth_a_move_and_no_more() -> None:
    of = part(K)
    assert kept(of, plan(10.0, "anywhere"), plan(11.0 + of.to_slices, (K,))) == {"anywhere": 10.0}


def test_the_dearest_gives_way() -> None:
    of = part(K, X)
    assert kept(of, plan(8.0, "anywhere"), plan(10.0, (K,)), plan(9.0, (X,)), count=2) == {"anywhere": 8.0, (X,): 9.0}
    assert not of.admits((K,), 9.5)


def test_columns_that_no_join_asks_for() -> None:
    assert part(K).where((K,)) == (K,)
    assert part(K).where((X,)) == part().where((K, X)) == "anywhere"


def test_a_bound_from_outside() -> None:
    assert kept(part(most=5.0, places=ANYWHERE), plan(6.0, "anywhere")) == {}


def test_what_a_join_costs_at_least() -> None:
    """One of two sides has to move, unless both lie by a key; for a result that lies by one, both may have to."""
    one, other = part(K), part(K)
    kept(one, plan(10.0, "anywhere"))
    kept(other, plan(20.0, "anywhere"))
    work = 30.0 + ROWS + one.work
    moved = min(one.to_slices, one.to_all)
    assert least_costs(one, other) == (work + moved, work + 2 * one.to_slices)
    kept(one, plan(12.0, (K,)))
    assert least_costs(one, other) == (work + moved, work + moved)
    kept(other, plan(22.0, (K,)))
    assert least_costs(one, other) == (work, work)
