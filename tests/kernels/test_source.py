"""Sources and the columns of chunks."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from warehouse.kernels import abi, memory, pack


@pytest.mark.parametrize("op", ["scan_source", "chunk_source"])
def test_batches_in_order(op: str) -> None:
    sizes = memory.words(10, 0, 0, 10, 65536, 10)
    table = memory.words(*range(9))
    state = memory.words(0, 3, memory.address(table), 3, memory.address(sizes))
    frame = memory.zeros(abi.FRAME_WORDS, np.int64)
    seen = []
    while True:
        status = pack.native(op)(0, 0, 0, 0, memory.address(state), 0, memory.address(frame))
        if status != abi.OK:
            break
        line = (int(frame[abi.F_USER]) - memory.address(table)) // 8
        seen.append((int(frame[abi.F_N]), int(frame[abi.F_SOURCE_ROW]), line))
    assert status == abi.END
    assert seen == [(10, 0, 0), (0, 10, 3), (65536, 10, 6)]
    assert pack.native(op)(0, 0, 0, 0, memory.address(state), 0, memory.address(frame)) == abi.END


@pytest.mark.parametrize(("kind", "values"), [
    ("i64", [5, -6, 7]), ("f64", [0.5, -0.0, 1e9]), ("bool", [1, 0, 1]), ("i128", [1 << 99, -1, 0]),
])
@pytest.mark.parametrize("vector", [0, 2])
def test_chunk_columns(ops: Any, kind: str, values: list[Any], vector: int) -> None:
    rows = vector * 1024 + 100
    column = ops.guarded(kind, rows, ops.repeated(values, rows))
    table = memory.words(0, column.address)
    frame = memory.zeros(abi.FRAME_WORDS, np.int64)
    frame[abi.F_USER] = memory.address(table)
    names = ["chunk_" + kind] + (["chunk_valid"] if kind == "bool" else [])
    for name in names:
        got = ops.call(f"i64 -> {kind}", name, [None], k=1, rows=100, vector=vector, frame=frame).values
        assert got == ops.repeated(values, rows)[vector * 1024 :]
        absent = ops.call(f"i64 -> {kind}", name, [None], k=0, rows=100, vector=vector, frame=frame).values
        assert absent == [1 if name == "chunk_valid" else 0] * 100
    column.check(written=False)
