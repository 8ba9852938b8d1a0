"""Ops that compute every row alike: `expression` of one operand, of two, or of one and the constant k.

    _unary = partial(unary, __name__, i64p)         in a family's module: its ops over I64 of one operand
    _unary("abs_i64", inline(lambda x: ...))

They run over whole groups of 64 rows, so that the loops need no tail: an expression must be harmless for
whatever stands in the padding. `module` is the family's, since the op belongs to it and not to this module.
"""
from __future__ import annotations

from typing import Any

from .abi import OK
from .failing import padded
from .registry import op


def unary(module: str, pointer: Any, name: str, expression: Any) -> None:
    @op(name, module)
    def run(out, a, b, c, k, n, frame):
        o, x = pointer(out), pointer(a)
        for i in range(padded(n)):
            o[i] = expression(x[i])
        return OK


def binary(module: str, pointer: Any, name: str, expression: Any) -> None:
    @op(name, module)
    def run(out, a, b, c, k, n, frame):
        o, x, y = pointer(out), pointer(a), pointer(b)
        for i in range(padded(n)):
            o[i] = expression(x[i], y[i])
        return OK


def with_constant(module: str, pointer: Any, name: str, expression: Any) -> None:
    @op(name, module)
    def run(out, a, b, c, k, n, frame):
        o, x = pointer(out), pointer(a)
        for i in range(padded(n)):
            o[i] = expression(x[i], k)
        return OK
