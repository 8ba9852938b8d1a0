"""The harness of all op tests: guarded buffers, ops called on plain Python values, one comparison.

    check("i64 i64 -> i64", "add_i64", reference, a, b)

runs the op on vectors of 1, 63, 1000 and 1,024 rows (of values repeated as often as needed) and compares with
`[reference(x, y) for ...]`. Every buffer has canaries on both sides and is padded to 1,024 rows with
garbage: an op may run over the padding, but must not fail on it, and strings there point nowhere.

The pack is the user's, or the one in WAREHOUSE_CACHE_DIR, so that only the first run compiles.
"""
from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from warehouse.kernels import abi, memory, pack

SIZES = (1, 63, 1000, 1024)
WIDTHS = {"i64": 8, "f64": 8, "bool": 1, "i128": 16, "str": 16}
_GUARD = 64
_CANARY = 0xA5
_MASK64 = (1 << 64) - 1


def encode_words(kind: str, values: Sequence[Any], keep: list[Any]) -> bytes:
    """The values as they stand in memory; strings' bytes are kept alive in `keep`."""
    if kind == "i64":
        return struct.pack(f"<{len(values)}q", *values)
    if kind == "f64":
        return struct.pack(f"<{len(values)}d", *values)
    if kind == "bool":
        return bytes(bytearray(values))
    if kind == "i128":
        return b"".join(int(v).to_bytes(16, "little", signed=True) for v in values)
    parts = []
    for text in values:
        data = memory.padded(np.frombuffer(text, np.uint8))
        keep.append(data)
        parts.append(struct.pack("<qq", memory.address(data) if len(text) else 0, len(text)))
    return b"".join(parts)


def decode_words(kind: str, raw: bytes, n: int) -> list[Any]:
    if kind == "i64":
        return list(struct.unpack_from(f"<{n}q", raw))
    if kind == "f64":
        return list(struct.unpack_from(f"<{n}d", raw))
    if kind == "bool":
        return list(raw[:n])
    if kind == "i128":
        return [int.from_bytes(raw[i * 16 : i * 16 + 16], "little", signed=True) for i in range(n)]
    views = struct.unpack_from(f"<{2 * n}q", raw)
    return [views[2 * i : 2 * i + 2] for i in range(n)]


class Guarded:
    """`rows` values of `kind` between canaries; rows are padded to whole vectors with garbage."""

    def __init__(self, kind: str, rows: int, values: Sequence[Any] | None = None) -> None:
        self.kind = kind
        self.keep: list[Any] = []
        padded = max(1, -(-rows // abi.VECTOR_ROWS)) * abi.VECTOR_ROWS
        self.size = padded * WIDTHS[kind]
        self.base = memory.empty(self.size + 2 * _GUARD, np.uint8)
        self.base[:] = _CANARY
        noise = random.Random(rows).randbytes(self.size)
        self.data = self.base[_GUARD : _GUARD + self.size]
        self.data[:] = np.frombuffer(noise, np.uint8)
        if kind == "bool":
            self.data &= 1
        if values is not None:
            raw = encode_words(kind, values, self.keep)
            self.data[: len(raw)] = np.frombuffer(raw, np.uint8)
        self.before = self.data.copy()

    @property
    def address(self) -> int:
        return memory.address(self.base) + _GUARD

    def check(self, written: bool) -> None:
        assert (self.base[:_GUARD] == _CANARY).all(), "written before the buffer"
        assert (self.base[_GUARD + self.size :] == _CANARY).all(), "written behind the buffer"
        assert written or (self.data == self.before).all(), "an input was written"

    def values(self, n: int) -> list[Any]:
        return decode_words(self.kind, self.data.tobytes(), n)


@dataclass
class Outcome:
    """What one call did."""

    status: int
    values: list[Any]
    frame: np.ndarray
    keep: list[Any] = field(default_factory=list)


def parse(signature: str) -> tuple[list[str], str]:
    operands, _, out = signature.partition("->")
    return operands.split(), out.strip()


def call(signature: str, op: str, operands: Sequence[Sequence[Any] | None], k: int = 0, vector: int = 0,
         rows: int | None = None, frame: np.ndarray | None = None) -> Outcome:
    """Call an op once; an operand of None is absent (address 0)."""
    kinds, out_kind = parse(signature)
    n = rows if rows is not None else next(len(o) for o in operands if o is not None)
    inputs = [None if o is None else Guarded(kind, len(o), o) for kind, o in zip(kinds, operands, strict=True)]
    out = Guarded(out_kind, n)
    if frame is None:
        frame = memory.zeros(abi.FRAME_WORDS, np.int64)
    frame[abi.F_N], frame[abi.F_VECTOR] = n, vector
    addresses = [0 if g is None else g.address for g in inputs] + [0] * (3 - len(inputs))
    k = k - (1 << 64) if k >= 1 << 63 else k
    status = pack.native(op)(out.address, *addresses, k, n, memory.address(frame))
    out.check(written=True)
    for guard in inputs:
        if guard is not None:
            guard.check(written=False)
    return Outcome(status, out.values(n), frame, [inputs, out])


def same(x: Any, y: Any) -> bool:
    if isinstance(x, float) and isinstance(y, float):
        return struct.pack("<d", x) == struct.pack("<d", y) or (x != x and y != y)
    return bool(x == y)


def repeated(values: Sequence[Any], n: int) -> list[Any]:
    return [values[i % len(values)] for i in range(n)]


def check(signature: str, op: str, reference: Callable[..., Any], *operands: Sequence[Any], k: int = 0) -> None:
    """Compare an op with its reference, row by row, for every size."""
    for n in SIZES:
        columns = [repeated(o, n) for o in operands]
        outcome = call(signature, op, columns, k)
        assert outcome.status == abi.OK
        expected = [reference(*row) for row in zip(*columns, strict=True)]
        for i, (got, want) in enumerate(zip(outcome.values, expected, strict=True)):
            assert same(got, want), f"{op} row {i} of {[c[i] for c in columns]}: {got}, expected {want}"


def check_failure(signature: str, op: str, code: int, good: Sequence[Any], bad: Sequence[Any], k: int = 0) -> None:
    """`bad` operands fail in the first active row that has them, and not at all where inactive."""
    n, row = 1000, 700
    columns = [[g] * n for g in good]
    for column, value in zip(columns, bad, strict=True):
        column[row] = column[row + 50] = value
    kinds, out = parse(signature)
    if "bool" not in kinds[len(columns) :]:
        kinds += ["i64"] * (2 - len(kinds)) + ["bool"]
    masked = f"{' '.join(kinds)} -> {out}"
    gap: list[Any] = [None] * (len(kinds) - 1 - len(columns))
    outcome = call(masked, op, [*columns, *gap, None], k, vector=3)
    assert (outcome.status, outcome.frame[abi.F_ERROR_CODE]) == (abi.FAILED, code)
    assert outcome.frame[abi.F_ERROR_ROW] == 3 * abi.VECTOR_ROWS + row
    active = [1] * n
    active[row] = 0
    outcome = call(masked, op, [*columns, *gap, active], k)
    assert (outcome.status, outcome.frame[abi.F_ERROR_ROW]) == (abi.FAILED, row + 50)
    active[row + 50] = 0
    outcome = call(masked, op, [*columns, *gap, active], k)
    assert outcome.status == abi.OK
    assert outcome.frame[abi.F_ERROR_CODE] == 0


class Harness:
    """What test modules use (conftest cannot be imported)."""

    call = staticmethod(call)
    check = staticmethod(check)
    check_failure = staticmethod(check_failure)
    guarded = Guarded
    repeated = staticmethod(repeated)


@pytest.fixture(scope="session")
def ops() -> Harness:
    return Harness()
