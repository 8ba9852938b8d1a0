"""Blocks: a frame that is checked before anything in it is followed."""
from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from warehouse.errors import DataCorrupted, InternalError
from warehouse.kernels import abi, memory
from warehouse.storage.block import (
    decode_block,
    encode_block,
    native_block,
    null_bitmap,
    open_block,
)
from warehouse.storage.encodings.base import Part
from warehouse.storage.encodings.registry import AZ64, RAW, ZSTD
from warehouse.storage.types import BIGINT, DOUBLE, varchar
from warehouse.storage.vector import from_list


def test_parts_stand_at_multiples_of_64() -> None:
    block = encode_block(from_list(BIGINT, [1, None, 3]), AZ64)
    assert (block.rows, block.nulls, block.encoding) == (3, 1, AZ64.code)
    base = np.frombuffer(block.data, np.uint8)
    for part in open_block(base, BIGINT).parts.values():
        assert (memory.address(part) - memory.address(base)) % 64 == 0


def test_null_bitmap_covers_whole_vectors() -> None:
    bitmap = null_bitmap(from_list(BIGINT, [1, None, 3] * 400))
    assert len(bitmap) == 256
    assert bitmap[0] == 0b10010010
    assert int(np.bitwise_count(bitmap).sum()) == 400


def test_no_nulls_no_bitmap() -> None:
    column = from_list(BIGINT, [1, 2])
    column = type(column)(BIGINT, 2, column.values, np.ones(2, np.uint8))  # a mask that masks nothing
    block = encode_block(column, RAW)
    assert Part.NULLS not in open_block(block.data, BIGINT).parts
    assert decode_block(block.data, BIGINT).valid is None


def test_a_row_group_is_the_limit() -> None:
    column = from_list(BIGINT, [0])
    many = type(column)(BIGINT, 65537, np.zeros(65537, np.int64))
    with pytest.raises(InternalError, match="65537"):
        encode_block(many, RAW)


def patched(data: bytes, offset: int, form: str, value: int) -> bytes:
    out = bytearray(data)
    struct.pack_into(form, out, offset, value)
    return bytes(out)


@pytest.mark.parametrize(
    ("offset", "form", "value"),
    [
        (0, "<I", 0), (4, "<B", 0), (4, "<B", 99), (4, "<B", ZSTD.code + 9), (5, "<B", 9), (6, "<H", 0),
        (6, "<H", 60000), (8, "<I", 2000), (8, "<I", 70000), (12, "<I", 0), (12, "<I", 2), (12, "<I", 9),
        (16, "<H", 77), (18, "<H", 1), (18, "<H", 7), (24, "<Q", 1), (24, "<Q", 1 << 40),
        (24, "<Q", (1 << 64) - 64),
        (32, "<Q", 1 << 40), (32, "<Q", 1), (40, "<Q", 1), (40, "<Q", 1 << 50),
    ],
)
def test_every_field_of_the_frame_is_checked(offset: int, form: str, value: int) -> None:
    """Even where a checksum would have told: nothing is trusted."""
    data = encode_block(from_list(BIGINT, [1, None, 3]), AZ64).data
    with pytest.raises(DataCorrupted):
        native_block(memory.padded(np.frombuffer(patched(data, offset, form, value), np.uint8)), BIGINT)


def test_a_block_of_another_type_is_refused() -> None:
    data = encode_block(from_list(BIGINT, [1, 2, 3]), AZ64).data
    for type in (DOUBLE, varchar(3)):
        with pytest.raises(DataCorrupted):
            decode_block(data, type)


def test_native_blocks_are_read_in_place() -> None:
    data = memory.padded(np.frombuffer(encode_block(from_list(BIGINT, [5, 6, 7]), RAW).data, np.uint8))
    descriptor = native_block(data, BIGINT)
    start = memory.address(data)
    assert start < descriptor.words[abi.D_DATA] < start + len(data)
    assert descriptor.words[abi.D_DATA] % 64 == 0
    assert descriptor.words[abi.D_BYTES] == 24


def test_unpadded_memory_is_copied() -> None:
    """Bytes from elsewhere get alignment and slack before native code sees them."""
    data = np.frombuffer(encode_block(from_list(BIGINT, [5, 6, 7]), RAW).data, np.uint8)
    descriptor = native_block(data, BIGINT)
    start = memory.address(data)
    assert not start <= descriptor.words[abi.D_DATA] < start + len(data)


def test_native_text_has_all_bytes(sample_columns: Any) -> None:
    """Whatever ENCODE AUTO picks: raw text in native form is as long as the column."""
    from warehouse.storage.encodings.choose import choose

    for what, column in sample_columns(2000):
        block = encode_block(column, choose(column))
        words = native_block(memory.padded(np.frombuffer(block.data, np.uint8)), column.type).words
        if words[abi.D_KIND] == abi.DK_RAW_STR:
            assert int(words[abi.D_BYTES]) == column.text_bytes, what
