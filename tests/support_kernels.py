"""For tests of native functions over whole columns: guarded arrays, strings as views, calls, descriptors.

Every array a kernel writes stands between canaries (`Guarded`); `Run.call` looks at all of them after each call.
"""
from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
from warehouse.kernels import abi, memory, pack

GUARD = 64
CANARY = 0xA5
MASK = (1 << 64) - 1


class Guarded:
    """An array of `n` elements with canaries before and behind it."""

    def __init__(self, n: int, dtype: Any) -> None:
        size = n * np.dtype(dtype).itemsize
        self._base = memory.empty(size + 2 * GUARD, np.uint8)
        self._base[:] = CANARY
        self._size = size
        self.array = self._base[GUARD : GUARD + size].view(dtype)

    def check(self) -> None:
        assert (self._base[:GUARD] == CANARY).all(), "written before the buffer"
        assert (self._base[GUARD + self._size :] == CANARY).all(), "written behind the buffer"


class Run:
    """Calls ops with arrays for addresses, over one frame, and watches the guarded outputs."""

    def __init__(self) -> None:
        self.frame = memory.zeros(abi.FRAME_WORDS, np.int64)
        self._guards: list[Guarded] = []

    def out(self, n: int, dtype: Any = np.int64) -> np.ndarray:
        guard = Guarded(n, dtype)
        self._guards.append(guard)
        return guard.array

    def call(
        self, op: str, out: Any = None, a: Any = None, b: Any = None, c: Any = None, k: Any = 0, n: int = 0
    ) -> int:
        self.frame[abi.F_N] = n
        status = pack.native(op)(*(_address(x) for x in (out, a, b, c, k)), n, memory.address(self.frame))
        for guard in self._guards:
            guard.check()
        return status

    @property
    def n(self) -> int:
        return int(self.frame[abi.F_N])


def _address(x: Any) -> int:
    return 0 if x is None else int(x) if isinstance(x, (int, np.integer)) else memory.address(x)


_ALIVE: list[np.ndarray] = []  # bytes behind views, for as long as the tests run


def views(texts: Sequence[bytes]) -> np.ndarray:
    """STR views of some bytes objects; an empty one has address 0."""
    data = memory.padded(np.frombuffer(b"".join(texts) + b"\xff", np.uint8))
    _ALIVE.append(data)
    out = memory.zeros(2 * len(texts), np.int64).reshape(len(texts), 2)
    at = memory.address(data)
    for i, text in enumerate(texts):
        out[i] = (at, len(text)) if text else (0, 0)
        at += len(text)
    return out


def texts_of(array: np.ndarray) -> list[bytes]:
    """The bytes that views point to."""
    return [ctypes.string_at(int(at), int(length)) if length else b"" for at, length in array.reshape(-1, 2)]


def wide(values: Sequence[int]) -> np.ndarray:
    """128-bit integers as an I128 array."""
    out = memory.zeros(2 * len(values), np.int64).reshape(len(values), 2)
    for i, value in enumerate(values):
        out[i] = ((value & MASK) ^ (1 << 63)) - (1 << 63), value >> 64
    return out


def wide_values(array: np.ndarray) -> list[int]:
    return [(int(high) << 64) + (int(low) & MASK) for low, high in array.reshape(-1, 2)]


def column(kind: str, values: Sequence[Any]) -> tuple[np.ndarray, np.ndarray | None]:
    """Python values (None = NULL) as (values, valid); valid is None without NULLs, values under NULL are 0."""
    zero = b"" if kind == "str" else 0
    plain = [zero if v is None else v for v in values]
    valid = memory.padded(np.array([v is not None for v in values], np.uint8)) if None in values else None
    if kind == "str":
        return views(plain), valid
    if kind == "i128":
        return wide(plain), valid
    dtype = {"i64": np.int64, "f64": np.float64, "bool": np.uint8}[kind]
    return memory.padded(np.array(plain, dtype)), valid


def python_values(kind: str, values: np.ndarray, valid: np.ndarray | None) -> list[Any]:
    """The other way round."""
    if kind == "str":
        plain: list[Any] = texts_of(values)
    else:
        plain = wide_values(values) if kind == "i128" else values.tolist()
    return plain if valid is None else [v if ok else None for v, ok in zip(plain, valid, strict=True)]


def text_descriptor(texts: Sequence[bytes | None], dictionary: bool) -> tuple[np.ndarray, list[np.ndarray]]:
    """A scanned text column's descriptor, and the arrays that it points to."""
    rows, plain = len(texts), [t or b"" for t in texts]
    d = memory.zeros(abi.DESCRIPTOR_WORDS, np.int64)
    d[abi.D_ROWS] = rows
    owned = _dictionary(d, plain) if dictionary else _raw(d, plain)
    if None in texts:
        bitmap = memory.zeros(-(-rows // 1024) * 128, np.uint8)
        bits = np.packbits([t is None for t in texts], bitorder="little")
        bitmap[: len(bits)] = bits
        d[abi.D_NULLS] = memory.address(bitmap)
        owned.append(bitmap)
    return d, owned


def _raw(d: np.ndarray, texts: list[bytes]) -> list[np.ndarray]:
    offsets = memory.zeros(len(texts) + 1, np.uint32)
    offsets[1:] = np.cumsum([len(t) for t in texts])
    data = memory.padded(np.frombuffer(b"".join(texts) + b"\xff", np.uint8))
    d[abi.D_KIND] = abi.DK_RAW_STR
    d[abi.D_OFFSETS], d[abi.D_DATA] = memory.address(offsets), memory.address(data)
    return [offsets, data]


def _dictionary(d: np.ndarray, texts: list[bytes]) -> list[np.ndarray]:
    entries = sorted(set(texts))
    number = {text: i for i, text in enumerate(entries)}
    vectors = -(-len(texts) // 1024)
    codes = memory.zeros(vectors * 1024, np.int64)
    codes[: len(texts)] = [number[t] for t in texts]
    table, words = memory.zeros(vectors * 5, np.int64), memory.zeros(1025 * vectors + 16, np.int64)
    pack.native("pack_vectors")(
        memory.address(codes), 0, vectors, memory.address(table), memory.address(words), 0
    )
    table = table.reshape(vectors, 5)
    meta = memory.zeros(vectors * 4, np.int64).reshape(vectors, 4)
    meta[1:, 0] = np.cumsum(table[:-1, 0] * 16)
    meta[:, 1], meta[:, 2], meta[:, 3] = table[:, 0], table[:, 2], table[:, 1]
    entry_views = views(entries)
    d[abi.D_KIND], d[abi.D_DICT_ROWS] = abi.DK_DICT_STR, len(entries)
    d[abi.D_DICT], d[abi.D_DATA] = memory.address(entry_views), memory.address(words)
    d[abi.D_CODES_META] = memory.address(meta)
    return [entry_views, words, meta]
