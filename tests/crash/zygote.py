"""The process that children are forked from: it has run every statement once, in memory, and has no second thread."""
from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

from .workload import create_tables, look, run_child, step


def serve() -> None:
    """One request a line: path, lines, seed, first step, point, hits, milliseconds; the child's status as answer."""
    _warm_up()
    for line in sys.stdin:
        path, lines, seed, first, point, hits, milliseconds = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                run_child(Path(path), Path(lines), seed, first, point, hits)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        if milliseconds is not None:
            _wait_for(Path(lines))
            time.sleep(milliseconds / 1000)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _warm_up() -> None:
    """Imports and native code, which each child would wait for otherwise."""
    import warehouse
    import warehouse.storage.opening
    import warehouse.storage.sharing.shared

    with tempfile.TemporaryDirectory() as folder, warehouse.connect(threads=1, autocommit=True) as connection:
        create_tables(connection)
        done: set[str] = set()
        for number in range(200):
            todo = step(0, number, "v", Path(folder) / "dw")
            if todo.name not in done and todo.name != "alter":
                done.add(todo.name)
                for text in todo.statements:
                    connection.execute(text).close()
        look(connection)
    if threading.active_count() > 1:
        raise AssertionError(f"no fork with threads: {threading.enumerate()}")


def _wait_for(lines: Path) -> None:
    """Until the child has told what it found, so that time counts from there."""
    for _ in range(20_000):
        if lines.exists() and lines.stat().st_size:
            return
        time.sleep(0.001)
