"""MOSTLY8, 16, 32: narrow values, the others in full."""
from __future__ import annotations

import pytest
from warehouse.storage.encodings.base import Part
from warehouse.storage.encodings.registry import by_name
from warehouse.storage.types import BIGINT, decimal
from warehouse.storage.vector import from_list


@pytest.mark.parametrize(("name", "bits"), [("mostly8", 8), ("mostly16", 16), ("mostly32", 32)])
def test_width_and_exceptions(name: str, bits: int) -> None:
    most = (1 << (bits - 1)) - 1
    parts = by_name(name).encode(from_list(BIGINT, [1, most, -most, most + 1, -most - 1]))
    assert parts[Part.VALUES].itemsize == bits // 8
    assert parts[Part.EXTRA_VALUES].tolist() == [most + 1, -most - 1]


def test_decimals_count_by_their_scaled_value() -> None:
    """1,234.56 is 123,456: too wide for 16 bits, fine for 32."""
    column = from_list(decimal(12, 2), [123_456])
    assert len(by_name("mostly16").encode(column)[Part.EXTRA_VALUES]) == 1
    assert len(by_name("mostly32").encode(column)[Part.EXTRA_VALUES]) == 0
