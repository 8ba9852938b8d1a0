"""The serialisable check over several processes: histories of transactions on one folder have a serial order.

A process is a `Database` of its own here: the registry of open folders is made to forget it, so that the next one comes
among the processes anew, with files and locks of its own.
"""
from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pytest
from serial_orders import is_serial
from warehouse.errors import SerializationFailure
from warehouse.storage import opening
from warehouse.storage.catalog.delta import Delta, DropExtents
from warehouse.storage.database import Database
from warehouse.storage.schema import Column, Table
from warehouse.storage.serializable import Committed
from warehouse.storage.sharing import reads
from warehouse.storage.transactions import Transaction
from warehouse.storage.types import INTEGER

TABLES = 4


class Processes:
    """Several processes on one folder, and what their transactions have done. Tables are numbered from 0."""

    def __init__(self, path: Path, count: int) -> None:
        self.path = path
        self.databases = [self._opened() for _ in range(count)]
        self.databases[0].commit(Delta(create=tuple(
            Table(0, "public", f"t{n}", (Column(1, "a", INTEGER),)) for n in range(TABLES)
        )))
        self.done: list[Committed] = []

    def _opened(self) -> Database:
        database = Database.open(self.path)
        assert database.key is not None
        del opening._open[database.key]
        database.key = None
        return database

    def reopen(self, number: int) -> None:
        """A process ends, and another one comes in its place."""
        self.databases[number].close()
        self.databases[number] = self._opened()

    def begin(self, process: int) -> Transaction:
        transaction = Transaction(self.databases[process])
        transaction.state()
        return transaction

    def table(self, number: int) -> Table:
        table = self.databases[0].view().relation("public", f"t{number}")
        assert isinstance(table, Table)
        return table

    def read(self, transaction: Transaction, table: int) -> None:
        transaction.read(self.table(table).id, _never)

    def write(self, transaction: Transaction, table: int) -> None:
        """Blind, as INSERT is. The write lock must be free."""
        transaction.lock([self.table(table)], _never)
        transaction.change(Delta(drop_extents=(DropExtents(self.table(table)),)))

    def end(self, transaction: Transaction) -> None:
        reads, writes, snapshot = frozenset(transaction.reads), frozenset(transaction.writes), transaction.snapshot
        transaction.commit()
        commit = transaction.database.newest.seq if writes else snapshot
        self.done.append(Committed(transaction.id, snapshot, commit, reads, writes))

    def run(self, process: int, reads: str = "", writes: str = "") -> None:
        """A whole transaction."""
        transaction = self.begin(process)
        self.do(transaction, reads, writes)
        self.end(transaction)

    def do(self, transaction: Transaction, reads: str = "", writes: str = "") -> None:
        for table in reads:
            self.read(transaction, int(table))
        for table in writes:
            self.write(transaction, int(table))

    def close(self) -> None:
        for database in self.databases:
            database.close()


def _never() -> None:
    raise AssertionError("waits")


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Processes]:
    processes = Processes(tmp_path / "dw", 3)
    yield processes
    processes.close()


def _read_only_anomaly(processes: Processes, reader: int, between: str = "") -> None:
    """T1 reads before Q writes; a reader sees Q's rows and not what F writes, F reads what T1 has not yet written."""
    first = processes.begin(1)
    processes.do(first, reads="0")
    processes.run(2, writes="0")
    processes.run(reader, reads="01")
    if between == "close":
        processes.reopen(reader)
    last = processes.begin(0)
    processes.do(last, reads="2")
    processes.do(first, writes="2")
    processes.end(first)
    processes.do(last, writes="1")
    with pytest.raises(SerializationFailure, match="1023"):
        processes.end(last)


@pytest.mark.parametrize("reader", [0, 1, 2])
def test_a_reader_that_has_ended_counts_in_its_own_process(three: Processes, reader: int) -> None:
    _read_only_anomaly(three, reader)


@pytest.mark.parametrize("reader", [0, 2])
def test_a_reader_counts_when_its_process_has_gone(three: Processes, reader: int) -> None:
    _read_only_anomaly(three, reader, "close")


def _told(processes: Processes) -> dict[int, list[Committed]]:
    """What each process has told, of those that have."""
    run = processes.path / "run"
    return {number: told for number in reads.readers(run) if (told := reads.published(run, number))}


@pytest.mark.parametrize("writes", ["", "3"])
def test_what_a_process_has_read_does_not_grow(
    three: Processes, monkeypatch: pytest.MonkeyPatch, writes: str
) -> None:
    """Neither with nobody live elsewhere nor beside an old transaction, whether the process ever writes or not."""
    monkeypatch.setattr(reads, "LONG", 20 * 24)
    for old in (False, True):
        first = three.begin(1) if old else None
        three.run(2, writes="0")
        for _ in range(100):
            three.run(0, reads="01")
        three.run(0, reads="0", writes=writes)
        assert sum(len(r.reads) for told in _told(three).values() for r in told) <= 30
        assert len(three.databases[0].conflicts) < 50
        if first is not None:
            three.end(first)


def test_readers_that_are_needed_outlive_the_tidying(three: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The anomaly of a reader in a process that goes on reading and writing what has nothing to do with it."""
    monkeypatch.setattr(reads, "LONG", 2 * 24)
    first = three.begin(1)
    three.do(first, reads="0")
    three.run(2, writes="0")
    three.run(0, reads="01")
    for _ in range(20):
        three.run(0, reads="3")
        three.run(0, reads="3", writes="3")
    three.do(first, writes="1")
    with pytest.raises(SerializationFailure, match="1023"):
        three.end(first)


def test_what_a_process_leaves_goes_when_nobody_needs_it(three: Processes) -> None:
    first = three.begin(1)
    three.run(0, writes="0")
    three.run(2, reads="0")
    assert len(_told(three)) == 1
    three.reopen(2)
    assert len(_told(three)) == 1
    three.end(first)
    three.reopen(2)
    assert not _told(three) and len(reads.readers(three.path / "run")) == 3


@pytest.mark.parametrize("seed", range(3))
def test_random_histories_have_a_serial_order(three: Processes, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(reads, "LONG", 3 * 24)
    for part in range(8):
        run_random(three, random.Random(seed * 100 + part))
        assert any(is_serial(order) for order in permutations(three.done)), three.done
        three.done = []


def run_random(processes: Processes, chance: random.Random) -> None:
    """Transactions that might make a circle, in any processes, step by step in any order; processes end and come
    meanwhile, and others read beside them."""
    waiting = [list(steps) for steps in _circle(chance)]
    live: dict[Transaction, tuple[int, list[tuple[str, int]]]] = {}
    while waiting or live:
        idle = sorted(set(range(3)) - {process for process, _ in live.values()})
        if idle and chance.random() < 0.05:
            processes.reopen(idle[0])
        elif len(processes.done) < 6 and chance.random() < 0.05:
            processes.run(chance.randrange(3), reads=str(chance.randrange(TABLES)))
        elif waiting and (not live or chance.random() < 0.4):
            process = chance.randrange(3)
            live[processes.begin(process)] = process, waiting.pop(chance.randrange(len(waiting)))
        else:
            transaction = chance.choice(list(live))
            if _step(processes, transaction, live[transaction][1], set(live)):
                del live[transaction]


def _circle(chance: random.Random) -> list[list[tuple[str, int]]]:
    """What each transaction does so that, with luck, it must stand before the next one, the last before the first."""
    count = chance.randint(2, TABLES)
    programs: list[list[tuple[str, int]]] = [[] for _ in range(count)]
    for n in range(count):
        kinds = chance.choice([("read", "write"), ("read", "write"), ("write", "read"), ("write", "write")])
        for kind, program in zip(kinds, (programs[n], programs[(n + 1) % count])):
            program.insert(chance.randint(0, len(program)), (kind, n))
    return programs


def _step(
    processes: Processes, transaction: Transaction, program: list[tuple[str, int]], live: set[Transaction]
) -> bool:
    """Do the next thing of a program; whether the transaction is over."""
    try:
        if not program:
            processes.end(transaction)
            return True
        kind, table = program[0]
        if kind == "read":
            processes.read(transaction, table)
        elif any(processes.table(table).id in other.writes for other in live - {transaction}):
            transaction.rollback()  # rather than wait, maybe for ever
            return True
        else:
            processes.write(transaction, table)
        del program[0]
    except SerializationFailure:
        transaction.rollback()
        return True
    return False
