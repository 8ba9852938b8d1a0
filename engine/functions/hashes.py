"""Hash functions over single values.

    MD5 SHA SHA1 FUNC_SHA1 SHA2     hexadecimal text, of the value's UTF-8 bytes
    CRC32                           CRC-32C, 8 hexadecimal digits
    FNV_HASH                        64-bit FNV-1a of the value's binary form; the seed is the hash to go on from
    MURMUR3_32_HASH                 32-bit Murmur3A of the form that Apache Iceberg's specification gives values
                                    (the manual's example results are those of FNV_HASH, and 64 bits wide)
    FARMFINGERPRINT64               FarmHash's Fingerprint64 of the bytes
    CHECKSUM                        exact numbers: the scaled number's low 32 bits

FNV_HASH's binary forms are those the manual names (integers by their width, text by its bytes); DECIMALs of
up to 19 digits are 8 bytes, others 16; dates and timestamps count from 2000-01-01, as PostgreSQL stores them.
"""
from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Any

from ...storage.types import Kind, Physical, SqlType
from .base import DAY, Function, plain

_MASK = (1 << 64) - 1
FNV_BASIS, FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
TO_2000 = 10_957  # days
WIDTHS = {Kind.SMALLINT: 2, Kind.INTEGER: 4, Kind.DATE: 4, Kind.BOOLEAN: 1}


def _signed(value: int, bits: int = 64) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


# -- digests -----------------------------------------------------------------------------------


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def sha2(data: bytes, bits: int) -> str:
    """0 bits mean 256; the empty text for what is no SHA-2."""
    make = {0: hashlib.sha256, 224: hashlib.sha224, 256: hashlib.sha256, 384: hashlib.sha384,
            512: hashlib.sha512}.get(bits)
    return "" if make is None else make(data).hexdigest()


def _sha2(args: list[Any], types: Sequence[SqlType], to: SqlType) -> str:
    """Of text, or of a VARBYTE, which is kept in hexadecimal."""
    return sha2(bytes.fromhex(args[0]) if types[0].kind is Kind.VARBYTE else args[0].encode(), args[1])


def _crc_table() -> tuple[int, ...]:
    table = []
    for i in range(256):
        for _ in range(8):
            i = (i >> 1) ^ (0x82F63B78 if i & 1 else 0)
        table.append(i)
    return tuple(table)


CRC_TABLE = _crc_table()


def crc32(text: str) -> str:
    value = 0xFFFFFFFF
    for byte in text.encode():
        value = CRC_TABLE[(value ^ byte) & 255] ^ (value >> 8)
    return f"{value ^ 0xFFFFFFFF:08x}"


# -- FNV-1a ------------------------------------------------------------------------------------


def fnv1a(data: bytes, seed: int) -> int:
    value = seed & _MASK
    for byte in data:
        value = ((value ^ byte) * FNV_PRIME) & _MASK
    return _signed(value)


def _fnv(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    return fnv1a(binary_form(args[0], types[0]), args[1] if len(args) > 1 else FNV_BASIS)


def binary_form(value: Any, type: SqlType) -> bytes:
    """A value's bytes, little endian."""
    if isinstance(value, str):
        return value.encode()
    if type.is_float:
        return struct.pack("<f" if type.kind is Kind.REAL else "<d", value)
    if type.kind is Kind.DATE:
        value -= TO_2000
    elif type.kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        value -= TO_2000 * DAY
    width = WIDTHS.get(type.kind, 16 if type.physical is Physical.I128 else 8)
    return int(value).to_bytes(width, "little", signed=True)


# -- Murmur3 -----------------------------------------------------------------------------------


def murmur3(data: bytes, seed: int = 0) -> int:
    """Murmur3A, 32 bits, as a signed number."""
    h = seed & 0xFFFFFFFF
    whole = len(data) & ~3
    for at in range(0, whole, 4):
        h ^= _scramble(int.from_bytes(data[at : at + 4], "little"))
        h = ((h << 13 | h >> 19) * 5 + 0xE6546B64) & 0xFFFFFFFF
    if whole < len(data):
        h ^= _scramble(int.from_bytes(data[whole:], "little"))
    h ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        h = ((h ^ h >> shift) * factor) & 0xFFFFFFFF
    return _signed(h, 32)


def _scramble(k: int) -> int:
    k = (k * 0xCC9E2D51) & 0xFFFFFFFF
    k = (k << 15 | k >> 17) & 0xFFFFFFFF
    return (k * 0x1B873593) & 0xFFFFFFFF


def _murmur(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    value, type = args[0], types[0]
    if isinstance(value, str):
        data = value.encode()
    elif type.is_float:
        data = struct.pack("<d", value + 0.0)
    elif type.kind is Kind.DECIMAL:  # the unscaled number, big endian, in as few bytes as hold it
        bits = value.bit_length() if value >= 0 else (-value - 1).bit_length()
        data = value.to_bytes(bits // 8 + 1, "big", signed=True)
    else:
        data = int(value).to_bytes(8, "little", signed=True)
    return murmur3(data, args[1] if len(args) > 1 else 0)


# -- FarmHash's Fingerprint64 ------------------------------------------------------------------

_K0, _K1, _K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _word(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _turn(value: int, shift: int) -> int:
    """Rotate right."""
    value &= _MASK
    return (value >> shift | value << (64 - shift)) & _MASK


def _mix(value: int) -> int:
    value &= _MASK
    return value ^ value >> 47


def _join(u: int, v: int, factor: int) -> int:
    a = _mix((u ^ v) * factor)
    return (_mix(((v & _MASK) ^ a) * factor) * factor) & _MASK


def fingerprint64(data: bytes) -> int:
    size = len(data)
    if size > 64:
        return _signed(_farm_long(data))
    if size > 32:
        return _signed(_farm_to_64(data))
    if size > 16:
        factor = _K2 + size * 2
        a, b = _word(data, 0) * _K1, _word(data, 8)
        c, d = _word(data, size - 8) * factor, _word(data, size - 16) * _K2
        return _signed(_join(_turn(a + b, 43) + _turn(c, 30) + d, a + _turn(b + _K2, 18) + c, factor))
    return _signed(_farm_to_16(data))


def _farm_to_16(data: bytes) -> int:
    size = len(data)
    factor = _K2 + size * 2
    if size >= 8:
        a, b = _word(data, 0) + _K2, _word(data, size - 8)
        return _join(_turn(b, 37) * factor + a, (_turn(a, 25) + b) * factor, factor)
    if size >= 4:
        first, last = (int.from_bytes(data[at : at + 4], "little") for at in (0, size - 4))
        return _join(size + (first << 3), last, factor)
    if size:
        y, z = data[0] + (data[size >> 1] << 8), size + (data[-1] << 2)
        return (_mix(y * _K2 ^ z * _K0) * _K2) & _MASK
    return _K2


def _farm_to_64(data: bytes) -> int:
    size = len(data)
    factor = _K2 + size * 2
    a, b = _word(data, 0) * _K2, _word(data, 8)
    c, d = _word(data, size - 8) * factor, _word(data, size - 16) * _K2
    y = _turn(a + b, 43) + _turn(c, 30) + d
    z = _join(y, a + _turn(b + _K2, 18) + c, factor)
    e, f = _word(data, 16) * factor, _word(data, 24)
    g, h = (y + _word(data, size - 32)) * factor, (z + _word(data, size - 24)) * factor
    return _join(_turn(e + f, 43) + _turn(g, 30) + h, e + _turn(f + a, 18) + g, factor)


def _weak(data: bytes, at: int, a: int, b: int) -> tuple[int, int]:
    w, x, y, z = (_word(data, at + 8 * i) for i in range(4))
    a += w
    b = _turn(b + a + z, 21)
    c = a
    a += x + y
    return (a + z) & _MASK, (b + _turn(a, 44) + c) & _MASK


def _farm_long(data: bytes) -> int:
    size, last = len(data), len(data) - 64
    x, y = 81 * _K2 + _word(data, 0), 81 * _K1 + 113
    z = _mix(y * _K2 + 113) * _K2
    v, w = (0, 0), (0, 0)
    for at in range(0, (size - 1) // 64 * 64, 64):
        x, y, z, v, w = _farm_round(data, at, x, y, z, v, w, _K1, 1)
    factor = _K1 + ((z & 0xFF) << 1)
    w = (w[0] + ((size - 1) & 63), w[1])
    v = (v[0] + w[0], v[1])
    w = (w[0] + v[0], w[1])
    x, y, z, v, w = _farm_round(data, last, x, y, z, v, w, factor, 9)
    return _join(_join(v[0], w[0], factor) + _mix(y) * _K0 + z, _join(v[1], w[1], factor) + x, factor)


def _farm_round(data: bytes, at: int, x: int, y: int, z: int, v: tuple[int, int], w: tuple[int, int],
                factor: int, weight: int) -> tuple[int, int, int, tuple[int, int], tuple[int, int]]:
    """64 bytes from `at`; the last round weighs two of its words by 9."""
    x = (_turn(x + y + v[0] + _word(data, at + 8), 37) * factor) & _MASK
    y = (_turn(y + v[1] + _word(data, at + 48), 42) * factor) & _MASK
    x ^= (w[1] * weight) & _MASK
    y = (y + v[0] * weight + _word(data, at + 40)) & _MASK
    z = (_turn(z + w[0], 33) * factor) & _MASK
    v = _weak(data, at, v[1] * factor, x + w[0])
    w = _weak(data, at + 32, z + w[1], y + _word(data, at + 16))
    return z, y, x, v, w


FUNCTIONS: dict[str, Function] = {
    "md5": plain(md5),
    "sha1": plain(sha1),
    "sha2": _sha2,
    "crc32": plain(crc32),
    "fnv_hash": _fnv,
    "murmur3_32_hash": _murmur,
    "farmfingerprint64": lambda a, t, to: fingerprint64(a[0].encode()),
    "checksum": lambda a, t, to: _signed(a[0], 32),
}
