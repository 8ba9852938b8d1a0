"""SVV views. svv_table_info: size, keys, skew, sorting and statistics of each table that has rows.

skew_rows       rows of the fullest slice / rows of the emptiest (none for ALL)
skew_sortkey1   bytes of the largest column outside the sort key / bytes of the sort key's first column
unsorted        % of rows outside the sorted regions (storage/maintenance/regions.py)
stats_off       rows modified since the last ANALYZE, in % of the rows, at most 100

vacuum_sort_benefit   what a filter by a value of the sort key would read less, in %, if all were sorted; 0 while no
                      query has had a predicate on the key

What is not kept (create_time, risk_event) is NULL.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ...storage.maintenance.regions import overlap, sorted_rows
from ...storage.maintenance.sizes import table_column_bytes
from ...storage.schema import Table, TableData
from ...storage.types import BIGINT, BOOLEAN, INTEGER, TEXT, TIMESTAMP, char, decimal
from ..context import Context
from .base import DATABASE, VirtualTable
from .relations import dist_style_text, shown_encoding
from .stl import moment

MEGABYTE = 1 << 20
CENT = Decimal("0.01")
TINY = Decimal("0.0001")


def _svv_table_info(context: Context) -> Iterator[tuple[Any, ...]]:
    disk = shutil.disk_usage(context.database.data_folder()).total
    for table in context.view.relations():
        if not isinstance(table, Table):
            continue
        data = context.view.data(table)
        rows = data.statistics.rows
        if rows == 0:
            continue
        stored = sum(e.rows for e in data.extents)
        shown = [shown_encoding(table, i) for i in range(len(table.columns))]
        automatic = any(c.encoding == "auto" for c in table.columns)
        first = table.sort_key[0] if table.sort_key else None
        size = sum(e.bytes for e in data.extents)
        modified = context.transaction.entry(table).modified
        yield (
            DATABASE, table.schema, table.id, table.name,
            ("Y" if any(e != "none" for e in shown) else "N") + (", AUTO(ENCODE)" if automatic else ""),
            dist_style_text(data),
            None if first is None else table.columns[first].name,
            max((c.type.length for c in table.columns if c.type.is_string), default=0),
            None if first is None else shown[first],
            len(table.sort_key), max(1, math.ceil(size / MEGABYTE)),
            (Decimal(100 * size) / disk).quantize(TINY), 0, _unsorted(data, stored, context),
            min(Decimal(100), Decimal(100 * modified) / rows).quantize(CENT), Decimal(stored),
            _skew_sort_key(data, context), _skew(data, context), Decimal(rows), None,
            _sort_benefit(data, context), None,
        )  # fmt: skip


def _svv_transactions(context: Context) -> Iterator[tuple[Any, ...]]:
    """Write locks, and of each transaction that has one the lock on itself. Readers hold none here."""
    users = {session.id: session.user for session in context.database.sessions.all()}
    seen: set[int] = set()
    for lock in context.database.locks.held():
        one = (users.get(lock.session), DATABASE, lock.transaction, lock.session, moment(lock.began))
        yield *one, "ShareRowExclusiveLock", "relation", lock.table, True
        if lock.transaction not in seen:
            seen.add(lock.transaction)
            yield *one, "ExclusiveLock", "transactionid", None, True


def _skew(data: TableData, context: Context) -> Decimal | None:
    if data.replicated:
        return None
    rows = [0] * context.view.topology.slices
    for extent in data.extents:
        rows[extent.slice] += extent.rows
    return (Decimal(max(rows)) / Decimal(max(1, min(rows)))).quantize(CENT)


def _skew_sort_key(data: TableData, context: Context) -> Decimal | None:
    table = data.table
    if not table.sort_key:
        return None
    sizes = table_column_bytes(context.home(table), data)
    others = [sizes[c.id] for i, c in enumerate(table.columns) if i not in table.sort_key]
    first = sizes[table.columns[table.sort_key[0]].id]
    return (Decimal(max(others)) / first).quantize(CENT) if others and first else None


def _sort_benefit(data: TableData, context: Context) -> Decimal | None:
    table = data.table
    if not table.sort_key:
        return None
    key = table.sort_key if table.interleaved else table.sort_key[:1]
    used = context.database.upkeep.predicates.get(table.id, set())
    if used.isdisjoint(table.columns[p].id for p in key):
        return Decimal("0.00")
    return Decimal(100 - 100 / overlap(context.home(table), data)).quantize(CENT)


def _unsorted(data: TableData, stored: int, context: Context) -> Decimal | None:
    if not data.table.sort_key:
        return None
    outside = stored - sorted_rows(context.home(data.table), data)
    return (Decimal(100 * outside) / Decimal(stored)).quantize(CENT)


TABLES = (
    VirtualTable(
        "pg_catalog",
        "svv_transactions",
        (
            ("txn_owner", TEXT), ("txn_db", TEXT), ("xid", BIGINT), ("pid", INTEGER), ("txn_start", TIMESTAMP),
            ("lock_mode", TEXT), ("lockable_object_type", TEXT), ("relation", INTEGER), ("granted", BOOLEAN),
        ),
        _svv_transactions,
        leader_only=False,
    ),
    VirtualTable(
        "pg_catalog",
        "svv_table_info",
        (
            ("database", TEXT), ("schema", TEXT), ("table_id", INTEGER), ("table", TEXT), ("encoded", TEXT),
            ("diststyle", TEXT), ("sortkey1", TEXT), ("max_varchar", INTEGER), ("sortkey1_enc", char(32)),
            ("sortkey_num", INTEGER), ("size", BIGINT), ("pct_used", decimal(10, 4)), ("empty", BIGINT),
            ("unsorted", decimal(5, 2)), ("stats_off", decimal(5, 2)), ("tbl_rows", decimal(38, 0)),
            ("skew_sortkey1", decimal(19, 2)), ("skew_rows", decimal(19, 2)),
            ("estimated_visible_rows", decimal(38, 0)), ("risk_event", TEXT),
            ("vacuum_sort_benefit", decimal(12, 2)), ("create_time", TIMESTAMP),
        ),
        _svv_table_info,
        leader_only=False,
        superusers=True,
    ),
)  # fmt: skip
