"""Decoders: every kind of block through load_* (a vector at a time) and fetch_* (selected rows)."""
from __future__ import annotations

import ctypes
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import packing_reference as packing
import pytest
from hypothesis import given
from hypothesis import strategies as st
from warehouse.kernels import abi, memory

MIN, MAX = -(1 << 63), (1 << 63) - 1


@dataclass
class Column:
    """A descriptor, what it must decode to, and the buffers it points to."""

    kind: str
    values: list[Any]
    valid: list[int]
    words: np.ndarray = field(default_factory=lambda: memory.zeros(abi.DESCRIPTOR_WORDS, np.int64))
    keep: list[Any] = field(default_factory=list)
    codes: list[int] | None = None

    def set(self, **entries: Any) -> Column:
        """Descriptor words by name; arrays are kept and give their address."""
        for name, value in entries.items():
            if isinstance(value, np.ndarray):
                self.keep.append(value)
                value = memory.address(value)
            self.words[getattr(abi, "D_" + name)] = value
        self.words[abi.D_ROWS] = len(self.values)
        return self

    def expected(self) -> list[Any]:
        zero = b"" if self.kind == "str" else 0
        return [v if ok else zero for v, ok in zip(self.values, self.valid)]


def with_nulls(column: Column, seed: int) -> Column:
    """Mark a third of the rows NULL; what is stored under them stays."""
    source = random.Random(seed)
    column.valid = [int(source.random() > 0.3) for _ in column.values]
    nulls = memory.zeros(-(-len(column.values) // 1024) * 128, np.uint8)
    for i, ok in enumerate(column.valid):
        nulls[i // 8] |= (1 - ok) << (i % 8)
    return column.set(NULLS=nulls)


def packed(values: list[int], delta: bool = False) -> Column:
    words, meta = packing.pack(np.array(values, np.int64), delta)
    return Column("i64", values, [1] * len(values)).set(KIND=abi.DK_PACKED, DATA=words, META=meta)


def raw_integers(values: list[int], dtype: Any) -> Column:
    data = memory.padded(np.array(values, dtype))
    return Column("i64", values, [1] * len(values)).set(KIND=abi.DK_RAW_INT, DATA=data, WIDTH=data.itemsize)


def dictionary(entries: list[Any], codes: list[int]) -> Column:
    words, meta = packing.pack(np.array(codes, np.int64))
    values = [entries[c] for c in codes]
    column = Column("i64", values, [1] * len(codes), codes=codes)
    if isinstance(entries[0], bytes):
        column.kind = "str"
        column.keep += [memory.padded(np.frombuffer(e, np.uint8)) for e in entries]
        views = memory.words(*(w for data in column.keep for w in (memory.address(data), len(data))))
        column.set(KIND=abi.DK_DICT_STR, DICT=views)
    else:
        column.set(KIND=abi.DK_DICT_INT, DICT=memory.words(*entries))
    return column.set(DATA=words, CODES_META=meta, DICT_ROWS=len(entries))


def raw_strings(values: list[bytes]) -> Column:
    offsets = np.cumsum([0, *(len(v) for v in values)])
    data = memory.padded(np.frombuffer(b"".join(values), np.uint8))
    return Column("str", values, [1] * len(values)).set(
        KIND=abi.DK_RAW_STR, DATA=data, OFFSETS=memory.padded(offsets.astype(np.uint32)))


def raw(kind: str, values: list[Any], data: np.ndarray, code: int) -> Column:
    return Column(kind, values, [1] * len(values)).set(KIND=code, DATA=memory.padded(data), WIDTH=data.itemsize)


def frame_of(column: Column) -> tuple[np.ndarray, Any]:
    table = memory.words(0, memory.address(column.words))
    frame = memory.zeros(abi.FRAME_WORDS, np.int64)
    frame[abi.F_USER] = memory.address(table)
    return frame, table


def strings(values: list[Any]) -> list[Any]:
    """Views to bytes."""
    return [ctypes.string_at(address, length) if length else b"" for address, length in values]


def decoded(ops: Any, op: str, kind: str, column: Column, selection: list[int] | None, rows: int,
            vector: int = 0) -> list[Any]:
    frame, table = frame_of(column)
    outcome = ops.call(f"i64 -> {kind}", op, [selection], k=1, rows=rows, vector=vector, frame=frame)
    assert outcome.status == abi.OK, table
    return strings(outcome.values) if kind == "str" else outcome.values


def check(ops: Any, column: Column) -> None:
    """All vectors, all rows, and selections of several densities."""
    kind, n = column.kind, len(column.values)
    expected = column.expected()
    loaded: list[Any] = []
    valid: list[int] = []
    for v in range(-(-n // 1024)):
        rows = min(1024, n - v * 1024)
        loaded += decoded(ops, "load_" + kind, kind, column, None, rows, v)
        valid += decoded(ops, "load_valid", "bool", column, None, rows, v)
    assert loaded == expected
    assert valid == column.valid
    source = random.Random(n)
    some = sorted(source.sample(range(n), n // 40))
    unordered = [source.randrange(-1, n) for _ in range(min(n, 500))]
    for selection in (None, list(range(n)), some, [n - 1], [0, 0, -1], unordered):
        picked = list(range(n)) if selection is None else selection
        if not picked:
            continue
        zero = b"" if kind == "str" else 0
        want = [expected[i] if i >= 0 else zero for i in picked]
        assert decoded(ops, "fetch_" + kind, kind, column, selection, len(picked)) == want
        want_valid = [column.valid[i] if i >= 0 else 0 for i in picked]
        assert decoded(ops, "fetch_valid", "bool", column, selection, len(picked)) == want_valid
        if column.codes is not None:
            codes = [column.codes[i] if i >= 0 and column.valid[i] else 0 for i in picked]
            assert decoded(ops, "fetch_codes", "i64", column, selection, len(picked)) == codes


def integers(width: int, rows: int, seed: int = 0) -> list[int]:
    source = random.Random(seed + width)
    if width == 64:
        return [MIN, MAX, *(source.randrange(MIN, MAX) for _ in range(rows - 2))][:rows]
    return [source.randrange(1 << width) - 3 for _ in range(rows)]


@pytest.mark.parametrize("delta", [False, True])
@pytest.mark.parametrize("width", [0, 1, 3, 8, 13, 31, 32, 33, 60, 63, 64])
def test_packed(ops: Any, width: int, delta: bool) -> None:
    check(ops, packed(integers(width, 2500), delta))


@pytest.mark.parametrize("rows", [1, 15, 1023, 1024, 1025])
def test_lengths(ops: Any, rows: int) -> None:
    check(ops, with_nulls(packed(integers(20, rows)), rows))


@given(st.lists(st.integers(MIN, MAX), min_size=1, max_size=70), st.booleans(), st.integers(1, 30))
def test_any_integers(ops: Any, values: list[int], delta: bool, repeat: int) -> None:
    """Ranges over 2**63 and steps over 2**63 wrap."""
    column = packed((values * repeat)[:1500], delta)
    rows = min(1024, len(column.values))
    assert decoded(ops, "load_i64", "i64", column, None, rows) == column.values[:rows]


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.int64])
def test_raw_integers(ops: Any, dtype: Any) -> None:
    limits = np.iinfo(dtype)
    values = [int(limits.min), int(limits.max), 0, -1, *range(100)] * 20
    check(ops, raw_integers(values, dtype))
    check(ops, with_nulls(raw_integers(values, dtype), 3))


def test_nulls_hide_what_is_stored(ops: Any) -> None:
    check(ops, with_nulls(packed(integers(30, 3000)), 1))
    check(ops, with_nulls(packed(integers(30, 3000), delta=True), 2))


def test_dictionaries(ops: Any) -> None:
    source = random.Random(5)
    for count in (1, 2, 300):
        codes = [source.randrange(count) for _ in range(2100)]
        numbers = dictionary([source.randrange(MIN, MAX) for _ in range(count)], codes)
        texts = dictionary([b"", *(b"entry %d" % i * (i % 4) for i in range(1, count))], codes)
        for column in (numbers, texts):
            check(ops, column)
            check(ops, with_nulls(column, count))


def test_strings(ops: Any) -> None:
    values = [b"", b"x", "schön".encode(), b"a longer string of forty-one characters..."] * 600
    check(ops, raw_strings(values))
    check(ops, with_nulls(raw_strings(values), 9))
    check(ops, raw_strings([b""]))


def test_floats_booleans_and_wide(ops: Any) -> None:
    doubles = [0.0, -1.5, 1e300, float("inf")] * 500
    singles = [0.0, -1.5, 0.25, float("inf")] * 500
    bits = [0, 1, 1] * 500
    wide = [0, -1, 1 << 100, -(1 << 127)] * 300
    pairs = np.frombuffer(b"".join(w.to_bytes(16, "little", signed=True) for w in wide), np.int64)
    for seed in (None, 4):
        columns = [
            raw("f64", doubles, np.array(doubles, np.float64), abi.DK_RAW_FLOAT),
            raw("f64", singles, np.array(singles, np.float32), abi.DK_RAW_FLOAT),
            raw("bool", bits, np.array(bits, np.uint8), abi.DK_RAW_BOOL),
            raw("i128", wide, pairs, abi.DK_RAW_I128),
        ]
        for column in columns:
            check(ops, column if seed is None else with_nulls(column, seed))


@pytest.mark.parametrize("op", ["load_i64", "load_f64", "load_bool", "load_i128", "load_str",
                                "fetch_i64", "fetch_f64", "fetch_bool", "fetch_i128", "fetch_str", "fetch_codes"])
def test_unknown_kind(ops: Any, op: str) -> None:
    column = packed([1]).set(KIND=99)
    frame, _table = frame_of(column)
    outcome = ops.call("i64 -> i128", op, [None], k=1, rows=1, frame=frame)
    assert (outcome.status, frame[abi.F_ERROR_CODE]) == (abi.FAILED, abi.ERR_BAD_ENCODING)
