"""What overflowed, and what a function is not defined for: the error with the value, read from the operands that the
failing instruction left behind.

    select a::smallint from t         smallint out of range                          The value is 33000.
    select n::decimal(4, 2) from t    Numeric data overflow (result precision)       The value is 350.10; ...
    select b + 1 from t               bigint out of range                            The operation is ... + 1.

    select ln(a) from t               cannot take logarithm of a negative number     The value is -2.

The driver stops at the failure, so registers still hold the vector with the failing row. Other instructions (casts from
floats, functions) say only that it happened.
"""
from __future__ import annotations

import ctypes
import struct

import numpy as np

from ..errors import DataError, NumericOutOfRange
from ..kernels import abi
from ..storage.types import DOUBLE, Kind, SqlType
from .compile.program import ProgramBuilder
from .functions.text import print_text

_SYMBOLS = {"add_i64_checked": "+", "sub_i64_checked": "-", "mul_i64_checked": "*"}
_FLOATS = ("add_f64", "sub_f64", "mul_f64", "div_f64", "exp_f64", "pow_f64")
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
    if op in _FLOATS:
        return NumericOutOfRange("value out of range: overflow", position=position)
    if op not in _WIDTHS or type is None or type.kind not in (*_INTEGERS, Kind.DECIMAL):
        return NumericOutOfRange("numeric value out of range", position=position)
    value = _operand(words[pc], abi.I_A, row, _WIDTHS[str(op)])
    detail = f"The value is {print_text(value, _wide(type))}."
    if type.kind is Kind.DECIMAL:
        return NumericOutOfRange("Numeric data overflow (result precision)",
                                 detail=f"{detail[:-1]}; the type is {type}.", position=position)
    return NumericOutOfRange(f"{type} out of range", detail=detail, position=position)


def outside_domain(builder: ProgramBuilder, words: np.ndarray, pc: int, row: int) -> DataError:
    """The error of a mathematical function that is not defined for its argument, in PostgreSQL's words."""
    instruction = builder.instructions[pc]
    value = struct.unpack("<d", _operand(words[pc], abi.I_A, row, 8).to_bytes(8, "little", signed=True))[0]
    state = "2201F"
    match instruction.op:
        case "ln_f64" | "log10_f64":
            state, what = "2201E", f"cannot take logarithm of {'a negative number' if value else 'zero'}"
        case "sqrt_f64":
            what = "cannot take square root of a negative number"
        case "pow_f64" if value:
            what = "a negative number raised to a non-integer power yields a complex result"
        case "pow_f64":
            what = "zero raised to a negative power is undefined"
        case _:
            state, what = "22003", "input is out of range"
    return DataError(what, sqlstate=state, detail=f"The value is {print_text(value, DOUBLE)}.",
                     position=None if instruction.span is None else instruction.span[0])


def _operand(instruction: np.ndarray, word: int, row: int, width: int) -> int:
    """The row's value where an instruction has an operand; its stride takes it from vector to vector."""
    vector, place = divmod(row, abi.VECTOR_ROWS)
    address = int(instruction[word]) + vector * int(instruction[word + 1]) + place * width
    return int.from_bytes(ctypes.string_at(address, width), "little", signed=True)


def _wide(type: SqlType) -> SqlType:
    """A type that shows a value which does not fit."""
    return type if type.kind is Kind.DECIMAL else SqlType(Kind.BIGINT)
