"""EXPLAIN's advice on scans: which sort key would let zone maps skip what a filter reads in vain.

    scans 38 MB of lineitem for 2% of its rows; SORTKEY(l_shipdate) avoids it
    scans 38 MB of lineitem for 2% of its rows; VACUUM lineitem avoids it      (it is sorted by l_shipdate, on paper)

What the scan would read is asked of the zone maps as they are: a table whose rows happen to lie in order needs no
advice. What it would read in the order of a column is the share of the rows that the filter leaves of it, on each
slice, and a row group more where the range begins or ends inside of one. Given where most of the bytes read, and
ADVICE_BYTES, could be spared.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING

from ..planner.optimizer.advice import filtered_columns
from ..planner.physical import PhysicalQuery, TableScan
from ..planner.physical_traverse import walk_physical
from ..reserved_words import quoted
from ..storage.maintenance.sizes import table_column_bytes
from .pruning import count_groups

if TYPE_CHECKING:
    from ..storage.schema import Table
    from .context import Context

ADVICE_BYTES = 1 << 20
SPARED = 0.75  # of the bytes read


def scan_advice(plan: PhysicalQuery, context: Context) -> tuple[str, ...]:
    """Lines for the plan's scans, each once."""
    lines: dict[str, None] = {}
    sizes: dict[int, Counter[int]] = {}  # bytes by column of each table, which may be scanned many times
    for node in walk_physical(plan.root):
        if node.__class__ is TableScan and node.pruning:  # type: ignore[union-attr]
            lines.update(dict.fromkeys(_advice(node, context, sizes)))  # type: ignore[arg-type]
    return tuple(lines)


def _advice(node: TableScan, context: Context, sizes: dict[int, Counter[int]]) -> Iterator[str]:
    data = context.view.data(node.table)
    if data.statistics.bytes < ADVICE_BYTES:
        return
    by_slice = Counter[int]()
    for extent in data.extents:
        by_slice[extent.slice] += extent.row_groups
    groups = by_slice.total()
    # What is known without the footers of files, and what is quickly told, goes first: of each slice a group is read,
    # the columns have no more bytes than the table, zone maps leave all groups at most.
    if not groups or not _is_worth(data.statistics.bytes / groups, groups, len(by_slice)):
        return
    columns = filtered_columns(node, context.view)
    if not columns:
        return
    share, position = columns[0]
    needed = sum([min(count, ceil(count * share) + 1) for count in by_slice.values()])
    if not _is_worth(data.statistics.bytes / groups, groups, needed):
        return
    known = sizes.get(node.table.id)
    if known is None:
        known = sizes[node.table.id] = table_column_bytes(context.home(node.table), data)
    size = sum([known[node.table.columns[p].id] for _, p in node.columns])
    if not _is_worth(size / groups, groups, needed):
        return
    opened = count_groups(node, data, context)
    if _is_worth(size / groups, opened, needed):
        read, remedy = size * opened / groups, _remedy(node.table, position)
        yield f"scans {read / 1e6:.0f} MB of {node.table.name} for {_percent(share)} of its rows; {remedy} avoids it"


def _is_worth(size: float, opened: int, needed: int) -> bool:
    """Whether reading `needed` row groups of that size spares enough, where `opened` are read now."""
    spared = size * (opened - needed)
    return spared >= ADVICE_BYTES and spared >= SPARED * size * opened


def _remedy(table: Table, position: int) -> str:
    sorted_by = table.sort_key if table.interleaved else table.sort_key[:1]
    if position not in sorted_by:
        return f"SORTKEY({table.columns[position].name})"
    return f"VACUUM REINDEX {quoted(table.name)}" if table.interleaved else f"VACUUM {quoted(table.name)}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}%" if share >= 0.01 else "less than 1%"
