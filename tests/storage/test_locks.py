"""Write locks: one holder a table, waiting that can be cancelled, circles told at once."""
from __future__ import annotations

import threading
from pathlib import Path

import pytest
from warehouse.errors import OperationalError, QueryCanceled
from warehouse.storage.access_locks import AccessLocks
from warehouse.storage.lock_waits import LockOwner
from warehouse.storage.locks import TableLocks


def go_on() -> None:
    """Nobody cancels."""


def test_taking_again_and_letting_go() -> None:
    locks, a = TableLocks(), LockOwner(1)
    assert not locks.acquire(a, [2, 1], go_on)
    assert not locks.acquire(a, [1], go_on)
    assert locks.holders() == {1: 1, 2: 1}
    locks.release(a)
    locks.release(a)
    assert locks.holders() == {}


def test_a_waiter_gets_the_lock_when_it_is_free() -> None:
    locks, a, b = TableLocks(), LockOwner(1), LockOwner(2)
    locks.acquire(a, [1], go_on)
    waiting, waited = threading.Event(), []
    thread = threading.Thread(target=lambda: waited.append(locks.acquire(b, [1], waiting.set)))
    thread.start()
    assert waiting.wait(10)
    locks.release(a)
    thread.join(10)
    assert waited == [True] and locks.holders() == {1: 2}


def test_waiting_can_be_cancelled() -> None:
    locks, a, b = TableLocks(), LockOwner(1), LockOwner(2)
    locks.acquire(a, [1], go_on)

    def check() -> None:
        raise QueryCanceled("stop")

    with pytest.raises(QueryCanceled):
        locks.acquire(b, [1], check)
    assert locks.holders() == {1: 1} and b.blockers == ()


def test_a_circle_is_a_deadlock() -> None:
    locks, a, b = TableLocks(), LockOwner(1), LockOwner(2)
    locks.acquire(a, [1], go_on)
    locks.acquire(b, [2], go_on)
    waiting = threading.Event()
    thread = threading.Thread(target=lambda: locks.acquire(a, [2], waiting.set))
    thread.start()
    assert waiting.wait(10)
    with pytest.raises(OperationalError, match="deadlock detected") as caught:
        while True:  # until `a` stands in line
            locks.acquire(b, [1], go_on)
    assert caught.value.sqlstate == "40P01"
    locks.release(b)
    thread.join(10)
    assert locks.holders() == {1: 1, 2: 1}


def test_who_cannot_enter_is_not_in(tmp_path: Path) -> None:
    """Else LOCK would wait for somebody who never leaves."""
    access, reader, locker = AccessLocks(tmp_path), LockOwner(1), LockOwner(2)
    with pytest.raises(FileNotFoundError):  # there is no locks/
        access.enter(reader, [7], lambda: None)
    access.release(reader)
    (tmp_path / "locks").mkdir()

    def give_up() -> None:
        raise AssertionError("it waits for nobody")

    access.close(locker, [7], give_up, alone=True)
    access.release(locker)


def test_at_once_or_not_at_all(tmp_path: Path) -> None:
    """Two TableLocks of one folder are as two processes."""
    (tmp_path / "locks").mkdir()
    here, there = TableLocks(tmp_path), TableLocks(tmp_path)
    a, b, c = LockOwner(1), LockOwner(2), LockOwner(3)
    assert here.try_acquire(a, 7) and a.held == {7}
    assert not here.try_acquire(b, 7) and not b.held
    assert not there.try_acquire(c, 7) and not c.held and not there.holders()
    assert [held.transaction for held in there.held()] == [1]
    here.release(a)
    assert there.try_acquire(c, 7) and not here.try_acquire(b, 7)
    there.release(c)


def test_a_lock_file_that_stays_open_is_free_for_others(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    here, there = TableLocks(tmp_path), TableLocks(tmp_path)
    for owner in (LockOwner(1), LockOwner(2)):
        for locks in (here, there):
            assert not locks.acquire(owner, [7, 8], lambda: None)
            assert owner.held == {7, 8}
            locks.release(owner)
    (tmp_path / "locks" / "7.write").unlink()  # a file that is not there any more is made again
    a, b = LockOwner(5), LockOwner(6)
    here.acquire(a, [7], lambda: None)
    assert not there.try_acquire(b, 7)
    here.close()
    assert there.try_acquire(b, 7)
    there.close()
