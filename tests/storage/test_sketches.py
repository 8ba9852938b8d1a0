"""HyperLogLog sketches: MurmurHash3, sparse and dense forms, merging, the estimate; and their way through SQL."""
from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warehouse.errors import InvalidText
from warehouse.storage import sketches

MASK = (1 << 64) - 1


def _turn(x: int, bits: int) -> int:
    return (x << bits | x >> (64 - bits)) & MASK


def _mix(h: int) -> int:
    h = ((h ^ h >> 33) * 0xFF51AFD7ED558CCD) & MASK
    h = ((h ^ h >> 33) * 0xC4CEB9FE1A85EC53) & MASK
    return h ^ h >> 33


def murmur(data: bytes) -> tuple[int, int]:
    """MurmurHash3_x64_128 as its author wrote it, a block at a time."""
    c1, c2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
    h1 = h2 = sketches.SEED
    whole = len(data) // 16 * 16
    for at in range(0, whole, 16):
        k1, k2 = (int.from_bytes(data[at + i : at + i + 8], "little") for i in (0, 8))
        h1 ^= _turn(k1 * c1 & MASK, 31) * c2 & MASK
        h1 = ((_turn(h1, 27) + h2) * 5 + 0x52DCE729) & MASK
        h2 ^= _turn(k2 * c2 & MASK, 33) * c1 & MASK
        h2 = ((_turn(h2, 31) + h1) * 5 + 0x38495AB5) & MASK
    tail = data[whole:].ljust(16, b"\0")
    h2 ^= _turn(int.from_bytes(tail[8:], "little") * c2 & MASK, 33) * c1 & MASK
    h1 ^= _turn(int.from_bytes(tail[:8], "little") * c1 & MASK, 31) * c2 & MASK
    h1, h2 = h1 ^ len(data), h2 ^ len(data)
    h1 = (h1 + h2) & MASK
    h2 = (h2 + h1) & MASK
    h1, h2 = _mix(h1), _mix(h2)
    h1 = (h1 + h2) & MASK
    return h1, (h2 + h1) & MASK


@given(st.lists(st.binary(max_size=70), max_size=12))
@settings(max_examples=40, deadline=None)
def test_the_hash_is_murmur3(texts: list[bytes]) -> None:
    offsets = np.cumsum([0] + [len(t) for t in texts])
    a, b = sketches.hash_text(offsets, np.frombuffer(b"".join(texts), np.uint8))
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == [murmur(t) for t in texts]


def of_numbers(values: np.ndarray) -> str:
    data = np.ascontiguousarray(values.astype("<i8")).view(np.uint8).reshape(-1, 8)
    return sketches.made_of(sketches.coupons(sketches.hash_fixed(data)))


@pytest.mark.parametrize("count", [0, 1, 100, sketches.MOST_COUPONS, sketches.MOST_COUPONS + 1, 30_000])
def test_a_sketch_counts(count: int) -> None:
    text = of_numbers(np.arange(count))
    assert text.startswith("{") == (count <= sketches.MOST_COUPONS)
    assert abs(sketches.cardinality(text) - count) <= 0.02 * count
    assert sketches.parse(text) == text and len(text) < sketches.MAX_TEXT


@given(st.lists(st.sampled_from([0, 7, 3000, 6000, 20_000]), min_size=1, max_size=4), st.randoms())
@settings(max_examples=12, deadline=None)
def test_combined_is_the_sketch_of_the_union(sizes: list[int], random: Any) -> None:
    """In any order, whichever are sparse."""
    starts = [random.randrange(30_000) for _ in sizes]
    parts = [np.arange(start, start + size) for start, size in zip(starts, sizes, strict=True)]
    whole = of_numbers(np.unique(np.concatenate(parts)))
    texts = [of_numbers(part) for part in parts]
    random.shuffle(texts)
    assert sketches.combined(texts) == whole


def test_dense_text_is_a_character_a_register() -> None:
    text = "ABAABA" + "A" * (sketches.REGISTERS - 6)
    assert sketches.parse(text) == text and sketches.cardinality(text) == 2
    assert sketches.cardinality("A" * sketches.REGISTERS) == 0
    with pytest.raises(InvalidText):
        sketches.parse(text[:-1])
    with pytest.raises(InvalidText):
        sketches.parse(text[:-1] + "=")


def test_tables_and_files(tmp_path: Path) -> None:
    """Dense sketches of every slice combine; COPY and write_arrow take both forms."""
    import warehouse

    with warehouse.connect(tmp_path / "db", nodes=2, slices_per_node=2) as connection:
        cursor, numbers = connection.cursor(), range(24_000)
        connection.write_arrow("v", pa.table({
            "g": pa.array([i % 2 for i in numbers], pa.int32()), "t": [f"row {i}" for i in numbers],
            "d": pa.array([Decimal(i) / 100 for i in numbers], pa.decimal128(18, 2)),
        }))
        cursor.execute("create table h as select g, hll_create_sketch(t) t, hll_create_sketch(d) d from v group by g")
        total = "select hll_cardinality(hll_combine(t)) from"
        cursor.execute(f"{total} h")
        (count,) = cursor.fetchone()
        cursor.execute("select hll_cardinality(hll_combine(d)) from h")
        for found in (count, cursor.fetchone()[0]):
            assert abs(found - 24_000) < 480
        cursor.execute("select g, t::varchar(65535) as t, d::varchar(65535) as d from h")
        table = cursor.fetch_arrow_table()
        assert {len(x) for x in table["t"].to_pylist()} == {sketches.REGISTERS}
        cursor.execute("create table copied (g int, t hllsketch, d hllsketch)")
        connection.write_arrow("copied", table)
        small = '{"version":1,"logm":15,"sparse":{"indices":[4878],"values":[2]}}'
        (tmp_path / "h.txt").write_text("".join(f"1|{text}|{small}\n" for text in table["t"].to_pylist()))
        cursor.execute(f"copy copied from '{tmp_path / 'h.txt'}'")
        cursor.execute(f"select count(*), ({total} copied) from copied")
        assert cursor.fetchone() == (4, count)
        with pytest.raises(warehouse.Error, match="HLLSKETCH"):
            connection.write_arrow("copied", pa.table({"g": [1], "t": ["x"], "d": [small]}))
