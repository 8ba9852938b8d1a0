"""AUTO distribution: a key for tables that keep being moved for want of one (c_choosing_dist_sort.md).

An AUTO table is ALL while it is small and EVEN when it has grown (storage/loader.py). Plans tell which column as the
distribution key would have spared a move (planner/optimizer/advice.py), and each execution counts its bytes:

    join t on a       110 MB redistributed          upkeep.wanted_keys {t: {a: 110 MB}}
    again             110 MB                                           {a: 220 MB}
    quiet time        220 MB > PATIENCE x 80 MB of t    ->    t is AUTO(KEY(a)), its rows dealt out anew in one commit

The counts are this process's own. A table that has been given a key may get another one, if later queries keep moving
it. Users see AUTO as what they declared, and AUTO(KEY(a)) as what is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...storage.catalog.state import TableEntry
from ...storage.database import Database
from ...storage.load_memory import uncounted
from ...storage.maintenance.redesign import Redesign
from ...storage.schema import DistStyle, Table
from ...storage.transactions import Transaction

# A key is worth it when as many times the table's bytes have been moved for want of it: dealing out costs about two.
PATIENCE = 4
# With fewer different values a slice, slices would be of very different sizes.
LEAST_VALUES = 16


def wanted_key(database: Database, entry: TableEntry) -> int | None:
    """The position of the column that the table should be distributed by; None: it stays as it is."""
    table = entry.table
    if table.declared_style is not DistStyle.AUTO or entry.replicated or table.interleaved or table.temporary:
        return None
    found = database.upkeep.wanted_keys.get(table.id, {})
    size = max(1, sum(e.bytes for e in entry.extents))
    for column, moved in sorted(found.items(), key=lambda item: -item[1]):
        position = next((i for i, c in enumerate(table.columns) if c.id == column), None)
        if position is None or position == table.dist_key or moved < PATIENCE * size:
            continue
        values = entry.data().statistics.columns.get(column)
        if values is not None and values.distinct >= LEAST_VALUES * database.topology.slices:
            return position
    return None


def distribute(database: Database, table: Table, key: int, check: Callable[[], None], memory: int) -> None:
    """Deal the table's rows out by a key; its writers wait meanwhile, and nobody else."""
    transaction = Transaction(database)
    try:
        transaction.lock([table], check)
        entry = transaction.state().entries.get(table.id)
        if entry is None or entry.table.version != table.version or entry.replicated:
            return
        new = replace(entry.table, dist_style=DistStyle.KEY, dist_key=key, auto_key=True)
        with Redesign(
            database, entry.data(), new, check=check, threads=1, charge=uncounted, memory=memory
        ) as redesign:
            transaction.change(redesign.run())
            transaction.commit()
        database.upkeep.wanted_keys.pop(table.id, None)
    finally:
        transaction.rollback()
