"""Comparisons of numbers: BOOL out. Those of strings: strings.py.

    {eq ne lt le gt ge}_{i64 f64 bool i128}         a ? b
    {eq ne lt le gt ge}_{i64_k f64_k}               a ? k      (f64: k holds the bits)
    in_list_i64     k -> [count, values ascending]            a is one of them

Floats follow PostgreSQL's order: NaN equals NaN and is above everything; -0 equals 0. All six operators
come from `equal` and `less`: a <= b is not (b < a).
"""
from __future__ import annotations

from typing import Any

import numba as nb

from . import wide_math as w
from .abi import OK
from .failing import padded
from .intrinsics import bits_f64, f64p, i64p, inline, u8p
from .registry import op

SMALL_LIST = 12  # values up to which each is compared with all rows

_less = inline(lambda x, y: x < y)
_equal = inline(lambda x, y: x == y)
_less_f64 = inline(lambda x, y: not ((x >= y) | (x != x)))
_equal_f64 = inline(lambda x, y: (x == y) | ((x != x) & (y != y)))
_same = inline(lambda x: x)


def _compare(name: str, pointer: Any, test: Any, swapped: bool, negated: bool) -> None:
    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x, y = u8p(out), pointer(b if swapped else a), pointer(a if swapped else b)
        for i in range(padded(n)):
            o[i] = test(x[i], y[i]) != negated
        return OK


def _compare_constant(name: str, pointer: Any, convert: Any, test: Any, swapped: bool, negated: bool) -> None:
    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x, y = u8p(out), pointer(a), convert(k)
        for i in range(padded(n)):
            o[i] = (test(y, x[i]) if swapped else test(x[i], y)) != negated
        return OK


def _compare_wide(name: str, test: Any, swapped: bool, negated: bool) -> None:
    @op(name)
    def run(out, a, b, c, k, n, frame):
        o, x, y = u8p(out), b if swapped else a, a if swapped else b
        for i in range(n):
            o[i] = (test(w.load(x + i * 16), w.load(y + i * 16)) != 0) != negated
        return OK


# Operator: (is it built on `less`, operands swapped, answer negated).
_OPERATORS = {
    "eq": (False, False, False), "ne": (False, False, True), "lt": (True, False, False),
    "ge": (True, False, True), "gt": (True, True, False), "le": (True, True, True),
}

for _operator, (_ordered, _swapped, _negated) in _OPERATORS.items():
    _test = _less if _ordered else _equal
    _test_f64 = _less_f64 if _ordered else _equal_f64
    _compare(_operator + "_i64", i64p, _test, _swapped, _negated)
    _compare(_operator + "_bool", u8p, _test, _swapped, _negated)
    _compare(_operator + "_f64", f64p, _test_f64, _swapped, _negated)
    _compare_constant(_operator + "_i64_k", i64p, _same, _test, _swapped, _negated)
    _compare_constant(_operator + "_f64_k", f64p, bits_f64, _test_f64, _swapped, _negated)
    _compare_wide(_operator + "_i128", w.less if _ordered else w.equal, _swapped, _negated)


# -- lists -------------------------------------------------------------------------------------------


@op("in_list_i64")
def in_list_i64(out, a, b, c, k, n, frame):
    """Few values: each against all rows, vectorised. Many: a branch-free binary search per row."""
    o, x, count, values = u8p(out), i64p(a), i64p(k)[0], i64p(k + 8)
    if count <= SMALL_LIST:
        for i in range(padded(n)):
            o[i] = 0
        for j in range(count):
            value = values[j]
            for i in range(padded(n)):
                o[i] |= x[i] == value
        return OK
    for i in range(n):
        first, length = nb.int64(0), count
        while length > 1:
            half = length >> 1
            first += half if values[first + half] <= x[i] else 0
            length -= half
        o[i] = values[first] == x[i]
    return OK
