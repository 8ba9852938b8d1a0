"""Footers in which decimals are integers: what they say of other columns stays, and what is no footer is left alone."""
from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from warehouse.storage.lake.formats.footers import with_plain_decimals


def written(columns: dict[str, pa.Array], **options: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out, store_decimal_as_integer=True, **options)
    return out.getvalue()


def footer_of(file: bytes) -> bytes:
    return file[-8 - int.from_bytes(file[-8:-4], "little") : -8]


def read(file: bytes, footer: bytes, columns: list[str]) -> pa.Table:
    meta = pq.read_metadata(pa.BufferReader(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1"))
    return pq.ParquetFile(pa.BufferReader(file), metadata=meta).read(columns=columns)


@pytest.fixture
def file() -> bytes:
    money = pa.array([Decimal("1.25"), None, Decimal("-3.50")], pa.decimal128(15, 2))
    return written({
        "nested": pa.array([{"money": [Decimal("1.00")]}, None, {"money": None}],
                           pa.struct([("money", pa.list_(pa.decimal128(15, 2)))])),
        "money": money, "day": pa.array([1, 2, 3], pa.date32()), "small": money.cast(pa.decimal128(9, 2)),
        "wide": money.cast(pa.decimal128(30, 2)), "text": ["a", "b", None],
    })  # fmt: skip


def test_decimals_are_integers(file: bytes) -> None:
    changed = with_plain_decimals(footer_of(file), {"money", "small", "wide"})
    assert changed is not None
    plain = read(file, changed, ["money", "small", "wide", "day", "text", "nested"])
    usual = pq.ParquetFile(pa.BufferReader(file)).read()
    assert plain["money"].to_pylist() == [125, None, -350] and plain["money"].type == pa.int64()
    assert plain["small"].to_pylist() == [125, None, -350] and plain["small"].type == pa.int32()
    for name in ("wide", "day", "text", "nested"):  # wide: not stored as integers
        assert plain[name].equals(usual[name]), name


def test_other_columns_stay(file: bytes) -> None:
    assert with_plain_decimals(footer_of(file), {"day", "nested", "text", "wide"}) is None
    changed = with_plain_decimals(footer_of(file), {"small"})
    assert changed is not None
    assert read(file, changed, ["money"])["money"].type == pa.decimal128(15, 2)


def test_what_is_no_footer(file: bytes) -> None:
    footer = footer_of(file)
    for bad in (b"", b"\x00", b"\x15", footer[:40], bytes(reversed(footer)), b"\xff" * 100):
        assert with_plain_decimals(bad, {"money"}) is None
    for cut in range(0, len(footer), 7):  # none of it runs off the end
        with_plain_decimals(footer[:cut], {"money", "small"})
