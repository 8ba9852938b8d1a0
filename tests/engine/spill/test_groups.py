"""Groups that do not fit memory: how they are cut into chunks, and what stays in memory while they are merged."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from warehouse.engine.collection import Collection, StoredColumn
from warehouse.engine.context import Charge, MemoryBudget
from warehouse.engine.rows import Rows, Where
from warehouse.engine.spill.groups import GroupSpill
from warehouse.engine.spill.results import Results
from warehouse.planner.expressions import ColumnRef
from warehouse.storage.types import BIGINT, Physical

ROWS = 12_000
KEY = ColumnRef(1, "k", BIGINT)
NODE: Any = SimpleNamespace(phase="final", groups=((KEY, KEY),), aggregates=())


class Recorder:
    """A spool that keeps in memory what it is to write."""

    def __init__(self, limit: int) -> None:
        self.budget = MemoryBudget(limit)
        self.written: list[int] = []

    def write(self, part: Collection) -> list[Collection]:
        self.written.append(part.rows)
        return [part]

    def keep(self, part: Collection) -> list[Collection]:
        return [part]


def groups(rows: int = ROWS, charges: tuple[Charge, ...] = ()) -> Collection:
    return Collection([StoredColumn(KEY, Physical.I64, False, np.arange(rows), None, 0, rows)], rows, [], [*charges])


def test_a_table_makes_one_chunk_a_partition_while_there_is_room_to_order_it() -> None:
    spool: Any = Recorder(6 << 20)
    found: list[list[Any]] = []
    spill = GroupSpill(NODE, spool, 0, rows=1_000_000)
    spill.put(found, groups(3 * ROWS))
    assert len(found) == len(spool.written) > 16
    assert sorted(np.concatenate([p.columns[0].values for pieces in found for p in pieces])) == list(range(3 * ROWS))


def test_a_table_goes_in_lots_where_there_is_no_room() -> None:
    spool: Any = Recorder(1 << 20)
    spool.budget.charge(1 << 20, "others")
    found: list[list[Any]] = []
    GroupSpill(NODE, spool, 0, rows=1_000_000).put(found, groups(10 * ROWS))
    assert len(spool.written) == 4 * len(found)


def test_results_leave_memory_that_the_next_partition_needs() -> None:
    spool: Any = Recorder(6 << 20)
    executor: Any = SimpleNamespace(spool=lambda node: lambda: spool, context=SimpleNamespace(budget=spool.budget))
    results = Results(executor, NODE)
    results.add(Rows([groups(2 * ROWS, (Charge(spool.budget, "groups", 16 * ROWS),))], Where.LEADER))
    results.make_room(1 << 20)
    assert not spool.written
    results.make_room(3 << 20)
    assert sum(spool.written) == 2 * ROWS
    assert results.together().rows == 2 * ROWS
