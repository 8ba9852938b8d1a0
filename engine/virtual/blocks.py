"""Where tables' rows are: STV_BLOCKLIST, STV_TBL_PERM and SVV_DISKUSAGE, which joins the two.

A block is a column of a row group (Redshift's have 1 MB, ours as many bytes as 65,536 values take). Rows that are
replicated are stored once and counted once a node, on its first slice. Hidden columns, which Redshift appends, do
not exist; what only describes Redshift's disks (superblocks, mirrors, preferred disk) is 0. `on_disk` is 0 as long as
a streaming restore has the block still to bring in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...storage.extent import ExtentReader
from ...storage.maintenance.regions import slice_orders
from ...storage.schema import Table, TableData
from ...storage.types import BIGINT, INTEGER, char
from ..context import Context
from .base import VirtualTable
from .relations import dist_style_code

DATABASE_ID = 100  # as in pg_database
NAME = char(72)
Rows = Iterator[tuple[Any, ...]]
_LIMIT = 1 << 63


def _tables(context: Context) -> Iterator[tuple[Table, TableData]]:
    for relation in context.view.relations():
        if isinstance(relation, Table):
            yield relation, context.view.data(relation)


def _slices(slice_: int, context: Context) -> tuple[int, ...]:
    """Where rows count: on their slice, or, of one copy, on the first slice of each node."""
    if slice_ >= 0:
        return (slice_,)
    nodes = context.view.topology.node_of_slice
    return tuple(nodes.index(node) for node in sorted(set(nodes)))


def _unsorted_extents(table: Table, data: TableData, context: Context) -> set[int]:
    if not table.sort_key:
        return {e.id for e in data.extents}
    return {e.id for order in slice_orders(context.home(table), data) for e in order.others}


def _blocks(context: Context) -> Iterator[tuple[Table, tuple[int, ...]]]:
    """(table, (slice, column, number, values, min, max, unsorted, here)) of each block."""
    for table, data in _tables(context):
        unsorted = _unsorted_extents(table, data, context)
        numbers = Counter[tuple[int, int]]()
        for extent in data.extents:
            files = context.home(table).files
            reader, late = files.reader(extent), int(extent.id in unsorted)
            here = int(files.arrivals is None or not files.arrivals.absent(extent.path))
            rows = reader.group_rows.tolist()
            for position, column in enumerate(table.columns):
                place = reader.position(column.id)
                if place is None:
                    continue
                for group, (low, high) in enumerate(_limits(reader, place)):
                    for slice_ in _slices(extent.slice, context):
                        number = numbers[slice_, position]
                        numbers[slice_, position] += 1
                        yield table, (slice_, position, number, rows[group], low, high, late, here)


def _limits(reader: ExtentReader, place: int) -> Iterator[tuple[int, int]]:
    """Smallest and largest value of each block as 64 bits: numbers, or the first eight bytes of texts."""
    zones = reader.zones(place)
    for low, high, known in zip(zones.low, zones.high, zones.known.tolist()):
        yield (_number(low), _number(high)) if known else (0, 0)


def _number(value: Any) -> int:
    if isinstance(value, np.floating):
        return int(min(max(float(value), -_LIMIT), _LIMIT - 1025))
    number = int(value)
    return number - 2 * _LIMIT if number >= _LIMIT else number


def _stv_blocklist(context: Context) -> Rows:
    for table, (slice_, column, number, values, low, high, unsorted, here) in _blocks(context):
        yield (
            slice_, column, table.id, number, values, 0, low, high, 0, 0, here, 0, 0, unsorted, 0, 0,
            int(table.temporary), 0, 0, 0,
        )  # fmt: skip


def _svv_diskusage(context: Context) -> Rows:
    for table, (slice_, column, number, values, low, high, unsorted, here) in _blocks(context):
        yield (
            DATABASE_ID, table.name, slice_, column, table.id, number, values, low, high, 0, 0, here, 0, 0, unsorted, 0,
            0, int(table.temporary), 0,
        )  # fmt: skip


def _stv_tbl_perm(context: Context) -> Rows:
    for table, data in _tables(context):
        unsorted = _unsorted_extents(table, data, context)
        rows, ordered, blocks = Counter[int](), Counter[int](), Counter[int]()
        for extent in data.extents:
            for slice_ in _slices(extent.slice, context):
                rows[slice_] += extent.rows
                ordered[slice_] += 0 if extent.id in unsorted else extent.rows
                blocks[slice_] += extent.row_groups * len(table.columns)
        places = _slices(-1, context) if data.replicated else range(context.view.topology.slices)
        for slice_ in places:
            yield (
                slice_, table.id, table.name, rows[slice_], ordered[slice_], int(table.temporary), DATABASE_ID, 0, 0,
                int(table.backup), dist_style_code(table), blocks[slice_],
            )  # fmt: skip


_NUMBERS = (
    "sb_pos", "pinned", "on_disk", "modified", "hdr_modified", "unsorted", "tombstone", "preferred_diskno",
    "temporary", "newblock",
)  # fmt: skip

TABLES = (
    VirtualTable(
        "pg_catalog",
        "stv_blocklist",
        (
            ("slice", INTEGER), ("col", INTEGER), ("tbl", INTEGER), ("blocknum", INTEGER), ("num_values", INTEGER),
            ("extended_limits", INTEGER), ("minvalue", BIGINT), ("maxvalue", BIGINT),
            *((name, INTEGER) for name in _NUMBERS), ("num_readers", INTEGER), ("flags", INTEGER),
        ),
        _stv_blocklist,
        leader_only=False,
        superusers=True,
    ),
    VirtualTable(
        "pg_catalog",
        "stv_tbl_perm",
        (
            ("slice", INTEGER), ("id", INTEGER), ("name", NAME), ("rows", BIGINT), ("sorted_rows", BIGINT),
            ("temp", INTEGER), ("db_id", INTEGER), ("insert_pristine", INTEGER), ("delete_pristine", INTEGER),
            ("backup", INTEGER), ("dist_style", INTEGER), ("block_count", INTEGER),
        ),
        _stv_tbl_perm,
        leader_only=False,
        superusers=True,
    ),
    VirtualTable(
        "pg_catalog",
        "svv_diskusage",
        (
            ("db_id", INTEGER), ("name", NAME), ("slice", INTEGER), ("col", INTEGER), ("tbl", INTEGER),
            ("blocknum", INTEGER), ("num_values", INTEGER), ("minvalue", BIGINT), ("maxvalue", BIGINT),
            *((name, INTEGER) for name in _NUMBERS),
        ),
        _svv_diskusage,
        leader_only=False,
        superusers=True,
    ),
)  # fmt: skip
