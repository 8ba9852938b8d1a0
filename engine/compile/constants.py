"""Constants in programs: literals as values, and writing one into a register or slot."""
from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np

from ...kernels import memory
from ...planner.expressions import Literal
from ...storage.types import Physical
from .batch import Value
from .program import Place, ProgramBuilder


def literal(expr: Literal) -> Value:
    value = expr.value
    carried = expr.type.physical
    if value is None:
        return Value(expr.type, carried, constant=None)
    if carried in (Physical.I64, Physical.I128):
        if carried is Physical.I128 and -(1 << 63) <= value < 1 << 63:
            carried = Physical.I64
        return Value(expr.type, carried, constant=value, lo=value, hi=value)
    return Value(expr.type, carried, constant=value)


def float_bits(value: float) -> int:
    """A double's bits as the int64 that instructions carry."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits


def words128(value: int) -> np.ndarray:
    """A 128-bit integer as two words, low first."""
    return np.frombuffer((value & ((1 << 128) - 1)).to_bytes(16, "little"), np.int64).copy()


def string_view(builder: ProgramBuilder, text: str) -> tuple[int, int]:
    """(address, length) of a string constant that lives as long as the program."""
    raw = text.encode()
    data = memory.empty(len(raw), np.uint8)
    data[: len(raw)] = np.frombuffer(raw, np.uint8)
    return builder.parameters(data), len(raw)


def fill(builder: ProgramBuilder, value: Value, place: Place, valid: Place | None) -> Value:
    """Write a constant to `place`; a NULL is 0 there and 0 in `valid`."""
    constant = value.constant
    match value.carried:
        case Physical.I64:
            builder.vector("fill_i64_k", place, k=int(constant or 0))
        case Physical.F64:
            builder.vector("fill_f64_k", place, k=float_bits(constant or 0.0))
        case Physical.BOOL:
            builder.vector("fill_b_k", place, k=int(constant or 0))
        case Physical.I128:
            builder.vector("fill_i128", place, k=builder.parameters(words128(constant or 0)))
        case Physical.STR:
            view = np.array(string_view(builder, constant or ""), np.int64)
            builder.vector("fill_str", place, k=builder.parameters(view))
    if not value.is_null:
        return replace(value, place=place, valid=None, constant=_not_constant())
    assert valid is not None
    builder.vector("fill_b_k", valid, k=0)
    return replace(value, place=place, valid=valid, constant=_not_constant(), lo=0, hi=0)


def _not_constant() -> object:
    from .batch import NOT_CONSTANT

    return NOT_CONSTANT
