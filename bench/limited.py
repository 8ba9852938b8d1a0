"""A suite with little memory: loaded and queried in one process with a limit, and in one without.

    base     private memory (USS) after `select 1`: what the libraries take
    peak     the largest private memory while loading, and while all queries run; sampled
    bound    1.3 times the limit: what peak - base should keep to

Both processes must give the same answers. Times are of one run each: what a limit costs, not how fast we are.
"""
from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .runner import say, scratch
from .suites import named

BOUND = 1.3
SAMPLE_SECONDS = 0.01
_SMAPS = Path("/proc/self/smaps_rollup")


class Peak:
    """The largest private memory since it was last asked for; Linux only."""

    def __init__(self) -> None:
        self._most = 0
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def _sample(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            now = private_bytes()
            with self._lock:
                self._most = max(self._most, now)

    def take(self) -> int:
        now = private_bytes()
        with self._lock:
            most, self._most = max(self._most, now), 0
        return most

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def private_bytes() -> int:
    """Memory that only this process has (USS)."""
    if not _SMAPS.exists():
        raise SystemExit("private memory is read from /proc/self/smaps_rollup: Linux only")
    lines = _SMAPS.read_text().splitlines()
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))


def run(job: dict[str, Any], engine: Any) -> dict[str, Any]:
    """The worker's task: load, then each query once; peaks, seconds and digests of the answers."""
    suite = named(job["suite"])
    engine.run("select 1")
    answer: dict[str, Any] = {"base": private_bytes(), "queries": {}}
    peak = Peak()
    start = time.perf_counter()
    engine.load(suite, Path(job["folder"]), job["design"])
    answer["load"] = {"seconds": time.perf_counter() - start, "peak": peak.take()}
    for query in job["queries"]:
        start = time.perf_counter()
        table = engine.run(suite.text(query, job["scale"]))
        seconds = time.perf_counter() - start
        rows = sorted(repr(tuple(row.values())) for row in table.to_pylist())
        digest = hashlib.sha256("\n".join(rows).encode()).hexdigest()
        answer["queries"][query] = {"seconds": seconds, "peak": peak.take(), "digest": digest}
    peak.stop()
    return answer


def measure(suite: str, scale: float, design: str, queries: tuple[str, ...], limit: str,
            **options: int) -> dict[str, Any]:
    """Both runs; SystemExit if an answer differs."""
    from .worker import in_new_process

    folder = named(suite).generate(scale)
    found = {}
    with scratch() as work:
        for name, memory in (("limited", limit), ("free", None)):
            say(f"{design}: {name}")
            settings: dict[str, Any] = {k: v for k, v in options.items() if k != "threads"}
            settings |= {"memory_limit": memory} if memory else {}
            found[name] = in_new_process(
                task="limited", engine="warehouse", path=str(work / name), threads=options["threads"],
                options=settings, suite=suite, folder=str(folder), design=design, queries=queries, scale=scale,
            )
    wrong = [q for q in queries if found["limited"]["queries"][q]["digest"] != found["free"]["queries"][q]["digest"]]
    if wrong:
        raise SystemExit(f"other answers with memory_limit={limit}: {', '.join(wrong)}")
    return {"limit": limit, "design": design, **found}


def lines(result: dict[str, Any]) -> Iterator[str]:
    """For people."""
    from ..engine.limits import memory_limit

    limit, limited, free = memory_limit(result["limit"]), result["limited"], result["free"]
    base = limited["base"]
    yield f"memory_limit {result['limit']}, design {result['design']}; private memory after select 1: {_mb(base)}"
    yield f"{'':10}{'seconds':>10}{'no limit':>10}{'times':>8}{'peak over that':>16}"
    steps = [("load", limited["load"], free["load"])]
    steps += [(q, found, free["queries"][q]) for q, found in limited["queries"].items()]
    for name, mine, theirs in steps:
        times = mine["seconds"] / max(theirs["seconds"], 1e-9)
        yield (f"{name:10}{mine['seconds']:>10.2f}{theirs['seconds']:>10.2f}{times:>8.2f}"
               f"{_mb(mine['peak'] - base):>16}")
    most = max(mine["peak"] for _, mine, _ in steps) - base
    verdict = "kept" if most <= BOUND * limit else "NOT kept"
    yield f"peak {_mb(most)} of {BOUND} x the limit, {_mb(int(BOUND * limit))}: {verdict}"


def _mb(size: int) -> str:
    return f"{size / (1 << 20):,.0f} MB"
