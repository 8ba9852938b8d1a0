"""Which extents of a slice are in the table's order: the sorted region, and what lies across it.

Every extent of a table with a sort key is sorted in itself, for each load sorts its rows. Whether extents follow
one another is told by their zone maps, read once an extent:

    extent 3   [-----]                      sorted region: 3, 4, 9 (the most rows that follow one another)
    extent 4          [------]              unsorted region: 7
    extent 7      [-------]                 to be merged: {3, 4, 7}; 9 may stay as it is
    extent 9                   [---]

Neighbours may share one value: [1, 5] is before [5, 9]. Extents with one value only are compared by the next
column of the key. NULLs come last. Where nothing is known of the values (collations without zone maps) order
cannot help a scan, and none is missed. Extents of an interleaved key know their places in the z-order (footer.py).
Rows of a table without a sort key are in no region.
"""
from __future__ import annotations

import bisect
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...records import dataclass
from ..schema import ExtentRef, Table, TableData

if TYPE_CHECKING:
    from ..database import Database

Key = tuple[float, ...]
Range = tuple[Key, Key]  # where an extent begins and ends, so that a is before b when a's end <= b's begin
FOREIGN: Range = ((-math.inf,), (math.inf,))  # in no order


@dataclass(frozen=True, slots=True, eq=False)
class SliceOrder:
    """The extents of one slice: in order, and the others."""

    slice: int
    ordered: tuple[ExtentRef, ...]
    others: tuple[ExtentRef, ...]

    @property
    def ordered_rows(self) -> int:
        return sum(e.rows for e in self.ordered)


def slice_orders(database: Database, data: TableData) -> list[SliceOrder]:
    """The sorted and the unsorted region of each slice that has rows."""
    return [_order(slice_, placed) for slice_, placed in _placed(database, data).items()]


def overlapping(database: Database, data: TableData) -> list[tuple[int, list[ExtentRef]]]:
    """(slice, extents that have to be merged): neighbours that lie across one another, never one alone."""
    found: list[tuple[int, list[ExtentRef]]] = []
    for slice_, placed in _placed(database, data).items():
        clusters: list[list[ExtentRef]] = []
        end: Key | None = None
        for extent, (begin, own_end) in sorted(placed, key=lambda p: (p[1], p[0].id)):
            if end is None or end <= begin:
                clusters.append([extent])
                end = own_end
            else:
                clusters[-1].append(extent)
                end = max(end, own_end)
        foreign = any(place == FOREIGN for _, place in placed)
        found += [(slice_, cluster) for cluster in clusters if len(cluster) > 1 or foreign]
    return found


def sorted_rows(database: Database, data: TableData) -> int:
    """Rows in the sorted regions; all of them where there is no sort key."""
    if not data.table.sort_key:
        return sum(e.rows for e in data.extents)
    return sum(order.ordered_rows for order in slice_orders(database, data))


def overlap(database: Database, data: TableData) -> float:
    """How many extents of its slice a value of the sort key may be in, on average over the rows: 1 when sorted."""
    total = rows = 0
    for placed in _placed(database, data).values():
        known = [(e.rows, begin[0], end[0]) for e, (begin, end) in placed if begin]
        begins, ends = sorted(begin for _, begin, _ in known), sorted(end for _, _, end in known)
        for count, begin, end in known:
            middle = (begin + end) / 2 if abs(begin) + abs(end) < math.inf else begin
            total += count * (bisect.bisect_right(begins, middle) - bisect.bisect_left(ends, middle))
            rows += count
    return total / rows if rows else 1.0


def _placed(database: Database, data: TableData) -> dict[int, list[tuple[ExtentRef, Range]]]:
    found: dict[int, list[tuple[ExtentRef, Range]]] = defaultdict(list)
    for extent in data.extents:
        found[extent.slice].append((extent, _range(database, extent, data.table)))
    return found


def _order(slice_: int, placed: list[tuple[ExtentRef, Range]]) -> SliceOrder:
    """The extents that follow one another and have the most rows: each one's best chain of those before it."""
    foreign = tuple(e for e, place in placed if place == FOREIGN)
    placed = [p for p in placed if p[1] != FOREIGN]
    placed = sorted(placed, key=lambda p: (p[1][1], p[1][0], p[0].id))
    ends = [end for _, (_, end) in placed]
    best = [0]  # best[i]: the most rows of a chain within the first i
    before = []
    for i, (extent, (begin, _)) in enumerate(placed):
        before.append(min(bisect.bisect_right(ends, begin), i))
        best.append(max(best[i], best[before[i]] + extent.rows))
    ordered: list[ExtentRef] = []
    i = len(placed)
    while i:
        if best[i] == best[i - 1]:
            i -= 1
        else:
            ordered.append(placed[i - 1][0])
            i = before[i - 1]
    chosen = {e.id for e in ordered}
    others = (*(e for e, _ in placed if e.id not in chosen), *foreign)
    return SliceOrder(slice_, tuple(reversed(ordered)), others)


def _range(database: Database, extent: ExtentRef, table: Table) -> Range:
    """Kept by the database, so that a table of many extents is looked through at once the next time."""
    columns = tuple(table.columns[p].id for p in table.sort_key)
    if table.interleaved:
        columns = (*columns, 0 if table.index is None else table.index.built)
    kept = database.upkeep.key_ranges.get(extent.id)
    if kept is None or kept[0] != columns:
        read = _interleaved_range if table.interleaved else _read_range
        kept = database.upkeep.key_ranges[extent.id] = columns, read(database, extent, columns)
    return kept[1]


def _interleaved_range(database: Database, extent: ExtentRef, columns: Sequence[int]) -> Range:
    """Places in the z-order; an extent that is not ordered by the table's index lies across all others."""
    order = database.reader(extent).footer.order
    return FOREIGN if order is None or order[0] != columns[-1] else ((float(order[1]),), (float(order[2]),))


def _read_range(database: Database, extent: ExtentRef, columns: Sequence[int]) -> Range:
    reader = database.reader(extent)
    begin: list[float] = []
    end: list[float] = []
    for column in columns:
        position = reader.position(column)
        if position is None:  # added later: the same value in every row
            continue
        zones = reader.zones(position)
        live = zones.nulls < zones.rows
        if not zones.known[live].all():
            break
        low = zones.low[live].min().item() if live.any() else math.inf
        high = math.inf if zones.nulls.any() else zones.high[live].max().item()
        begin.append(low)
        end.append(high)
        if low != high:  # what follows in the key is in no order
            begin.append(math.inf)
            end.append(-math.inf)
            break
    return tuple(begin), tuple(end)
