"""ZSTD: the raw form through ZSTD; parts that do not shrink stay plain."""
from __future__ import annotations

import os

import numpy as np
import pytest
from warehouse.errors import DataCorrupted
from warehouse.storage.block import decode_block, encode_block, stored_bytes
from warehouse.storage.encodings.registry import RAW, ZSTD
from warehouse.storage.types import BIGINT, varchar
from warehouse.storage.vector import from_list

TEXT = from_list(varchar(60), [f"the quick brown fox number {i}" for i in range(2000)])


def test_text_shrinks() -> None:
    assert stored_bytes(ZSTD, TEXT) < 0.5 * stored_bytes(RAW, TEXT)


def test_what_does_not_shrink_stays_plain() -> None:
    noise = from_list(BIGINT, np.frombuffer(os.urandom(8000), np.int64).tolist())
    assert stored_bytes(ZSTD, noise) == stored_bytes(RAW, noise)


def test_a_damaged_stream_is_refused() -> None:
    """Whatever the codec makes of it, the block's own checks or the codec's say so."""
    whole = encode_block(TEXT, ZSTD).data
    refused = 0
    for place in range(512, len(whole) - 64, 61):
        damaged = bytearray(whole)
        damaged[place : place + 8] = b"\xff" * 8
        try:
            found = decode_block(bytes(damaged), TEXT.type)
        except DataCorrupted:
            refused += 1
        else:
            assert found.rows == TEXT.rows  # changed letters: the extent's checksum finds those
    assert refused
    with pytest.raises(DataCorrupted):
        decode_block(whole[: len(whole) // 2], TEXT.type)
