"""Every kind of join, on one and several slices, against nested loops in Python.

Plans are made by hand: rows of constants, distributed by key or broadcast, joined, gathered. Keys repeat, are
NULL, lie apart or are text, so that all kinds of tables (kernels/join_table.py) and marks are met.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from warehouse.engine.context import Cancel, Context, MemoryBudget
from warehouse.engine.execute import execute
from warehouse.engine.workers import pool
from warehouse.errors import CardinalityViolation
from warehouse.planner.columns import physical_columns
from warehouse.planner.expressions import ColumnRef, Compare, Expr, Literal
from warehouse.planner.physical import (
    ConstantRows,
    Exchange,
    HashJoin,
    JoinType,
    Move,
    OnLeader,
    Partitioned,
    Physical,
    PhysicalQuery,
    Props,
)
from warehouse.storage.database import Database
from warehouse.storage.types import BIGINT, SqlType, varchar

AT_SLICES = Props(1, 8, 0, 0, Partitioned())
AT_LEADER = Props(1, 8, 0, 0, OnLeader())
Row = tuple[Any, ...]


def _refs(type: SqlType, first: int) -> tuple[ColumnRef, ColumnRef]:
    return ColumnRef(first, type, "k"), ColumnRef(first + 1, BIGINT, "v")


def _table(refs: tuple[ColumnRef, ...], rows: list[Row]) -> ConstantRows:
    return ConstantRows(refs, tuple(tuple(Literal(v, r.type) for v, r in zip(row, refs)) for row in rows), AT_LEADER)


def _run(plan: Physical, slices: int) -> list[Row]:
    with Database.open(":memory:", nodes=1, slices_per_node=slices) as database:
        view = database.view(database.snapshot())
        context = Context(
            database,
            view,
            None,
            "dev",
            (),
            "",
            datetime.now(UTC),
            Cancel(),  # type: ignore[arg-type]
            MemoryBudget(1 << 30),
            workers=pool(2),
        )
        root = Exchange(plan, Move.GATHER, (), AT_LEADER)
        columns = physical_columns(root)
        query = PhysicalQuery(root, columns, tuple(c.name for c in columns))
        return [tuple(row) for batch in execute(query, context) for row in zip(*[c.to_pylist() for c in batch.columns])]


def _keys(kind: str, random: np.random.Generator, count: int, spread: int) -> list[Any]:
    numbers = [int(v) for v in random.integers(0, spread, count)]
    match kind:
        case "dense":
            keys: list[Any] = list(numbers)
        case "sparse":
            keys = [v * 1_000_003_000_000 - 5 for v in numbers]
        case _:
            keys = [f"key {v}" for v in numbers]
    return [None if i % 11 == 5 else k for i, k in enumerate(keys)]


def _match(type: JoinType, left: list[Row], right: list[Row], residual: bool) -> list[Row]:
    """Nested loops. The left side is the probe side."""

    def fits(a: Row, b: Row) -> bool:
        return a[0] is not None and a[0] == b[0] and (not residual or a[1] < b[1])

    pairs = [(a, b) for a in left for b in right if fits(a, b)]
    lonely_left = [a for a in left if not any(fits(a, b) for b in right)]
    lonely_right = [b for b in right if not any(fits(a, b) for a in left)]
    out = [(*a, *b) for a, b in pairs]
    match type:
        case JoinType.LEFT | JoinType.SINGLE:
            return out + [(*a, None, None) for a in lonely_left]
        case JoinType.RIGHT:
            return out + [(None, None, *b) for b in lonely_right]
        case JoinType.FULL:
            return out + [(*a, None, None) for a in lonely_left] + [(None, None, *b) for b in lonely_right]
        case JoinType.SEMI:
            return [a for a in left if any(fits(a, b) for b in right)]
        case JoinType.ANTI:
            return lonely_left
        case JoinType.RIGHT_SEMI:
            return [b for b in right if any(fits(a, b) for a in left)]
        case JoinType.RIGHT_ANTI:
            return lonely_right
        case _:
            return out


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=repr)


RESIDUALS = (JoinType.INNER, JoinType.RIGHT, JoinType.RIGHT_SEMI, JoinType.RIGHT_ANTI)


@pytest.mark.parametrize("type", [t for t in JoinType if t is not JoinType.SINGLE])
@pytest.mark.parametrize("kind", ["dense", "sparse", "text"])
@pytest.mark.parametrize("slices", [1, 3])
def test_joins(type: JoinType, kind: str, slices: int) -> None:
    random = np.random.default_rng(7)
    for residual in (False, True) if type in RESIDUALS else (False,):
        for left_rows, right_rows in ((60, 40), (0, 5), (5, 0), (300, 300)):
            spread = max(left_rows, right_rows) // 3 + 1
            left = [(k, i) for i, k in enumerate(_keys(kind, random, left_rows, spread))]
            right = [(k, 3 * i) for i, k in enumerate(_keys(kind, random, right_rows, spread))]
            key_type = varchar(20) if kind == "text" else BIGINT
            ours, theirs = _refs(key_type, 1), _refs(key_type, 11)
            test: Expr | None = Compare("<", ours[1], theirs[1]) if residual else None
            probe = Exchange(_table(ours, left), Move.DISTRIBUTE, (ours[0],), AT_SLICES)
            build = Exchange(_table(theirs, right), Move.DISTRIBUTE, (theirs[0],), AT_SLICES)
            plan = HashJoin(type, probe, build, (ours[0],), (theirs[0],), test, "DS_DIST_BOTH", AT_SLICES)
            assert _sorted(_run(plan, slices)) == _sorted(_match(type, left, right, residual))


@pytest.mark.parametrize("type", [JoinType.INNER, JoinType.LEFT, JoinType.SEMI, JoinType.ANTI])
def test_broadcast_build_side(type: JoinType) -> None:
    left = [(i % 13 if i % 5 else None, i) for i in range(100)]
    right = [(i % 7, i) for i in range(20)]
    ours, theirs = _refs(BIGINT, 1), _refs(BIGINT, 11)
    probe = Exchange(_table(ours, left), Move.DISTRIBUTE, (ours[1],), AT_SLICES)
    build = Exchange(_table(theirs, right), Move.BROADCAST, (), AT_SLICES)
    plan = HashJoin(type, probe, build, (ours[0],), (theirs[0],), None, "DS_BCAST_INNER", AT_SLICES)
    assert _sorted(_run(plan, 3)) == _sorted(_match(type, left, right, False))


@pytest.mark.parametrize(
    ("right", "rows"),
    [
        ([(2, 0), (3, 0)], [(1, 0), (4, 0)]),
        ([(2, 0), (None, 0)], []),
        ([], [(1, 0), (2, 0), (None, 0), (4, 0)]),
    ],
)
def test_not_in_knows_nulls(right: list[Row], rows: list[Row]) -> None:
    left = [(1, 0), (2, 0), (None, 0), (4, 0)]
    ours, theirs = _refs(BIGINT, 1), _refs(BIGINT, 11)
    plan = HashJoin(
        JoinType.ANTI,
        _table(ours, left),
        _table(theirs, right),
        (ours[0],),
        (theirs[0],),
        None,
        "DS_DIST_NONE",
        AT_LEADER,
        null_aware=True,
    )
    assert _sorted(_run(plan, 1)) == _sorted(rows)


def test_single_join_refuses_two_matches() -> None:
    ours, theirs = _refs(BIGINT, 1), _refs(BIGINT, 11)
    plan = HashJoin(
        JoinType.SINGLE,
        _table(ours, [(1, 0), (2, 0), (9, 0)]),
        _table(theirs, [(1, 5), (2, 6)]),
        (ours[0],),
        (theirs[0],),
        None,
        "DS_DIST_NONE",
        AT_LEADER,
    )
    assert _sorted(_run(plan, 1)) == _sorted([(1, 0, 1, 5), (2, 0, 2, 6), (9, 0, None, None)])
    twice = HashJoin(
        JoinType.SINGLE,
        _table(ours, [(1, 0)]),
        _table(theirs, [(1, 5), (1, 6)]),
        (ours[0],),
        (theirs[0],),
        None,
        "DS_DIST_NONE",
        AT_LEADER,
    )
    with pytest.raises(CardinalityViolation, match="more than one row"):
        _run(twice, 1)


def test_join_without_keys_pairs_all_rows() -> None:
    ours, theirs = _refs(BIGINT, 1), _refs(BIGINT, 11)
    left, right = [(i, i) for i in range(300)], [(i, i) for i in range(400)]
    plan = HashJoin(
        JoinType.INNER,
        _table(ours, left),
        _table(theirs, right),
        (),
        (),
        Compare("<", ours[1], theirs[1]),
        "DS_BCAST_INNER",
        AT_LEADER,
    )
    assert _sorted(_run(plan, 1)) == _sorted([(*a, *b) for a in left for b in right if a[1] < b[1]])
