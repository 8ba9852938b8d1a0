"""The swap: new extents in the places of old ones, in one short commit under the table's write lock.

    rewrite runs        old extents read as of commit 40; others read, add and delete as ever
    others commit       41 deletes row 7.0.4
    swap                lock; newest is 41: 7.0.4 is now 12.0.0, so delete vector {0} of 12.0
                        commit 42 = old extents dropped, new ones added, that vector

To everybody else nothing has changed: 42 is no conflict for a transaction that read or wrote the table
(catalog/delta.py, `moved`), and one that knows rows of the old extents finds them through the map (row_map.py).
What comes too late is left alone: a table that was dropped, redefined or emptied meanwhile, extents that are
not there any more.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..catalog.delta import AddExtents, Delta, DropExtents
from ..catalog.state import TableEntry
from ..deletes import DeleteVector, Group, RowSet
from ..schema import ExtentRef, Table, TableData
from ..transactions import Transaction
from .rewrite import Rewritten
from .row_map import Move, difference

if TYPE_CHECKING:
    from ..database import Database


def swap(
    database: Database, seen: TableData, old: Sequence[ExtentRef], new: Rewritten, check: Callable[[], None],
    *, keep_deleted: bool = False,
) -> bool:
    """Commit; False when the old extents are gone from the table, so that nothing was done.

    `seen`: where the rows were when the rewrite began. `keep_deleted`: the new extents have the deleted rows too.
    """
    transaction = Transaction(database)
    try:
        transaction.lock([seen.table], check)
        if not put(transaction, seen, old, new, keep_deleted=keep_deleted):
            return False
        transaction.commit()
        return True
    finally:
        transaction.rollback()


def put(transaction: Transaction, seen: TableData, old: Sequence[ExtentRef], new: Rewritten,
        *, keep_deleted: bool = False) -> bool:
    """The swap as a change of a transaction that holds the table's write lock."""
    entry = transaction.state().entries.get(seen.table.id)
    if entry is None or not is_there(entry, seen.table, old):
        return False
    move = Move(seen.table.id, frozenset(e.id for e in old), new.rows)
    transaction.moves.append(move)
    transaction.database.upkeep.stage_move(move)
    gone = _gone(entry.deleted, {} if keep_deleted else seen.deleted, move)
    transaction.change(rewritten(entry.table, old, new, gone, entry.replicated))
    return True


def rewritten(table: Table, old: Iterable[ExtentRef], new: Rewritten, deleted: Mapping[Group, DeleteVector],
              replicated: bool) -> Delta:
    """What a rewrite changes."""
    old = tuple(old)
    added = AddExtents(table, new.extents, new.sketches, replicated, moved=True, deleted=deleted,
                       from_inline=all(e.is_inline for e in old))
    return Delta(
        drop_extents=(DropExtents(table, tuple(e.id for e in old), keep_sketches=True),), add_extents=(added,)
    )


def is_there(entry: TableEntry, table: Table, old: Sequence[ExtentRef]) -> bool:
    """Whether the table still is as it was seen and has these extents."""
    return entry.table.version == table.version and {e.id for e in old} <= {e.id for e in entry.extents}


def _gone(now: Mapping[Group, DeleteVector], before: Mapping[Group, DeleteVector],
          move: Move) -> dict[Group, DeleteVector]:
    """The vectors of the new extents: rows of the old ones that were deleted since."""
    since = difference({key: v for key, v in now.items() if key[0] in move.extents}, before)
    if not since.rows:
        return {}
    found = RowSet()
    found.add(move.rows.new_ids(since))
    return found.vectors()
