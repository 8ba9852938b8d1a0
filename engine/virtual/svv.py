"""SVV views. svv_table_info: size, keys, skew and sorting of each table that has rows.

skew_rows   rows of the fullest slice / rows of the emptiest (none for ALL)
unsorted    % of rows outside each slice's first sorted run: every load sorts its own rows
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from ...storage.schema import Table, TableData
from ...storage.types import BIGINT, INTEGER, TEXT, TIMESTAMP, char, decimal
from ..context import Context
from .base import DATABASE, VirtualTable
from .relations import dist_style_text, shown_encoding

MEGABYTE = 1 << 20
CENT = Decimal("0.01")


def _svv_table_info(context: Context) -> Iterator[tuple[Any, ...]]:
    for table in context.view.relations():
        if not isinstance(table, Table):
            continue
        data = context.view.data(table)
        rows = data.statistics.rows
        if rows == 0:
            continue
        shown = [shown_encoding(table, i) for i in range(len(table.columns))]
        automatic = any(c.encoding == "auto" for c in table.columns)
        first = table.sort_key[0] if table.sort_key else None
        yield (
            DATABASE, table.schema, table.id, table.name,
            ("Y" if any(e != "none" for e in shown) else "N") + (", AUTO(ENCODE)" if automatic else ""),
            dist_style_text(data),
            None if first is None else table.columns[first].name,
            max((c.type.length for c in table.columns if c.type.is_string), default=0),
            None if first is None else shown[first],
            len(table.sort_key),
            max(1, math.ceil(sum(e.bytes for e in data.extents) / MEGABYTE)),
            None, 0, _unsorted(data), Decimal(0), Decimal(rows), None, _skew(data, context), Decimal(rows), None, None,
            None,
        )  # fmt: skip


def _skew(data: TableData, context: Context) -> Decimal | None:
    if data.replicated:
        return None
    rows = [0] * context.view.topology.slices
    for extent in data.extents:
        rows[extent.slice] += extent.rows
    return (Decimal(max(rows)) / Decimal(max(1, min(rows)))).quantize(CENT)


def _unsorted(data: TableData) -> Decimal | None:
    if not data.table.sort_key:
        return None
    runs: dict[int, list[int]] = defaultdict(list)
    for extent in data.extents:
        runs[extent.slice].append(extent.rows)
    outside = sum(sum(r) - r[0] for r in runs.values())
    return (Decimal(100 * outside) / Decimal(data.statistics.rows)).quantize(CENT)


TABLES = (
    VirtualTable(
        "pg_catalog",
        "svv_table_info",
        (
            ("database", TEXT), ("schema", TEXT), ("table_id", INTEGER), ("table", TEXT), ("encoded", TEXT),
            ("diststyle", TEXT), ("sortkey1", TEXT), ("max_varchar", INTEGER), ("sortkey1_enc", char(32)),
            ("sortkey_num", INTEGER), ("size", BIGINT), ("pct_used", decimal(10, 4)), ("empty", BIGINT),
            ("unsorted", decimal(5, 2)),
            ("stats_off", decimal(5, 2)), ("tbl_rows", decimal(38, 0)), ("skew_sortkey1", decimal(19, 2)),
            ("skew_rows", decimal(19, 2)),
            ("estimated_visible_rows", decimal(38, 0)), ("risk_event", TEXT),
            ("vacuum_sort_benefit", decimal(12, 2)), ("create_time", TIMESTAMP),
        ),
        _svv_table_info,
        leader_only=False,
        superusers=True,
    ),
)  # fmt: skip
