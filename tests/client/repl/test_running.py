"""Ctrl-C cancels the statement and not the program; the bar."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from warehouse.client.repl import running
from warehouse.errors import QueryCanceled


@dataclass
class Fake:
    """A connection whose statement waits for cancel."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    progress: Any = None

    def cancel(self) -> None:
        self.cancelled.set()

    def statement(self) -> None:
        assert self.cancelled.wait(10), "nobody cancelled"
        raise QueryCanceled("Query cancelled on user's request")


def test_result_and_error_come_back() -> None:
    assert running.run(Fake(), lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        running.run(Fake(), lambda: 1 // 0)


def test_interrupt_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake()
    ticks = iter([KeyboardInterrupt])

    def tick(bar: running.Bar) -> None:
        if (error := next(ticks, None)) is not None:
            raise error

    monkeypatch.setattr(running.Bar, "tick", tick)
    with pytest.raises(QueryCanceled):
        running.run(fake, fake.statement)
    assert fake.cancelled.is_set()


def test_a_real_interrupt_cancels_and_is_told_once() -> None:
    """Ctrl-C in a process of its own, while the statement runs."""
    code = """
import os, signal, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background is born ignoring it
from warehouse.client.repl import running
from warehouse.errors import QueryCanceled
class Fake:
    progress = None
    cancelled = threading.Event()
    def cancel(self): self.cancelled.set()
fake = Fake()
def statement():
    os.kill(os.getpid(), signal.SIGINT)
    assert fake.cancelled.wait(10)
    time.sleep(0.3)
    raise QueryCanceled('cancelled')
for _ in range(3):
    fake.cancelled.clear()
    try:
        running.run(fake, statement)
    except QueryCanceled:
        print('cancelled')
print('alive')
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.split() == ["cancelled"] * 3 + ["alive"], done.stderr


def test_bar_waits_and_goes_away(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass
    class Progress:
        blocks_done: int = 3
        blocks_total: int = 10
        step: str = "Seq Scan on t"

    bar = running.Bar(Fake(progress=Progress()), visible=True)
    bar.tick()
    assert capsys.readouterr().err == ""
    bar.started = time.monotonic() - 1
    bar.tick()
    assert "30%  3 of 10 blocks  Seq Scan on t" in capsys.readouterr().err
    bar.clear()
    assert capsys.readouterr().err == "\r\x1b[K"


def test_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    bar = running.Bar(Fake(progress=object()), visible=False)
    bar.started = 0
    bar.tick()
    bar.clear()
    assert capsys.readouterr().err == ""
