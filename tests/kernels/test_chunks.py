"""Rows of collections by number: all, some in any order, and columns that are not there."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from warehouse.kernels import abi, memory

ROWS = [3, 0, 0, 5, 1]
VALUES: dict[str, list[Any]] = {
    "i64": [5, -6, 7, 1 << 62, 0, -1],
    "f64": [0.5, -0.0, 1e9, 2.0, 3.0, -4.0],
    "bool": [1, 0, 1, 1, 0, 0],
    "i128": [1 << 99, -1, 0, 1 << 64, 5, -(1 << 127)],
}


@pytest.mark.parametrize(("kind", "op"), [
    *((kind, "fetch_chunk_" + kind) for kind in VALUES), ("bool", "fetch_chunk_valid"),
])
def test_fetching(ops: Any, kind: str, op: str) -> None:
    values = VALUES[kind]
    column = ops.guarded(kind, len(values), values)
    table = memory.words(0, column.address)
    frame = memory.zeros(abi.FRAME_WORDS, np.int64)
    frame[abi.F_USER] = memory.address(table)

    def fetched(rows: list[int] | None, k: int) -> list[Any]:
        count = len(values) if rows is None else len(rows)
        outcome = ops.call(f"i64 -> {kind}", op, [rows], k=k, rows=count, frame=frame)
        assert outcome.status == abi.OK
        return outcome.values

    assert fetched(None, 1) == values
    assert fetched(ROWS, 1) == [values[row] for row in ROWS]
    assert fetched(ROWS, 0) == [1 if op == "fetch_chunk_valid" else 0] * len(ROWS)
    column.check(written=False)
