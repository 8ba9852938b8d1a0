"""A table's vacuum: which extents to rewrite, and rewriting them step by step (VACUUM, r_VACUUM_command.md).

    plan(db, data, Kind.FULL, 95)     steps, each some extents of one slice
    run(db, table, plan, work)        a step is a rewrite and its swap; what is done stays done when a later one fails

    FULL        sort unless `threshold` percent of the rows are sorted; sorting leaves no deleted row behind,
                otherwise as DELETE ONLY
    SORT ONLY   the same without giving up the deleted rows' space
    DELETE ONLY rewrites the most worn extents until `threshold` percent of the stored rows are not deleted, and
                joins small extents when more than the rest are small
    RECLUSTER   sorts the unsorted region of each slice, and does not merge it with the sorted one

Sorting merges extents that lie across one another (regions.py); an extent that nobody overlaps stays as it is.
"""
from __future__ import annotations

import enum
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TYPE_CHECKING

from ...records import dataclass
from ..extent import MAX_GROUPS
from ..run import GROUP_ROWS
from ..schema import ExtentRef, Table, TableData
from ..transactions import Transaction
from .regions import overlapping, slice_orders, sorted_rows
from .rewrite import MEMORY_BYTES, Rewrite, Rewritten
from .swap import is_there, put, swap

if TYPE_CHECKING:
    from ..catalog.state import CatalogState
    from ..database import Database

DEFAULT_THRESHOLD = 95
# An extent of fewer rows than this costs a scan about as much as a full row group.
SMALL_ROWS = GROUP_ROWS // 2
# Extents are joined up to this many rows, as many as one can have.
JOINED_ROWS = GROUP_ROWS * MAX_GROUPS
BOOST = 4  # times the memory


class Kind(enum.Enum):
    FULL = "full"
    SORT = "sort only"
    DELETE = "delete only"
    REINDEX = "reindex"
    RECLUSTER = "recluster"


@dataclass(frozen=True, slots=True)
class Step:
    """Extents of one slice that are rewritten together."""

    slice: int
    extents: tuple[ExtentRef, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a vacuum does to a table; `status` as in STL_VACUUM."""

    status: str
    steps: tuple[Step, ...] = ()
    keep_deleted: bool = False
    sort: bool = False

    @property
    def rows(self) -> int:
        return sum(e.rows for step in self.steps for e in step.extents)


def plan(database: Database, data: TableData, kind: Kind, threshold: int = DEFAULT_THRESHOLD) -> Plan:
    """The steps that there are to do; none: the table is skipped."""
    stored = sum(e.rows for e in data.extents)
    if not stored:
        return Plan("Skipped(0 rows)")
    if kind is Kind.RECLUSTER:
        return _recluster(database, data)
    ordered = sorted_rows(database, data)
    unsorted = bool(data.table.sort_key) and ordered < stored
    enough = 100 * ordered >= threshold * stored
    if kind is Kind.DELETE or not unsorted or enough:
        if kind is Kind.SORT:
            return Plan(f"Skipped(sort only, sorted>={threshold}%)" if unsorted else "Skipped(sort only)")
        steps = _delete_steps(data, threshold)
        if not steps:
            return Plan(_skipped(kind, unsorted, threshold))
        if kind is Kind.DELETE:
            return Plan("Started Delete Only", steps)
        return Plan(f"Started Delete Only (Sorted >= {threshold}%)" if data.table.sort_key else "Started", steps)
    return _sort(database, data, kind)


def _skipped(kind: Kind, unsorted: bool, threshold: int) -> str:
    if kind is Kind.DELETE:
        return "Skipped(delete only)"
    return f"Skipped(sorted>={threshold}%)" if unsorted else "Skipped"


def _sort(database: Database, data: TableData, kind: Kind) -> Plan:
    steps = [Step(slice_, tuple(extents)) for slice_, extents in overlapping(database, data)]
    if kind is Kind.SORT:
        return Plan("Started Sort Only", tuple(steps), keep_deleted=True, sort=True)
    merged = {e.id for step in steps for e in step.extents}
    gone = _deleted_rows(data)
    steps += [Step(e.slice, (e,)) for e in data.extents if e.id not in merged and gone[e.id]]
    return Plan("Started Reindex" if kind is Kind.REINDEX else "Started", tuple(steps), sort=True)


def _recluster(database: Database, data: TableData) -> Plan:
    steps = tuple(Step(o.slice, o.others) for o in slice_orders(database, data) if len(o.others) > 1)
    return Plan("Started Recluster" if steps else "Skipped(recluster)", steps, sort=True)


def _delete_steps(data: TableData, threshold: int) -> tuple[Step, ...]:
    """Worn and small extents. Those of a sorted table are rewritten one by one, for joining would sort them."""
    worn = _worn(data, threshold)
    chosen = worn + [e for e in _small(data, threshold) if e not in worn]
    if data.table.sort_key:
        small = {e.id for e in _small(data, threshold)}
        joined = _joined([e for e in chosen if e.id in small])
        return (*(Step(e.slice, (e,)) for e in worn if e.id not in small), *joined)
    return _joined(chosen)


def _worn(data: TableData, threshold: int) -> list[ExtentRef]:
    """Extents to rewrite for `threshold` percent of the stored rows not to be deleted ones: the most worn first."""
    gone = _deleted_rows(data)
    stored, left = sum(e.rows for e in data.extents), sum(gone.values())
    found = []
    for extent in sorted(data.extents, key=lambda e: (-gone[e.id] / e.rows, e.id)):
        if not gone[extent.id] or 100 * (stored - left) >= threshold * stored:
            break
        found.append(extent)
        stored, left = stored - gone[extent.id], left - gone[extent.id]
    return found


def _small(data: TableData, threshold: int) -> list[ExtentRef]:
    """Small extents, where a slice has several and they are more than the threshold leaves alone."""
    by_slice: dict[int, list[ExtentRef]] = defaultdict(list)
    for extent in data.extents:
        if extent.rows < SMALL_ROWS:
            by_slice[extent.slice].append(extent)
    found = [e for extents in by_slice.values() if len(extents) > 1 for e in extents]
    return found if 100 * len(found) > (100 - threshold) * len(data.extents) and threshold else []


def _joined(extents: list[ExtentRef]) -> tuple[Step, ...]:
    """Steps of a slice's extents, of up to JOINED_ROWS rows each."""
    by_slice: dict[int, list[list[ExtentRef]]] = defaultdict(list)
    for extent in sorted(extents, key=lambda e: e.id):
        steps = by_slice[extent.slice]
        if not steps or sum(e.rows for e in steps[-1]) + extent.rows > JOINED_ROWS:
            steps.append([])
        steps[-1].append(extent)
    return tuple(Step(slice_, tuple(step)) for slice_, steps in sorted(by_slice.items()) for step in steps)


def _deleted_rows(data: TableData) -> Counter[int]:
    """Deleted rows by extent."""
    found = Counter[int]()
    for (extent, _), vector in data.deleted.items():
        found[extent] += vector.rows
    return found


@dataclass(frozen=True, slots=True)
class Work:
    """How steps are done: `check` raises when it is time to stop, `progress` is told of rows written, `between` is
    called when a step is committed, `waiting` while another holds the table's write lock (None: `check` is)."""

    check: Callable[[], None]
    pool: Executor | None = None
    memory: int = MEMORY_BYTES
    progress: Callable[[int], None] = lambda rows: None
    between: Callable[[], None] = lambda: None
    waiting: Callable[[], None] | None = None


def run(database: Database, table: Table, todo: Plan, work: Work) -> int:
    """Do the steps, each with a commit of its own; how many were done. Between steps no old snapshot is kept."""
    done = 0
    for step in todo.steps:
        work.check()
        snapshot = database.pin()
        try:
            done += _run_step(database, database.state(snapshot), table, step, todo, work)
        finally:
            database.unpin(snapshot)
        work.between()
    return done


def _run_step(database: Database, state: CatalogState, table: Table, step: Step, todo: Plan, work: Work) -> bool:
    entry = state.entries.get(table.id)
    if entry is None or not is_there(entry, table, step.extents):
        return False
    with _rewrite(database, entry.data(), step, todo, work, work.memory) as rewrite:
        done = swap(database, entry.data(), step.extents, rewrite.run(), work.waiting or work.check,
                    keep_deleted=todo.keep_deleted)
        if not done:
            rewrite.abandon()
    return done


def run_boosted(database: Database, table: Table, make: Callable[[TableData], Plan], work: Work) -> Plan:
    """BOOST: all steps in one window, with more memory, the table's writers kept out from beginning to end."""
    transaction = Transaction(database)
    rewrites: list[Rewrite] = []
    try:
        transaction.lock([table], work.waiting or work.check)
        work.check()
        data = transaction.state().entries[table.id].data()
        todo = make(data)
        done: list[tuple[Step, Rewritten]] = []
        for step in todo.steps:
            rewrites.append(_rewrite(database, data, step, todo, work, work.memory * BOOST))
            done.append((step, rewrites[-1].run()))
        for step, new in done:
            put(transaction, data, step.extents, new, keep_deleted=todo.keep_deleted)
        transaction.commit()
        return todo
    except BaseException:
        for rewrite in rewrites:
            rewrite.abandon()
        raise
    finally:
        transaction.rollback()


def _rewrite(database: Database, data: TableData, step: Step, todo: Plan, work: Work, memory: int) -> Rewrite:
    return Rewrite(
        database, data.table, step.extents, data.deleted, step.slice, keep_deleted=todo.keep_deleted,
        check=work.check, pool=work.pool, memory=memory, progress=work.progress,
    )
