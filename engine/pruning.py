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

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..planner.expressions import And, ColumnId, ColumnRef, Compare, Expr, InList, IsNull, Like, Literal, Or
from ..planner.physical import TableScan
from ..records import dataclass
from ..storage.deletes import DeleteVector
from ..storage.encodings.registry import by_code
from ..storage.extent import ExtentReader
from ..storage.schema import Column, ExtentRef, TableData
from ..storage.types import Physical, SqlType
from ..storage.zones import Zones, text_key
from .compile.comparisons import MIRRORED

if TYPE_CHECKING:
    from .context import Context
    from .key_filters import Passed

DICTIONARIES = frozenset(("bytedict", "text32k", "text255"))  # rows are codes of few entries
READ_AS_CODES = frozenset(("bytedict",))  # those that native code reads as codes, of at most 256 entries
_I64 = (-(1 << 63), (1 << 63) - 1)
Mask = Any  # bools of numpy, one a row group, or one bool for all
Chosen = tuple[ExtentReader, "np.ndarray | None"]  # numbers of row groups; None: all of the extent


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
    deleted = data.deleted
    for extent, reader, numbers in _kept_of_all(node, data, context, filters):
        rows = reader.group_rows.tolist()
        skipped += len(rows) - len(numbers)
        for number in numbers:
            group = RowGroup(reader, number, rows[number], extent.id, deleted.get((extent.id, number)))
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


def count_groups(node: TableScan, data: TableData, context: Context) -> int:
    """How many row groups `scan_groups` would list, which takes longer."""
    found = 0
    for extent, reader, numbers in _kept_of_all(node, data, context, ()):
        found += len(numbers)
        if data.deleted:
            gone = [(data.deleted.get((extent.id, number)), reader.group_rows[number]) for number in numbers]
            found -= sum([vector is not None and vector.rows >= rows for vector, rows in gone])
    return found


def _kept_of_all(node: TableScan, data: TableData, context: Context,
                 filters: Sequence[Passed]) -> Iterator[tuple[ExtentRef, ExtentReader, Sequence[int]]]:
    """The table's extents, and which row groups of each may hold rows of the answer."""
    ids = {ref.id: node.table.columns[position].id for ref, position in node.columns}
    integral = {ref.id for ref, _ in node.columns if ref.type.physical is Physical.I64}
    filters = [f for f in filters if f.column in integral]
    home = context.home(node.table)
    for extent in data.extents:
        reader = home.reader(extent)
        yield extent, reader, _kept(reader, ids, node.pruning, filters)


def _kept(reader: ExtentReader, ids: dict[ColumnId, int], pruning: Sequence[Expr],
          filters: Sequence[Passed]) -> Sequence[int]:
    """Numbers of the row groups of an extent that may hold rows of the answer."""
    keep: Mask = True
    zones = partial(zones_of, reader, ids)
    for conjunct in pruning:
        keep = keep & _mask(conjunct, zones)
    for passed in filters:
        if (zone := zones(passed.column)) is not None:
            some = zone.nulls < zone.rows  # a NULL key finds no match
            keep = keep & some & (passed.filter.may_hold(zone.low, zone.high) | zone.unknown)
    if isinstance(keep, np.ndarray):
        return np.flatnonzero(keep).tolist()
    return range(reader.row_groups if keep else 0)


def zones_of(reader: ExtentReader, ids: dict[ColumnId, int], id: ColumnId) -> Zones | None:
    """An extent's zone maps of a column (plain numbers where it has one row group); `ids`: Column.id of each column
    of the scan."""
    position = reader.position(ids[id]) if id in ids else None
    return None if position is None else reader.bounds(position)


def may_match(expr: Expr, zones: Callable[[ColumnId], Zones | None], count: int) -> np.ndarray:
    """Mask of row groups in which some row may make `expr` true."""
    return np.ones(count, bool) & _mask(expr, zones)


def _mask(expr: Expr, zones: Callable[[ColumnId], Zones | None]) -> Mask:
    """The same; a single answer is that of all row groups."""
    match expr:
        case And():
            mask: Mask = True
            for arg in expr.args:
                mask = mask & _mask(arg, zones)
            return mask
        case Or():
            mask = False
            for arg in expr.args:
                mask = mask | _mask(arg, zones)
            return mask
        case Compare(left=ColumnRef() as column, right=Literal() as literal):
            return _compare(expr.op, column, literal.value, zones)
        case Compare(left=Literal() as literal, right=ColumnRef() as column):
            return _compare(MIRRORED[expr.op], column, literal.value, zones)
        case InList(arg=ColumnRef() as column, negated=False):
            mask = False
            for value in expr.values:
                mask = mask | _compare("=", column, value, zones)
            return mask
        case IsNull(arg=ColumnRef() as column):
            zone = zones(column.id)
            if zone is None:
                return True
            return zone.nulls < zone.rows if expr.negated else zone.nulls > 0
        case Like(arg=ColumnRef() as column, negated=False, case_insensitive=False):
            prefix = like_prefix(expr.pattern, expr.escape)
            return _prefix(column, prefix, zones) if prefix else True
        case _:
            return True


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


def _compare(op: str, column: ColumnRef, value: Any, zones: Callable[[ColumnId], Zones | None]) -> Mask:
    zone = zones(column.id)
    if value is None:
        return False
    if zone is None or op == "<>":
        return True
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
    return some & (mask | zone.unknown)


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


def _prefix(column: ColumnRef, prefix: str, zones: Callable[[ColumnId], Zones | None]) -> Mask:
    zone = zones(column.id)
    if zone is None:
        return True
    raw = prefix.encode()[:8]
    low = int.from_bytes(raw.rstrip(b" ").ljust(8, b"\0"), "big")
    high = int.from_bytes(raw.ljust(8, b"\xff"), "big")
    mask = (zone.low <= np.uint64(high)) & (zone.high >= np.uint64(low))
    return (zone.nulls < zone.rows) & (mask | zone.unknown)


def by_reader(groups: Iterable[RowGroup]) -> list[Chosen]:
    """The row groups by extent; of an extent that is read whole, no numbers."""
    found: dict[int, tuple[ExtentReader, list[int]]] = {}
    for group in groups:
        found.setdefault(id(group.reader), (group.reader, []))[1].append(group.number)
    return [(reader, None if len(set(numbers)) == reader.row_groups else np.array(numbers))
            for reader, numbers in found.values()]


def encodings(chosen: Sequence[Chosen], column: int) -> frozenset[str | None]:
    """The encodings of all blocks of a column (by its id); None for extents that are older than it."""
    names: set[str | None] = set()
    for reader, numbers in chosen:
        position = reader.position(column)
        if position is None:
            names.add(None)
        elif numbers is None:
            names.update(reader.encodings(position))
        else:
            codes = set(reader.footer.entries["encoding"][numbers, position].tolist())
            names.update([by_code(code).name for code in codes])
    return frozenset(names)


def column_proof(chosen: Sequence[Chosen], column: Column) -> tuple[int, int, bool]:
    """(lo, hi, nullable) of a column over row groups; lo, hi for integral classes."""
    type = column.type
    integral = type.physical in (Physical.I64, Physical.I128)
    ranges: list[tuple[int, int]] = []
    nullable = False
    for reader, numbers in chosen:
        position = reader.position(column.id)
        if position is None:
            nullable = nullable or column.added is None
            if integral and column.added is not None:
                ranges.append((column.added, column.added))
            continue
        some, range_ = reader.proof(position) if numbers is None else reader.zones(position).proof(numbers)
        nullable = nullable or some
        if integral and range_ is not None:
            low, high = range_
            unbounded = low == _I64[0] or high == _I64[1]
            ranges.append(type.integer_limits if unbounded else (int(low), int(high)))
    lo, hi = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else (0, 0)
    if nullable:
        lo, hi = min(lo, 0), max(hi, 0)
    return lo, hi, nullable
