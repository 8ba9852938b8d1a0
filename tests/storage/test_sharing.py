"""File locks, counters, pins and peers, as several processes use them; here they are several objects."""
from __future__ import annotations

import os
import random
from pathlib import Path

import numpy as np
import pytest
from warehouse.errors import DataCorrupted
from warehouse.storage.database import Database
from warehouse.storage.deletes import RowSet, first_row_id
from warehouse.storage.maintenance.row_map import Move, RowMap
from warehouse.storage.maintenance.shared_moves import load, save
from warehouse.storage.serializable import Committed
from warehouse.storage.sharing import moves
from warehouse.storage.sharing.files import FileLock, is_locked
from warehouse.storage.sharing.numbers import Numbers
from warehouse.storage.sharing.processes import EVERYTHING, NOTHING, TRANSACTION_BITS, Peers, Presence, remove_dead
from warehouse.storage.sharing.reads import FORGET, PublishedReads, ReadsOfOthers, published, readers


def test_locks_exclude_each_other_and_readers_share(tmp_path: Path) -> None:
    a, b = FileLock(tmp_path / "l"), FileLock(tmp_path / "l")
    assert a.try_acquire(shared=True) and b.try_acquire(shared=True)
    assert not is_locked(tmp_path / "l")
    b.release()
    a.release()
    assert a.try_acquire() and not b.try_acquire() and not b.try_acquire(shared=True)
    assert is_locked(tmp_path / "l")
    a.release()
    assert b.try_acquire()
    b.release()
    assert not is_locked(tmp_path / "nothing")


def test_a_lock_that_is_taken_twice_changes_its_mode_and_is_let_go_once(tmp_path: Path) -> None:
    a, b = FileLock(tmp_path / "l"), FileLock(tmp_path / "l")
    before = set(os.listdir("/proc/self/fd"))
    assert a.try_acquire(shared=True) and a.try_acquire(shared=True)
    assert a.try_acquire() and not b.try_acquire(shared=True)
    a.acquire(shared=True)
    assert b.try_acquire(shared=True)
    assert not a.try_acquire() and not a.held
    b.release()
    a.acquire()
    a.acquire()
    a.release()
    assert b.try_acquire()
    b.release()
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_lock_on_a_removed_file_does_not_count(tmp_path: Path) -> None:
    a, b = FileLock(tmp_path / "l"), FileLock(tmp_path / "l")
    assert a.try_acquire()
    a.remove()
    assert b.try_acquire()
    assert os.path.exists(tmp_path / "l")
    b.release()


def test_numbers_are_given_once_and_never_below_what_was_seen(tmp_path: Path) -> None:
    a, b = Numbers(tmp_path / "n"), Numbers(tmp_path / "n")
    assert [a.take("relation"), b.take("relation"), a.take("relation", 10), b.take("relation")] == [1, 2, 3, 13]
    assert b.take("relation", at_least=100) == 100 and a.next("relation") == 101
    assert a.take("session") == 1
    a.close()
    b.close()


def test_pins_of_peers(tmp_path: Path) -> None:
    numbers = Numbers(tmp_path / "numbers")
    a = Presence(tmp_path, numbers, at_least=5)
    peers = Peers(tmp_path, numbers, a)
    assert a.number == 5 and peers.numbers() == () and peers.oldest_pin() == NOTHING
    b = Presence(tmp_path, numbers, at_least=1)
    assert peers.numbers() == (b.number,) and peers.oldest_pin() == EVERYTHING
    b.pin(7)
    a.pin(3)
    assert peers.oldest_pin() == 7
    b.pin(NOTHING)
    assert peers.oldest_pin() == NOTHING
    b.close()
    assert peers.oldest_pin() == NOTHING and peers.numbers() == ()
    (tmp_path / "process-99").touch()  # a dead one's
    remove_dead(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["numbers", "process-5"]
    a.close()
    numbers.close()


def test_a_process_that_runs_out_of_transactions_gets_another_number(tmp_path: Path) -> None:
    numbers = Numbers(tmp_path / "numbers")
    a = Presence(tmp_path, numbers, at_least=1)
    first = a.new_transaction()
    a._given = 1 << TRANSACTION_BITS
    second = a.new_transaction()
    assert first >> TRANSACTION_BITS != second >> TRANSACTION_BITS
    assert a.is_mine(first >> TRANSACTION_BITS) and a.is_mine(second >> TRANSACTION_BITS)
    assert Peers(tmp_path, numbers, a).numbers() == ()
    a.close()
    numbers.close()
    assert os.listdir(tmp_path) == ["numbers"]


def test_published_reads_come_back_but_for_those_that_were_forgotten(tmp_path: Path) -> None:
    reads = PublishedReads(tmp_path, 4)
    reads.add(1, 10, 100)
    reads.add(2, 11, 100)
    reads.add(1, 10, 101)
    reads.add(2, 0, FORGET)
    (found,) = published(tmp_path, 4)
    assert (found.id, found.snapshot, found.commit, found.reads, found.writes) == (1, 10, 10, {100, 101}, set())
    reads.keep([])
    assert published(tmp_path, 4) == []
    reads.add(3, 12, 100)
    assert [r.id for r in published(tmp_path, 4)] == [3]
    reads.close()
    assert published(tmp_path, 4) == []


def test_a_full_disk_leaves_room_for_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Records go where the file has room; then what is needed no more makes room for others."""
    reads, size = PublishedReads(tmp_path, 4), (tmp_path / "reads-4").stat

    def full(descriptor: int, data: bytes, offset: int) -> int:
        return pwrite(descriptor, data[: max(os.fstat(descriptor).st_size - offset, 0)], offset)

    reads.begin()
    pwrite, before = os.pwrite, size().st_size
    monkeypatch.setattr(os, "pwrite", full)
    records = before // 24 - 1
    for transaction in range(1, records + 1):
        reads.add(transaction, 10, 100)
    with pytest.raises(OSError, match="No space left"):
        reads.add(2000, 10, 100)
    assert [r.id for r in published(tmp_path, 4)] == [*range(1, records + 1)]
    reads.keep([Committed(3, 11, 11, frozenset({101}), frozenset())])
    reads.add(2000, 12, 100)
    assert [(r.id, r.reads) for r in published(tmp_path, 4)] == [(3, {101}), (2000, {100})]
    assert size().st_size == before and os.listdir(tmp_path) == ["reads-4"]
    reads.close()


def test_reads_of_others_are_followed(tmp_path: Path) -> None:
    """What is told bit by bit is what is read whole, also of files made anew, shorter or longer than before."""
    chance = random.Random(3)
    writers = {n: PublishedReads(tmp_path, n) for n in (4, 5, 6)}
    follower, told = ReadsOfOthers(tmp_path), dict.fromkeys(writers, 1)
    for step in range(400):
        number = chance.choice([4, 5, 6])
        told[number] += 1
        match chance.randrange(12):
            case 0:
                writers[number].keep([Committed(step, 7, 7, frozenset({1, 2}), frozenset())])
            case 1:
                writers[number].close()
            case 2:
                writers[number].add(told[number] - 1, 0, FORGET)
            case _:
                for table in range(chance.randint(1, 3)):
                    writers[number].add(told[number], step, table)
        if step % 3 == 0:
            whole = [r for n in readers(tmp_path) if n != 6 for r in published(tmp_path, n)]
            found = follower.all(lambda n: n == 6)
            assert [(r.id, r.snapshot, r.reads) for r in found] == [(r.id, r.snapshot, r.reads) for r in whole]


# -- where rows have gone ----------------------------------------------------------------------------------


def saved_move(path: Path) -> tuple[Move, np.ndarray]:
    """100,000 rows of extent 3, in no order, now in two row groups of extent 9; and their old ids."""
    ids = first_row_id(3, 0) + np.random.default_rng(1).permutation(100_000).astype(np.int64)
    rows = RowMap()
    rows.add(ids)
    rows.placed([(9, 0, 65_536), (9, 1, 34_464)])
    move = Move(7, frozenset([3]), rows)
    save(move, path)
    return move, ids


def test_a_row_map_that_was_saved_finds_the_same_rows(tmp_path: Path) -> None:
    move, ids = saved_move(tmp_path / "map")
    wanted = RowSet()
    wanted.add(ids[::1000])
    found = load(tmp_path / "map")
    assert (found.table, found.extents) == (7, {3})
    assert (found.rows.new_ids(wanted) == move.rows.new_ids(wanted)).all()
    assert found.rows.new_ids(wanted)[-1] == first_row_id(9, 1) + 99_000 - 65_536
    found.rows.close()
    move.rows.close()


@pytest.mark.parametrize("at", [0, 400_000, -200, -10, -1, None])
def test_a_damaged_row_map_is_noticed(tmp_path: Path, at: int | None) -> None:
    saved_move(tmp_path / "map")[0].rows.close()
    data = bytearray((tmp_path / "map").read_bytes())
    if at is None:
        del data[5:]
    else:
        data[at] ^= 4
    (tmp_path / "map").write_bytes(data)
    with pytest.raises(DataCorrupted, match="where rows have gone, is damaged"):
        load(tmp_path / "map")


def test_row_maps_go_when_all_processes_see_their_commit(tmp_path: Path) -> None:
    names = ["moved-9-1-2", "moved-10-2-1", "moved-10-1-3", "map-1-4"]
    for name in names:
        (tmp_path / name).touch()
    assert [path.name for _, _, path in moves.published(tmp_path)] == ["moved-9-1-2", "moved-10-1-3", "moved-10-2-1"]
    moves.forget(tmp_path, 8)
    assert {p.name for p in tmp_path.iterdir()} == set(names)
    moves.forget(tmp_path, 9)
    assert {p.name for p in tmp_path.iterdir()} == set(names[1:])
    moves.forget(tmp_path, None)
    assert {p.name for p in tmp_path.iterdir()} == {"map-1-4"}


def test_row_maps_of_dead_processes_go_when_the_database_is_opened(tmp_path: Path) -> None:
    Database.open(tmp_path / "dw").close()
    left = [tmp_path / "dw" / "run" / name for name in ("map-1-4", "moved-9-1-2")]
    for file in left:
        file.touch()
    with Database.open(tmp_path / "dw"):
        assert not any(file.exists() for file in left)
