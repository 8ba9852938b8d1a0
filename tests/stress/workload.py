"""Statements that many processes run at once on one folder, and what must hold whoever commits when.

    account(id, amount)     transfers in blocks of two UPDATEs          the total never changes
    log(process, n)         single INSERTs, COPY, executemany           everything acknowledged is there, once
    guard_a(v), guard_b(v)  read both, lower one if the sum is 2        the sum is never 0   (write skew)
    best(id, n)             MERGE that adds 1                           the sum is the number of merges
    any of them             VACUUM; small commits become files early    changes nothing
    account, best           LOCK                                        nobody else changes them

A transaction that is refused (1023, 1018, deadlock, changed meanwhile) is tried again; any other error ends the run.
"""
from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import warehouse
from warehouse.errors import OperationalError
from warehouse.storage.maintenance import upkeep

ACCOUNTS, AMOUNT = 8, 100
REFUSED = ("40001", "40P01", "55006")


class Broken(AssertionError):
    """An invariant does not hold."""


def create(path: Path, inserts: int = ACCOUNTS) -> None:
    with warehouse.connect(path, nodes=1, slices_per_node=2, autocommit=True) as c:
        c.execute("create table account (id int, amount int) diststyle even")
        c.execute("create table log (process int, n int) diststyle even")
        c.execute("create table best (id int, n int)")
        c.execute("insert into best values (1, 0), (2, 0)")
        c.execute("create table one as select 1 as id")
        c.execute("insert into account values " + ", ".join(f"({i}, {AMOUNT})" for i in range(inserts)))
        for guard in ("guard_a", "guard_b"):
            c.execute(f"create table {guard} (v int)")
            c.execute(f"insert into {guard} values (1)")


class Worker:
    """One process's part. `done`: acknowledged statements by kind; `logged`: rows of its own in log."""

    def __init__(self, path: Path, number: int, seed: int) -> None:
        self.path = path
        self.number = number
        self.chance = random.Random(seed)
        upkeep.FLUSH_EXTENTS = 8
        self.connection = warehouse.connect(path, autocommit=True, threads=1)
        self.done: Counter[str] = Counter()
        self.refused = 0
        self.logged = 0

    def run(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        steps: list[tuple[Callable[[], None], int]] = [
            (self.transfer, 3), (self.append, 3), (self.copy, 1), (self.guard, 3), (self.merge, 2), (self.look, 4),
            (self.vacuum, 1), (self.alone, 1),
        ]
        while time.monotonic() < until:
            step = self.chance.choices([s for s, _ in steps], [w for _, w in steps])[0]
            if self.attempt(step):
                self.done[step.__name__] += 1

    def attempt(self, step: Callable[[], None]) -> bool:
        try:
            step()
            return True
        except OperationalError as error:
            if error.sqlstate not in REFUSED:
                raise
            self.refused += 1
            self.connection.rollback()
            return False

    def execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(sql, values or None)
        return cursor.fetchall() if cursor.description else []

    # -- the statements ------------------------------------------------------------------------------

    def transfer(self) -> None:
        giver, taker = self.chance.sample(range(ACCOUNTS), 2)
        self.execute("begin")
        self.execute("update account set amount = amount - 1 where id = %s", giver)
        self.execute("update account set amount = amount + 1 where id = %s", taker)
        self.execute("commit")

    def append(self) -> None:
        self.execute("insert into log values (%s, %s)", self.number, self.logged)
        self.logged += 1

    def copy(self) -> None:
        file = self.path.parent / f"copy-{self.number}.csv"
        file.write_text("".join(f"{self.number},{self.logged + i}\n" for i in range(3)))
        self.execute(f"copy log from '{file}' csv")
        self.logged += 3

    def guard(self) -> None:
        own = self.chance.choice(("guard_a", "guard_b"))
        self.execute("begin")
        total = sum(self.execute(f"select v from {t}")[0][0] for t in ("guard_a", "guard_b"))
        if total < 1:
            raise Broken(f"write skew: both guards are {total}")
        self.execute(f"update {own} set v = {0 if total == 2 else 1}")
        self.execute("commit")

    def merge(self) -> None:
        self.execute(
            "merge into best using one on best.id = one.id"
            " when matched then update set n = best.n + 1 when not matched then insert values (one.id, 1)"
        )

    def vacuum(self) -> None:
        table = self.chance.choice(("account", "log", "best"))
        self.execute(f"vacuum {self.chance.choice(('full', 'delete only'))} {table} to 100 percent")

    def alone(self) -> None:
        """Under a lock nobody changes what is read."""
        self.execute("begin")
        self.execute("lock account, best")
        before = self.execute("select * from account order by id")
        self.execute("update best set n = n where id = 1")
        if self.execute("select * from account order by id") != before:
            raise Broken("a locked table changed")
        self.execute("commit")

    def look(self) -> None:
        check_now(self.execute, {self.number: self.logged})


def check_now(execute: Callable[[str], list[tuple[Any, ...]]], logged: dict[int, int]) -> None:
    """What must hold at any moment; `logged`: rows that processes know to have written and that nobody adds to."""
    count, total = execute("select count(*), sum(amount) from account")[0]
    if (count, total) != (ACCOUNTS, ACCOUNTS * AMOUNT):
        raise Broken(f"account has {count} rows and {total} in all")
    for number, rows in logged.items():
        found = execute(f"select count(*), count(distinct n) from log where process = {number}")[0]
        if found != (rows, rows):
            raise Broken(f"process {number} has logged {rows} rows; there are {found}")


def check_end(path: Path, workers: list[dict[str, Any]]) -> None:
    """After all have ended well."""
    with warehouse.connect(path) as c:
        def execute(sql: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in c.execute(sql).fetchall()]

        check_now(execute, {w["number"]: w["logged"] for w in workers})
        merges = sum(w["done"].get("merge", 0) for w in workers)
        if execute("select sum(n) from best") != [(merges,)]:
            raise Broken(f"{merges} merges, but the sum is {execute('select sum(n) from best')}")
    with warehouse.connect(path) as c:  # opened anew: nothing is left over
        state = c.session.database.newest
        named = {str(path / "data" / e.path) for entry in state.entries.values() for e in entry.extents
                 if not e.is_inline}
    found = {str(p) for p in path.rglob("*.ext")}
    if found != named:
        raise Broken(f"files that no commit names: {sorted(found - named)}; missing: {sorted(named - found)}")
