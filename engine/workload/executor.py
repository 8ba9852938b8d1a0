"""A concurrency scaling executor: a process that runs other processes' read queries on the same folder.

    python -c "... serve(folder, threads)"     started by scaling.py; talks over its standard input and output

    in     ("run", Job)     one at a time            out    ("ready", process number)
           ("cancel", text)                                 ("batch", record batch) ...
           end of file: leave                               ("end", metrics)   or   ("error", exception)

It opens the folder read-only and runs the pickled plan as of the snapshot that the asking statement has pinned, so
that the answer is the one which the main process would have given. If it cannot see that snapshot (others have
committed meanwhile) it says so (Unseen), and the main process runs the query itself. It loads the kernel pack and never
compiles.
"""
from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ...errors import OperationalError
from ...planner.physical import PhysicalQuery
from ...records import dataclass
from ...storage.catalog.state import CatalogState, TableEntry
from ...storage.database import Database
from ...storage.schema import Table
from ..context import Cancel, Context, MemoryBudget
from ..execute import execute
from ..failures import translate
from ..preload import preload
from ..settings import Settings
from ..workers import pool
from .estimates import outline
from .usage import Usage

HEAD = struct.Struct("<Q")


@dataclass(slots=True)
class Job:
    """A query as an executor needs it; `snapshot`: a commit's number, pinned by whoever asks."""

    plan: PhysicalQuery
    snapshot: int
    settings: dict[str, str]
    user: str
    search_path: tuple[str, ...]
    text: str
    now: datetime
    parameters: tuple[Any, ...]
    memory: int


class Unseen(Exception):
    """The executor cannot see the job's snapshot."""


class Turn:
    """In place of a ticket: the turn was had elsewhere, what the query takes is counted here."""

    executor = 0

    def __init__(self, job: Job) -> None:
        self.usage = Usage(outline(job.plan))

    def first_rows(self) -> None:
        pass

    def end(self, ok: bool) -> None:
        pass

    def may_restart(self) -> bool:
        return False


class _Reading:
    """In place of a transaction: the asking process has said what the query reads."""

    id = 0

    def __init__(self, state: CatalogState) -> None:
        self._state = state

    def read(self, table: Table, check: Callable[[], None]) -> None:
        pass

    def entry(self, table: Table) -> TableEntry:
        return self._state.entries[table.id]


def read_frame(stream: Any) -> Any:
    """One message; EOFError at the end."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        raise EOFError
    (size,) = HEAD.unpack(head)
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return pickle.loads(content)


def write_frame(stream: Any, message: Any) -> None:
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(HEAD.pack(len(content)))
    stream.write(content)
    stream.flush()


class Server:
    """See the module's text."""

    def __init__(self, folder: str, threads: int, source: Any, sink: Any) -> None:
        preload()
        self._database = Database.open(folder, read_only=True, create=False)
        self._workers = pool(threads)
        self._source, self._sink = source, sink
        self._cancel = Cancel()

    def run(self) -> None:
        """Until the other end closes."""
        write_frame(self._sink, ("ready", os.getpid()))
        while True:
            try:
                word, content = read_frame(self._source)
            except EOFError:
                return
            if word == "run":
                self._cancel = Cancel()
                threading.Thread(target=self._answer, args=(content, self._cancel), daemon=True).start()
            else:
                self._cancel.set(content)

    def _answer(self, job: Job, cancel: Cancel) -> None:
        try:
            turn = Turn(job)
            for batch in execute(job.plan, self._context(job, turn, cancel)):
                write_frame(self._sink, ("batch", batch))
            turn.usage.pause()
            write_frame(self._sink, ("end", turn.usage.metrics()))
        except (Unseen, OSError) as error:
            write_frame(self._sink, ("error", error))
        except Exception as error:
            write_frame(self._sink, ("error", translate(error)))

    def _context(self, job: Job, turn: Turn, cancel: Cancel) -> Context:
        self._database.snapshot()  # learn of the newest commits
        try:
            view = self._database.view(job.snapshot, job.search_path)
        except OperationalError as error:
            raise Unseen(str(error)) from None
        return Context(
            database=self._database, view=view, settings=Settings.of(job.settings), user=job.user,
            search_path=job.search_path, text=job.text, now=job.now, cancel=cancel, budget=MemoryBudget(job.memory),
            parameters=job.parameters, transaction=_Reading(self._database.state(job.snapshot)),
            workers=self._workers, ticket=turn,
        )  # fmt: skip


def serve(folder: str, threads: int) -> None:
    """The process's life. What others print goes to standard error: standard output is for messages."""
    sink = io.BufferedWriter(io.FileIO(os.dup(1), "w"))
    os.dup2(2, 1)
    Server(folder, threads, sys.stdin.buffer, sink).run()
