"""The window functions, each from a Step's partitions and frames to a column.

    ranks           from peers, a value a row
    LAG, LEAD       the row so many rows away      FIRST_, LAST_, NTH_VALUE    a row of the frame
    MIN, MAX        the row of the smallest code (text and wide numbers: their rank)
    COUNT, SUM      differences of running totals (floats: two stacks)
    STDDEV, VAR     count, mean and squared deviations of the frame
    PERCENTILE_*, MEDIAN, LISTAGG    window_sorted.py

A function of rows gathers its argument's values. Sums are exact for exact types, and fail only if the sum
itself does not fit its type.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..errors import DataError, InternalError, NumericOutOfRange
from ..kernels import windows as k
from ..kernels.sorting import SortColumn, order_codes
from ..planner.expressions import ColumnRef, Literal, WindowCall
from ..storage.types import Physical
from .collection import StoredColumn, narrowed
from .texts import by_code
from .window_sketches import hll_combine, hll_sketch
from .window_sorted import Result, listagg, percentile_cont, percentile_disc

if TYPE_CHECKING:
    from .windows import Step

FITS = 1 << 62  # sums below surely fit an int64


def compute(step: Step, ref: ColumnRef, call: WindowCall) -> StoredColumn:
    """The column of one call: a value for each row."""
    physical, values, valid = FUNCTIONS[call.function](step, call)
    texts = step.column(call.args[0]).texts if call.function in PICKING else None
    if len(values) != step.part.rows:
        raise InternalError(f"{call.function} gave {len(values)} values for {step.part.rows} rows")
    if valid is not None and valid.all():
        valid = None
    column = narrowed(StoredColumn(ref, physical, valid is not None, values, valid))
    if texts is not None:
        return column.recoded(texts, None)
    if column.carried is Physical.I64 and len(column.values):
        column.lo, column.hi = int(column.values.min()), int(column.values.max())
    elif column.carried is Physical.I128:
        column.lo, column.hi = ref.type.integer_limits
    return column


def _spread(step: Step, call: WindowCall, result: Result) -> Result:
    """Results of frames as results of rows: where there is one a partition, its rows share it."""
    if not step.is_whole(call.frame):
        return result
    physical, values, valid = result
    known = None if valid is None else step.segments.expand("bool", valid)
    return physical, step.segments.expand(physical.value, values), known


# -- ranks -------------------------------------------------------------------------------------------


def _rank(step: Step, call: WindowCall) -> Result:
    values = step.segments.rank(call.function, step.peers if call.by_peers else None)
    return Physical.F64 if values.dtype == np.float64 else Physical.I64, values, None


def _ntile(step: Step, call: WindowCall) -> Result:
    """The number of buckets is that of the partition's first row."""
    buckets = step.column(call.args[0])
    first = step.segments.starts[:-1]
    numbers = np.ascontiguousarray(buckets.values[first])
    known = None if buckets.valid is None else buckets.valid[first]
    if known is not None:
        numbers[known == 0] = 1
    values = step.segments.ntile(numbers)
    if values is None:
        raise DataError("argument of ntile must be greater than zero", sqlstate="22014", position=_position(call))
    return Physical.I64, values, None if known is None else step.segments.expand("bool", known)


# -- values of other rows ----------------------------------------------------------------------------


def _shift(step: Step, call: WindowCall) -> Result:
    """LAG and LEAD."""
    column, sign = step.column(call.args[0]), -1 if call.function == "lag" else 1
    counted = k.Counted.of(column.valid if call.ignore_nulls else None)
    given = call.args[1] if len(call.args) > 1 else None
    if given is None or isinstance(given, Literal):
        distance = 1 if given is None else given.value
        known = np.zeros(step.part.rows, np.uint8) if distance is None else None
        rows = k.shifted_rows(counted, step.segments, sign * (distance or 0), None, known)
    else:
        offsets = step.column(given)
        rows = k.shifted_rows(counted, step.segments, sign, offsets.values, offsets.valid)
    return (column.carried, *k.gather(column.carried.value, column.values, column.valid, rows))


def _nth(step: Step, call: WindowCall) -> Result:
    """FIRST_VALUE, LAST_VALUE, NTH_VALUE."""
    column, frames = step.column(call.args[0]), step.frames(call.frame)
    counted = k.Counted.of(column.valid if call.ignore_nulls else None)
    if call.function == "nth_value":
        return _numbered(step, call, counted)
    rows = k.nth_rows(counted, frames, 1 if call.function == "first_value" else k.LAST)
    found = (column.carried, *k.gather(column.carried.value, column.values, column.valid, rows))
    return _spread(step, call, found)


def _numbered(step: Step, call: WindowCall, counted: k.Counted) -> Result:
    """NTH_VALUE; a number that differs from row to row needs a frame for each."""
    column, number = step.column(call.args[0]), call.args[1]
    constant = isinstance(number, Literal)
    frames = step.frames(call.frame) if constant else step.row_frames(call.frame)
    rows: np.ndarray | None
    if isinstance(number, Literal):
        wrong = number.value is not None and number.value < 1
        rows = None if wrong else k.nth_rows(counted, frames, FITS if number.value is None else number.value)
    else:
        numbers = step.column(number)
        rows = k.numbered_rows(counted, frames, numbers.values, numbers.valid)
    if rows is None:
        raise DataError("argument of nth_value must be greater than zero", sqlstate="22016", position=_position(call))
    found = (column.carried, *k.gather(column.carried.value, column.values, column.valid, rows))
    return _spread(step, call, found) if constant else found


def _best(step: Step, call: WindowCall) -> Result:
    """MIN, MAX and what is one of them: BOOL_AND, BOOL_OR, ANY_VALUE."""
    column = step.column(call.args[0])
    ordered = column.values if column.texts is None else by_code(column.texts.ranks, column.values)
    codes = order_codes(SortColumn(column.carried.value, ordered, column.valid), step.part.rows)
    largest = call.function in ("max", "bool_or")
    rows = k.best_rows(codes, column.valid, step.frames(call.frame), largest)
    found = (column.carried, *k.gather(column.carried.value, column.values, column.valid, rows))
    return _spread(step, call, found)


# -- sums --------------------------------------------------------------------------------------------


def _count(step: Step, call: WindowCall) -> Result:
    valid = step.column(call.args[0]).valid if call.args else None
    values = k.count_valid(valid, step.frames(call.frame))
    return _spread(step, call, (Physical.I64, values, None))


def _sum(step: Step, call: WindowCall) -> Result:
    column, frames = step.column(call.args[0]), step.frames(call.frame)
    valid = (k.count_valid(column.valid, frames) > 0).view(np.uint8)
    return _spread(step, call, (*_total(column, frames, call), valid))


def _total(column: StoredColumn, frames: k.Frames, call: WindowCall) -> tuple[Physical, np.ndarray]:
    match column.carried:
        case Physical.F64:
            return Physical.F64, k.total_f64(column.values, frames)
        case Physical.I128:
            return _fitting(k.total_i128(column.values, frames), call)
        case Physical.I64 if max(-column.lo, column.hi) * len(column.values) < FITS:
            return Physical.I64, k.total_i64(column.values, frames)
        case Physical.I64:
            return _fitting(k.total_wide(column.values, frames), call)
        case _:
            raise InternalError(f"cannot add up {column.carried}")


def _fitting(values: np.ndarray, call: WindowCall) -> tuple[Physical, np.ndarray]:
    """128-bit sums as the call's type wants them."""
    if call.type.physical is not Physical.I64:
        return Physical.I128, values
    if np.any(values[:, 1] != values[:, 0] >> 63):
        raise NumericOutOfRange("sum is out of range for type bigint", position=_position(call))
    return Physical.I64, np.ascontiguousarray(values[:, 0])


def _deviation(step: Step, call: WindowCall) -> Result:
    """STDDEV_SAMP, STDDEV_POP, VAR_SAMP, VAR_POP; of one value the sample's is NULL."""
    column = step.column(call.args[0])
    found = k.moments(column.values, column.valid, step.frames(call.frame))
    values, valid = deviations(call.function, found)
    return _spread(step, call, (Physical.F64, values, valid))


def deviations(function: str, moments: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The function's values, and which of them there are, from (count, mean, squared deviations)."""
    sample = function.endswith("_samp")
    less = moments[:, 0] - (1.0 if sample else 0.0)
    valid = (less > 0.0).view(np.uint8)
    values = moments[:, 2] / np.where(less > 0.0, less, 1.0)
    values[valid == 0] = 0.0
    return (np.sqrt(values) if function.startswith("stddev") else values), valid


def _bits(step: Step, call: WindowCall) -> Result:
    column, frames = step.column(call.args[0]), step.frames(call.frame)
    values = k.total_bits(column.values, column.valid, frames, call.function == "bit_or")
    valid = (k.count_valid(column.valid, frames) > 0).view(np.uint8)
    values[valid == 0] = 0
    return _spread(step, call, (Physical.I64, values, valid))


def _position(call: WindowCall) -> int | None:
    return None if call.span is None else call.span[0]


_RANKS = ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist")
_BEST = ("min", "max", "bool_and", "bool_or", "any_value")
# Their results are values of their first argument; of a column of codes they are codes too.
PICKING = frozenset(("lag", "lead", "first_value", "last_value", "nth_value", "percentile_disc", *_BEST))
_DEVIATIONS = ("stddev_samp", "stddev_pop", "var_samp", "var_pop")
FUNCTIONS: dict[str, Callable[[Step, WindowCall], Result]] = {
    **dict.fromkeys(_RANKS, _rank),
    "ntile": _ntile,
    "lag": _shift, "lead": _shift,
    "first_value": _nth, "last_value": _nth, "nth_value": _nth,
    **dict.fromkeys(_BEST, _best),
    "count": _count, "sum": _sum,
    **dict.fromkeys(_DEVIATIONS, _deviation),
    "bit_and": _bits, "bit_or": _bits,
    "percentile_cont": percentile_cont, "percentile_disc": percentile_disc, "listagg": listagg,
    "hll_sketch": hll_sketch, "hll_combine": hll_combine,
}
