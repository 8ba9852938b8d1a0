"""The process's pool of worker threads: a slice is a place, not a thread.

Tasks of a segment are dealt to the pool; native code runs without the GIL, so two threads do two threads'
work. Work below SMALL_ROWS rows runs on the caller's thread, where handing it over would cost more.
Each worker has arenas of its own (compile/program.py) that are reused from program to program.
"""
from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TypeVar

from ..storage.sharing import forks
from .compile.program import Arena

SMALL_ROWS = 10_000
T = TypeVar("T")


def default_threads() -> int:
    """CPUs that the process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Borrowed:
    """An arena that goes back to the others at the end of the block."""

    __slots__ = ("_arena", "_spare")

    def __init__(self, spare: list[Arena]) -> None:
        self._spare = spare

    def __enter__(self) -> Arena:
        try:
            self._arena = self._spare.pop()  # one step for Python: two threads never get the same
        except IndexError:
            self._arena = Arena()
        return self._arena

    def __exit__(self, *raised: object) -> None:
        self._spare.append(self._arena)


class Workers:
    """A pool of `threads` threads, the caller's being one of them."""

    def __init__(self, threads: int) -> None:
        self.threads = max(1, threads)
        self.forks = forks.count  # another process's has no threads here
        self._pool: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._arenas: list[Arena] = []

    def run(self, work: Callable[[int], None], count: int, rows: int) -> None:
        """work(0) ... work(count - 1); the first error is raised when all have stopped."""
        if count == 1 or self.threads == 1 or rows < SMALL_ROWS:
            for i in range(count):
                work(i)
            return
        shares = min(self.threads, count)
        numbers = iter(range(count))
        lock = threading.Lock()
        failed = threading.Event()

        def worker() -> None:
            while not failed.is_set():
                with lock:
                    i = next(numbers, None)
                if i is None:
                    return
                try:
                    work(i)
                except BaseException:
                    failed.set()
                    raise

        futures = [self._executor().submit(worker) for _ in range(shares - 1)]
        error: BaseException | None = None
        try:
            worker()
        except BaseException as caught:
            error = caught
        _finish(futures, error)

    def _executor(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(self.threads - 1, thread_name_prefix="warehouse-worker")
            return self._pool

    def arena(self) -> _Borrowed:
        """An arena for one program's run: for a `with` block."""
        return _Borrowed(self._arenas)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def once(make: Callable[[], T]) -> Callable[[], T]:
    """What `make` makes when it is first asked for, by whatever thread."""
    lock = threading.Lock()
    made: list[T] = []

    def get() -> T:
        with lock:
            if not made:
                made.append(make())
            return made[0]

    return get


_pools: dict[int, Workers] = {}
_pools_lock = threading.Lock()


def pool(threads: int) -> Workers:
    """The process's pool of `threads` threads."""
    with _pools_lock:
        found = _pools.get(threads)
        if found is None or found.forks != forks.count:
            found = _pools[threads] = Workers(threads)
        return found


def _finish(futures: list[Future[None]], error: BaseException | None) -> None:
    wait(futures)
    for future in futures:
        caught = future.exception()
        error = error or caught
    if error is not None:
        raise error
