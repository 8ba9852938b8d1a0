"""Any plan can be described, and the shape of one that has run serves the next run, whatever its literals."""
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import warehouse
from plan_tools.tpch_tables import Planning
from warehouse.engine.counters import Counters
from warehouse.engine.history import shape
from warehouse.engine.history.describe import describe
from warehouse.engine.history.profile import Profile
from warehouse.planner.explain import explain

TEXTS = Path(__file__).parents[2] / "oracle" / "tpch"


@pytest.mark.parametrize("number", range(1, 23))
def test_a_plan_that_did_nothing(number: int) -> None:
    """As of a statement that failed at once: every step is there, with its line of EXPLAIN, and no figure."""
    text = (TEXTS / f"q{number:02d}.sql").read_text().replace("{fraction}", "0.0001")
    plan = Planning(2, 2, "even").plan(text)
    made = json.loads(describe(Profile(plan, Counters(), 4)))
    printed = explain(plan)
    for line, details in zip(made["lines"], made["details"], strict=True):
        assert line[2] in printed and line[1] < line[0]
        assert details == "" or any(details.startswith(p.strip()) for p in printed)
    assert {step["line"] for step in made["steps"]} <= {line[0] for line in made["lines"]}
    scans = [step for step in made["steps"] if "ranged" in step]
    assert scans and all(f"Seq Scan on {s['name']}" in made["lines"][s["line"] - 1][2] for s in scans)
    assert len(made["steps"]) == len(made["did"])
    assert not any(figure for did in made["did"] for share in did[4] for figure in (*share[1:3], *share[5:]))


def test_literals_change_details_and_no_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "_shapes", type(shape._shapes)())
    with warehouse.connect(":memory:", nodes=1, slices_per_node=2, autocommit=True) as db:
        db.execute("set enable_result_cache_for_session to off; create table t (a int, b int)")
        db.execute("insert into t values (1, 10), (2, 20), (3, 30)")
        found: list[dict[str, Any]] = []
        for value in (1, 2, 30):
            db.execute(f"select b from t where a >= {value} order by b").fetchall()
            found += list(db.session.database.history.details())[-1][1]["plans"]
        assert len(shape._shapes) == 1
        assert [plan["details"][-1] for plan in found] == ["Filter: (a >= 1)", "Filter: (a >= 2)", "Filter: (a >= 30)"]
        assert [sum(share[1] for share in plan["did"][0][4]) for plan in found] == [3, 2, 0]
        assert found[0]["steps"] == found[1]["steps"] and found[0]["lines"] == found[1]["lines"]
        db.execute("select a from t where b > 1").fetchall()
        list(db.session.database.history.details())
        assert len(shape._shapes) == 2


def test_shapes_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shape, "_shapes", type(shape._shapes)())
    monkeypatch.setattr(shape, "KEPT_SHAPES", 3)
    for n in range(6):
        shape.shape_of(Planning(1, 1, "even").plan(f"select n_name from nation where n_nationkey = {n}"))
    assert len(shape._shapes) == 3
