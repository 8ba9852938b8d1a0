"""A kill at every fail point, and the points themselves; `make crash` does it for longer and at random moments."""
from __future__ import annotations

import re
from pathlib import Path

from crash.__main__ import ORDER, run
from crash.workload import step
from warehouse.storage import failpoints

ROOT = Path(__file__).parents[2]


def test_killed_at_every_point_it_comes_back_with_what_was_acknowledged(tmp_path: Path) -> None:
    kills, reached = run(tmp_path, len(ORDER) + 1, seed=4)
    assert reached == set(failpoints.POINTS)
    assert kills >= len(failpoints.POINTS)


def test_the_list_of_points_is_the_programs() -> None:
    found: set[str] = set()
    for folder in ("storage", "engine"):
        for path in (ROOT / folder).rglob("*.py"):
            found.update(re.findall(r'\breach\("([^"]+)"\)', path.read_text()))
    assert found == set(failpoints.POINTS)


def test_the_workload_has_every_operation_that_must_survive_a_kill(tmp_path: Path) -> None:
    steps = [step(4, number, "v", tmp_path / "dw") for number in range(200)]
    verbs = {statement.split()[0] for each in steps for statement in each.statements}
    assert verbs >= {"copy", "insert", "update", "delete", "merge", "vacuum", "alter", "drop", "create", "truncate"}
    assert {"redesign", "spill", "snapshot", "rollback"} <= {each.name for each in steps}
    assert "close.checkpoint" in failpoints.POINTS
