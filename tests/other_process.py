"""A second process that runs SQL for a test: connections by name, one JSON line a request and an answer.

    other = OtherProcess()
    other.connect("b", path)
    other.execute("b", "update t set v = 1")            rows, or the error raised here
    waiting = other.start("b", "update t set v = 2")    the same in a thread of that process; waiting() answers
    other.kill()

Starting one costs a second: fixtures keep it for a whole module.
"""
from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from warehouse import errors

CODE = """
import sys; sys.path[:0] = {paths!r}
from other_process import serve; serve()
"""


class OtherProcess:
    """See the module's text."""

    def __init__(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-c", CODE.format(paths=sys.path)], stdin=-1, stdout=-1, text=True, cwd="/"
        )
        self._answers: dict[int, Any] = {}
        self._arrived = threading.Condition()
        self._asked = 0
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def connect(self, name: str, path: Any, **options: Any) -> None:
        self._ask("connect", name, str(path), {"autocommit": True, **options})()

    def execute(self, name: str, sql: str) -> list[tuple[Any, ...]]:
        return self.start(name, sql)()

    def start(self, name: str, sql: str) -> Callable[[], list[tuple[Any, ...]]]:
        """Send a statement; the function answers its rows once it has ended."""
        return self._ask("execute", name, sql)

    def close(self, name: str) -> None:
        self._ask("close", name)()

    def kill(self) -> None:
        self.child.send_signal(signal.SIGKILL)
        self._wait()

    def end(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()
        self._wait()

    def _wait(self) -> None:
        assert self.child.stdin is not None and self.child.stdout is not None
        self.child.wait(30)
        self._listener.join(30)
        self.child.stdin.close()
        self.child.stdout.close()

    def _ask(self, *request: Any) -> Callable[[], list[tuple[Any, ...]]]:
        assert self.child.stdin is not None
        self._asked += 1
        number = self._asked
        self.child.stdin.write(json.dumps([number, *request]) + "\n")
        self.child.stdin.flush()
        return lambda: self._answer(number)

    def _listen(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            number, *answer = json.loads(line)
            with self._arrived:
                self._answers[number] = answer
                self._arrived.notify_all()

    def _answer(self, number: int) -> list[tuple[Any, ...]]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: number in self._answers, 60), "no answer"
            kind, value = self._answers.pop(number)
        if kind == "rows":
            return [tuple(row) for row in value]
        name, message, sqlstate, detail = value
        raise getattr(errors, name)(message, sqlstate=sqlstate, detail=detail)


# -- in the other process ------------------------------------------------------------------------------


def serve() -> None:
    """Answer requests until standard input ends."""
    connections: dict[str, Any] = {}
    threads = []
    for line in sys.stdin:
        number, kind, name, *arguments = json.loads(line)
        thread = threading.Thread(target=_work, args=(connections, number, kind, name, arguments))
        thread.start()
        threads.append(thread)
        if kind != "execute":
            thread.join()
    for thread in threads:
        thread.join()
    for connection in connections.values():
        connection.close()


_writing = threading.Lock()


def _work(connections: dict[str, Any], number: int, kind: str, name: str, arguments: list[Any]) -> None:
    import warehouse

    try:
        rows: list[Any] = []
        if kind == "connect":
            connections[name] = warehouse.connect(arguments[0], **arguments[1])
        elif kind == "close":
            connections.pop(name).close()
        else:
            cursor = connections[name].execute(*arguments)
            rows = cursor.fetchall() if cursor.description else []
        answer = [number, "rows", rows]
    except errors.Error as error:
        answer = [number, "error", [type(error).__name__, error.message, error.sqlstate, error.detail]]
    with _writing:
        print(json.dumps(answer, default=str), flush=True)
