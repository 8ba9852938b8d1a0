"""Progress on stderr: what is done, what comes, how much time is left.

    [####------] 12 of 31  measuring: orders KEY(o_orderkey)  about 2 min left

On a terminal one line that changes; elsewhere (a log) a line now and then.
"""
from __future__ import annotations

import sys
import time
from typing import TextIO

LINE_SECONDS = 5.0  # between two lines of a log


class Progress:
    """`clock` is the time since the start, in seconds; tests have their own."""

    def __init__(self, out: TextIO | None = None, quiet: bool = False, clock: object = time.monotonic) -> None:
        self.out = out or sys.stderr
        self.quiet = quiet
        self._clock = clock
        self._start = self.now()
        self._phase_start = self._start
        self._last = -LINE_SECONDS
        self._live = self.out.isatty()

    def now(self) -> float:
        return float(self._clock())  # type: ignore[operator]

    @property
    def elapsed(self) -> float:
        return self.now() - self._start

    def phase(self, text: str) -> None:
        """Something new begins."""
        self._phase_start = self.now()
        self._last = -LINE_SECONDS
        if not self.quiet:
            self._clear()
            print(f"{self.elapsed:6.0f} s  {text}", file=self.out, flush=True)

    def step(self, done: int, total: int, text: str) -> None:
        """`done` of `total` steps of this phase are over; `text`: what runs now."""
        now = self.now()
        if self.quiet or (not self._live and now - self._last < LINE_SECONDS):
            return
        self._last = now
        filled = 10 * done // max(1, total)
        bar = "#" * filled + "-" * (10 - filled)
        place = f"[{bar}] {done} of {total}  " if total else ""
        line = f"         {place}{text}{self._left(done, total, now)}"
        self._clear()
        print(line, file=self.out, end="" if self._live else "\n", flush=True)

    def end(self) -> None:
        if not self.quiet:
            self._clear()
            self.out.flush()

    def _left(self, done: int, total: int, now: float) -> str:
        if not done or done >= total:
            return ""
        seconds = (now - self._phase_start) / done * (total - done)
        return f"  about {seconds:.0f} s left" if seconds < 90 else f"  about {seconds / 60:.0f} min left"

    def _clear(self) -> None:
        if self._live:
            self.out.write("\r\x1b[K")
