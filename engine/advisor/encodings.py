"""Bytes of each column in each encoding, of rows in the order that they are stored in.

    lineitem.l_shipdate    az64 0.42 MB   delta 1.50 MB   raw 6.00 MB   ...   stored: az64

Row groups spread over the table are encoded in every encoding that the column's type may have, as a load does it, and
scaled up to the table. The time to decode them counts against an encoding: a smaller one is recommended only where it
saves WORTH of the column's bytes, and a block.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...records import dataclass
from ...storage.block import encode_block
from ...storage.encodings.choose import choose
from ...storage.encodings.registry import AUTO, by_name, usable_encodings
from ...storage.schema import Column, Table
from ...storage.stored import stored_column

if TYPE_CHECKING:
    from ..context import Context

GROUPS = 3  # of each table: row groups that are encoded
WORTH = 0.15
GENERAL = ("zstd", "lzo")  # undone block by block on entry: they must save more
WORTH_GENERAL = 0.35
SAVED_BYTES = 1 << 20  # a block of Redshift: what saves less saves no block


@dataclass(frozen=True, slots=True)
class ColumnSizes:
    """Bytes of a whole column by encoding; `stored`: the encoding that it has; `best`: the one to recommend."""

    stored: str
    now: float
    sizes: dict[str, float]
    best: str

    @property
    def saved(self) -> float:
        return self.now - self.sizes.get(self.best, self.now)

    def to_json(self) -> dict[str, Any]:
        return {"chosen": self.stored, "now": self.now, "sizes": self.sizes, "best": self.best}


def compare(table: Table, context: Context) -> dict[str, ColumnSizes]:
    """By column, of a table with rows."""
    data = context.view.data(table)
    groups = [(e, g) for e in data.extents for g in range(e.row_groups)]
    places = np.unique(np.linspace(0, len(groups) - 1, min(GROUPS, len(groups))).astype(int)).tolist()
    home = context.home(table)
    found = {}
    for position, column in enumerate(table.columns):
        context.cancel.check()
        parts = [stored_column(home.reader(groups[p][0]), groups[p][1], column) for p in places]
        found[column.name] = _sizes(column, parts, data.statistics.rows, position in table.sort_key)
    return found


def _sizes(column: Column, parts: list[Any], rows: int, sort_key: bool) -> ColumnSizes:
    scale = rows / max(1, sum(p.rows for p in parts))
    stored = choose(parts[0]) if column.encoding == AUTO else by_name(column.encoding)
    usable = {e.name: e for e in (*usable_encodings(column.type), stored)}
    sizes = {name: sum(len(encode_block(p, e).data) for p in parts) * scale for name, e in usable.items()}
    return ColumnSizes(stored.name, sizes[stored.name], sizes, _best(sizes, stored.name, sort_key))


def _best(sizes: dict[str, float], stored: str, sort_key: bool) -> str:
    """Sort key columns keep what they have: their blocks are read before all others."""
    name = min(sizes, key=lambda n: sizes[n])
    if sort_key:
        return stored
    needed = WORTH_GENERAL if name in GENERAL and stored not in GENERAL else WORTH
    saved = sizes[stored] - sizes[name]
    return name if saved >= SAVED_BYTES and saved > sizes[stored] * needed else stored
