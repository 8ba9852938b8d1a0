"""What overflowed, or is no argument of a function: the error with the value, read from the operands that the failing
instruction left behind.

    select a::smallint from t         smallint out of range                          The value is 33000.
    select n::decimal(4, 2) from t    Numeric data overflow (result precision)       The value is 350.10; ...
    select b + 1 from t               bigint out of range                            The operation is ... + 1.
    select sqrt(a) from t             cannot take square root of a negative number   The argument is -4.

The driver stops at the failure, so registers still hold the vector with the failing row. Other instructions (casts from
floats, functions) say only that it happened.
"""
from __future__ import annotations

import ctypes
import struct

import numpy as np

from ..errors import DataError, NumericOutOfRange
from ..kernels import abi
from ..storage.types import Kind, SqlType
from .compile.program import ProgramBuilder
from .functions.text import print_text

_SYMBOLS = {"add_i64_checked": "+", "sub_i64_checked": "-", "mul_i64_checked": "*"}
_WIDTHS = {"check_range_i64": 8, "check_range_i128": 16}
_INTEGERS = (Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT)


def out_of_range(builder: ProgramBuilder, words: np.ndarray, pc: int, row: int) -> NumericOutOfRange:
    """The error of instruction `pc`, which failed at `row` of the batch."""
    op, type = builder.instructions[pc].op, builder.limits.get(pc)
    span = builder.instructions[pc].span
    position = None if span is None else span[0]
    if op in _SYMBOLS:
        a, b = (_operand(words[pc], word, row, 8) for word in (abi.I_A, abi.I_B))
        return NumericOutOfRange("bigint out of range", detail=f"The operation is {a} {_SYMBOLS[str(op)]} {b}.",
                                 position=position)
    if op not in _WIDTHS or type is None or type.kind not in (*_INTEGERS, Kind.DECIMAL):
        return NumericOutOfRange("numeric value out of range", position=position)
    value = _operand(words[pc], abi.I_A, row, _WIDTHS[str(op)])
    detail = f"The value is {print_text(value, _wide(type))}."
    if type.kind is Kind.DECIMAL:
        return NumericOutOfRange("Numeric data overflow (result precision)",
                                 detail=f"{detail[:-1]}; the type is {type}.", position=position)
    return NumericOutOfRange(f"{type} out of range", detail=detail, position=position)


# Of functions: the words (PostgreSQL's), SQLSTATE.
_DOMAINS = {
    "sqrt_f64": ("cannot take square root of a negative number", "2201F"),
    "ln_f64": ("cannot take logarithm of a negative number", "2201E"),
    "log10_f64": ("cannot take logarithm of a negative number", "2201E"),
    "pow_f64": ("a negative number raised to a non-integer power yields a complex result", "2201F"),
}
_ZERO = {
    "ln_f64": ("cannot take logarithm of zero", "2201E"),
    "log10_f64": ("cannot take logarithm of zero", "2201E"),
    "pow_f64": ("zero raised to a negative power is undefined", "2201F"),
}


def outside_domain(builder: ProgramBuilder, words: np.ndarray, pc: int, row: int) -> DataError:
    """The error of instruction `pc`, a function of doubles that has no value for the argument of `row`."""
    op, span = str(builder.instructions[pc].op), builder.instructions[pc].span
    (value,) = struct.unpack("<d", _operand(words[pc], abi.I_A, row, 8).to_bytes(8, "little", signed=True))
    message, state = (_ZERO if value == 0 else _DOMAINS).get(op, ("input is out of range", "22003"))
    return DataError(message, sqlstate=state, detail=f"The argument is {value:.15g}.",
                     position=None if span is None else span[0])


def _operand(instruction: np.ndarray, word: int, row: int, width: int) -> int:
    """The row's value where an instruction has an operand; its stride takes it from vector to vector."""
    vector, place = divmod(row, abi.VECTOR_ROWS)
    address = int(instruction[word]) + vector * int(instruction[word + 1]) + place * width
    return int.from_bytes(ctypes.string_at(address, width), "little", signed=True)


def _wide(type: SqlType) -> SqlType:
    """A type that shows a value which does not fit."""
    return type if type.kind is Kind.DECIMAL else SqlType(Kind.BIGINT)
