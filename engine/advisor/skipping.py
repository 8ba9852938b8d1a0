"""Which share of a table's row groups a scan would read if the table were sorted by a key: zone maps of a sample.

    sample of lineitem, sorted by l_shipdate, cut into as many groups as a slice would have
    [92-01 .. 92-05] [92-05 .. 92-09] ...      l_shipdate > 98-09  ->  2 of 23 groups may match

Zone maps of the other columns follow from the rows, so that what goes along with the key (l_receiptdate with
l_shipdate) is skipped too. The test is the one that scans make (engine/pruning.py).

A join's build side skips as well: of a table that is sampled whole the rows that its filter keeps are found in the
same way, a row being a group of its own, and groups of the probe side that hold none of their keys are not read. Groups
of a sample are a little narrower than real ones: shares are somewhat too small.
"""
from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ...planner.expressions import ColumnId
from ...planner.physical import TableScan
from ...records import dataclass
from ...storage import interleave
from ...storage.sort_order import lead_codes
from ...storage.types import Physical
from ...storage.vector import Array, ColumnData
from ...storage.zones import Zones
from ..pruning import may_match, zones_of
from .designs import TableDesign
from .samples import TableSample

GROUP_ROWS = 65_536
FEWEST_ROWS = 8  # of a sample, in a group: fewer tell nothing


@dataclass(frozen=True, slots=True, eq=False)
class KeySet:
    """Keys that a join's build side holds, as `images`, for a probe column (its position in its table)."""

    position: int
    keys: Array  # sorted


class Skipping:
    """Of one table's sample."""

    def __init__(self, sample: TableSample) -> None:
        self.sample = sample
        self._zones: dict[tuple[Any, ...], Zones] = {}
        self._orders: dict[tuple[Any, ...], Array] = {}
        self._images: dict[int, Array] = {}

    def share(self, node: TableScan, design: TableDesign, places: int, keys: Sequence[KeySet] = ()) -> float:
        """The share of row groups that `node` reads where the table's rows are on `places` slices (1: ALL)."""
        if not (node.pruning or keys):
            return 1.0
        if not design.sort_key:
            return self._as_loaded(node, keys)
        groups = self.groups(places)
        if groups <= 1:
            return 1.0
        key = (design.sort_key, design.interleaved)
        ids = {ref.id: position for ref, position in node.columns}
        keep = np.ones(groups, bool)
        for part in node.pruning:
            keep &= may_match(part, partial(self._of_group, ids, key, groups), groups)
        for found in keys:
            keep &= _may_hold(self._group_zones(found.position, key, groups), found.keys)
        return float(keep.sum()) / groups

    def _as_loaded(self, node: TableScan, keys: Sequence[KeySet]) -> float:
        """Of rows that no key sorts: they keep the order in which they came, which may be that of time. The real zone
        maps of the table tell, if it has no sort key."""
        if self.sample.table.sort_key:
            return 1.0
        ids = {ref.id: self.sample.table.columns[position].id for ref, position in node.columns
               if position < len(self.sample.table.columns)}
        read = every = 0
        for reader, count in self.sample.extents():
            keep = np.ones(count, bool)
            for part in node.pruning:
                keep &= may_match(part, partial(zones_of, reader, ids), count)
            for found in keys:
                place = reader.position(self.sample.table.columns[found.position].id)
                if place is not None:
                    zones = reader.zones(place)
                    keep &= _may_hold(zones, found.keys) | ~zones.known
            read, every = read + int(keep.sum()), every + count
        return read / every if every else 1.0

    def groups(self, places: int) -> int:
        """Row groups on each of so many slices, as far as the sample can tell them apart."""
        real = -(-self.sample.table_rows // (places * GROUP_ROWS))
        return max(1, min(real, self.sample.rows // FEWEST_ROWS))

    def matching(self, node: TableScan, position: int) -> Array | None:
        """Sorted images of a column in the rows that the scan's filter keeps; None where the sample cannot tell."""
        if not self.sample.whole or not node.pruning or not self.sample.rows:
            return None
        ids = {ref.id: place for ref, place in node.columns}
        keep = np.ones(self.sample.rows, bool)
        for part in node.pruning:
            keep &= may_match(part, partial(self._of_row, ids), self.sample.rows)
        column = self.sample.column(position)
        if column.valid is not None:
            keep &= column.valid == 1
        return np.unique(self._image(position)[keep])

    # -- zones ---------------------------------------------------------------------------------------

    def _of_group(self, ids: dict[ColumnId, int], key: tuple[Any, ...], groups: int, id: ColumnId) -> Zones | None:
        return self._group_zones(ids[id], key, groups) if id in ids else None

    def _of_row(self, ids: dict[ColumnId, int], id: ColumnId) -> Zones | None:
        if id not in ids:
            return None
        position = ids[id]
        found = self._zones.get((position,))
        if found is None:
            image, column = self._image(position), self.sample.column(position)
            nulls = np.zeros(len(image), np.int64) if column.valid is None else (column.valid == 0).astype(np.int64)
            one = np.ones(len(image), np.int64)
            found = self._zones[position,] = Zones(image, image, one.astype(bool), nulls, one)
        return found

    def _group_zones(self, position: int, key: tuple[Any, ...], groups: int) -> Zones:
        name = (position, key, groups)
        found = self._zones.get(name)
        if found is None:
            order = self._order(key)
            starts = np.arange(groups) * len(order) // groups
            column = self.sample.column(position)
            found = self._zones[name] = _bounds(self._image(position)[order], column, order, starts)
        return found

    def _order(self, key: tuple[Any, ...]) -> Array:
        """Places of the sample's rows, sorted."""
        found = self._orders.get(key)
        if found is None:
            names, interleaved = key
            columns = [self.sample.column(_position(self.sample, name)) for name in names]
            if interleaved:
                found = np.argsort(interleave.words(interleave.build(columns), columns), kind="stable")
            else:
                found = np.lexsort([lead_codes(c) for c in reversed(columns)])
            self._orders[key] = found
        return found

    def _image(self, position: int) -> Array:
        found = self._images.get(position)
        if found is None:
            found = self._images[position] = images(self.sample.column(position))
        return found


def images(column: ColumnData) -> Array:
    """Values as zone maps keep them (storage/zones.py)."""
    match column.type.physical:
        case Physical.STR:
            return lead_codes(ColumnData(column.type, column.rows, None, None, column.offsets, column.data))
        case Physical.I128:
            words = column.fixed.view(np.int64)
            low, high = words[:, 0], words[:, 1]
            return np.where(high == low >> 63, low, np.where(high < 0, -(1 << 63), (1 << 63) - 1))
        case Physical.F64:
            return column.fixed
        case _:
            return column.fixed.astype(np.int64)


def _bounds(image: Array, column: ColumnData, order: Array, starts: Array) -> Zones:
    rows = np.diff(np.append(starts, len(order)))
    known = np.ones(len(starts), bool)
    if column.valid is None:
        low, high = np.minimum.reduceat(image, starts), np.maximum.reduceat(image, starts)
        return Zones(low, high, known, np.zeros(len(starts), np.int64), rows)
    dead = (column.valid == 0)[order]
    nulls = np.add.reduceat(dead.astype(np.int64), starts)
    top = np.inf if image.dtype == np.float64 else np.iinfo(image.dtype).max
    bottom = -np.inf if image.dtype == np.float64 else np.iinfo(image.dtype).min
    low = np.minimum.reduceat(np.where(dead, top, image).astype(image.dtype), starts)
    high = np.maximum.reduceat(np.where(dead, bottom, image).astype(image.dtype), starts)
    return Zones(low, high, known, nulls, rows)


def _may_hold(zones: Zones, keys: Array) -> Array:
    """Groups between whose bounds one of the keys lies."""
    first = np.searchsorted(keys, zones.low, side="left")
    after = np.searchsorted(keys, zones.high, side="right")
    return np.asarray(after > first)


def _position(sample: TableSample, name: str) -> int:
    found = sample.table.position(name)
    assert found is not None
    return found


def signature(keys: Sequence[KeySet]) -> tuple[tuple[int, bytes], ...]:
    """What tells key sets apart, for memories of shares."""
    return tuple((k.position, hashlib.md5(k.keys.tobytes()).digest()) for k in keys)
