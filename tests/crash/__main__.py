"""`make crash N=1000`: kill a process N times, at every fail point and at random moments; look after each time.

PYTHONPATH=tests .venv/bin/python -m crash --count 1000 --seed 7
"""
from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from warehouse.storage import failpoints

from .harness import Harness

# Every point once, the one that needs a killed load after one.
ORDER = (*failpoints.POINTS[:-1], "load.synced", failpoints.POINTS[-1])


def _moment(number: int, chance: random.Random) -> tuple[str | None, int]:
    """Where run `number` is killed: (point, how often it is reached before), or at a random time (None)."""
    if number < len(ORDER):
        return ORDER[number], 1
    return (chance.choice(failpoints.POINTS), chance.randint(1, 8)) if number % 2 else (None, 1)


def run(folder: Path, count: int, seed: int) -> tuple[int, set[str]]:
    """(kills, fail points at which one happened); Lost when something is."""
    chance = random.Random(seed)
    harness = Harness(folder, seed)
    kills, reached = 0, set()
    try:
        for number in range(count):
            point, hits = _moment(number, chance)
            killed = harness.run(point, hits, None if point else chance.uniform(0, 400))
            kills += killed
            if killed and point:
                reached.add(point)
        harness.run(milliseconds=0)  # a last look
    finally:
        harness.close()
    return kills, reached


def main() -> None:
    parser = argparse.ArgumentParser(prog="crash", description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        kills, reached = run(Path(folder), options.count, options.seed)
    print(f"seed {options.seed}: killed {kills} times; everything acknowledged was there, and nothing else")
    missing = [p for p in failpoints.POINTS if p not in reached]
    if missing:
        print(f"  not reached: {', '.join(missing)}")


if __name__ == "__main__":
    main()
