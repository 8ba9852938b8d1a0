"""Text in programs: predicates, and functions that cut or make strings.

    Test       one text predicate with its parameter block, for views in slots and for scanned columns
    VECTOR     functions that only look or cut: their results are views into the bytes they were given
    MAKERS     functions that write new bytes into an arena, so they need a block op
"""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InternalError
from ...kernels import memory
from ...kernels.abi import ERR_NEGATIVE_LENGTH
from ...kernels.columns import ColumnScratch, make_column, make_like
from ...kernels.document_blocks import make_path
from ...kernels.like import compile_like
from ...kernels.text_blocks import make_comparison, make_list, make_trim
from ...kernels.text_layout import (
    A_ADDRESS,
    A_CAPACITY,
    A_MISSING,
    ARENA_WORDS,
    C_EQ,
    C_GE,
    C_GT,
    C_LE,
    C_LT,
    C_NE,
)
from ...planner.expressions import Call, Like, Literal
from ...records import dataclass
from ...storage.semistructured.form import quoted
from ...storage.types import Physical
from .batch import Value
from .program import External, Place

if TYPE_CHECKING:
    from .expressions import Compiler

COMPARISONS = {"=": C_EQ, "<>": C_NE, "<": C_LT, "<=": C_LE, ">": C_GT, ">=": C_GE}
FIRST_ARENA = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Test:
    """`op` over STR views with parameter block `block`; `like`: the block is a LIKE pattern's."""

    op: str
    block: np.ndarray
    like: bool = False


def comparison(op: str, constant: str) -> Test:
    return Test("compare_str_k", make_comparison(COMPARISONS[op], constant))


def membership(values: tuple[Any, ...]) -> Test:
    return Test("in_list_str", make_list(values))


def pattern(expr: Like) -> Test:
    return Test("like_str", compile_like(expr.pattern, expr.escape or None, expr.case_insensitive), like=True)


@dataclass(slots=True)
class _ColumnBlock:
    """One task's parameter block and scratch for a test over a scanned column."""

    block: np.ndarray
    scratch: ColumnScratch


def emit_column_test(c: Compiler, test: Test, column: int, out: Place, rows: Place | None) -> None:
    """The test over a scanned column, decided by dictionary entry or by searching whole blocks."""
    k = c.builder.parameters(test.block)

    def make_block() -> _ColumnBlock:
        scratch = ColumnScratch()
        if test.like:
            return _ColumnBlock(make_like(scratch, column, test.block), scratch)
        return _ColumnBlock(make_column(scratch, column, test.op, k), scratch)

    def resolve(task: Any) -> int:
        found: _ColumnBlock = task.state(out.index, make_block)
        return memory.address(found.block)

    c.builder.block("pred_column", out, rows, k=External(resolve))


def emit_test(c: Compiler, test: Test, value: Value) -> Place:
    """The test over views; rows under NULL must be masked by the caller."""
    out = c.builder.register(Physical.BOOL)
    c.builder.vector(test.op, out, value.place, k=c.builder.parameters(test.block))
    return out


# -- functions that look or cut ------------------------------------------------------------------


def _strict(c: Compiler, expr: Call, args: list[Value], op: str, carried: Physical, lo: int = 0, hi: int = 0,
            k: int = 0) -> Value:
    values = [c.in_register(a) for a in args]
    valid = None
    for value in values:
        valid = c.both_valid(valid, value.valid)
    out = c.builder.register(carried)
    places = [v.place for v in values]
    c.builder.vector(op, out, places[0], places[1] if len(places) > 1 else None,
                     places[2] if len(places) > 2 else None, k)
    result = Value(expr.type, carried, out, valid, lo, hi)
    if valid is None:
        return result
    from .numeric import mask_null

    return mask_null(c, result)


def _count(op: str) -> Callable[..., Value]:
    return lambda c, e, args, active: _strict(c, e, args, op, Physical.I64, 0, 1 << 31)


def _cut(op: str) -> Callable[..., Value]:
    return lambda c, e, args, active: _strict(c, e, args, op, Physical.STR)


def _substring(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    """SUBSTRING; a negative length is an error (r_SUBSTRING)."""
    if len(args) > 2 and args[2].lo < 0 and not (args[2].is_constant and args[2].constant >= 0):
        from .comparisons import compare

        count = c.in_register(args[2])
        negative = c.place(compare(c, "<", count, Value(count.type, Physical.I64, constant=0)))
        counts = c.active_where_valid(active, count.valid)
        for value in args[:2]:
            counts = c.active_where_valid(counts, value.valid)
        c.builder.vector("fail_where", None, negative, c=counts, k=ERR_NEGATIVE_LENGTH)
    return _strict(c, expr, args, "substring_str", Physical.STR)


def _trim(left: bool, right: bool) -> Callable[..., Value]:
    def emit(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
        characters = " "
        if len(expr.args) > 1:
            if not isinstance(expr.args[1], Literal):
                raise InternalError("trim characters must be constant here")
            characters = str(expr.args[1].value)
        block = make_trim(characters, left=left, right=right)
        return _strict(c, expr, args[:1], "trim_str", Physical.STR, k=c.builder.parameters(block))

    return emit


def _super_path(c: Compiler, expr: Call, args: list[Value], active: Place | None) -> Value:
    """Navigation into SUPER; what is not there is a view of no bytes, and NULL."""
    path = expr.args[1]
    if not isinstance(path, Literal):
        raise InternalError("a path must be constant here")
    steps = [s if isinstance(s, int) else quoted(s).encode() for s in json.loads(path.value)]
    value = c.in_register(args[0])
    out, length, valid = (c.builder.register(p) for p in (Physical.STR, Physical.I64, Physical.BOOL))
    c.builder.vector("super_path_str", out, value.place, k=c.builder.parameters(make_path(steps)))
    c.builder.vector("octet_length_str", length, out)
    c.builder.vector("i64_to_bool", valid, length)
    return Value(expr.type, Physical.STR, out, valid)


VECTOR: dict[str, Callable[..., Value]] = {
    "length": _count("length_str"),
    "octet_length": _count("octet_length_str"),
    "strpos": _count("position_str"),
    "substring": _substring,
    "super_path": _super_path,
    "left": _cut("left_str"),
    "right": _cut("right_str"),
    "trim": _trim(True, True),
    "ltrim": _trim(True, False),
    "rtrim": _trim(False, True),
}


# -- functions that make new strings -----------------------------------------------------------------


@dataclass(slots=True)
class Arena:
    """Where a block op writes new strings of one batch: [used, capacity, address, missing]."""

    words: np.ndarray = field(default_factory=lambda: memory.zeros(ARENA_WORDS, np.int64))
    data: np.ndarray = field(default_factory=lambda: memory.empty(FIRST_ARENA, np.uint8))

    def __post_init__(self) -> None:
        self._describe()

    def _describe(self) -> None:
        self.words[A_CAPACITY] = len(self.data)
        self.words[A_ADDRESS] = memory.address(self.data)

    def grow(self) -> None:
        self.data = memory.empty(2 * len(self.data) + int(self.words[A_MISSING]), np.uint8)
        self._describe()


def make(c: Compiler, expr: Call) -> Value:
    """concat, upper, lower over slots."""
    from . import arrow_calls

    found, failed = arrow_calls.deferred_values(c, expr.args)
    values = [c.filled(v) for v in found]
    out = c.builder.slot(Physical.STR)
    key = out.index

    def arena(task: Any) -> int:
        found: Arena = task.state(key, Arena)
        return memory.address(found.words)

    second = values[1].place if len(values) > 1 else None
    pc = c.builder.block(MAKERS[expr.key], out, values[0].place, second, k=External(arena))
    c.builder.growers[pc] = lambda task: task.states[key].grow()
    if expr.key in ("upper", "lower"):
        c.builder.calls[pc] = arrow_calls.fold_case(values[0], out, expr.key)
    valid = c.both_valid(values[0].valid, values[1].valid if len(values) > 1 else None)
    if valid is None:
        return Value(expr.type, Physical.STR, out, failed=failed)
    from .numeric import mask_null

    masked = c.to_slot(mask_null(c, Value(expr.type, Physical.STR, out, valid)))
    return replace(masked, failed=failed)


MAKERS = {"concat": "concat_str", "upper": "upper_str", "lower": "lower_str"}

__all__ = ["COMPARISONS", "MAKERS", "VECTOR", "Test", "comparison", "emit_column_test", "emit_test", "make",
           "membership", "pattern"]
