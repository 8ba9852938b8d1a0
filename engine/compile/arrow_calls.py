"""Functions that run outside native code, a batch at a time: casts between text and other types, and rare
functions.

The program stops at a `pycall` instruction; Python reads the argument slots, computes, writes the result's
slots, and the pass goes on. Where a batch has few distinct arguments each combination is computed once.
This is the one place where rows are looped over in Python: a function that becomes common gets a native op.
"""
from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import DataError
from ...kernels import memory
from ...planner.expressions import Call, Cast, Expr
from ...storage.types import Physical, SqlType
from ..functions import scalar
from .batch import Value, type_range
from .functions import EMITTERS
from .program import Place

if TYPE_CHECKING:
    from .expressions import Compiler

Row = tuple[Any, ...]
_DTYPES = {Physical.I64: np.int64, Physical.F64: np.float64, Physical.BOOL: np.uint8}
_NATIVE = ("add", "subtract", "multiply", "divide", "modulo", "avg_divide", *EMITTERS)
_NATIVE_PREFIXES = ("extract_", "date_part_", "date_trunc_")
_TEXT = ("substring", "length", "octet_length", "upper", "lower", "trim", "ltrim", "rtrim", "concat", "strpos",
         "left", "right")

# Keys computed here: all that constant folding knows and that has no native op.
FUNCTIONS = frozenset(
    k for k in scalar.FUNCTIONS if k not in _NATIVE and k not in _TEXT and not k.startswith(_NATIVE_PREFIXES)
)


def call(c: Compiler, expr: Call) -> Value:
    """A function of the scalar library over a batch."""
    function = scalar.FUNCTIONS[expr.key]
    types = [a.type for a in expr.args]
    tolerant = expr.key in scalar.NULL_TOLERANT

    def compute(row: Row) -> Any:
        if not tolerant and any(v is None for v in row):
            return None
        return function(list(row), types, expr.type)

    return _emit(c, expr, expr.args, compute, expr.span)


def cast(c: Compiler, expr: Cast) -> Value:
    """A cast to or from text."""
    from ..evaluate import cast as cast_value

    def compute(row: Row) -> Any:
        return cast_value(row[0], expr.operand.type, expr.type, expr.implicit)

    return _emit(c, expr, (expr.operand,), compute, expr.span)


def _emit(c: Compiler, expr: Expr, args: tuple[Expr, ...], compute: Callable[[Row], Any],
          span: tuple[int, int] | None) -> Value:
    values = [c.filled(v) for v in c.values(args, slots=True)]
    carried = expr.type.physical
    out = c.builder.slot(carried)
    valid = c.builder.slot(Physical.BOOL)
    touches = tuple(p for v in values for p in (v.place, v.valid) if p is not None)

    def run(task: Any, rows: int) -> None:
        columns = [_read(task, v, rows) for v in values]
        results = _map(columns, rows, compute, span)
        _write(task, results, out, valid, carried)

    c.builder.call(run, (*touches, out, valid))
    lo, hi = type_range(expr.type)
    return Value(expr.type, carried, out, valid, lo, hi)


def fold_case(value: Value, out: Place, key: str) -> Callable[[Any, int], None]:
    """UPPER, LOWER of a batch that is not plain ASCII."""
    change = str.upper if key == "upper" else str.lower

    def run(task: Any, rows: int) -> None:
        results = [None if v is None else change(v) for v in _read(task, value, rows)]
        _write(task, results, out, None, Physical.STR)

    return run


def _map(columns: list[list[Any]], rows: int, compute: Callable[[Row], Any], span: tuple[int, int] | None) -> list[Any]:
    known: dict[Row, Any] = {}
    results = []
    try:
        for row in zip(*columns, strict=True) if columns else [()] * rows:
            if row not in known:
                known[row] = compute(row)
            results.append(known[row])
    except DataError as error:
        if error.position is None and span is not None:
            error.position = span[0]
        raise
    return results


def view(address: int, dtype: Any, count: int) -> np.ndarray:
    """Memory at an address as an array."""
    size = count * np.dtype(dtype).itemsize
    return np.frombuffer((ctypes.c_char * size).from_address(address), dtype) if size else np.empty(0, dtype)


def _read(task: Any, value: Value, rows: int) -> list[Any]:
    """A slot's rows as Python values in physical form."""
    assert value.place is not None
    address = task.instance.address(value.place)
    if value.carried is Physical.STR:
        views = view(address, np.int64, rows * 2)
        pairs = zip(views[0::2].tolist(), views[1::2].tolist(), strict=True)
        items: list[Any] = [ctypes.string_at(a, n).decode() for a, n in pairs]
    elif value.carried is Physical.I128:
        words = view(address, np.int64, rows * 2).reshape(rows, 2).tolist()
        items = [(high << 64) | (low & ((1 << 64) - 1)) for low, high in words]
    elif value.carried is Physical.BOOL:
        items = [bool(v) for v in view(address, np.uint8, rows).tolist()]
    else:
        items = view(address, _DTYPES[value.carried], rows).tolist()
    if value.valid is None:
        return items
    valid = view(task.instance.address(value.valid), np.uint8, rows).tolist()
    return [v if ok else None for v, ok in zip(items, valid, strict=True)]


def _write(task: Any, results: list[Any], out: Any, valid: Any, carried: Physical) -> None:
    """Write results into their slots; strings get an arena that lives until the next batch."""
    rows = len(results)
    if valid is not None:
        view(task.instance.address(valid), np.uint8, rows)[:] = [v is not None for v in results]
    address = task.instance.address(out)
    if carried is Physical.STR:
        raw = [b"" if v is None else v.encode() for v in results]
        arena = memory.empty(sum(map(len, raw)), np.uint8)
        arena[:] = np.frombuffer(b"".join(raw), np.uint8)
        task.states[-(1 << 20) - out.index] = arena
        lengths = np.array([len(r) for r in raw], np.int64)
        views = view(address, np.int64, rows * 2).reshape(rows, 2)
        views[:, 1] = lengths
        views[:, 0] = memory.address(arena) + np.cumsum(lengths) - lengths
    elif carried is Physical.I128:
        words = view(address, np.uint64, rows * 2).reshape(rows, 2)
        for i, v in enumerate(results):
            number = (v or 0) & ((1 << 128) - 1)
            words[i] = (number & ((1 << 64) - 1), number >> 64)
    else:
        view(address, _DTYPES[carried], rows)[:] = [v or 0 for v in results]


__all__ = ["FUNCTIONS", "SqlType", "call", "cast", "view"]
