"""AZ64: bits saved where values are near each other; read in place with a zone map per vector."""
from __future__ import annotations

from warehouse.kernels import abi
from warehouse.storage.block import stored_bytes
from warehouse.storage.encodings.base import Part
from warehouse.storage.encodings.registry import AZ64
from warehouse.storage.types import BIGINT, DATE, decimal
from warehouse.storage.vector import from_list


def test_bits_follow_the_range_of_each_vector() -> None:
    near = [10**15 + i % 256 for i in range(1024)]
    parts = AZ64.encode(from_list(BIGINT, near + [0, 1] * 512))
    assert parts[Part.VECTORS]["width"].tolist() == [8, 1]
    assert parts[Part.VECTORS]["base"].tolist() == [10**15, 0]


def test_climbing_keys_take_their_steps() -> None:
    assert stored_bytes(AZ64, from_list(BIGINT, list(range(0, 65536 * 4, 4)))) < 3000


def test_zones_and_meta_reach_native_code() -> None:
    column = from_list(DATE, [None, 9000, 9100] + [9050] * 1500)
    native = AZ64.native(AZ64.encode(column), DATE, column.rows)
    assert native.kind == abi.DK_PACKED
    assert native.zones is not None and native.meta is not None
    assert native.zones.tolist() == [[9000, 9100], [9050, 9050]]
    assert native.meta[:, 1].tolist() == [7, 0]


def test_wide_decimals_keep_high_words_only_when_needed() -> None:
    wide = decimal(38, 0)
    assert Part.HIGH_WORDS not in AZ64.encode(from_list(wide, [1, -1, None]))
    assert Part.HIGH_WORDS in AZ64.encode(from_list(wide, [1, 10**30]))
    assert AZ64.native(AZ64.encode(from_list(wide, [1, 10**30])), wide, 2).kind == abi.DK_RAW_I128
