"""Cancel, memory budget and progress."""

from __future__ import annotations

import ctypes
import threading

import pytest
from warehouse.engine.context import Cancel, MemoryBudget, Progress
from warehouse.errors import OutOfMemory, QueryCanceled


def test_cancel_shows_at_its_address_and_raises() -> None:
    cancel = Cancel()
    word = ctypes.c_int64.from_address(cancel.address)
    cancel.check()
    assert word.value == 0 and not cancel.is_set
    cancel.set()
    assert word.value == 1 and cancel.is_set
    with pytest.raises(QueryCanceled, match="cancelled on user's request") as caught:
        cancel.check()
    assert caught.value.sqlstate == "57014"


def test_the_first_reason_stays() -> None:
    cancel = Cancel()
    cancel.set("too slow")
    cancel.set()
    with pytest.raises(QueryCanceled, match="too slow"):
        cancel.check()


def test_budget_names_the_step_and_counts_nothing_when_over() -> None:
    budget = MemoryBudget(100)
    budget.charge(60, "hash build")
    with pytest.raises(OutOfMemory, match="sort of step 3") as caught:
        budget.charge(41, "sort of step 3")
    assert caught.value.sqlstate == "53200"
    budget.charge(40, "hash build")
    budget.release(100)
    with budget.held(30, "x"):
        assert budget.used == 30
    assert (budget.used, budget.peak) == (0, 100)


def test_budget_counts_right_from_many_threads() -> None:
    budget = MemoryBudget(1 << 40)

    def work() -> None:
        for _ in range(2000):
            budget.charge(3, "x")
            budget.release(2)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.used == 8000


def test_progress_fraction() -> None:
    assert Progress().fraction == 0.0
    assert Progress(3, 4).fraction == 0.75
