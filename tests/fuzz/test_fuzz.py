"""A sample of random queries, judged by DuckDB; the long run is `make fuzz`.

The sample is the same in every run unless FUZZ_SEED and FUZZ_COUNT say otherwise. A failure names the
label to replay:  PYTHONPATH=tests .venv/bin/python -m fuzz --replay SEED:NUMBER:LITERALS
"""

from __future__ import annotations

import os

import pytest
from fuzz.__main__ import query_of
from fuzz.check import TOPOLOGIES, Lab
from fuzz.nodes import JUDGE, OURS
from fuzz.planted import hunt

SEED = int(os.environ.get("FUZZ_SEED", "20"))
COUNT = int(os.environ.get("FUZZ_COUNT", "48"))
LABS = 4


@pytest.mark.parametrize("number", range(LABS))
def test_random_queries(number: int) -> None:
    """Each data set on two topologies; every fourth shape again with other literals."""
    seed = SEED + number
    lab = Lab(seed, topologies=(TOPOLOGIES[number % 4], TOPOLOGIES[(number + 2) % 4]))
    print(f"FUZZ_SEED={seed}")
    try:
        kinds = [check(lab, seed, i, again) for i in range(COUNT // LABS) for again in range(1 + (i % 4 == 0))]
    finally:
        lab.close()
    assert kinds.count("same") >= 0.8 * len(kinds), kinds  # few are refused, and the judge answers most


def check(lab: Lab, seed: int, number: int, literals: int) -> str:
    query = query_of(lab, seed, number, literals)
    outcome = lab.check(query)
    assert not outcome.bad, (
        f"{seed}:{number}:{literals} at {outcome.place}: {outcome.told}\n"
        f"ours: {query.node.text(OURS)}\njudge: {query.node.text(JUDGE)}"
    )
    return outcome.kind


def test_a_planted_bug_is_found() -> None:
    """`python -m fuzz --planted` plants others, too."""
    assert hunt("logic", SEED, 60) is not None


def test_a_wrong_answer_is_found() -> None:
    """The judge would notice: a query whose two texts mean different things."""
    from fuzz.check import rewritten
    from fuzz.nodes import Node

    lab = Lab(SEED, topologies=((1, 2),))
    table = lab.tables[-1].name
    outcome = lab.check(
        rewritten(
            query_of(lab, SEED, 0),
            Node("query", f"select count(*) from {table}", f"select count(*) + 1 from {table}"),
        )
    )
    lab.close()
    assert outcome.kind == "differs"
