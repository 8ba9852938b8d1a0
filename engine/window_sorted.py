"""Window functions of a partition's values in order: PERCENTILE_CONT, PERCENTILE_DISC, LISTAGG.

The rows are sorted by the function's key, so a percentile is a matter of positions among the valid rows:

    PERCENTILE_CONT   position p * (n - 1), counted in integers: p has d decimal digits, so the position has a
                      whole part and a rest in units of 10**-d, and two neighbours are weighed by it exactly
    PERCENTILE_DISC   the first row whose share of the rows is at least p

As aggregates (`once`) only the first row of a partition gets the value.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InternalError, NumericOutOfRange, ProgrammingError
from ..kernels import memory
from ..kernels import windows as k
from ..kernels.sorting import SortColumn, order_codes, sort_rows
from ..planner.expressions import Literal, WindowCall
from ..storage.types import Kind, Physical
from .collection import StoredColumn, allocate

if TYPE_CHECKING:
    from .windows import Step

LISTAGG_LIMIT = 65_535
Result = tuple[Physical, np.ndarray, np.ndarray | None]
_WORD = (1 << 64) - 1


def spread(step: Step, call: WindowCall, result: Result) -> Result:
    """One value a partition as one a row: all of its rows, or the first alone."""
    physical, values, valid = result
    segments = step.segments
    if not call.once:
        known = None if valid is None else segments.expand("bool", valid)
        return physical, segments.expand(physical.value, values), known
    first = segments.starts[:-1]
    spaced, known = allocate(physical, segments.rows), np.zeros(segments.rows, np.uint8)
    spaced[:] = 0
    spaced[first] = values
    known[first] = 1 if valid is None else valid
    return physical, spaced, known


# -- percentiles -------------------------------------------------------------------------------------


def _share(call: WindowCall) -> tuple[int, int]:
    """The percentile as a fraction of two integers."""
    share = call.args[1]
    if not isinstance(share, Literal):
        raise InternalError("a percentile must be constant")
    return int(share.value), 10**share.type.scale


def _valid_positions(step: Step, column: StoredColumn) -> tuple[k.Counted, np.ndarray, np.ndarray]:
    """Which rows are valid; for each partition the number of those before it and in it."""
    counted, starts = k.Counted.of(column.valid), step.segments.starts
    before = starts if counted.before is None else counted.before[starts]
    return counted, before[:-1], np.diff(before)


def _row_at(counted: k.Counted, position: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Rows at positions among the valid rows; -1 where a partition has none."""
    rows = position if counted.rows is None else counted.rows[np.where(some, position, 0)]
    return np.where(some, rows, -1)


def percentile_disc(step: Step, call: WindowCall) -> Result:
    column, (part, whole) = step.column(call.args[0]), _share(call)
    counted, first, count = _valid_positions(step, column)
    place = np.maximum(-(-part * count // whole) - 1, 0)
    rows = _row_at(counted, first + place, count > 0)
    found = k.gather(column.carried.value, column.values, column.valid, rows)
    return spread(step, call, (column.carried, *found))


def percentile_cont(step: Step, call: WindowCall) -> Result:
    column, (part, whole) = step.column(call.args[0]), _share(call)
    counted, first, count = _valid_positions(step, column)
    some, exact = count > 0, part * np.maximum(count - 1, 0)
    place, rest = exact // whole, exact % whole
    lower = _row_at(counted, first + place, some)
    upper = _row_at(counted, first + place + (rest > 0), some)
    a, _ = k.gather(column.carried.value, column.values, column.valid, lower)
    b, _ = k.gather(column.carried.value, column.values, column.valid, upper)
    physical, values = _between(column, call, a, b, rest, whole)
    return spread(step, call, (physical, values, some.view(np.uint8)))


def _between(
    column: StoredColumn, call: WindowCall, a: np.ndarray, b: np.ndarray, rest: np.ndarray, whole: int
) -> tuple[Physical, np.ndarray]:
    """a, and `rest` / `whole` of the way to b."""
    if column.carried is Physical.F64:
        share = rest / whole
        return Physical.F64, np.where(rest > 0, a * (1.0 - share) + b * share, a)
    source = column.ref.type
    largest = max(-column.lo, column.hi, 1)
    if call.type.kind is not Kind.DECIMAL:  # dates and timestamps, down to what they can tell
        wide = 2 * largest * whole >= 1 << 62
        x, y, r = (a.astype(object), b.astype(object), rest.astype(object)) if wide else (a, b, rest)
        return Physical.I64, np.asarray(x + (y - x) * r // whole).astype(np.int64)
    digits = len(str(whole)) - 1
    cut = 10 ** (source.scale + digits - call.type.scale)
    if column.carried is Physical.I64 and largest * whole < 1 << 62:
        return Physical.I64, _cut(a * (whole - rest) + b * rest, cut)
    x, y, r = _integers(column.carried, a), _integers(column.carried, b), rest.astype(object)
    return Physical.I128, _words(_cut(x * (whole - r) + y * r, cut), call)


def _cut(values: np.ndarray, cut: int) -> np.ndarray:
    """Digits that the type has no room for, cut off."""
    return values if cut == 1 else np.sign(values) * (abs(values) // cut)


def _integers(carried: Physical, values: np.ndarray) -> np.ndarray:
    """As Python's integers, where 64 bits are too few."""
    if carried is Physical.I64:
        return values.astype(object)
    low, high = values[:, 0].view(np.uint64).astype(object), values[:, 1].astype(object)
    whole: np.ndarray = (high << 64) + low
    return whole


def _words(values: np.ndarray, call: WindowCall) -> np.ndarray:
    """Python's integers as I128."""
    top = 10**call.type.precision
    if any(abs(values) >= top):
        raise NumericOutOfRange(f"the result of {call.function} is out of range for type {call.type}",
                                position=None if call.span is None else call.span[0])
    words = allocate(Physical.I128, len(values))
    words[:, 0] = (values & _WORD).astype(np.uint64).view(np.int64)
    words[:, 1] = (values >> 64).astype(np.int64)
    return words


# -- LISTAGG -----------------------------------------------------------------------------------------


def listagg(step: Step, call: WindowCall) -> Result:
    """Texts joined by the delimiter; NULLs and empty ones left out; NULL where none is left."""
    column, delimiter = step.column(call.args[0]), call.args[1]
    if not isinstance(delimiter, Literal):
        raise InternalError("a delimiter must be constant")
    views = step.views(call.args[0])
    keep = (views[:, 1] > 0).view(np.uint8)
    if column.valid is not None:
        keep &= column.valid
    if call.distinct:
        keep = _first_of_each(step, views, keep)
    joined = k.join_texts(step.segments, views, keep, (delimiter.value or "").encode(), LISTAGG_LIMIT)
    if joined is None:
        raise ProgrammingError("Result size exceeds LISTAGG limit", sqlstate="54000",
                               detail=f"A result may have {LISTAGG_LIMIT:,} bytes.",
                               position=None if call.span is None else call.span[0])
    lists, heap = joined
    step.heaps.append(heap)
    return spread(step, call, (Physical.STR, lists, (lists[:, 1] > 0).view(np.uint8)))


def _first_of_each(step: Step, views: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """Of the rows to keep, the first with each text in its partition (trailing blanks do not count)."""
    rows = np.flatnonzero(keep)
    codes = order_codes(SortColumn("str", views), step.part.rows)[rows]
    partition = np.repeat(np.arange(step.segments.count), np.diff(step.segments.starts))[rows]
    order = sort_rows([SortColumn("i64", partition), SortColumn("i64", codes)], len(rows))
    partition, codes = partition[order], codes[order]
    first = np.ones(len(rows), bool)
    first[1:] = (partition[1:] != partition[:-1]) | (codes[1:] != codes[:-1])
    kept = memory.zeros(step.part.rows, np.uint8)
    kept[rows[order[first]]] = 1
    return kept
