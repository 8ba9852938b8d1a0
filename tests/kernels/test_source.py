"""Sources and the columns of chunks."""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from warehouse.kernels import abi, memory, pack, source_layout

KINDS = [
    (abi.DK_RAW_INT, 2), (abi.DK_RAW_FLOAT, 4), (abi.DK_RAW_BOOL, 1), (abi.DK_RAW_I128, 16), (abi.DK_PACKED, 0),
    (abi.DK_DICT_INT, 0), (abi.DK_RAW_STR, 0), (abi.DK_DICT_STR, 0),
]
PLAIN = {abi.DK_RAW_INT, abi.DK_RAW_FLOAT, abi.DK_RAW_BOOL, abi.DK_RAW_I128}


@pytest.mark.parametrize("op", ["scan_source", "chunk_source"])
def test_batches_in_order(op: str) -> None:
    sizes = memory.words(10, 0, 0, 10, 65536, 10)
    table = memory.words(*range(9))
    state = memory.words(0, 3, memory.address(table), 3, memory.address(sizes), abi.BATCH_ROWS, 0, 0)
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


@pytest.mark.parametrize("batch", [1024, 2048, 4096, abi.BATCH_ROWS])
def test_row_groups_in_parts(batch: int) -> None:
    """Every batch's descriptors begin at its first vector; one that is a whole row group gets those that are there."""
    sizes, columns = [0, 1, 1023, 1024, 1025, 4095, 4096, 4097, 65536], 8
    plain = memory.zeros(len(sizes) * columns * abi.DESCRIPTOR_WORDS, np.int64)
    grid = plain.reshape(len(sizes), columns, abi.DESCRIPTOR_WORDS)
    grid[:, :, abi.D_ROWS] = np.array(sizes)[:, None]
    for j, (kind, width) in enumerate(KINDS):
        grid[:, j, abi.D_KIND], grid[:, j, abi.D_WIDTH] = kind, width
    for word in (abi.D_NULLS, abi.D_DATA, abi.D_META, abi.D_DICT, abi.D_OFFSETS, abi.D_ZONES, abi.D_CODES_META):
        grid[:, :, word] = word << 32
    grid[:, 0, abi.D_NULLS] = 0  # no NULLs: stays absent
    size = abi.DESCRIPTOR_WORDS * 8
    table = memory.words(*(memory.address(plain) + size * i for i in range(len(sizes) * columns)))
    state = memory.zeros(source_layout.STATE_WORDS, np.int64)
    line = memory.zeros(source_layout.line_words(columns), np.int64)
    starts = memory.words(*(w for i, n in enumerate(sizes) for w in (n, i * 100_000)))
    state[:] = (0, len(sizes), memory.address(table), columns, memory.address(starts), batch, 0, memory.address(line))
    frame = memory.zeros(abi.FRAME_WORDS, np.int64)
    seen: dict[int, list[int]] = {i: [] for i in range(len(sizes))}
    while pack.native("scan_source")(0, 0, 0, 0, memory.address(state), 0, memory.address(frame)) == abi.OK:
        group, first = divmod(int(frame[abi.F_SOURCE_ROW]), 100_000)
        rows = int(frame[abi.F_N])
        assert frame[abi.F_GROUP] == group + 1
        assert first == sum(seen[group])
        seen[group].append(rows)
        addresses = np.ctypeslib.as_array((ctypes.c_int64 * columns).from_address(int(frame[abi.F_USER])))
        for j, (kind, width) in enumerate(KINDS):
            words = (ctypes.c_int64 * abi.DESCRIPTOR_WORDS).from_address(int(addresses[j]))
            want = grid[group, j].copy()
            want[abi.D_ROWS] = rows
            want[abi.D_DATA] += first * width if kind in PLAIN else 0
            want[abi.D_NULLS] += first // 8 if j else 0
            want[abi.D_OFFSETS] += first * 4
            want[[abi.D_META, abi.D_CODES_META]] += first // 1024 * 32
            want[abi.D_ZONES] += first // 1024 * 16
            assert list(words) == want.tolist()
    for i, n in enumerate(sizes):
        assert sum(seen[i]) == n
        assert all(rows == batch for rows in seen[i][:-1])


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
