"""Which cases of a large parametrised test a run takes: `@pytest.mark.one_in(3)` takes each third, others in each run.

`make test` draws a seed and prints it at its end; TESTS_SEED=<seed> takes the same cases again and TESTS_SEED=all takes
every one, as pytest does without several workers. Cases that docs/coverage.toml names are always taken. The draw is by
a test's id, so that workers, which each collect for themselves, agree.
"""
from __future__ import annotations

import os
import secrets
from zlib import crc32

import pytest
import support_table

VARIABLE = "TESTS_SEED"


def draw_a_seed() -> str:
    """The run's seed, drawn now unless it is given; workers that start later find it in their environment."""
    return os.environ.setdefault(VARIABLE, secrets.token_hex(4))


def left_out(items: list[pytest.Item]) -> list[pytest.Item]:
    """The cases that this run does not take."""
    seed = os.environ.get(VARIABLE, "all")
    if seed == "all":
        return []
    named = {row.test for row in support_table.load()}
    return [item for item in items if not _taken(item, seed) and item.nodeid not in named]


def _taken(item: pytest.Item, seed: str) -> bool:
    mark = item.get_closest_marker("one_in")
    return mark is None or crc32(f"{seed} {item.nodeid}".encode()) % mark.args[0] == 0
