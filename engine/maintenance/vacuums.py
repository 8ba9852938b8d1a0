"""A vacuum of one table, recorded: what VACUUM and the background worker run.

Each run leaves two events in the history, for STL_VACUUM: how the table was, and how it is now; or one that says
why it was skipped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from ...errors import InvalidDefinition, OperationalError
from ...records import dataclass
from ...storage.database import Database
from ...storage.maintenance.regions import sorted_rows
from ...storage.maintenance.reindex import reindex
from ...storage.maintenance.upkeep import Progress
from ...storage.maintenance.vacuum import DEFAULT_THRESHOLD, Kind, Plan, Work, plan, run, run_boosted
from ...storage.schema import Table, TableData

EVENT = "vacuum"
MEGABYTE = 1 << 20
_POLL_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Request:
    """What to vacuum a table for; `xid`: of the statement, `automatic`: the background worker asks."""

    kind: Kind
    xid: int
    threshold: int = DEFAULT_THRESHOLD
    boost: bool = False
    automatic: bool = False


def take_turn(database: Database) -> None:
    """One VACUUM at a time; the caller gives the turn back."""
    if not database.upkeep.turn.try_take():
        raise OperationalError("VACUUM is running", hint="Only one VACUUM can run at a time; run it again later.",
                               sqlstate="55006")


def vacuum(
    database: Database, table: Table, request: Request, check: Callable[[], None], *, memory: int,
    pool: Executor | None = None, between: Callable[[], None] = lambda: None, log: Database | None = None,
    waiting: Callable[[], None] | None = None,
) -> Plan:
    """Vacuum the table while holding the turn; what was done. `log`: where it is recorded, if not in `database`;
    `waiting`: as in Work."""
    with _no_flush(database, waiting or check):
        how = Work(check, pool, memory, between=between, waiting=waiting)
        return _vacuum(database, table, request, how, log)


@contextmanager
def _no_flush(database: Database, check: Callable[[], None]) -> Iterator[None]:
    """No inline extents become files meanwhile (storage/maintenance/flush.py); one that is at it ends first."""
    while not database.upkeep.flush_turn.try_take():
        check()
        time.sleep(_POLL_SECONDS)
    try:
        yield
    finally:
        database.upkeep.flush_turn.give_back()


def _vacuum(database: Database, table: Table, request: Request, how: Work, log: Database | None) -> Plan:
    done = _Log(log or database, database, table, request)
    _check_table(table, request.kind)
    progress = done.home.upkeep.progress = Progress(table.name, f"Vacuum: initialize {table.name}")
    try:
        return _run(database, table, request, how, done, progress)
    except BaseException:
        progress.status = "Failed"
        raise


def _run(
    database: Database, table: Table, request: Request, how: Work, done: _Log, progress: Progress
) -> Plan:
    def written(rows: int) -> None:
        progress.rows += rows

    work = replace(how, progress=written)

    def make(data: TableData) -> Plan:
        found = plan(database, data, request.kind, request.threshold)
        progress.total, progress.rows = found.rows, 0
        progress.status = f"Vacuum {table.name} {'sort' if found.sort else 'delete'}"
        done.write(found.status, data, found)
        return found

    if request.kind is Kind.REINDEX and table.interleaved:
        reindex(database, database.newest.entries[table.id].data(), work.check, work.waiting or work.check)
    if request.boost and request.kind is not Kind.DELETE:
        todo = run_boosted(database, table, make, work)
    else:
        todo = make(database.newest.entries[table.id].data())
        run(database, table, todo, work)
    progress.status = "Complete"
    entry = database.newest.entries.get(table.id)
    if todo.steps and entry is not None:
        done.write("Finished", entry.data(), todo)
    return todo


def _check_table(table: Table, kind: Kind) -> None:
    if kind is Kind.RECLUSTER and (table.interleaved or table.dist_style.name == "ALL"):
        what = "interleaved sort keys" if table.interleaved else "ALL distribution style"
        raise InvalidDefinition(f"VACUUM RECLUSTER is not supported on tables with {what}", sqlstate="0A000")


class _Log:
    """Writes a table's rows of STL_VACUUM."""

    def __init__(self, home: Database, database: Database, table: Table, request: Request) -> None:
        self.home = home
        self._database = database
        self._table = table
        self._request = request

    def write(self, status: str, data: TableData, todo: Plan) -> None:
        stored = sum(e.rows for e in data.extents)
        size = sum(e.bytes for e in data.extents)
        gone = stored - data.statistics.rows
        self.home.history.record_event(EVENT, {
            "xid": self._request.xid, "table_id": self._table.id, "name": self._table.name,
            "status": f"[VacuumBG] {status}" if self._request.automatic else status,
            "rows": stored, "sortedrows": sorted_rows(self._database, data), "blocks": block_count(data),
            "eventtime": microseconds(), "reclaimable_rows": gone,
            "reclaimable_space_mb": size * gone // max(1, stored) // MEGABYTE,
            "sort_partitions": len({s.slice for s in todo.steps}) if todo.sort else 0,
            "merge_increments": len(todo.steps) if todo.sort else 0,
            "max_merge_partitions": max((len(s.extents) for s in todo.steps), default=0) if todo.sort else 0,
            "is_recluster": int(self._request.kind is Kind.RECLUSTER),
        })  # fmt: skip


def block_count(data: TableData) -> int:
    """Blocks as STV_BLOCKLIST counts them: of each row group one a column."""
    return sum(e.row_groups for e in data.extents) * len(data.table.columns)


def microseconds() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)
