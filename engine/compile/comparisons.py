"""Comparisons and IN lists as masks: true, or false, and not NULL.

Ranges decide some of them before any row is seen (`year < 3000`), which also drops their columns from
the program. Strings are compared at block level (blocklevel.py), never here, unless they are views in
registers (CASE results).
"""
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...planner.expressions import InList, Like
from ...planner.like import like_matches
from ...storage.types import Physical
from . import text
from .batch import Value
from .constants import float_bits
from .numeric import fits64, widen

if TYPE_CHECKING:
    from .expressions import Compiler
    from .masks import Mask

NEGATED = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED = {"=": "=", "<>": "<>", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
OPS = {"=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def compare(c: Compiler, op: str, a: Value, b: Value) -> Mask:
    """Mask of rows where `a op b` is true (both not NULL)."""
    if a.is_null or b.is_null:
        return False
    if a.is_constant and not b.is_constant:
        return compare(c, MIRRORED[op], b, a)
    valid = c.and_(c.not_null(a), c.not_null(b))
    exact = a.carried in (Physical.I64, Physical.I128)
    if exact:
        proven = _proven(op, a, b)
        if proven is not None:
            return valid if proven else False
    mask = _compare(c, op, a, b)
    return c.and_(mask, valid)


def _proven(op: str, a: Value, b: Value) -> bool | None:
    """What the ranges prove, for rows that are not NULL."""
    if op in ("=", "<>"):
        if a.hi < b.lo or a.lo > b.hi:
            return op == "<>"
        if a.lo == a.hi == b.lo == b.hi and a.valid is None and b.valid is None:
            return op == "="
        return None
    if op in (">", ">="):
        return _proven(MIRRORED[op], b, a)
    if a.hi < b.lo or (op == "<=" and a.hi <= b.lo):
        return True
    if a.lo > b.hi or (op == "<" and a.lo >= b.hi):
        return False
    return None


def _compare(c: Compiler, op: str, a: Value, b: Value) -> Mask:
    if a.is_constant and b.is_constant:
        return _constants(op, a.constant, b.constant)
    name = OPS[op]
    out = c.builder.register(Physical.BOOL)
    if Physical.I128 in (a.carried, b.carried):
        x, y = c.in_register(widen(c, a)), c.in_register(widen(c, b))
        c.builder.vector(f"{name}_i128", out, x.place, y.place)
    elif b.is_constant and a.carried is Physical.I64:
        if not fits64(b.constant, b.constant):
            x, y = c.in_register(widen(c, a)), c.in_register(widen(c, b))
            c.builder.vector(f"{name}_i128", out, x.place, y.place)
        else:
            c.builder.vector(f"{name}_i64_k", out, a.place, k=b.constant)
    elif b.is_constant and a.carried is Physical.F64:
        c.builder.vector(f"{name}_f64_k", out, a.place, k=float_bits(b.constant))
    elif a.carried is Physical.STR:
        if b.is_constant:
            return text.emit_test(c, text.comparison(op, b.constant), a)
        x, y = c.in_register(a), c.in_register(b)
        c.builder.vector("compare_str", out, x.place, y.place, k=text.COMPARISONS[op])
    else:
        x, y = c.in_register(a), c.in_register(b)
        c.builder.vector(f"{name}_{a.carried.value}", out, x.place, y.place)
    return out


def _constants(op: str, a: object, b: object) -> bool:
    if isinstance(a, str) and isinstance(b, str):
        a, b = a.rstrip(" ").encode(), b.rstrip(" ").encode()  # trailing blanks do not count
    match op:
        case "=":
            return a == b
        case "<>":
            return a != b
        case "<":
            return a < b  # type: ignore[operator]
        case "<=":
            return a <= b  # type: ignore[operator]
        case ">":
            return a > b  # type: ignore[operator]
        case _:
            return a >= b  # type: ignore[operator]


def in_list(c: Compiler, expr: InList, value: Value, negated: bool) -> Mask:
    """arg IN (values), or NOT IN when `negated`; a NULL in the list makes every miss NULL."""
    if value.is_null or (negated and expr.has_null):
        return False
    values = expr.values
    if value.carried in (Physical.I64, Physical.I128):
        values = tuple(v for v in values if value.lo <= v <= value.hi)
    if not values:
        return c.not_null(value) if negated else False
    if value.is_constant:
        return any(_constants("=", value.constant, v) for v in values) is not negated
    if value.carried is Physical.STR:
        mask: Mask = text.emit_test(c, text.membership(values), value)
    elif value.carried is Physical.I64 and len(values) > 2:
        mask = _in_set(c, value, values)
    else:
        mask = False
        for item in values:
            constant = Value(expr.arg.type, value.carried, constant=item, lo=_int(item), hi=_int(item))
            mask = c.or_(mask, _compare(c, "=", replace(value, valid=None), constant))
    if negated:
        mask = c.not_(mask)
    return c.and_(mask, c.not_null(value))


def like(c: Compiler, expr: Like, value: Value, negated: bool) -> Mask:
    """arg LIKE pattern, or NOT LIKE when `negated`, over views."""
    if value.is_null:
        return False
    if value.is_constant:
        return like_matches(value.constant, expr.pattern, expr.escape, expr.case_insensitive) is not negated
    mask: Mask = text.emit_test(c, text.pattern(expr), value)
    return c.and_(c.not_(mask) if negated else mask, c.not_null(value))


def _int(item: object) -> int:
    return item if isinstance(item, int) else 0


def _in_set(c: Compiler, value: Value, values: tuple[int, ...]) -> Mask:
    words = np.array([len(set(values)), *sorted(set(values))], np.int64)
    out = c.builder.register(Physical.BOOL)
    c.builder.vector("in_list_i64", out, value.place, k=c.builder.parameters(words))
    return out
