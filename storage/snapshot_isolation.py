"""ISOLATION LEVEL SNAPSHOT: transactions conflict over rows that both change, and nothing else (r_CREATE_DATABASE.md).

A transaction deletes rows of the extents that it sees; an UPDATE deletes and inserts. When it commits, others may have
deleted rows of the same row groups. Its vectors are then made anew from those of the newest state:

    seen {1}     own {1, 4}     others meanwhile {1, 7}     ->   {1, 4, 7}
    seen {1}     own {1, 4}     others meanwhile {1, 4}     ->   error 1023: both changed row 4

Write skew is possible, as the manual says. A rewrite that comes between keeps rows (row_map.py); where rows were
changed and moved as well, or whole extents have gone, nobody can tell any more, and the transaction is refused.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from .catalog.delta import DeleteRows, Delta
from .catalog.state import CatalogState, TableEntry
from .deletes import DeleteVector, Group

SETTING, SNAPSHOT = "isolation_level", "snapshot"

Refuse = Callable[[int], NoReturn]


def is_snapshot(state: CatalogState) -> bool:
    return state.settings.get(SETTING) == SNAPSHOT


def rebased(deltas: Sequence[Delta], seen: CatalogState, newest: CatalogState, refuse: Refuse) -> Sequence[Delta]:
    """The deltas of a transaction that sees `seen`, for the newest state; `refuse(table)` where rows conflict."""
    return [
        replace(delta, delete_rows=tuple([_rebased(change, seen, newest, refuse) for change in delta.delete_rows]))
        if delta.delete_rows else delta
        for delta in deltas
    ]


def _rebased(change: DeleteRows, seen: CatalogState, newest: CatalogState, refuse: Refuse) -> DeleteRows:
    table = change.table.id
    before, now = seen.entries.get(table), newest.entries.get(table)
    if before is None or now is None or now.changed_seq <= seen.seq:
        return change
    return replace(change, vectors=dict(_vectors(change.vectors, before, now, lambda: refuse(table))))


def _vectors(own: Mapping[Group, DeleteVector], before: TableEntry, now: TableEntry,
             refuse: Callable[[], NoReturn]) -> Mapping[Group, DeleteVector]:
    known, left = {e.id for e in before.extents}, {e.id for e in now.extents}
    found: dict[Group, DeleteVector] = {}
    for key, vector in own.items():
        if key[0] not in known:  # the transaction's own rows
            found[key] = vector
            continue
        fresh = vector.without(before.deleted.get(key))
        if fresh is None:
            continue
        present = now.deleted.get(key)
        theirs = None if present is None else present.without(before.deleted.get(key))
        if key[0] not in left or (theirs is not None and (fresh.mask() & theirs.mask()).any()):
            refuse()
        found[key] = fresh.union(present)
    return found
