"""Planning keeps the cyclic collector at rest, and leaves it as the host program had it."""
from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from warehouse.planner.collector import at_rest


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    running = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if running else gc.disable)()


@at_rest
def running() -> bool:
    return gc.isenabled()


def test_at_rest_inside_and_running_afterwards() -> None:
    assert not running()
    assert gc.isenabled()


def test_what_the_host_switched_off_stays_off() -> None:
    gc.disable()
    assert not running()
    assert not gc.isenabled()


def test_one_inside_of_another_ends_nothing() -> None:
    @at_rest
    def outer() -> tuple[bool, bool]:
        return running(), gc.isenabled()

    assert outer() == (False, False)
    assert gc.isenabled()


def test_it_runs_again_after_an_error() -> None:
    @at_rest
    def failing() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        failing()
    assert gc.isenabled()
    assert not running()


def test_another_thread_neither_ends_nor_prolongs_it() -> None:
    inside, go_on, begun = threading.Event(), threading.Event(), threading.Event()
    seen: list[bool] = []

    @at_rest
    def long() -> None:
        begun.set()
        go_on.wait(10)
        seen.append(gc.isenabled())

    @at_rest
    def longer() -> None:
        inside.set()
        ended.wait(10)
        seen.append(gc.isenabled())

    ended = threading.Event()
    first, second = threading.Thread(target=long), threading.Thread(target=longer)
    first.start()
    assert begun.wait(10)
    second.start()
    assert inside.wait(10)
    assert not running()  # and this third one does not end it either
    go_on.set()
    first.join()
    assert gc.isenabled()  # while the second is still planning
    ended.set()
    second.join()
    assert seen == [False, True]
    assert gc.isenabled()
