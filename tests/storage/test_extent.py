"""Extents: written once, read back, and every damaged byte found."""
from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from warehouse.errors import DataCorrupted, FileError, FileMissing, FormatTooNew, InternalError
from warehouse.kernels.memory import address
from warehouse.storage import footer
from warehouse.storage.block_load import load_blocks
from warehouse.storage.extent import ExtentReader, ExtentWriter, encode_group
from warehouse.storage.schema import Column
from warehouse.storage.types import BIGINT, BOOLEAN, DOUBLE, decimal, varchar
from warehouse.storage.vector import ColumnData, from_list
from warehouse.storage.zones import text_key

COLUMNS = (
    Column(3, "id", BIGINT),
    Column(5, "name", varchar(30)),
    Column(6, "price", decimal(30, 2), encoding="bytedict"),
    Column(9, "weight", DOUBLE, encoding="zstd"),
    Column(10, "sold", BOOLEAN),
)


def rows_of(first: int, count: int) -> list[ColumnData]:
    numbers = range(first, first + count)
    return [
        from_list(BIGINT, list(numbers)),
        from_list(varchar(30), [None if i % 7 == 0 else f"customer {i % 50}" for i in numbers]),
        from_list(decimal(30, 2), [i * 10**20 for i in numbers]),
        from_list(DOUBLE, [i / 4 for i in numbers]),
        from_list(BOOLEAN, [i % 2 == 0 for i in numbers]),
    ]


def write(path: Path, groups: int = 2, rows: int = 300) -> Path:
    writer = ExtentWriter(path, COLUMNS)
    for group in range(groups):
        writer.append(rows_of(group * rows, rows))
    writer.finish()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "1-0.ext")


def test_round_trip(path: Path, same_column: object) -> None:
    reader = ExtentReader(path)
    assert (reader.row_groups, reader.rows) == (2, 600)
    assert [c.id for c in reader.columns] == [3, 5, 6, 9, 10]
    assert [c.type for c in reader.columns] == [c.type for c in COLUMNS]
    for group in range(2):
        for place, wanted in enumerate(rows_of(group * 300, 300)):
            same_column(reader.column(group, place), wanted)  # type: ignore[operator]
    assert reader.position(9) == 3
    assert reader.position(4) is None
    assert reader.encoding_name(0, 2) == "bytedict"
    reader.verify()
    reader.close()


def test_summary_says_what_a_commit_needs(tmp_path: Path) -> None:
    writer = ExtentWriter(tmp_path / "x.ext", COLUMNS)
    writer.append(rows_of(0, 100))
    writer.append_group(encode_group(COLUMNS, rows_of(100, 50)))
    summary = writer.finish()
    assert (summary.rows, summary.row_groups) == (150, 2)
    assert summary.bytes == summary.path.stat().st_size
    statistics = summary.sketches[3].statistics()
    assert (statistics.low, statistics.high, statistics.null_count) == (0, 149, 0)
    assert 145 <= statistics.distinct <= 155
    assert summary.sketches[5].statistics().null_count == 22


def test_zones_bound_each_group(path: Path) -> None:
    reader = ExtentReader(path)
    zones = reader.zones(0)
    assert zones.low.tolist() == [0, 300]
    assert zones.high.tolist() == [299, 599]
    assert zones.known.all()
    assert reader.zone(1, 0) == (300, 599, 0, 300)
    assert reader.zone(0, 1) == (text_key("customer"), text_key("customer"), 43, 300)
    assert reader.zone(0, 3) == (0.0, 74.75, 0, 300)
    assert reader.zone(0, 4) == (0, 1, 0, 300)


@pytest.mark.parametrize("rows", [1, 40])
def test_one_group_is_bounded_in_plain_numbers(tmp_path: Path, rows: int) -> None:
    writer = ExtentWriter(tmp_path / "one.ext", COLUMNS)
    writer.append(rows_of(0, rows))
    writer.finish()
    reader = ExtentReader(tmp_path / "one.ext")
    for column in range(len(COLUMNS)):
        zones, bounds = reader.zones(column), reader.bounds(column)
        for name in ("low", "high", "known", "nulls", "rows", "unknown"):
            assert [getattr(bounds, name)] == getattr(zones, name).tolist()
        assert reader.proof(column) == zones.proof(slice(None))


def test_several_groups_prove_what_all_of_them_do(path: Path) -> None:
    reader = ExtentReader(path)
    assert reader.bounds(0) is reader.zones(0)
    assert reader.proof(0) == (False, (0, 599))
    assert reader.zones(0).proof(np.array([1])) == (False, (300, 599))
    assert reader.encodings(2) == {"bytedict"}


def test_blocks_are_aligned_for_native_code(path: Path) -> None:
    reader = ExtentReader(path)
    assert address(reader.read_block(1, 0)) % 64 == 0


def read_everything(path: Path) -> None:
    """What a scan of the whole extent does."""
    reader = ExtentReader(path)
    try:
        for group in range(reader.row_groups):
            list(load_blocks(reader, [(group, column) for column in range(len(reader.columns))]))
    finally:
        reader.close()


def test_every_flipped_byte_is_found(path: Path) -> None:
    """Whichever byte changes, opening or reading says so and names the file; nothing else escapes."""
    whole = path.read_bytes()
    read_everything(path)
    for place in [*range(0, 64), *range(64, len(whole) - 64, 37), *range(len(whole) - 64, len(whole))]:
        damaged = bytearray(whole)
        damaged[place] ^= 0x41
        path.write_bytes(damaged)
        with pytest.raises(DataCorrupted, match=r"1-0\.ext"):
            read_everything(path)


def test_a_damaged_block_is_named(path: Path) -> None:
    reader = ExtentReader(path)
    place = int(reader.footer.entries[1, 2]["offset"])
    damaged = bytearray(path.read_bytes())
    damaged[place + 20] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(DataCorrupted, match="block of row group 1, column 2 in file"):
        read_everything(path)


def test_every_truncation_is_found(path: Path) -> None:
    whole = path.read_bytes()
    for length in [0, 1, 63, 64, 127, 128, *range(200, len(whole), 211), len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(DataCorrupted, match=r"1-0\.ext"):
            read_everything(path)


def test_truncation_while_open_is_found(path: Path) -> None:
    reader = ExtentReader(path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DataCorrupted, match="truncated"):
        reader.column(1, 4)


def test_a_newer_format_is_told_from_damage(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    struct.pack_into("<I", whole, 8, footer.FORMAT_VERSION + 1)
    struct.pack_into("<I", whole, 60, zlib.crc32(whole[:60]))
    path.write_bytes(whole)
    with pytest.raises(FormatTooNew, match=r"1-0\.ext"):
        ExtentReader(path)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        ExtentReader(tmp_path / "no.ext")


def test_abort_removes_the_file(tmp_path: Path) -> None:
    writer = ExtentWriter(tmp_path / "a.ext", COLUMNS)
    writer.append(rows_of(0, 10))
    writer.abort()
    assert list(tmp_path.iterdir()) == []


def test_an_extent_is_never_overwritten(path: Path) -> None:
    with pytest.raises(FileError):
        ExtentWriter(path, COLUMNS)


def test_misuse_is_refused(tmp_path: Path) -> None:
    writer = ExtentWriter(tmp_path / "a.ext", COLUMNS)
    with pytest.raises(InternalError):
        writer.append(rows_of(0, 10)[:-1])
    with pytest.raises(InternalError):
        writer.finish()
    writer.abort()
