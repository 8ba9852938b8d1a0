"""Which row groups a scan must read, and what zone maps prove about the rows in them.

A conjunct such as `l_shipdate <= 10471` is held against every row group's bounds at once: the answer is a
mask of groups that **may** hold a match. AND and OR combine masks; whatever is not understood may match.

    row group     0          1          2
    shipdate   [8036,8410] [8411,9000] [9001,10561]        l_shipdate < 8400   ->  1 0 0

The keys of a finished build side are held against them in the same way (`filters`): sales of a year are read
from the row groups that have days of that year.

Bounds are proofs (storage/zones.py), so a skipped group holds no row of the answer. The same bounds, taken
over the groups that remain, are the proven ranges that arithmetic is compiled with.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..planner.expressions import And, ColumnId, ColumnRef, Compare, Expr, InList, IsNull, Like, Literal, Or
from ..planner.physical import TableScan
from ..records import dataclass
from ..storage.deletes import DeleteVector
from ..storage.encodings.registry import by_code
from ..storage.extent import ExtentReader
from ..storage.schema import Column, TableData
from ..storage.types import Physical, SqlType
from ..storage.zones import Zones, text_key
from .compile.comparisons import MIRRORED

if TYPE_CHECKING:
    from .context import Context
    from .key_filters import Passed

DICTIONARIES = frozenset(("bytedict", "text32k", "text255"))  # rows are codes of few entries
READ_AS_CODES = frozenset(("bytedict",))  # those that native code reads as codes, of at most 256 entries
_I64 = (-(1 << 63), (1 << 63) - 1)


@dataclass(frozen=True, slots=True)
class RowGroup:
    """One row group to read: `number` in the extent of `reader`."""

    reader: ExtentReader
    number: int
    rows: int
    extent: int = 0  # its id
    deleted: DeleteVector | None = None


def scan_groups(node: TableScan, data: TableData, tasks: int, as_one: bool, context: Context,
                filters: Sequence[Passed] = ()) -> tuple[list[list[RowGroup]], int]:
    """Row groups per task, after pruning, and how many were skipped.

    `as_one`: a replicated table of which every task sees all (tasks may still be several slices, each of
    which then reads all of it). Otherwise a replicated table's groups are dealt to the tasks.
    """
    groups: list[list[RowGroup]] = [[] for _ in range(tasks)]
    skipped = 0
    dealt = 0
    ids = {ref.id: node.table.columns[position].id for ref, position in node.columns}
    integral = {ref.id for ref, _ in node.columns if ref.type.physical is Physical.I64}
    filters = [f for f in filters if f.column in integral]
    for extent in data.extents:
        reader = context.home(node.table).reader(extent)
        keep = np.ones(extent.row_groups, bool)
        for conjunct in node.pruning:
            keep &= may_match(conjunct, partial(zones_of, reader, ids), extent.row_groups)
        for passed in filters:
            if (zone := zones_of(reader, ids, passed.column)) is not None:
                some = zone.nulls < zone.rows  # a NULL key finds no match
                keep &= some & (passed.filter.may_hold(zone.low, zone.high) | ~zone.known)
        skipped += int((~keep).sum())
        rows = reader.group_rows.tolist()
        for number in np.flatnonzero(keep).tolist():
            group = RowGroup(reader, number, rows[number], extent.id, data.deleted.get((extent.id, number)))
            if group.deleted is not None and group.deleted.rows >= group.rows:
                continue
            if as_one:
                for share in groups:
                    share.append(group)
            elif extent.slice >= 0:
                groups[extent.slice if tasks > 1 else 0].append(group)
            else:
                groups[dealt % tasks].append(group)
                dealt += 1
    return groups, skipped


def zones_of(reader: ExtentReader, ids: dict[ColumnId, int], id: ColumnId) -> Zones | None:
    """An extent's zone maps of a column; `ids`: Column.id of each column of the scan."""
    position = reader.position(ids[id]) if id in ids else None
    return None if position is None else reader.zones(position)


def may_match(expr: Expr, zones: Callable[[ColumnId], Zones | None], count: int) -> np.ndarray:
    """Mask of row groups in which some row may make `expr` true."""
    match expr:
        case And():
            mask = np.ones(count, bool)
            for arg in expr.args:
                mask &= may_match(arg, zones, count)
            return mask
        case Or():
            mask = np.zeros(count, bool)
            for arg in expr.args:
                mask |= may_match(arg, zones, count)
            return mask
        case Compare(left=ColumnRef() as column, right=Literal() as literal):
            return _compare(expr.op, column, literal.value, zones, count)
        case Compare(left=Literal() as literal, right=ColumnRef() as column):
            return _compare(MIRRORED[expr.op], column, literal.value, zones, count)
        case InList(arg=ColumnRef() as column, negated=False):
            mask = np.zeros(count, bool)
            for value in expr.values:
                mask |= _compare("=", column, value, zones, count)
            return mask
        case IsNull(arg=ColumnRef() as column):
            zone = zones(column.id)
            if zone is None:
                return np.ones(count, bool)
            return np.asarray(zone.nulls < zone.rows if expr.negated else zone.nulls > 0)
        case Like(arg=ColumnRef() as column, negated=False, case_insensitive=False):
            prefix = like_prefix(expr.pattern, expr.escape)
            return _prefix(column, prefix, zones, count) if prefix else np.ones(count, bool)
        case _:
            return np.ones(count, bool)


def like_prefix(pattern: str, escape: str) -> str:
    """The literal text a pattern begins with."""
    out = []
    i = 0
    while i < len(pattern) and pattern[i] not in "%_":
        if escape and pattern[i] == escape:
            i += 1
            if i == len(pattern):
                break
        out.append(pattern[i])
        i += 1
    return "".join(out)


def _compare(op: str, column: ColumnRef, value: Any, zones: Callable[[ColumnId], Zones | None],
             count: int) -> np.ndarray:
    zone = zones(column.id)
    if value is None:
        return np.zeros(count, bool)
    if zone is None or op == "<>":
        return np.ones(count, bool)
    some = zone.nulls < zone.rows
    low_side, high_side = _keys(value, column.type)
    if low_side is None or high_side is None:
        return some
    match op:
        case "=":
            mask = (zone.low <= low_side) & (zone.high >= high_side)
        case "<" | "<=":
            mask = zone.low <= low_side
        case _:
            mask = zone.high >= high_side
    return np.asarray(some & (mask | ~zone.known))


def _keys(value: Any, type: SqlType) -> tuple[Any, Any]:
    """A constant as it is compared with lower bounds, and with upper bounds."""
    match type.physical:
        case Physical.STR:
            return np.uint64(text_key(value)), np.uint64(text_key(value, lower=True))
        case Physical.F64:
            return (None, None) if value != value else (float(value), float(value))
        case _:
            clamped = min(max(int(value), _I64[0]), _I64[1])
            return clamped, clamped


def _prefix(column: ColumnRef, prefix: str, zones: Callable[[ColumnId], Zones | None], count: int) -> np.ndarray:
    zone = zones(column.id)
    if zone is None:
        return np.ones(count, bool)
    raw = prefix.encode()[:8]
    low = int.from_bytes(raw.rstrip(b" ").ljust(8, b"\0"), "big")
    high = int.from_bytes(raw.ljust(8, b"\xff"), "big")
    mask = (zone.low <= np.uint64(high)) & (zone.high >= np.uint64(low))
    return np.asarray((zone.nulls < zone.rows) & (mask | ~zone.known))


def _by_reader(groups: list[RowGroup]) -> list[tuple[ExtentReader, np.ndarray]]:
    found: dict[int, tuple[ExtentReader, list[int]]] = {}
    for group in groups:
        found.setdefault(id(group.reader), (group.reader, []))[1].append(group.number)
    return [(reader, np.array(numbers)) for reader, numbers in found.values()]


def in_dictionaries(groups: list[RowGroup], column: int, names: frozenset[str] = DICTIONARIES) -> bool:
    """Whether all blocks of a text column (by its id) are dictionaries, of encodings `names`."""
    for reader, numbers in _by_reader(groups):
        position = reader.position(column)
        if position is None:
            return False
        codes = set(reader.footer.entries["encoding"][numbers, position].tolist())
        if any(by_code(code).name not in names for code in codes):
            return False
    return True


def column_proof(groups: list[RowGroup], column: Column) -> tuple[int, int, bool]:
    """(lo, hi, nullable) of a column over row groups; lo, hi for integral classes."""
    type = column.type
    integral = type.physical in (Physical.I64, Physical.I128)
    limits = type.integer_limits if integral else (0, 0)
    lo, hi, nullable = None, None, False
    for reader, chosen in _by_reader(groups):
        position = reader.position(column.id)
        if position is None:
            nullable = nullable or column.added is None
            if integral and column.added is not None:
                lo = column.added if lo is None else min(lo, column.added)
                hi = column.added if hi is None else max(hi, column.added)
            continue
        zone: Zones = reader.zones(position)
        nullable = nullable or bool(zone.nulls[chosen].any())
        if not integral:
            continue
        live = chosen[zone.nulls[chosen] < zone.rows[chosen]]
        if not len(live):
            continue
        low, high = int(zone.low[live].min()), int(zone.high[live].max())
        if not zone.known[live].all() or low == _I64[0] or high == _I64[1]:
            low, high = limits
        lo = low if lo is None else min(lo, low)
        hi = high if hi is None else max(hi, high)
    if lo is None or hi is None:
        lo = hi = 0
    if nullable:
        lo, hi = min(lo, 0), max(hi, 0)
    return lo, hi, nullable
