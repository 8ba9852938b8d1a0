"""Kill, open, compare: the state must be what was acknowledged, or that and the one transaction in flight, whole.

    zygote          a process that has imported everything and forks a child for each run (a start costs a second)
    Harness.run     one child until it is killed: at a fail point, or after some milliseconds
    next run        its child opens the folder, tells what it finds; the harness compares
"""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .workload import State, create, step

ZYGOTE = """
import sys; sys.path[:0] = {paths!r}
from crash.zygote import serve; serve()
"""


class Lost(AssertionError):
    """Something acknowledged is gone, or something is there that was not."""


class Harness:
    """See the module's text."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.path = folder / "dw"
        self.lines = folder / "lines"
        self.seed = seed
        self.next = 0
        self.reached: dict[str, int] = {}
        self._expected: list[dict[str, Any]] = []
        self._zygote = subprocess.Popen(
            [sys.executable, "-c", ZYGOTE.format(paths=sys.path)], stdin=-1, stdout=-1, text=True
        )
        create(self.path)

    def run(self, point: str | None = None, hits: int = 1, milliseconds: float | None = None) -> bool:
        """One child, and the comparison with what the one before it was told; whether it was killed."""
        request = [str(self.path), str(self.lines), self.seed, self.next, point, hits, milliseconds]
        self.lines.unlink(missing_ok=True)
        assert self._zygote.stdin is not None and self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps(request) + "\n")
        self._zygote.stdin.flush()
        status = json.loads(self._zygote.stdout.readline())
        if status not in (0, -9):
            raise Lost(f"the child ended with {status} (seed {self.seed}, steps from {self.next}, point {point})")
        self._read(f"seed {self.seed}, steps from {self.next}, killed before at {point or milliseconds}")
        return bool(status)

    def _read(self, where: str) -> None:
        """Follow a child's lines. One that was killed before it told what it found changes nothing."""
        text = self.lines.read_text() if self.lines.exists() else ""
        entries = [json.loads(line) for line in text.split("\n")[:-1]]
        if not entries or entries[0][0] != "found":
            return
        found, left = entries[0][1:]
        if self._expected and found not in self._expected:
            raise Lost(f"{where}: found {found}, expected one of {self._expected}")
        if left:
            raise Lost(f"{where}: left behind after opening: {left}")
        state = State.of(found)
        self._expected = [state.as_dict()]
        for kind, *rest in entries[1:]:
            if kind == "start":
                after = State.of(json.loads(json.dumps(self._expected[-1])))
                step(self.seed, rest[0], rest[1], self.path, rest[2]).apply(after)
                self._expected = [self._expected[-1], after.as_dict()]
                self.next = rest[0] + 1
            elif kind == "done":
                self._expected = self._expected[-1:]

    def close(self) -> None:
        assert self._zygote.stdin is not None and self._zygote.stdout is not None
        self._zygote.stdin.close()
        self._zygote.wait(30)
        self._zygote.stdout.close()
