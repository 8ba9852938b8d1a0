"""Functions that run outside native code, a batch at a time: casts between text and other types, and rare
functions.

The program stops at a `pycall` instruction; Python reads the argument slots as Arrow arrays, computes, writes
the result's slots, and the pass goes on. Two forms of a function:

    column form   over whole arrays (engine/functions/columns/): no loop over rows in Python
    row form      over single values (engine/functions/): once for each distinct combination of arguments.
                  The reference of the column form, what constant folding calls, and all there is for rare
                  functions. The one place where rows are looped over in Python.

A column form may decline (None): then the row form does the batch.

**Errors only for rows that count.** These instructions run for all rows of the batch, also those that a CASE
branch or an AND leaves out. So a row that fails is not an error yet: it is marked in the slot `failed`, its
error is kept, and where the value is used `fail_where` raises it for the rows that are active there
(Compiler.emit). A call whose argument failed is NULL there and hands the failure on.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ...errors import DataError, StringTooLong
from ...kernels import abi
from ...planner.expressions import Call, Cast, Expr, Literal
from ...planner.functions import FALLIBLE, UNCACHED
from ...records import dataclass
from ...storage.types import MAX_VARCHAR, Kind, Physical, SqlType
from ..functions import scalar
from . import arrow_slots, casts
from .batch import Value, type_range
from .functions import EMITTERS
from .program import Place

if TYPE_CHECKING:
    from ..functions import columns
    from .expressions import Compiler

Row = tuple[Any, ...]
Function = Callable[[list[Any]], Any]
_NATIVE = ("add", "subtract", "multiply", "divide", "modulo", "avg_divide", *EMITTERS)
_NATIVE_PREFIXES = ("extract_", "date_part_", "date_trunc_")
_TEXT = ("substring", "length", "octet_length", "upper", "lower", "trim", "ltrim", "rtrim", "concat", "strpos",
         "left", "right")

# Keys computed here: all that constant folding knows and that has no native op.
FUNCTIONS = frozenset(
    k for k in scalar.FUNCTIONS if k not in _NATIVE and k not in _TEXT and not k.startswith(_NATIVE_PREFIXES)
)


@dataclass(slots=True)
class Failures:
    """The errors of one instruction's present batch, by row."""

    by_row: dict[int, DataError] = field(default_factory=dict)

    def taken(self, row: int) -> DataError:
        """The error of a row, to be raised: it does not stay with the task, which it will know by its traceback."""
        error = self.by_row[row]
        self.by_row.clear()
        return error


@dataclass(frozen=True, slots=True)
class _Work:
    """What an instruction computes: `row` for one row's arguments, `column` for all at once."""

    row: Function
    column: Callable[[list[columns.Argument]], pa.Array | None]
    type: SqlType
    tolerant: bool = False  # called with NULLs as well
    distinct: bool = True  # equal arguments give equal results
    fallible: bool = True


def call(c: Compiler, expr: Call) -> Value:
    """A function of the library over a batch."""
    from ..functions import columns  # with pyarrow.compute, which most queries do without

    function, types = scalar.FUNCTIONS[expr.key], [a.type for a in expr.args]
    form = columns.FORMS.get(expr.key)
    work = _Work(
        lambda row: function(row, types, expr.type),
        lambda args: None if form is None else form(args, types, expr.type),
        expr.type, expr.key in scalar.NULL_TOLERANT, expr.key not in UNCACHED, expr.key in FALLIBLE,
    )
    return _emit(c, expr.args, work, expr.span)


def slice_number(c: Compiler, expr: Call) -> Value:
    """SLICE_NUM: the slice that works on the row."""
    out = c.builder.slot(Physical.I64)

    def run(task: Any, rows: int) -> None:
        arrow_slots.view(task.instance.address(out), np.int64, rows)[:] = task.index

    c.builder.call(run, (out,))
    return Value(expr.type, Physical.I64, out, None, 0, 1 << 20)


def cast(c: Compiler, expr: Cast) -> Value:
    """A cast to or from text."""
    from ..evaluate import cast as cast_value
    from ..functions import columns

    source, to = expr.operand.type, expr.type
    work = _Work(
        lambda row: cast_value(row[0], source, to, expr.implicit),
        lambda args: columns.casts.cast(args[0], source, to),
        to, fallible=casts.fallible(expr) if to.physical is Physical.STR else not source.is_super,
    )
    return _emit(c, (expr.operand,), work, expr.span)


def trim(c: Compiler, expr: Call) -> Value:
    """TRIM, LTRIM, RTRIM with characters that are not a constant of ASCII."""
    function, types = scalar.FUNCTIONS[expr.key], [a.type for a in expr.args]
    work = _Work(lambda row: function(row, types, expr.type), lambda args: None, expr.type, fallible=False)
    return _emit(c, expr.args, work, expr.span)


def _emit(c: Compiler, args: tuple[Expr, ...], work: _Work, span: tuple[int, int] | None) -> Value:
    from ..functions import columns

    values, inherited = _arguments(c, args)
    carried = work.type.physical
    out, valid = c.builder.slot(carried), c.builder.slot(Physical.BOOL)
    failed = c.builder.slot(Physical.BOOL) if work.fallible else None
    places = [p for v in values if isinstance(v, Value) for p in (v.place, v.valid) if p is not None]
    touches = (*places, out, valid, *((failed,) if failed else ()))

    def run(task: Any, rows: int) -> None:
        arguments = [columns.Argument(arrow_slots.read(task, v, rows)) if isinstance(v, Value)
                     else columns.Argument(constant=v.value, constant_type=v.type) for v in values]
        failures = Failures()
        results = _compute(arguments, rows, work, failures)
        arrow_slots.write(task, results, out, valid, carried)
        if failed is not None:
            _note(task, failures, failed, rows, span)
        elif failures.by_row:
            raise _placed(failures.taken(min(failures.by_row)), span)

    c.builder.call(run, touches)
    lo, hi = type_range(work.type)
    return Value(work.type, carried, out, valid, lo, hi, failed=inherited + (() if failed is None else (failed,)))


def _arguments(c: Compiler, args: tuple[Expr, ...]) -> tuple[list[Value | Literal], tuple[Place, ...]]:
    """The arguments in slots, literals as they are; and the masks of rows that failed on the way."""
    found, inherited = deferred_values(c, [a for a in args if not isinstance(a, Literal)])
    rest = iter(found)
    return [a if isinstance(a, Literal) else c.filled(next(rest)) for a in args], inherited


def deferred_values(c: Compiler, exprs: Sequence[Expr]) -> tuple[list[Value], tuple[Place, ...]]:
    """Values in slots that are not checked yet, and the masks of the rows that failed."""
    outer, c.deferred = c.deferred, []
    try:
        values = c.values(exprs, slots=True)
        return values, tuple(dict.fromkeys(c.deferred))
    finally:
        c.deferred = outer


def _note(task: Any, failures: Failures, failed: Place, rows: int, span: tuple[int, int] | None) -> None:
    marks = arrow_slots.mask(task, failed, rows)
    marks[:] = 0
    for row, error in failures.by_row.items():
        marks[row] = 1
        _placed(error, span)
    task.states[failed.index] = failures


def _placed(error: DataError, span: tuple[int, int] | None) -> DataError:
    if error.position is None and span is not None:
        error.position = span[0]
    return error


def check(c: Compiler, failed: Place, active: Place | None) -> None:
    """Raise the error of the first active row that failed."""
    c.builder.failures[c.builder.vector("fail_where", None, failed, c=active, k=abi.ERR_CALL)] = failed.index


# -- computing a batch -----------------------------------------------------------------------------


def _compute(args: list[columns.Argument], rows: int, work: _Work, failures: Failures) -> pa.Array:
    try:
        made = work.column(args)
    except (DataError, pa.ArrowInvalid):  # the row form tells which rows
        made = None
    return _checked(_by_row(args, rows, work, failures) if made is None else made, work, failures)


def _checked(array: pa.Array, work: _Work, failures: Failures) -> pa.Array:
    """Text beyond the largest value of its type fails."""
    limit = work.type.text_limit if work.type.kind in (Kind.VARBYTE, Kind.SUPER) else MAX_VARCHAR
    if work.type.physical is not Physical.STR or not work.fallible or array.nbytes <= limit:
        return array
    import pyarrow.compute as pc

    long = pc.greater(pc.binary_length(array), limit).fill_null(False)
    for row in np.flatnonzero(np.asarray(long)).tolist():
        longest = limit // 2 if work.type.kind is Kind.VARBYTE else limit
        failures.by_row.setdefault(row, StringTooLong(f"the result is longer than {longest} bytes"))
    return array


def _by_row(args: list[columns.Argument], rows: int, work: _Work, failures: Failures) -> pa.Array:
    varying = [i for i, a in enumerate(args) if a.array is not None]
    if work.distinct and len(varying) == 1:
        return _by_entry(args, varying[0], work, failures)
    given = [[a.constant] * rows if a.array is None else arrow_slots.as_values(a.array) for a in args]
    known: dict[Row, Any] = {}
    results: list[Any] = []
    for i, row in enumerate(zip(*given, strict=True) if given else [()] * rows):
        if not work.distinct or row not in known:
            known[row] = _one(row, work)
        result = known[row]
        if isinstance(result, DataError):
            failures.by_row[i] = result
            result = None
        results.append(result)
    return arrow_slots.from_values(results, work.type)


def _by_entry(args: list[columns.Argument], place: int, work: _Work, failures: Failures) -> pa.Array:
    """One argument varies: each of its distinct values once."""
    array = args[place].array
    assert array is not None
    encoded = array.dictionary_encode(null_encoding="encode")
    row = [a.constant for a in args]
    results: list[Any] = []
    for value in arrow_slots.as_values(encoded.dictionary):
        row[place] = value
        results.append(_one(tuple(row), work))
    bad = [i for i, r in enumerate(results) if isinstance(r, DataError)]
    if bad:
        rows = np.flatnonzero(np.isin(encoded.indices.to_numpy(), bad))
        for i, entry in zip(rows.tolist(), encoded.indices.to_numpy()[rows].tolist(), strict=True):
            failures.by_row[i] = results[entry]
        results = [None if isinstance(r, DataError) else r for r in results]
    return arrow_slots.from_values(results, work.type).take(encoded.indices)


def _one(row: Row, work: _Work) -> Any:
    """A row's result, or the error it gives."""
    if not work.tolerant and any(v is None for v in row):
        return None
    try:
        return work.row(list(row))
    except DataError as error:
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)  # whose frames would keep the batch


def fold_case(value: Value, out: Place, key: str) -> Callable[[Any, int], None]:
    """UPPER, LOWER of a batch that is not plain ASCII."""
    import pyarrow.compute as pc

    change = pc.utf8_upper if key == "upper" else pc.utf8_lower

    def run(task: Any, rows: int) -> None:
        arrow_slots.write(task, change(arrow_slots.read(task, value, rows)), out, None, Physical.STR)

    return run


__all__ = ["FUNCTIONS", "Failures", "call", "cast", "check", "deferred_values", "fold_case", "slice_number", "trim"]
