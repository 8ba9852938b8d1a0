"""zlib's CRC-32, natively: by carryless multiplication where the CPU has it (x86-64), else by tables.

    crc32(data, size, tables)     `tables`: uint32[16][256], row i for a byte that i others follow

A CRC is the remainder of the data, taken as a polynomial over bits, modulo a fixed one. So 64 bytes may be
replaced by what is congruent to them 64 bytes on: two multiplications of 64 by 64 bits without carries per
16 bytes ("folding", Gopal and others, Fast CRC Computation Using PCLMULQDQ, Intel 2009):

    | 64 bytes | 64 bytes | 64 bytes | ... | rest |
      \\_fold__> xor \\_fold__> xor ...  -> 64 bytes -> 16 bytes -> tables, and the rest by tables

Folding reads 10 to 20 GB a second, tables 2 to 3, as zlib does.
"""
from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import config

from .intrinsics import (
    I8,
    I64,
    as_i64,
    i64p,
    inline,
    load_row,
    platform,
    shared,
    stack_buffer,
    store_row,
    u8p,
    u32p,
    u64,
    u64p,
    vector_op,
)

_PAIR = ir.VectorType(I64, 2)
_FAR = (0x0154442BD4, 0x01C6E41596)  # x^(512+32), x^(512-32) modulo the polynomial, bits reflected
_NEAR = (0x01751997D0, 0x00CCAA009E)  # x^(128+32), x^(128-32)
_folded = stack_buffer(64)


def _has_carryless() -> bool:
    """Whether numba compiles for this very CPU and it can."""
    native = not config.CPU_NAME and not config.CPU_FEATURES
    return native and platform.machine() in ("x86_64", "AMD64") and bool(binding.get_host_cpu_features().get("pclmul"))


def _fold(b: Any, held: Any, constants: tuple[int, int], data: Any) -> None:
    """16 bytes at `held`, multiplied on, xor 16 bytes at `data`, back to `held`."""
    value, by = load_row(b, held, _PAIR), ir.Constant(_PAIR, list(constants))
    low, high = (_multiply(b, value, by, which) for which in (0x00, 0x11))
    store_row(b, b.xor(b.xor(low, high), load_row(b, data, _PAIR)), held)


def _multiply(b: Any, value: Any, by: Any, which: int) -> Any:
    name = "llvm.x86.pclmulqdq"
    kind = ir.FunctionType(_PAIR, [_PAIR, _PAIR, I8])
    function = b.module.globals.get(name) or ir.Function(b.module, kind, name)
    return b.call(function, [value, by, I8(which)])


def _emit_fold_far(b: Any, a: Any) -> None:  # 64 bytes held, the next 64 bytes
    for at in range(0, 64, 16):
        _fold(b, b.add(a[0], I64(at)), _FAR, b.add(a[1], I64(at)))


def _emit_fold_near(b: Any, a: Any) -> None:  # 16 bytes held, the next 16 bytes
    _fold(b, a[0], _NEAR, a[1])


_fold_far = vector_op(_emit_fold_far, 2)
_fold_near = vector_op(_emit_fold_near, 2)


@shared
def _by_tables(crc, data, size, tables):
    """`crc` (not inverted) continued over `size` bytes, 16 a step."""
    t, p = u32p(tables), u64p(data)
    low = u64(0xFF)
    for step in range(size >> 4):
        a, b = p[2 * step] ^ crc, p[2 * step + 1]
        crc = u64(0)
        for i in range(8):
            shift = u64(8 * i)
            crc ^= u64(t[(15 - i) * 256 + as_i64((a >> shift) & low)])
            crc ^= u64(t[(7 - i) * 256 + as_i64((b >> shift) & low)])
    rest = u8p(data)
    for i in range(size >> 4 << 4, size):
        crc = u64(t[as_i64((crc ^ u64(rest[i])) & low)]) ^ (crc >> u64(8))
    return crc


@inline
def _all_by_tables(data, size, tables):
    return as_i64(_by_tables(u64(0xFFFFFFFF), data, size, tables) ^ u64(0xFFFFFFFF))


@shared
def _by_folding(data, size, tables):
    if size < 128:
        return _all_by_tables(data, size, tables)
    held = _folded(0)
    h, p = i64p(held), i64p(data)
    for i in range(8):
        h[i] = p[i]
    h[0] ^= 0xFFFFFFFF
    at = 64
    while at + 64 <= size:
        _fold_far(held, data + at)
        at += 64
    for i in range(1, 4):
        _fold_near(held, held + 16 * i)
    crc = _by_tables(u64(0), held, 16, tables)
    return as_i64(_by_tables(crc, data + at, size - at, tables) ^ u64(0xFFFFFFFF))


crc32 = _by_folding if _has_carryless() else _all_by_tables
