"""Run a statement so that Ctrl-C cancels it and a bar shows how far it is.

The statement runs on a thread of its own while this one waits: only so does Ctrl-C arrive at once
while native code works. The first Ctrl-C cancels the statement; its QueryCanceled error is shown like
any other. After half a second a bar of blocks done of blocks to read appears on stderr, if stderr is
a terminal, and goes away with the statement.
"""
from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
PATIENCE = 0.5  # seconds before the bar appears
TICK = 0.1
WIDTH = 30


class Cancellable(Protocol):
    """The part of a connection that is needed here."""

    @property
    def progress(self) -> Any: ...

    def cancel(self) -> None: ...


def run(connection: Cancellable, action: Callable[[], T]) -> T:
    """The action's result; its error is raised here."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        begun.set()
        try:
            outcome.append(action())
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    begun = threading.Event()
    done = threading.Event()  # not Thread.join: an interrupt inside it makes Python 3.11 lose the thread
    thread = threading.Thread(target=work, name="statement", daemon=True)
    bar = Bar(connection, sys.stderr.isatty())
    try:
        thread.start()
    except KeyboardInterrupt:
        if not begun.wait(1):
            raise
        connection.cancel()
    try:
        while not done.is_set():
            try:
                done.wait(TICK)
                bar.tick()
            except KeyboardInterrupt:
                connection.cancel()
    finally:
        bar.clear()
    if failure:
        raise failure[0]
    return outcome[0]


class Bar:
    """A line on stderr: blocks done of blocks to read."""

    def __init__(self, connection: Cancellable, visible: bool) -> None:
        self.connection = connection
        self.visible = visible
        self.started = time.monotonic()
        self.shown = False

    def tick(self) -> None:
        if not self.visible or time.monotonic() - self.started < PATIENCE:
            return
        progress = self.connection.progress
        if progress is None or not progress.blocks_total:
            return
        sys.stderr.write("\r\x1b[K" + text(progress.blocks_done, progress.blocks_total, progress.step))
        sys.stderr.flush()
        self.shown = True

    def clear(self) -> None:
        if self.shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def text(done: int, total: int, step: str) -> str:
    """The bar's text."""
    share = min(done / total, 1.0)
    full = int(share * WIDTH)
    return f"{'█' * full}{'░' * (WIDTH - full)} {share:4.0%}  {done:,} of {total:,} blocks  {step}".rstrip()
