"""Which moves a join may use: every partner of a tested row must be where the row is."""
from __future__ import annotations

import pytest
from warehouse.planner.optimizer.cost import Weights
from warehouse.planner.optimizer.movement import (
    BUILD_TESTED,
    PROBE_TESTED,
    Movement,
    Side,
    Where,
    movements,
    prices,
    where_joined,
)
from warehouse.planner.physical import JoinType

HERE, THERE = 1, 2  # classes of columns
KEYS = ((HERE, HERE),)


def moves(type: JoinType, probe: Where, build: Where, null_aware: bool = False) -> list[Movement]:
    return list(movements(type, probe, build, KEYS, 4, null_aware))


def labels(type: JoinType, probe: Where, build: Where) -> set[str]:
    return {m.label for m in moves(type, probe, build)}


def test_collocated() -> None:
    assert labels(JoinType.INNER, (HERE,), (HERE,)) == {"DS_DIST_NONE", "DS_BCAST_INNER"}


def test_one_side_by_key() -> None:
    assert "DS_DIST_INNER" in labels(JoinType.INNER, (HERE,), (THERE,))
    assert "DS_DIST_OUTER" in labels(JoinType.INNER, (THERE,), (HERE,))


def test_neither_by_key() -> None:
    assert labels(JoinType.INNER, "anywhere", "anywhere") == {"DS_DIST_BOTH", "DS_BCAST_INNER"}


def test_replicated_build_side() -> None:
    assert labels(JoinType.LEFT, "anywhere", "replicated") == {"DS_DIST_ALL_NONE"}


def test_replicated_probe_side() -> None:
    (move,) = moves(JoinType.INNER, "replicated", (THERE,))
    assert move.label == "DS_DIST_ALL_INNER"
    assert where_joined(move, JoinType.INNER, "replicated", (THERE,), KEYS) == (THERE,)


@pytest.mark.parametrize("type", PROBE_TESTED)
def test_a_replicated_probe_side_cannot_be_tested_against_parts(type: JoinType) -> None:
    assert moves(type, "replicated", "anywhere") == []


@pytest.mark.parametrize("type", BUILD_TESTED)
def test_a_replicated_build_side_cannot_be_tested_by_parts(type: JoinType) -> None:
    assert moves(type, "anywhere", "replicated") == []


@pytest.mark.parametrize("type", BUILD_TESTED)
def test_the_build_side_is_not_broadcast_when_it_is_tested(type: JoinType) -> None:
    assert not any(m.broadcast_build for m in moves(type, "anywhere", "anywhere"))


def test_full_joins_meet_by_key_only() -> None:
    assert labels(JoinType.FULL, "anywhere", "anywhere") == {"DS_DIST_BOTH"}
    assert moves(JoinType.FULL, "anywhere", "anywhere")[0].lies == "anywhere"
    assert moves(JoinType.FULL, "replicated", "replicated") == []


def test_not_in_needs_the_whole_right_side() -> None:
    assert {m.label for m in moves(JoinType.ANTI, (HERE,), (HERE,), null_aware=True)} == {"DS_BCAST_INNER"}


def test_one_slice() -> None:
    found = list(movements(JoinType.FULL, "anywhere", "anywhere", (), 1))
    assert [m.label for m in found] == ["DS_DIST_NONE"]


def test_what_is_sent_is_paid_for() -> None:
    weights, few = Weights(2, 4), (10.0, 8.0)
    many_side, few_side = (Side(rows, 8.0, *weights.side(rows, 8.0)) for rows in (100_000.0, 10.0))
    costs = prices(many_side, few_side, 4)
    by_label = {m.label: costs[m.price] for m in moves(JoinType.INNER, (HERE,), (THERE,))}
    assert by_label["DS_DIST_INNER"] == weights.distribute(*few) < by_label["DS_DIST_BOTH"]
    assert costs[moves(JoinType.INNER, (HERE,), (HERE,))[-1].price] == 0.0
