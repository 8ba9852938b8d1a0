"""What storage prepares is what native code reads: every encoding through the `load` ops, against the
reference decoders."""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from warehouse.kernels import abi, memory, pack
from warehouse.storage.block import encode_block, native_block
from warehouse.storage.encodings import registry
from warehouse.storage.native import Descriptor, ready
from warehouse.storage.types import Physical
from warehouse.storage.vector import ColumnData

ENCODINGS = {encoding.name: encoding for encoding in registry.ENCODINGS}
WIDTHS = {Physical.I64: 8, Physical.F64: 8, Physical.BOOL: 1, Physical.I128: 16, Physical.STR: 16}


def load_all(op: str, descriptor: Descriptor, rows: int, width: int) -> np.ndarray:
    """The bytes that a `load` op gives for all rows, vector by vector."""
    frame, columns = memory.zeros(abi.FRAME_WORDS, np.int64), memory.zeros(1, np.int64)
    columns[0] = descriptor.address
    frame[abi.F_USER] = memory.address(columns)
    vectors = -(-rows // abi.VECTOR_ROWS)
    out = memory.zeros(vectors * abi.VECTOR_ROWS * width, np.uint8)
    for vector in range(vectors):
        frame[abi.F_VECTOR] = vector
        here = memory.address(out) + vector * abi.VECTOR_ROWS * width
        n = min(abi.VECTOR_ROWS, rows - vector * abi.VECTOR_ROWS)
        assert pack.native(op)(here, 0, 0, 0, 0, n, memory.address(frame)) == abi.OK
    return out[: rows * width]


def loaded(column: ColumnData, descriptor: Descriptor) -> list[Any]:
    physical = column.type.physical
    raw = load_all(f"load_{physical.value}", descriptor, column.rows, WIDTHS[physical])
    if physical is Physical.STR:
        views = raw.view(np.int64).reshape(-1, 2).tolist()
        return [ctypes.string_at(address, length).decode() if length else "" for address, length in views]
    dtype = {Physical.F64: np.float64, Physical.BOOL: np.uint8, Physical.I128: np.uint64}.get(physical, np.int64)
    values = raw.view(dtype)
    shaped = values.reshape(-1, 2) if physical is Physical.I128 else values
    return ColumnData(column.type, column.rows, shaped).to_list()


@pytest.mark.parametrize("name", sorted(ENCODINGS))
def test_native_code_reads_every_encoding(name: str, sample_columns: Any) -> None:
    encoding = ENCODINGS[name]
    for what, column in sample_columns(1100):
        if not encoding.usable_for(column.type):
            continue
        block = memory.padded(np.frombuffer(encode_block(column, encoding).data, np.uint8))
        descriptor = native_block(block, column.type)
        valid = load_all("load_valid", descriptor, column.rows, 1)
        found = [v if ok else None for v, ok in zip(loaded(column, descriptor), valid.tolist())]
        assert found == column.to_list(), f"{name}, {what}"


def test_ready_copies_only_what_it_must() -> None:
    own = memory.empty(100, np.uint8)
    assert memory.address(ready(own)) == memory.address(own)
    assert memory.address(ready(own[64:])) == memory.address(own) + 64
    for foreign in (own[1:], np.zeros(100, np.uint8), np.frombuffer(bytes(100), np.uint8)):
        copy = ready(foreign)
        assert memory.address(copy) % 64 == 0
        assert memory.address(copy) != memory.address(foreign)
        assert copy.tolist() == foreign.tolist()
