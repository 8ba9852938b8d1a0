"""Several files at once to or from an object store, which answers each request late and many of them together.

    each(files, send, check, TRANSFERS)      send(file, check) for all of them, in so many threads

The first error ends the others at their next check, and is raised when they have ended. Memory is bounded by what so
many transfers hold: a chunk to read and a part to write each.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

TRANSFERS = 4
T = TypeVar("T")
Check = Callable[[], None]


class _Stopped(Exception):
    """Another transfer has failed."""


def each(items: Sequence[T], work: Callable[[T, Check], None], check: Check, threads: int) -> None:
    if threads < 2 or len(items) < 2:
        for item in items:
            work(item, check)
        return
    from concurrent.futures import ThreadPoolExecutor, wait

    failed: list[BaseException] = []

    def go_on() -> None:
        if failed:
            raise _Stopped
        check()

    def run(item: T) -> None:
        try:
            go_on()
            work(item, go_on)
        except BaseException as error:
            failed.append(error)  # the others are stopped by it, so it is the first
            raise

    with ThreadPoolExecutor(threads, "warehouse-transfer") as pool:
        running = [pool.submit(run, item) for item in items]
        try:
            wait(running, return_when="FIRST_EXCEPTION")
        except BaseException as error:  # Ctrl-C
            failed.append(error)
            raise
        finally:
            pool.shutdown(cancel_futures=True)
    if failed:
        raise failed[0]
