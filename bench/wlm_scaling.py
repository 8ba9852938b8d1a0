"""Concurrency scaling under load: a flood of reads with the main process alone and with an executor beside it.

The main process has one worker thread, so that a processor is free for the executor. Answers are compared with those
of the main process before anything counts.
"""
from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from . import wlm
from .runner import say

QUEUE = '[{"query_concurrency": 1, "concurrency_scaling": "auto"}]'
READS = "select g, count(*), sum(v), max(k) from facts where k % 7 < {} group by g order by g"


def scaling(seconds: float, rows: int) -> dict[str, Any]:
    """Queries a second, and milliseconds to the first scaled query with a spare and without."""
    found: dict[str, Any] = {}
    for clusters in (0, 1):
        say(f"wlm: a flood of reads, {clusters} executors")
        with tempfile.TemporaryDirectory() as folder:
            house = wlm.House(QUEUE, rows, path=str(Path(folder) / "db"), threads=1)
            house.first.execute(f"alter system set max_concurrency_scaling_clusters = '{clusters}'").close()
            if clusters:
                found["first_ms"] = _first(house)
            for _ in range(4):
                house.client("flood", READS)
            house.load(seconds)
            elsewhere = sum(r.executor > 0 for r in house.manager.log.queries)
            found[f"per_second_{clusters}"] = round(len(house.latencies["flood"]) / seconds, 2)
            found["scaled"] = elsewhere
            wlm.check(house)
    found["ratio"] = round(found["per_second_1"] / max(found["per_second_0"], 0.01), 2)
    return found


def _first(house: wlm.House) -> dict[str, float]:
    """The first scaled query's latency: with a spare that is ready, and where a process must be started for it."""
    taken = {}
    holder, asking = house.session(""), house.session("")
    right = house.first.execute(READS.format(3)).table()
    _ready(house)
    for name in ("spare", "none"):
        with _unread(holder, house):
            start = time.perf_counter()
            answer = asking.execute(READS.format(3)).table()
            taken[name] = round(1000 * (time.perf_counter() - start), 1)
        if answer != right:
            raise SystemExit("an executor answered otherwise than the main process")
        for executor in house.manager.executors._idle:
            executor.close()
        house.manager.executors._idle.clear()
    holder.close()
    asking.close()
    _ready(house)
    return taken


def _ready(house: wlm.House) -> None:
    """Let a spare come up."""
    house.manager.executors.keep_spare()
    for spare in house.manager.executors._idle:
        spare.wait_ready()


class _unread:
    """A result that keeps the queue's slot while the block runs."""

    def __init__(self, session: Any, house: wlm.House) -> None:
        self._result = session.execute("select k, v from facts")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: object) -> None:
        self._result.close()


def lines(found: dict[str, Any]) -> list[str]:
    """As Markdown."""
    first = found["first_ms"]
    return [
        f"A flood of reads: {found['per_second_0']} queries a second alone, {found['per_second_1']} with one executor"
        f" ({found['ratio']}x, goal 1.5x; {found['scaled']} ran on it).",
        f"The first scaled query took {first['spare']} ms with a spare, {first['none']} ms without.",
    ]
