"""RunWriter: buffers rows of all columns until they make a run, then sorts, encodes and writes it.

    add(batch)  -->  RunBuffer  -- full -->  encode_run  -->  LoadFiles

A load has one for all slices, which places its rows when a run ends (COPY, VALUES: rows come from the
leader), or one a slice (INSERT ... SELECT: rows are made on slices and are placed before they come here).
Any thread may add; one at a time is let in, and whoever fills the run writes it. `try_add` lets a thread that
would wait look for another slice's writer that is free.

Memory is bounded by the run. Runs end earlier where the load would take more than its share, or where there is no
more, whatever the number of rows. What cannot even take in FEWEST_ROWS rows is OutOfMemory (load_memory.py).
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor

from .. import errors
from ..records import dataclass
from .load_files import LoadFiles
from .load_memory import LoadMemory, batch_bytes, give_back, rows_of, rows_within, run_cost, too_little
from .run import GROUP_ROWS, Batch, RunBuffer, RunPlan, encode_run

# What a run reserves (not touches) memory for at once.
MAX_RESERVED_ROWS = 8 << 20
# Rows that come together are taken in by halves where memory is short, until there are no more than these.
FEWEST_ROWS = 256


@dataclass(frozen=True, slots=True)
class RunLimits:
    """How much makes a run."""

    rows: int
    bytes: int


class RunWriter:
    """See the module's text. `workers(rows)` gives the threads that convert and encode so many rows (None: the
    caller's alone); `placing(early)` is called before a run is written and may change `plan` and `limits`."""

    def __init__(
        self,
        plan: RunPlan,
        limits: RunLimits,
        files: LoadFiles,
        memory: LoadMemory,
        check: Callable[[], None],
        workers: Callable[[int], Executor | None],
        placing: Callable[[bool], None] | None = None,
    ) -> None:
        self.plan = plan
        self.limits = limits
        self._files = files
        self._memory = memory
        self._check = check
        self._workers = workers
        self._placing = placing
        self._lock = threading.Lock()
        self._buffer = self._new_buffer()

    @property
    def rows(self) -> int:
        """Rows that wait."""
        return self._buffer.rows

    @property
    def bytes(self) -> int:
        return self._buffer.bytes

    def add(self, batch: Batch, rows: int) -> None:
        """Take in rows of all columns; write the run once it is full."""
        with self._lock:
            self._add(batch, rows)

    def try_add(self, batch: Batch, rows: int) -> bool:
        """The same, unless another thread is at it."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            self._add(batch, rows)
        finally:
            self._lock.release()
        return True

    def flush(self) -> None:
        """Write what is left."""
        with self._lock:
            self._write(last=True)

    def drop(self) -> None:
        """Let go of rows and memory; nothing more is written."""
        with self._lock:
            if self._buffer.rows:
                self._buffer = self._new_buffer()
            self._memory.hold(0)
            self._workers, self._placing = _nobody, None  # which may know the writer: nothing is kept by a circle

    def _add(self, batch: Batch, rows: int) -> None:
        self.admit(batch, rows)
        if self._is_full():
            self._write(last=False)

    def admit(self, batch: Batch, rows: int) -> None:
        """Buffer rows, in parts when there is no memory for all of them at once. (For `placing`, too.)"""
        if self._make_room(batch_bytes(batch, self.plan.columns), rows):
            self._buffer.add(batch, self._workers(rows))
            self._settle()
            return
        for start, stop in ((0, rows // 2), (rows // 2, rows)):
            self.admit([rows_of(values, start, stop) for values in batch], stop - start)

    def _make_room(self, size: int, rows: int) -> bool:
        """Hold memory for so many more rows and bytes; what is buffered is written out if need be. False:
        only a part of the rows may fit. Not enough for FEWEST_ROWS of them: OutOfMemory."""
        while True:
            rows_then, size_then = self._buffer.rows + rows, self._buffer.bytes + size
            wanted = run_cost(rows_then, size_then) + size
            if not self._buffer.rows or wanted <= self._memory.share:
                try:
                    self._memory.hold(wanted)
                    return True
                except errors.OutOfMemory as error:
                    if not self._buffer.rows and rows <= FEWEST_ROWS:
                        raise too_little(error, rows, wanted) from None
            if not self._buffer.rows:
                return False
            self._write_early()

    def _settle(self) -> None:
        """Hold what the buffered rows take, now that it is known; out with them if that is too much."""
        try:
            self._memory.hold(run_cost(self._buffer.rows, self._buffer.bytes))
        except errors.OutOfMemory:
            self._write_early()

    def _is_full(self) -> bool:
        return self._buffer.rows >= self.limits.rows or self._buffer.bytes >= self.limits.bytes

    def _new_buffer(self) -> RunBuffer:
        rows = min(self.limits.rows, rows_within(self.plan.columns, self._memory.share))
        return RunBuffer(self.plan.columns, min(rows + GROUP_ROWS, MAX_RESERVED_ROWS))

    def _write_early(self) -> None:
        """Memory is short: write the rows that are there, though they make no whole run."""
        self._write(last=True, early=True)

    def _write(self, *, last: bool, early: bool = False) -> None:
        if self._placing is not None:
            self._placing(early)
        if not self._buffer.rows or (not last and not self._is_full()):
            return
        run, self._buffer = self._buffer, self._new_buffer()
        pool = self._workers(run.rows)
        groups, rest = encode_run(self.plan, run.take(), pool, last=last, check=self._check)
        for piece in groups:
            apart = bool(self.plan.sort_key) and piece.begins
            self._files.append(piece.slice, piece.groups, self.plan.columns, apart=apart)
        del groups
        if rest:
            self._buffer.add(rest)
        self._memory.hold(run_cost(self._buffer.rows, self._buffer.bytes))
        give_back()


def _nobody(rows: int) -> None:
    """Threads of a writer that has ended."""
