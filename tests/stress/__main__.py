"""`make stress`: many processes on one folder, mixed reads and writes, invariants checked; throughput told.

    python -m stress --processes 8 --seconds 10
"""
from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from . import workload


def run(path: Path, processes: int, seconds: float, seed: int) -> list[dict[str, Any]]:
    """What each process reports; an error of one is this one's."""
    workload.create(path)
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "stress", "--worker", str(n), "--path", str(path), "--seed", str(seed)],
            stdin=-1, stdout=-1, text=True,
        )
        for n in range(processes)
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "ready"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(f"{seconds}\n")
        child.stdin.flush()
    answers = [child.communicate()[0] for child in children]
    if any(child.returncode for child in children):
        raise workload.Broken("a process ended with an error")
    reports = [json.loads(answer) for answer in answers]
    workload.check_end(path, reports)
    return reports


def work(path: Path, number: int, seed: int) -> None:
    worker = workload.Worker(path, number, seed * 1000 + number)
    worker.look()
    print("ready", flush=True)
    worker.run(float(sys.stdin.readline()))
    worker.connection.close()
    print(json.dumps({
        "number": number, "done": worker.done, "refused": worker.refused, "logged": worker.logged,
    }))


def main() -> None:
    parser = argparse.ArgumentParser(prog="stress", description=__doc__)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--worker", type=int)
    parser.add_argument("--path", type=Path)
    options = parser.parse_args()
    if options.worker is not None:
        work(options.path, options.worker, options.seed)
        return
    with tempfile.TemporaryDirectory(prefix="stress-") as folder:
        reports = run(Path(folder) / "dw", options.processes, options.seconds, options.seed)
    total = sum((Counter(r["done"]) for r in reports), Counter())
    print(f"seed {options.seed}: {options.processes} processes, {options.seconds:g} s, all invariants hold")
    for kind, count in sorted(total.items()):
        print(f"  {kind:9} {count:6}   {count / options.seconds:8.1f} a second")
    print(f"  refused and tried again: {sum(r['refused'] for r in reports)}")


if __name__ == "__main__":
    main()
