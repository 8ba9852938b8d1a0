"""The printed costs are Redshift's: numbers from the plans in its manual."""
from __future__ import annotations

import pytest
from warehouse.planner.optimizer.cost import (
    SORT_START,
    Weights,
    aggregate_cost,
    join_cost,
    move_cost,
    scan_cost,
    sort_cost,
)


def printed(cost: tuple[float, float]) -> str:
    return f"{cost[0]:.2f}..{cost[1]:.2f}"


def test_seq_scan() -> None:
    assert printed(scan_cost(8798, 0)) == "0.00..87.98"


def test_hash_aggregate() -> None:
    """select eventname, count(*) from event group by eventname"""
    assert printed(aggregate_cost(scan_cost(8798, 0), 8798, 576, 2)) == "131.97..133.41"


def test_hash_join_with_broadcast() -> None:
    """select * from category, event where category.catid = event.catid, on 48 slices"""
    inner = move_cost(scan_cost(11, 0), 11, 49, copies=48)
    first, total = join_cost(scan_cost(8798, 0), inner, 8798, 11, 0)
    assert total == pytest.approx(6600286.07, abs=0.05)
    assert first - (inner[1] - scan_cost(11, 0)[1]) == pytest.approx(0.14, abs=0.005)


def test_redistribution_costs_a_48th() -> None:
    whole = move_cost((0.0, 0.0), 1000, 20, copies=48)[1]
    assert move_cost((0.0, 0.0), 1000, 20, copies=1)[1] == pytest.approx(whole / 48)


def test_sort() -> None:
    """order by over 576 groups"""
    assert printed(sort_cost((2815366577.07, 2815366578.51), 576)) == "1002815366604.92..1002815366606.36"


def test_a_sort_of_a_sort_starts_once() -> None:
    assert sort_cost((SORT_START, SORT_START + 5), 2)[0] < 2 * SORT_START


def test_one_slice_moves_for_nothing() -> None:
    assert Weights(1, 1).distribute(1e6, 100) == 0


def test_more_nodes_make_broadcasts_dearer() -> None:
    costs = [Weights(n, 2 * n).broadcast(1000, 50) for n in (1, 2, 4)]
    assert costs == sorted(costs) and costs[0] < costs[2]
