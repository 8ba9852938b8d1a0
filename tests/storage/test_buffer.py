"""The buffer cache: pins, eviction, one load for many threads, faults."""
from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from warehouse.errors import DataCorrupted
from warehouse.kernels import abi
from warehouse.storage import buffer
from warehouse.storage.blockio import BlockReader
from warehouse.storage.buffer import BufferCache
from warehouse.storage.extent import ExtentReader, ExtentWriter
from warehouse.storage.schema import Column
from warehouse.storage.types import BIGINT, varchar
from warehouse.storage.vector import Array, from_list

COLUMNS = (Column(0, "a", BIGINT, encoding="raw"), Column(1, "b", varchar(9), encoding="lzo"))
GROUPS, ROWS = 4, 2000


@pytest.fixture
def extent(tmp_path: Path) -> Iterator[ExtentReader]:
    writer = ExtentWriter(tmp_path / "e.ext", COLUMNS)
    for group in range(GROUPS):
        numbers = [group * ROWS + i for i in range(ROWS)]
        writer.append([from_list(BIGINT, numbers), from_list(varchar(9), [f"r{i % 9}" for i in numbers])])
    writer.finish()
    reader = ExtentReader(tmp_path / "e.ext")
    yield reader
    reader.close()


def words_at(address: int) -> Array:
    """The descriptor that native code would see."""
    import ctypes

    return np.ctypeslib.as_array((ctypes.c_int64 * abi.DESCRIPTOR_WORDS).from_address(address)).copy()


def bytes_at(address: int, length: int) -> bytes:
    import ctypes

    return ctypes.string_at(address, length)


def test_descriptors_show_the_values(extent: ExtentReader) -> None:
    cache = BufferCache(1 << 30)
    with cache.pins() as pins:
        table = cache.pin_table(extent, [2, 0], [0, 1], pins)
        assert table.shape == (2, 2)
        first = words_at(int(table[0, 0]))
        assert (first[abi.D_KIND], first[abi.D_ROWS], first[abi.D_WIDTH]) == (abi.DK_RAW_INT, ROWS, 8)
        values = np.frombuffer(bytes_at(int(first[abi.D_DATA]), 8 * ROWS), np.int64)
        assert values.tolist() == list(range(2 * ROWS, 3 * ROWS))
        text = words_at(int(table[1, 1]))
        offsets = np.frombuffer(bytes_at(int(text[abi.D_OFFSETS]), 4 * (ROWS + 1)), np.uint32)
        whole = bytes_at(int(text[abi.D_DATA]), int(offsets[-1]))
        assert whole[: offsets[3]] == b"r0r1r2"
        assert int(text[abi.D_DATA]) % 64 == 0


def test_warm_reads_touch_no_file(extent: ExtentReader, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = BufferCache(1 << 30)
    with cache.pins() as pins:
        cold = cache.pin_table(extent, range(GROUPS), [0, 1], pins)
    monkeypatch.setattr(buffer, "load_blocks", lambda *a: pytest.fail("read again"))
    with cache.pins() as pins:
        warm = cache.pin_table(extent, range(GROUPS), [0, 1], pins)
    assert (warm == cold).all()
    counters = cache.counters()
    assert (counters.hits, counters.misses, counters.entries) == (8, 8, 8)


def test_limit_evicts_the_oldest_unpinned(extent: ExtentReader) -> None:
    cache = BufferCache(3 * 17_000)  # three of column a's blocks
    with cache.pins() as pins:
        kept = cache.pin_column(extent, 0, 0, pins)
        for group in (1, 2, 3):
            with cache.pins() as passing:
                cache.pin_column(extent, group, 0, passing)
        assert cache.counters().evictions >= 1
        assert cache.counters().bytes <= cache.limit
        with cache.pins() as again:
            assert cache.pin_column(extent, 0, 0, again).address == kept.address
            before = cache.counters().misses
            cache.pin_column(extent, 1, 0, again)  # used longest ago, so it is the one that went
            assert cache.counters().misses == before + 1


def test_pinned_blocks_may_exceed_the_limit_until_released(extent: ExtentReader) -> None:
    cache = BufferCache(20_000)
    with cache.pins() as pins:
        cache.pin_table(extent, range(GROUPS), [0], pins)
        assert cache.counters().entries == GROUPS
        assert cache.counters().bytes > cache.limit
    assert cache.counters().bytes <= cache.limit


def test_drop_keeps_what_is_pinned_alive(extent: ExtentReader) -> None:
    cache = BufferCache(1 << 30)
    with cache.pins() as pins:
        entry = cache.pin_column(extent, 0, 0, pins)
        cache.drop(extent.path)
        assert cache.counters().bytes == 0
        values = np.frombuffer(bytes_at(int(words_at(entry.address)[abi.D_DATA]), 8 * ROWS), np.int64)
        assert values[-1] == ROWS - 1
    assert cache.counters().entries == 0


def test_clear_spares_pins(extent: ExtentReader) -> None:
    cache = BufferCache(1 << 30)
    with cache.pins() as pins:
        cache.pin_column(extent, 0, 0, pins)
        with cache.pins() as passing:
            cache.pin_column(extent, 1, 0, passing)
        cache.clear()
        assert cache.counters().entries == 1


def test_many_threads_load_each_block_once(extent: ExtentReader, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[tuple[int, int]] = []
    plain = buffer.load_blocks

    def counted(reader: ExtentReader, keys: list[tuple[int, int]]) -> object:
        loads.extend(keys)
        return plain(reader, keys)

    monkeypatch.setattr(buffer, "load_blocks", counted)
    cache, results = BufferCache(1 << 30), []

    def scan() -> None:
        with cache.pins() as pins:
            results.append(cache.pin_table(extent, range(GROUPS), [0, 1], pins).tolist())

    threads = [threading.Thread(target=scan) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == len(set(loads)) == 2 * GROUPS
    assert all(result == results[0] for result in results)


def test_a_fault_is_an_error_and_not_kept(extent: ExtentReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bit that flips on its way from the disk: an error naming the block; the next read is clean."""
    cache = BufferCache(1 << 30)

    def flip(path: Path, offset: int, data: Array) -> None:
        data[100] ^= 1

    monkeypatch.setattr(BlockReader, "fault", staticmethod(flip))
    with pytest.raises(DataCorrupted, match="row group 1, column 0"), cache.pins() as pins:
        cache.pin_column(extent, 1, 0, pins)
    monkeypatch.setattr(BlockReader, "fault", None)
    with cache.pins() as pins:
        assert cache.pin_column(extent, 1, 0, pins).words[abi.D_ROWS] == ROWS
    assert cache.counters().entries == 1


def test_release_twice_is_harmless(extent: ExtentReader) -> None:
    cache = BufferCache(1 << 30)
    with cache.pins() as pins:
        cache.pin_column(extent, 0, 0, pins)
        pins.release()
    cache.clear()
    assert cache.counters().entries == 0
