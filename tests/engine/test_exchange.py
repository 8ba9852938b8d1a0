"""DISTRIBUTE sends each row to the slice that a table distributed by the same column keeps it on."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as s
from warehouse.engine.collection import Collection, StoredColumn, widened
from warehouse.engine.context import MemoryBudget
from warehouse.engine.exchange import Crossing, broadcast, distribute
from warehouse.engine.rows import Rows, Where
from warehouse.planner.expressions import ColumnRef
from warehouse.storage.distribution import hash_column, slice_of_hash, string_views
from warehouse.storage.schema import Topology
from warehouse.storage.types import BIGINT, BOOLEAN, DOUBLE, Physical, SqlType, char, decimal, varchar
from warehouse.storage.vector import from_list

NUMBERS = s.integers(-(1 << 62), 1 << 62)
KINDS: list[tuple[SqlType, Any]] = [
    (BIGINT, NUMBERS), (decimal(12, 2), NUMBERS), (decimal(30, 2), NUMBERS), (BOOLEAN, s.booleans()),
    (DOUBLE, s.floats()), (varchar(20), s.text("ab ", max_size=6)), (char(9), s.text("ab", max_size=6)),
]


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("kind", range(len(KINDS)))
@given(data=s.data())
def test_rows_go_where_a_table_keeps_them(kind: int, narrow: bool, data: s.DataObject) -> None:
    """`narrow`: numbers are carried in the width that their type does not have on disk."""
    type, element = KINDS[kind]
    values = data.draw(s.lists(s.none() | element, min_size=1, max_size=20))
    stored = from_list(type, values)
    keys = _carried(type, values, stored, narrow)
    number = StoredColumn(ColumnRef(2, BIGINT, "n"), Physical.I64, False, np.arange(len(values)), None)
    part = Collection([keys, number], len(values), [] if stored.data is None else [stored.data])
    rows, _, _ = distribute(Rows([part], Where.LEADER), [1], Topology.even(2, 2), _inline)
    wanted = slice_of_hash(hash_column(stored), 4)
    for slice_, found in enumerate(rows.parts):
        assert found.column(2).values.tolist() == np.flatnonzero(wanted == slice_).tolist()


def test_what_is_sent_is_counted_by_slice_and_by_node() -> None:
    """Four slices with the same rows: of every row three copies change slice, two of them node."""
    values = list(range(100))
    targets = slice_of_hash(hash_column(from_list(BIGINT, values)), 4)
    there = [Collection([StoredColumn(ColumnRef(1, BIGINT, "k"), Physical.I64, False, np.array(values), None)], 100, [])
             for _ in range(4)]
    for topology, share in ((Topology.even(2, 2), 2), (Topology.even(1, 4), 0), (Topology.even(4, 1), 3)):
        sent = _sum(distribute(Rows(list(there), Where.SLICES), [1], topology, _inline)[1])
        assert (sent.rows, sent.bytes, sent.node_bytes) == (300, 300 * 8, 100 * share * 8), topology
    sent = _sum(distribute(Rows(there[:1], Where.LEADER), [1], Topology.even(2, 2), _inline)[1])
    assert sent.rows == len(targets) and sent.bytes == sent.node_bytes == 800
    sent = _sum(broadcast(Rows(list(there), Where.SLICES), Topology.even(2, 2), MemoryBudget(1 << 30))[1])
    assert sent.node_bytes == 3200


def _sum(sent: list[Crossing]) -> Crossing:
    whole = Crossing()
    for crossing in sent:
        whole.add(crossing)
    return whole


def _carried(type: SqlType, values: list[Any], stored: Any, narrow: bool) -> StoredColumn:
    ref = ColumnRef(1, type, "k")
    if stored.offsets is not None:
        return StoredColumn(ref, Physical.STR, True, string_views(stored.offsets, stored.data), stored.valid)
    if type.physical is Physical.I128 and not narrow:
        return StoredColumn(ref, Physical.I128, True, stored.fixed.view(np.int64), stored.valid)
    if type.physical not in (Physical.I64, Physical.I128):
        return StoredColumn(ref, type.physical, True, stored.fixed, stored.valid)
    words = np.array([v or 0 for v in values], np.int64)
    column = StoredColumn(ref, Physical.I64, True, words, stored.valid)
    return widened(column) if narrow and type.physical is Physical.I64 else column


def _inline(work: Any, count: int) -> None:
    for i in range(count):
        work(i)
