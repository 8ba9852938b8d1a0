"""Tests over one loaded database stay on one worker of pytest-xdist, so that it is loaded once.

xdist's own groups (`xdist_group`) are written into the tests' ids, which pytest no longer lets it change since 9.2.
Here they are read from the ids: test_tpch.py::test_answer_is_the_judges[1x2-demo-q01] goes with all of 1x2-demo.
"""
from __future__ import annotations

import re

from xdist.scheduler import LoadGroupScheduling

_PLACE = re.compile(r"(tests/tp\w+/test_tp\w+\.py)::\w+\[(\d+x\d+-[a-z]+)")


class ByPlace(LoadGroupScheduling):
    """Each test by itself, but for those of one place."""

    def _split_scope(self, nodeid: str) -> str:
        return place_of(nodeid) or nodeid


def place_of(nodeid: str) -> str | None:
    """A name of the database that a test asks; None: it has one of its own."""
    found = _PLACE.match(nodeid)
    return None if found is None else f"{found[1]}@{found[2]}"
