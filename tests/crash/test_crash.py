"""A kill at every fail point, and the points themselves; `make crash` does it for longer and at random moments."""
from __future__ import annotations

import re
from pathlib import Path

from crash.__main__ import ORDER, run
from warehouse.storage import failpoints

ROOT = Path(__file__).parents[2]


def test_killed_at_every_point_it_comes_back_with_what_was_acknowledged(tmp_path: Path) -> None:
    kills, reached = run(tmp_path, len(ORDER) + 1, seed=4)
    assert reached == set(failpoints.POINTS)
    assert kills >= len(failpoints.POINTS)


def test_the_list_of_points_is_the_programs() -> None:
    found: list[str] = []
    for folder in ("storage", "engine"):
        for path in (ROOT / folder).rglob("*.py"):
            found += re.findall(r'\breach\("([^"]+)"\)', path.read_text())
    assert sorted(found) == sorted(failpoints.POINTS)
