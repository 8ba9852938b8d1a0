"""A short run of what `make stress` does for longer."""
from __future__ import annotations

import os
from pathlib import Path

import pytest
from stress.__main__ import run


def test_invariants_hold_over_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = str(Path(__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (tests, os.environ.get("PYTHONPATH")))))
    reports = run(tmp_path / "dw", processes=3, seconds=1.5, seed=7)
    assert sum(sum(r["done"].values()) for r in reports) > 0
