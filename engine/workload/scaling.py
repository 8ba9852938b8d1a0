"""Concurrency scaling, the main process's side: executor processes, one of them kept ready as a spare.

    manager decides Start(executor=n)  ->  rows(plan, context, ticket)  ->  a process (executor.py)  ->  record batches

The spare is started when a configuration with scaling queues comes into force, so that the first scaled query does
not wait for Python to start. An executor that has been idle for RETIRE seconds goes, but for the spare. All end when
the database is closed, or with this process: their standard input closes.
"""
from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...planner.physical import PhysicalQuery
from ..context import CLOSED_TEXT, Context
from .door import ExecutorFailed
from .executor import Job, Unseen, read_frame, write_frame

if TYPE_CHECKING:
    from .admission import Ticket

RETIRE = 60.0  # seconds
_CODE = "import sys; sys.path[:0] = {paths!r}; from {module} import serve; serve({folder!r}, {threads})"


class Executor:
    """One process. For one query at a time."""

    def __init__(self, folder: str, threads: int) -> None:
        code = _CODE.format(paths=sys.path, module=Job.__module__, folder=folder, threads=threads)
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._sending = threading.Lock()
        self._is_ready = False

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Until it can take a query."""
        if not self._is_ready:
            self._read()
            self._is_ready = True

    def run(self, job: Job, context: Context, ticket: Ticket) -> Iterator[pa.RecordBatch]:
        """The query's rows; ExecutorFailed where the process cannot give them."""
        self.wait_ready()
        context.cancel.check()
        self._send(("run", job))
        context.cancel.listener = lambda: self._send(("cancel", context.cancel.reason))
        try:
            if context.cancel.is_set:
                self._send(("cancel", context.cancel.reason))
            yield from self._answers(ticket)
        except GeneratorExit:
            self._send(("cancel", CLOSED_TEXT))
            self._drain()
            raise
        finally:
            context.cancel.listener = None

    def _answers(self, ticket: Ticket) -> Iterator[pa.RecordBatch]:
        while True:
            word, content = self._read()
            if word == "batch":
                ticket.usage.returned += content.num_rows
                yield content
            elif word == "end":
                ticket.usage.adopt(content)
                return
            elif isinstance(content, Unseen | OSError):
                raise ExecutorFailed(str(content))
            else:
                raise content

    def _drain(self) -> None:
        while self._read()[0] == "batch":
            pass

    def _read(self) -> tuple[str, Any]:
        try:
            word, content = read_frame(self._process.stdout)
        except (EOFError, OSError, ValueError):
            raise ExecutorFailed("the concurrency scaling executor has ended") from None
        return word, content

    def _send(self, message: tuple[str, Any]) -> None:
        with self._sending:
            try:
                write_frame(self._process.stdin, message)
            except (OSError, ValueError):
                if message[0] == "run":
                    raise ExecutorFailed("the concurrency scaling executor has ended") from None

    def close(self) -> None:
        """It leaves when its input ends, whatever it does; nobody waits for long."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Executors:
    """Of one database: those that are idle, the spare first."""

    def __init__(self, folder: str, threads: int) -> None:
        self._folder, self._threads = folder, threads
        self._lock = threading.Lock()
        self._idle: list[Executor] = []
        self._busy: set[Executor] = set()
        self._closed = False

    def keep_spare(self) -> None:
        """Have one ready; it starts beside."""
        with self._lock:
            if not self._idle and not self._closed:
                self._idle.append(Executor(self._folder, self._threads))

    def take(self) -> Executor:
        """One that is idle, or a new one."""
        with self._lock:
            while self._idle:
                found = self._idle.pop(0)
                if found.alive:
                    break
                found.close()
            else:
                found = Executor(self._folder, self._threads)
            self._busy.add(found)
        return found

    def give_back(self, executor: Executor) -> None:
        with self._lock:
            self._busy.discard(executor)
            if self._closed or not executor.alive:
                executor.close()
                return
            self._idle.append(executor)
        if len(self._idle) > 1:
            timer = threading.Timer(RETIRE, self._retire, (executor,))
            timer.daemon = True
            timer.start()

    def _retire(self, executor: Executor) -> None:
        with self._lock:
            if executor in self._idle[1:]:
                self._idle.remove(executor)
                executor.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for executor in [*self._idle, *self._busy]:
                executor.close()
            self._idle.clear()


def rows(plan: PhysicalQuery, context: Context, ticket: Ticket) -> Generator[pa.RecordBatch, None, None]:
    """The rows of a query that an executor runs."""
    executors = ticket.manager.executors
    job = Job(
        plan, context.transaction.snapshot, dict(context.settings), context.user, context.search_path, context.text,
        context.now, context.parameters, context.budget.limit,
    )  # fmt: skip
    executor = executors.take()
    try:
        yield from executor.run(job, context, ticket)
    finally:
        executors.give_back(executor)


def prepare(folder: str, threads: int) -> Executors:
    """Executors for a database whose queues may use them, with a spare on its way."""
    made = Executors(folder, threads)
    made.keep_spare()
    return made
