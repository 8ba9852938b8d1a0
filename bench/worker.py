"""Measurements that need a process of their own: loading, first runs, peak memory, thread counts.

The runner starts `python -m warehouse.bench.worker` with one JSON object as argument and reads one
JSON object from its output:

    {"task": "load",  "engine": ..., "path": ..., "threads": 2, "options": {...}, "suite", "folder", "design"}
    {"task": "runs",  ..., "texts": [sql, ...], "times": 5}     each text that many times, in order
    {"task": "limited", ...}                                    load and queries with little memory: limited.py
    {"task": "copy", "source": ..., ...}                        one COPY: copies.py
    {"task": "unload", "format": ..., ...}                      one UNLOAD: unloads.py

`connect` and the imports are outside the timed part; the first of the runs is the first statement of
its process. `peak_rss` is the largest resident set of the process, libraries included (a job may have looked at it
earlier).
"""
from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

from .engines import open_engine, timed
from .suites import named


def in_new_process(**job: Any) -> dict[str, Any]:
    """Run a job in a fresh Python; its answer, or SystemExit with what it printed."""
    command = [sys.executable, "-m", "warehouse.bench.worker", json.dumps(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{job['task']} with {job['engine']} failed:\n{done.stderr.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job in this process."""
    engine = open_engine(job["engine"], job["path"], job["threads"], **job.get("options", {}))
    try:
        if job["task"] == "load":
            took, _ = timed(engine.load, named(job["suite"]), Path(job["folder"]), job["design"])
            answer: dict[str, Any] = {"wall": took.wall, "cpu": took.cpu}
        elif job["task"] == "limited":
            from . import limited

            answer = limited.run(job, engine)
        elif job["task"] == "copy":
            from . import copies

            answer = copies.run(job, engine)
        elif job["task"] == "unload":
            from . import unloads

            answer = unloads.run(job, engine)
        else:
            runs = []
            for sql in job["texts"]:
                timings = [timed(engine.run, sql)[0] for _ in range(job["times"])]
                runs.append([[t.wall, t.cpu] for t in timings])
            answer = {"runs": runs}
    finally:
        engine.close()
    return {"peak_rss": peak_resident()} | answer


def peak_resident() -> int:
    """Bytes of the largest resident set. Not getrusage on Linux: a child starts with its parent's peak."""
    status = Path("/proc/self/status")
    if status.exists():
        peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    print(json.dumps(run(json.loads(sys.argv[1]))))
