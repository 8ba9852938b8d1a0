"""The long run: random data sets and queries until the count is reached; failures are made small and printed.

PYTHONPATH=tests .venv/bin/python -m fuzz --count 2000 --seed 7        (make fuzz COUNT=... SEED=...)
PYTHONPATH=tests .venv/bin/python -m fuzz --replay 7:31                one query: data set 7, query 31
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from random import Random

from .check import Lab, Outcome, rewritten
from .coverage import Coverage
from .nodes import JUDGE, OURS, Node
from .planted import PLANTS, hunt
from .queries import Queries, Query
from .reduce import reduced

QUERIES_PER_LAB = 100
SLOW_SECONDS = 10.0


def query_of(lab: Lab, seed: int, number: int, literals: int = 0) -> Query:
    """Query `number` of data set `seed`; other `literals`, same shape. Shapes without any row are seldom taken."""
    for attempt in range(4):
        shape, values = f"{seed}:{number}:{attempt}", Random(f"{seed}:{number}:{attempt}:0")
        query = Queries(lab.tables, Random(shape), values).query()
        if lab.expected(query) or attempt == 3:
            return Queries(lab.tables, Random(shape), Random(f"{shape}:{literals}")).query()
    raise AssertionError("four attempts were made")


def report(lab: Lab, query: Query, outcome: Outcome, label: str) -> None:
    """Print a failure with the smallest query that shows it."""

    def fails(node: Node) -> bool:
        again = lab.check(rewritten(query, node), [outcome.place])
        return again.bad and (again.kind, again.error) == (outcome.kind, outcome.error)

    ordered = not fails(query.node)
    small = query.node if ordered else reduced(query.node, fails)
    told = outcome if ordered else lab.check(rewritten(query, small), [outcome.place])
    print(f"\n=== {label} {outcome.kind} at {outcome.place}: {outcome.told[:600]}")
    if ordered:
        print(f"only with its order (keys {query.keys})")
    print(f"smaller: {told.told[:600]}\nours:  {small.text(OURS)}\njudge: {small.text(JUDGE)}")
    used = [d for _, _, made in lab.places for d in made if _ == outcome.place]
    names = {t.name for t in lab.tables if f"{t.name} " in small.text(OURS)}
    for line in used:
        if line.split()[2] in names:
            print(line)
    sys.stdout.flush()


def run(seed: int, count: int, big: bool, places: str) -> tuple[Counter[str], Coverage]:
    """`count` queries, a new data set for every QUERIES_PER_LAB of them."""
    coverage = Coverage()
    kinds: Counter[str] = Counter()
    told: Counter[str] = Counter()  # like ones are reported a few times only
    done = 0
    while done < count:
        lab = Lab(seed, big)
        for number in range(min(QUERIES_PER_LAB, count - done)):
            for literals in range(2 if number % 4 == 0 else 1):
                query = query_of(lab, seed, number, literals)
                chosen = None if places == "all" else [lab.places[number % len(lab.places)][0]]
                start = time.perf_counter()
                outcome = lab.check(query, chosen)
                if time.perf_counter() - start > SLOW_SECONDS:
                    print(f"slow: {seed}:{number}:{literals} {time.perf_counter() - start:.1f} s", flush=True)
                kinds[outcome.kind] += 1
                coverage.add(query.node.text(OURS), outcome.rows, outcome.kind in ("refused", "error", "judge_failed"))
                if outcome.kind in ("refused", "judge_failed"):
                    kinds[f"{outcome.kind}: {outcome.told.splitlines()[0][:90]}"] += 1
                alike = f"{outcome.kind}: {outcome.told[:60]}" if outcome.kind != "differs" else "differs"
                told[alike] += 1
                if outcome.bad and told[alike] <= (3 if outcome.kind != "differs" else 25):
                    report(lab, query, outcome, f"{seed}:{number}:{literals}")
            done += 1
        lab.close()
        seed += 1
    return kinds, coverage


def hunt_all(seed: int, most: int) -> int:
    """Every planted bug; how many were not found."""
    missed = 0
    for family in PLANTS:
        found = hunt(family, seed, most)
        told = f"not found in {most} queries" if found is None else f"found by {found}"
        print(f"{family}: {told}", flush=True)
        missed += found is None
    return missed


def replay(label: str, big: bool, small: bool = True) -> None:
    seed, number, *rest = map(int, label.split(":"))
    lab = Lab(seed, big)
    query = query_of(lab, seed, number, rest[0] if rest else 0)
    print(query.node.text(OURS) + "\n" + query.node.text(JUDGE))
    for place, _, _ in lab.places:
        outcome = lab.check(query, [place])
        print(place, outcome)
        if outcome.bad and small:
            report(lab, query, outcome, label)
            return


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--big", action="store_true", help="with a table longer than a batch")
    parser.add_argument("--places", choices=("one", "all"), default="one", help="topologies a query runs on")
    parser.add_argument("--replay", metavar="SEED:NUMBER[:LITERALS]")
    parser.add_argument("--planted", action="store_true", help="plant bugs in kernels: each must be found")
    options = parser.parse_args()
    if options.planted:
        return 1 if hunt_all(options.seed, options.count) else 0
    if options.replay:
        replay(options.replay, options.big)
        return 0
    print(f"seed {options.seed}, {options.count} queries")
    kinds, coverage = run(options.seed, options.count, options.big, options.places)
    for kind, number in kinds.most_common():
        print(f"{number:7} {kind}")
    print("\n".join(coverage.lines()))
    return 1 if any(kinds[k] for k in ("differs", "error", "crash", "type")) else 0


if __name__ == "__main__":
    sys.exit(main())
