"""The result cache: a query that was answered before, over tables that have not changed since, is not run again.

    key       text and parameters, user, search path, settings (what the caller calls `scope`)
    valid     the same plan, and for each of its tables the same extents and delete vectors

Kept in memory, once per open database, for all of its sessions; the results used least recently go first. Never
kept or answered: queries with volatile functions or values of now (GETDATE), over system, temporary or external
tables, and inside a transaction that has changed anything (c_challenges_achieving_high_performance_queries.md).
"""
from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import pyarrow as pa

from ..planner.physical import ExternalScan, PhysicalQuery, TableScan, VirtualTableScan
from ..planner.physical_traverse import expressions_of, walk_physical
from ..planner.predicates import is_volatile
from ..records import dataclass

if TYPE_CHECKING:
    from ..storage.schema import CatalogView, ExtentRef
    from .context import Context

MOST_BYTES = 4 << 20  # of one result; larger ones are not kept
TOTAL_BYTES = 64 << 20

_caches: WeakKeyDictionary[Any, ResultCache] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a table's rows were."""

    table: int
    extents: tuple[ExtentRef, ...]
    deleted: Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A result, and the number of the query that made it."""

    plan: PhysicalQuery
    seen: tuple[_Seen, ...]
    batches: tuple[pa.RecordBatch, ...]
    bytes: int
    query: int = 0


class ResultCache:
    """One database's; safe for several threads."""

    def __init__(self) -> None:
        self.hits = 0
        self._entries: OrderedDict[Hashable, Entry] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, key: Hashable, plan: PhysicalQuery, view: CatalogView) -> Entry | None:
        """The result of `plan` over what `view` shows, if it is known."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if entry.seen != _seen(plan, view) or not (entry.plan is plan or entry.plan == plan):
                self._drop(key)
                return None
            self._entries.move_to_end(key)
            self.hits += 1
            return entry

    def keeping(self, key: Hashable, plan: PhysicalQuery, view: CatalogView,
                batches: Iterable[pa.RecordBatch], query: int = 0) -> Iterator[pa.RecordBatch]:
        """The batches of a query as they come; they are kept once the last one has come, unless they are too many."""
        seen = _seen(plan, view)
        kept: list[pa.RecordBatch] = []
        size = 0
        for batch in batches:
            size += batch.nbytes
            if size <= MOST_BYTES:
                kept.append(batch)
            else:
                kept.clear()
            yield batch
        if size <= MOST_BYTES:
            self._put(key, Entry(plan, seen, tuple(kept), size, query))

    def _put(self, key: Hashable, entry: Entry) -> None:
        with self._lock:
            self._drop(key)
            self._entries[key] = entry
            self._bytes += entry.bytes
            while self._bytes > TOTAL_BYTES:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.bytes


def of(context: Context) -> ResultCache:
    """The cache of the statement's database."""
    with _lock:
        found = _caches.get(context.database)
        if found is None:
            found = _caches[context.database] = ResultCache()
        return found


def may_be_kept(plan: PhysicalQuery, context: Context) -> bool:
    """Whether a plan's result depends on its tables' rows alone, and may be used at present."""
    if context.settings["enable_result_cache_for_session"] != "on" or context.transaction.wrote:
        return False
    if not plan.tables or any(table.temporary for table in plan.tables):
        return False
    scanned = 0
    for node in walk_physical(plan.root):
        if isinstance(node, VirtualTableScan | ExternalScan) or any(is_volatile(e) for e in expressions_of(node)):
            return False
        scanned += isinstance(node, TableScan)
    return scanned > 0


def _seen(plan: PhysicalQuery, view: CatalogView) -> tuple[_Seen, ...]:
    rows = [view.data(table) for table in plan.tables]
    return tuple([_Seen(d.table.id, d.extents, d.deleted) for d in rows])
