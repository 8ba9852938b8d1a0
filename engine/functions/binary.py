"""VARBYTE over single values: casts, functions and operators. A value is a string of its hexadecimal digits."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import DataError, InvalidText, NumericOutOfRange
from ...storage.characters import fixed_text
from ...storage.types import Kind, SqlType
from . import hashes
from .base import Function

FORMATS = ("hex", "binary", "utf-8", "utf8")


def cast(value: Any, source: SqlType, to: SqlType, implicit: bool) -> Any:
    """A cast to or from VARBYTE. An explicit one cuts bytes beyond the declared length."""
    if to.kind is Kind.VARBYTE:
        digits = value if source.kind is Kind.VARBYTE else _digits_of(value, source)
        return digits[: 2 * to.length] if to.length and not implicit else digits
    if to.is_integer:
        return _integer(value, to)
    return _cut(as_text(value), to, implicit)


def _digits_of(value: Any, source: SqlType) -> str:
    """Integers have the bytes of their type, highest first; a CHAR has its trailing blanks again."""
    if source.is_integer:
        return int(value).to_bytes(source.storage_bytes, "big", signed=True).hex()
    if source.kind is Kind.CHAR:
        value = value.ljust(source.length)
    return str(value).encode().hex()


def _integer(digits: str, to: SqlType) -> int:
    if len(digits) > 2 * to.storage_bytes or not digits:
        raise NumericOutOfRange(f"a binary value of {len(digits) // 2} bytes is out of range for type {to}")
    width = 8 * to.storage_bytes
    value = int(digits, 16)
    return value - (1 << width) if value >> (width - 1) else value


def as_text(digits: str) -> str:
    """The bytes read as UTF-8."""
    try:
        return bytes.fromhex(digits).decode()
    except UnicodeDecodeError as error:
        bad = bytes.fromhex(digits)[error.start : error.start + 4].hex(" ")
        raise InvalidText(f"the binary value is not valid UTF-8: {bad}", sqlstate="22021") from None


def _cut(text: str, to: SqlType, implicit: bool) -> str:
    raw = text.encode()
    if to.length and not implicit and len(raw) > to.length:
        text = raw[: to.length].decode(errors="ignore")
    return fixed_text(text) if to.kind is Kind.CHAR else text


# -- functions ---------------------------------------------------------------------------------


def from_hex(text: str) -> str:
    """An odd number of digits gets a 0 in front."""
    digits = text.lower()
    if digits.strip("0123456789abcdef"):
        raise InvalidText(f'invalid hexadecimal value: "{text}"')
    return "0" + digits if len(digits) % 2 else digits


def _format(name: str) -> str:
    if name.lower() not in FORMATS:
        raise DataError(f'invalid binary format "{name}"', hint="Formats are hex, binary, utf-8 and utf8.",
                        sqlstate="22023")
    return name.lower()


def to_varbyte(text: str, format: str) -> str:
    match _format(format):
        case "hex":
            return from_hex(text)
        case "binary":
            if text.strip("01"):
                raise InvalidText(f'invalid binary value: "{text}"')
            bits = text.zfill(-(-len(text) // 8) * 8)
            return "".join(f"{int(bits[i : i + 8], 2):02x}" for i in range(0, len(bits), 8))
        case _:
            return text.encode().hex()


def from_varbyte(digits: str, format: str) -> str:
    match _format(format):
        case "hex":
            return digits
        case "binary":
            return "".join(f"{byte:08b}" for byte in bytes.fromhex(digits))
        case _:
            return as_text(digits)


def getbit(digits: str, index: int) -> int:
    """Bit 0 is the lowest of the last byte."""
    if not 0 <= index < 4 * len(digits):
        raise DataError(f"bit index {index} out of valid range, 0..{4 * len(digits) - 1}", sqlstate="2202E")
    byte = len(digits) // 2 - 1 - index // 8
    return int(digits[2 * byte : 2 * byte + 2], 16) >> index % 8 & 1


# -- bit operators -----------------------------------------------------------------------------

_OPERATORS = {"bit_and": int.__and__, "bit_or": int.__or__, "bit_xor": int.__xor__}
_WORDS = {"bit_and": "AND", "bit_or": "OR", "bit_xor": "XOR"}


def _bits(key: str) -> Function:
    def call(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
        a, b = args
        if to.is_integer:
            return _OPERATORS[key](int(a), int(b))
        if len(a) != len(b):
            raise DataError(f"cannot {_WORDS[key]} binary values of different sizes", sqlstate="22026")
        return f"{_OPERATORS[key](int(a, 16), int(b, 16)):0{len(a)}x}" if a else ""

    return call


def _not(args: list[Any], types: Sequence[SqlType], to: SqlType) -> Any:
    if to.is_integer:
        return ~int(args[0])
    return "".join(f"{15 - int(digit, 16):x}" for digit in args[0])


def _shift(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    """In the width of the type, as PostgreSQL: bits that leave it are lost; the count is taken modulo 32 or 64."""
    width = max(8 * to.storage_bytes, 32)
    count = args[1] % width
    if to.storage_bytes == 2:
        width = 16
    wrapped = (args[0] << count) & ((1 << width) - 1)
    return wrapped - (1 << width) if wrapped >> (width - 1) else wrapped


def _shift_right(args: list[Any], types: Sequence[SqlType], to: SqlType) -> int:
    return int(args[0]) >> args[1] % max(8 * to.storage_bytes, 32)


FUNCTIONS: dict[str, Function] = {
    "from_hex": lambda a, t, to: from_hex(a[0]),
    "to_hex_binary": lambda a, t, to: a[0],
    "from_varbyte": lambda a, t, to: from_varbyte(a[0], a[1]),
    "to_varbyte": lambda a, t, to: to_varbyte(a[0], a[1]),
    "getbit": lambda a, t, to: getbit(a[0], a[1]),
    "binary_length": lambda a, t, to: len(a[0]) // 2,
    "farmfingerprint64_binary": lambda a, t, to: hashes.fingerprint64(bytes.fromhex(a[0])),
    **{key: _bits(key) for key in _OPERATORS},
    "bit_not": _not,
    "shift_left": _shift,
    "shift_right": _shift_right,
}
