"""Everything one statement may know or use, passed explicitly: nothing in the engine reads globals.

    Session --makes--> Context --> binder, planner, handlers, execution

The mutable parts are small objects that threads and native code share:

    Cancel         one int64 word; native drivers poll its address, Python calls check()
    MemoryBudget   bytes in use of bytes allowed; well below the limit steps begin to put rows on disk
                   (spill/), over it: error 53200 that names the step
    Progress       blocks done of blocks to read, for progress bars
    counters       what EXPLAIN ANALYZE prints, filled by the execution
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from ctypes import addressof, c_int64
from dataclasses import field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from weakref import ref

from ..errors import OutOfMemory, QueryCanceled
from ..kernels.abi import BATCH_ROWS, VECTOR_ROWS
from ..records import dataclass

if TYPE_CHECKING:
    from ..storage.access.rights import Rights
    from ..storage.schema import CatalogView, Table
    from .settings import Settings

DEFAULT_SERVICE_CLASS = 100  # the first of automatic WLM (automatic-wlm.md)
CANCEL_TEXT = "Query cancelled on user's request"
TIMEOUT_TEXT = "Query cancelled: it ran longer than statement_timeout"
CLOSED_TEXT = "the result was closed"
HOP_TEXT = "Query stopped by WLM: it begins anew in another queue"


class Cancel:
    """A flag that any thread sets and that the statement's own work sees within milliseconds.

    The word is 0 while the statement may run. Native code gets its `address` and reads it between blocks; Python code
    calls `check()`.
    """

    __slots__ = ("_word", "address", "listener", "reason")

    def __init__(self) -> None:
        self._word = c_int64(0)
        self.address = addressof(self._word)
        self.reason = CANCEL_TEXT
        self.listener: Callable[[], None] | None = None  # told when the flag is set

    def set(self, reason: str = CANCEL_TEXT) -> None:
        """Ask the statement to stop; the first reason stays, but to begin anew counts less than a user's."""
        if not self._word.value or (self.reason == HOP_TEXT and reason != CLOSED_TEXT):
            self.reason = reason
            self._word.value = 1
        if self.listener is not None:
            self.listener()

    def clear(self) -> None:
        """The statement has stopped and begins anew."""
        self._word.value = 0
        self.reason = CANCEL_TEXT

    @property
    def is_set(self) -> bool:
        return bool(self._word.value)

    def check(self) -> None:
        """Raise QueryCanceled once the flag is set."""
        if self._word.value:
            raise QueryCanceled(self.reason)


# Of the limit: what a statement holds before its steps put rows on disk. The rest is for what they cannot put off.
SPILL_SHARE = 0.5
# Of the limit, and at most: what a step keeps in memory whatever others hold; also the size of a chunk on disk.
LEAST_SHARE, LEAST_BYTES, FEWEST_BYTES = 1 / 64, 4 << 20, 64 << 10
ROW_BYTES = 64  # of a row, at a guess: a batch should not take more than that least share


@lru_cache(maxsize=64)
def _shares(limit: int, spill_share: float, most: int, fewest: int) -> tuple[int, int, int]:
    """`spill_at`, `least` and `batch_rows` of a limit."""
    least = max(min(int(limit * LEAST_SHARE), most), fewest)
    fitting = least // ROW_BYTES
    batch_rows = min(max(1 << (fitting.bit_length() - 1), VECTOR_ROWS), BATCH_ROWS)
    return int(limit * spill_share), least, batch_rows


class MemoryBudget:
    """Bytes that one statement may hold at a time. Safe to use from many threads.

    `least`: bytes that each step may hold though others hold too much; `batch_rows`: at most so many at a time."""

    __slots__ = ("_lock", "_most", "batch_rows", "least", "limit", "peak", "spill_at", "used")

    def __init__(self, limit: int) -> None:
        self.used = 0
        self.peak = 0
        self._most = limit
        self._lock = threading.Lock()
        self._set(limit)

    def _set(self, limit: int) -> None:
        self.limit = limit
        self.spill_at, self.least, self.batch_rows = _shares(limit, SPILL_SHARE, LEAST_BYTES, FEWEST_BYTES)

    def allow(self, limit: int) -> None:
        """From now on no more than `limit`: what workload management gives; never more than at first."""
        limit = min(limit, self._most)
        if limit != self.limit:
            self._set(limit)

    def press(self, limit: int | None) -> None:
        """From now on put rows on disk as if `limit` were all there is; None: as before."""
        self.spill_at = int((self.limit if limit is None else min(limit, self.limit)) * SPILL_SHARE)

    def charge(self, amount: int, step: str) -> None:
        """Count `amount` more bytes for `step`; OutOfMemory, with nothing counted, when over the limit."""
        with self._lock:
            after = self.used + amount
            if after > self.limit:
                raise OutOfMemory(
                    f"out of memory: {step} needs {_megabytes(amount)} more",
                    detail=f"The statement holds {_megabytes(self.used)} of {_megabytes(self.limit)}.",
                    hint="raise memory_limit, or read less with a narrower query",
                )
            self.used = after
            if after > self.peak:
                self.peak = after

    def presses(self, more: int, own: int) -> bool:
        """Whether a step that holds `own` bytes should put them on disk rather than take `more`."""
        return self.used + more > self.spill_at and own >= self.least

    @property
    def room(self) -> int:
        """Bytes that a step may plan with."""
        return max(self.spill_at - self.used, 4 * self.least)

    def release(self, amount: int) -> None:
        with self._lock:
            self.used -= amount

    @contextmanager
    def held(self, amount: int, step: str) -> Iterator[None]:
        """Charge for the length of a `with` block."""
        self.charge(amount, step)
        try:
            yield
        finally:
            self.release(amount)


class Charge:
    """Bytes that one object holds of a budget; given back when the object is dropped."""

    __slots__ = ("budget", "bytes", "step")

    def __init__(self, budget: MemoryBudget, step: str, amount: int = 0) -> None:
        self.budget = budget
        self.step = step
        self.bytes = 0
        self.add(amount)

    def add(self, amount: int) -> None:
        """Hold `amount` bytes more (or fewer); OutOfMemory leaves the charge as it was."""
        if amount > 0:
            self.budget.charge(amount, self.step)
        else:
            self.budget.release(-amount)
        self.bytes += amount

    def like(self, amount: int) -> Charge:
        """A charge of its own for a copy."""
        return Charge(self.budget, self.step, amount)

    def split(self, amount: int) -> Charge:
        """Of these bytes, `amount` as a charge of their own."""
        other = Charge(self.budget, self.step)
        other.bytes, self.bytes = amount, self.bytes - amount
        return other

    def __del__(self) -> None:
        self.budget.release(self.bytes)


def _megabytes(amount: int) -> str:
    return f"{amount / (1 << 20):,.1f} MB"


@dataclass(slots=True)
class Progress:
    """Blocks done of blocks to read, summed over all steps; read by another thread for a bar."""

    blocks_done: int = 0
    blocks_total: int = 0
    step: str = ""

    @property
    def fraction(self) -> float:
        return self.blocks_done / self.blocks_total if self.blocks_total else 0.0


@dataclass(frozen=True, slots=True)
class Notice:
    """A message beside the result: severity INFO, NOTICE or WARNING."""

    severity: str
    message: str

    def __str__(self) -> str:
        return f"{self.severity}:  {self.message}"


@dataclass(slots=True)
class Context:
    """One statement's surroundings; see the module's header."""

    database: Any  # storage.catalog.Database
    view: CatalogView
    settings: Settings
    user: str
    search_path: tuple[str, ...]
    text: str
    now: datetime  # the transaction's clock, UTC
    cancel: Cancel
    budget: MemoryBudget
    parameters: tuple[Any, ...] = ()
    counters: dict[Any, Any] = field(default_factory=dict)
    profiles: list[Any] = field(default_factory=list)  # history.profile.Profile of each plan that slices ran
    source_query: int = 0  # whose result is handed out again
    progress: Progress = field(default_factory=Progress)
    notices: list[Notice] = field(default_factory=list)
    transaction: Any = None  # storage.transactions.Transaction
    workers: Any = None  # engine.workers.Workers
    query_id: int = 0
    session_id: int = 0
    service_class: int = DEFAULT_SERVICE_CLASS  # the queue that it runs in
    session: Any = None  # engine.session.Session, for handlers that change it
    repeats: Hashable = None  # all that the planned query's result depends on besides rows; None: on more, as on now
    kind: str = ""  # the statement's class, as the history has it
    ticket: Any = None  # engine.workload.admission.Ticket: the statement's turn, once it has asked for it
    catalogue: Any = None  # engine.virtual.functions.Catalogue, made when a query calls one of its functions
    scans: list[Any] = field(default_factory=list)  # (lake.splits.ScanNumbers, its step's counters, width of a row)
    files: list[ref[Any]] = field(default_factory=list)  # spill.files.SpillFile: closed at the end if not before

    @property
    def rights(self) -> Rights:
        """What the user may do."""
        return self.view.facts.directory.rights(self.user)

    def home(self, table: Table) -> Any:
        """The database that has the table's rows: temporary tables are in the session's own."""
        return self.session.temporary if table.temporary else self.database

    def close_at_end(self, file: Any) -> None:
        """Close a file when the statement ends, if it is not closed before. For any thread."""
        self.files.append(ref(file))

    def notice(self, severity: str, message: str) -> None:
        self.notices.append(Notice(severity, message))
