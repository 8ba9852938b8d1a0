"""Blocks opened natively are what block.py makes of them, or are refused; and what is refused is judged there."""
from __future__ import annotations

import ctypes
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.errors import DataCorrupted
from warehouse.kernels import abi, memory
from warehouse.kernels import blocks_layout as layout
from warehouse.storage import block_load
from warehouse.storage.block import encode_block, native_block
from warehouse.storage.blockio import BlockReader
from warehouse.storage.encodings import registry
from warehouse.storage.extent import ExtentReader, ExtentWriter
from warehouse.storage.footer import ENTRY
from warehouse.storage.schema import Column
from warehouse.storage.types import BIGINT, DATE, DOUBLE, INTEGER, SMALLINT, SqlType, decimal, varchar
from warehouse.storage.vector import Array, from_list

CANARY = 0x5A
ENCODINGS = {encoding.name: encoding for encoding in registry.ENCODINGS}
NATIVE = {"az64": "I64", "bytedict": "I64 STR", "raw": "I64 F64"}


def natively(whole: Array, entry: tuple[int, int, int], rows: int, form: block_load.Form, room: int) -> Array:
    """The job of one block; `entry`: its length, checksum and encoding."""
    entries = np.zeros(1, ENTRY)
    entries["length"], entries["crc"], entries["encoding"] = entry
    rooms, forms = np.array([room], np.int64), np.array([form], np.int64)
    (job,) = block_load.open_natively([whole], entries, np.array([rows], np.int64), forms, rooms)
    return job


def opened(data: bytes, type: SqlType, code: int, rows: int) -> Array | None:
    """The descriptor's words, over the memory they point into, when native code opens the block; else None."""
    form = block_load.form_of(type, code)
    room = form[2] + -(-rows // 1024) * 48
    whole = memory.empty(len(data) + -len(data) % 64 + room + 64, np.uint8)
    whole[:] = CANARY
    whole[: len(data)] = np.frombuffer(data, np.uint8)
    job = natively(whole, (len(data), zlib.crc32(data), code), rows, form, room)
    assert (whole[-64:] == CANARY).all(), "written behind its room"
    assert whole[: len(data)].tobytes() == data, "the block was changed"
    if not job[layout.J_OPENED]:
        return None
    at = int(job[layout.J_ROOM] - job[layout.J_DATA])
    return whole[at : at + abi.DESCRIPTOR_WORDS * 8].view(np.int64)


def contents(words: Array) -> dict[str, Any]:
    """What a descriptor says, its addresses followed."""
    w = words.tolist()
    vectors = -(-w[abi.D_ROWS] // 1024)

    def at(word: int, size: int) -> bytes | None:
        return ctypes.string_at(w[word], size) if w[word] else None

    found: dict[str, Any] = {
        "kind": w[abi.D_KIND], "rows": w[abi.D_ROWS], "width": w[abi.D_WIDTH], "entries": w[abi.D_DICT_ROWS],
        "nulls": at(abi.D_NULLS, vectors * 128), "data": at(abi.D_DATA, w[abi.D_BYTES]),
        "meta": at(abi.D_META, vectors * 32), "codes": at(abi.D_CODES_META, vectors * 32),
        "zones": at(abi.D_ZONES, vectors * 16), "offsets": w[abi.D_OFFSETS] != 0,
    }
    if w[abi.D_KIND] == abi.DK_DICT_STR:
        views = np.frombuffer(at(abi.D_DICT, w[abi.D_DICT_ROWS] * 16) or b"", np.int64).reshape(-1, 2)
        found["dictionary"] = [ctypes.string_at(a, n) if n else b"" for a, n in views.tolist()]
    else:
        found["dictionary"] = at(abi.D_DICT, w[abi.D_DICT_ROWS] * 8)
    return found


def plainly(data: bytes, type: SqlType) -> dict[str, Any]:
    descriptor = native_block(memory.padded(np.frombuffer(data, np.uint8)), type)
    return contents(descriptor.words)


@pytest.mark.parametrize("rows", [1, 1024, 1100])
def test_opened_is_what_block_py_makes(rows: int, sample_columns: Any) -> None:
    seen: dict[str, set[str]] = {}
    for what, column in sample_columns(rows):
        for name, encoding in ENCODINGS.items():
            if not encoding.usable_for(column.type):
                continue
            data = encode_block(column, encoding).data
            words = opened(data, column.type, encoding.code, column.rows)
            if words is not None:
                assert contents(words) == plainly(data, column.type), f"{name}, {what}"
                seen.setdefault(name, set()).add(column.type.physical.name)
            elif name in NATIVE and column.type.physical.name in NATIVE[name] and name != "bytedict":
                pytest.fail(f"{name}, {what}: refused")  # BYTEDICT may keep values beside its dictionary
    assert {name: " ".join(sorted(kinds)) for name, kinds in seen.items()} == {
        "az64": "I64", "bytedict": "I64 STR", "raw": "F64 I64",
    }


BLOCKS = [
    ("az64", BIGINT, [1 << 40, None, -3, *range(1500)]),
    ("az64", INTEGER, [*range(0, 9000, 3)]),  # packed as steps
    ("az64", DATE, [None, 7]),
    ("bytedict", decimal(12, 2), [5, 7, None, 900, 5] * 300),
    ("bytedict", SMALLINT, [*range(50)] * 30),
    ("bytedict", varchar(9), ["a", "bcd", "", None, "bcd"] * 300),
    ("raw", INTEGER, [1, 2, None, 3]),
    ("raw", DOUBLE, [1.5, None] * 20),
]
ENCODED = [
    (encode_block(from_list(type, values), ENCODINGS[name]).data, type, ENCODINGS[name].code, len(values))
    for name, type, values in BLOCKS
]


@given(
    block=st.sampled_from(ENCODED),
    damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.booleans(), st.integers(0, 255)), min_size=1),
    cut=st.sampled_from([0, 0, 0, 1, 64, 130]),
    rows=st.integers(-1, 1),
)
def test_damage_is_never_opened_otherwise(
    block: tuple[bytes, SqlType, int, int], damage: list[tuple[float, bool, int]], cut: int, rows: int
) -> None:
    """Bytes changed under a checksum that is right: refused, or the very same as block.py's answer."""
    data, type, code, right = block
    changed = bytearray(data)
    for place, early, value in damage:
        changed[int(place * (min(256, len(data)) if early else len(data)))] = value
    whole = bytes(changed[: max(0, len(data) - cut)])
    words = opened(whole, type, code, right + rows)
    if words is not None:
        assert words[abi.D_ROWS] == right + rows
        assert contents(words) == plainly(whole, type)


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 48, 63, 64, 65, 100, 1000, 4096, 65_537])
def test_checksum_is_zlibs(size: int) -> None:
    """A block of RAW numbers with anything behind them: only a right checksum opens it."""
    data = ENCODED[6][0] + np.random.default_rng(size).bytes(size)
    _, type, code, rows = ENCODED[6]
    assert opened(data, type, code, rows) is not None
    form = block_load.form_of(type, code)
    whole = memory.padded(np.frombuffer(data + bytes(-len(data) % 64 + 1000), np.uint8))
    for crc in (0, zlib.crc32(data) ^ 1):
        job = natively(whole, (len(data), crc, code), rows, form, 900)
        assert not job[layout.J_OPENED]


def test_both_ways_to_a_checksum() -> None:
    """By folding where the CPU can, and by tables, which other CPUs use."""
    import numba
    from warehouse.kernels import checksum

    tables = memory.address(block_load._checksum_tables())
    ways = [numba.njit(function.py_func) for function in (checksum.crc32, checksum._all_by_tables)]
    for size in (0, 1, 16, 127, 128, 129, 191, 200, 5000):
        data = memory.padded(np.frombuffer(np.random.default_rng(size).bytes(size), np.uint8))
        assert {way(memory.address(data), size, tables) for way in ways} == {zlib.crc32(data)}


@pytest.mark.parametrize(("offset", "form"), [(4, "<B"), (5, "<B"), (6, "<H"), (8, "<I"), (12, "<I"), (16, "<H")])
def test_a_frame_that_is_wrong_is_refused(offset: int, form: str) -> None:
    for data, type, code, rows in ENCODED:
        changed = bytearray(data)
        struct.pack_into(form, changed, offset, struct.unpack_from(form, data, offset)[0] + 1)
        assert opened(bytes(changed), type, code, rows) is None


# -- through extents ----------------------------------------------------------------------------------

COLUMNS = (
    Column(0, "a", BIGINT, encoding="az64"), Column(1, "b", varchar(9), encoding="bytedict"),
    Column(2, "c", varchar(9), encoding="zstd"), Column(3, "d", DOUBLE, encoding="raw"),
)


@pytest.fixture
def extent(tmp_path: Path) -> Iterator[ExtentReader]:
    writer = ExtentWriter(tmp_path / "e.ext", COLUMNS)
    for group in range(3):
        numbers = [group * 2000 + i for i in range(2000)]
        texts = [f"r{i % 9}" for i in numbers]
        writer.append([
            from_list(BIGINT, numbers), from_list(varchar(9), texts), from_list(varchar(9), texts),
            from_list(DOUBLE, [n / 2 for n in numbers]),
        ])
    writer.finish()
    reader = ExtentReader(tmp_path / "e.ext")
    yield reader
    reader.close()


def test_blocks_come_in_the_order_asked(extent: ExtentReader) -> None:
    keys = [(2, 3), (0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 2)]
    for key, descriptor in zip(keys, block_load.load_blocks(extent, keys), strict=True):
        alone = native_block(extent.read_block(*key), extent.type_of(key[1]))
        mine, other = contents(descriptor.words), contents(alone.words)
        assert mine == other
        assert descriptor.address == memory.address(descriptor.words)
        assert descriptor.nbytes >= sum(array.nbytes for array in descriptor.keep)


def test_faults_meet_every_block(extent: ExtentReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever changes on the way from the disk: the error names that block, and those before it are good."""
    keys = [(group, column) for group in range(3) for column in range(4)]
    for bad in keys:
        place = int(extent.footer.entries[bad]["offset"])

        def flip(path: Path, offset: int, data: Array, place: int = place) -> None:
            if offset == place:
                data[len(data) // 2] ^= 4

        monkeypatch.setattr(BlockReader, "fault", staticmethod(flip))
        before = []
        with pytest.raises(DataCorrupted, match=rf"row group {bad[0]}, column {bad[1]} in .* fails its checksum"):
            before.extend(block_load.load_blocks(extent, keys))
        assert len(before) == keys.index(bad)


def test_short_reads_are_read_on(extent: ExtentReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may give less than was asked for."""
    import os

    plain = os.preadv

    def stingy(descriptor: int, buffers: Any, offset: int) -> int:
        return plain(descriptor, [memoryview(buffers[0])[: max(1, len(buffers[0]) // 3)]], offset)

    keys = [(0, column) for column in range(4)]
    whole = [contents(d.words) for d in list(block_load.load_blocks(extent, keys))[:2]]
    monkeypatch.setattr(os, "preadv", stingy)
    monkeypatch.setattr(BlockReader, "fault", staticmethod(lambda *read: None))  # else native code reads
    descriptors = list(block_load.load_blocks(extent, keys))
    assert [contents(d.words) for d in descriptors[:2]] == whole
