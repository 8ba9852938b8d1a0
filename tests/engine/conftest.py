"""Fixtures of the engine's tests."""
from __future__ import annotations

import pytest
from warehouse.engine import running
from warehouse.engine.context import MemoryBudget


@pytest.fixture
def budgets(monkeypatch: pytest.MonkeyPatch) -> list[MemoryBudget]:
    """The budget of every statement that runs from here on, the last one's last."""
    made: list[MemoryBudget] = []

    class Noted(MemoryBudget):
        def __init__(self, limit: int) -> None:
            super().__init__(limit)
            made.append(self)

    monkeypatch.setattr(running, "MemoryBudget", Noted)
    return made
