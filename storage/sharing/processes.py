"""Which processes have the database open for writing, and which snapshots each of them needs.

    run/process-7      locked for as long as process 7 has the database open
    | the oldest snapshot it pins, i64 |      EVERYTHING while it is about to pin one, NOTHING between statements

A process says EVERYTHING *before* it asks for the newest commit and writes the number afterwards. Whoever removes
files asks for the newest commit before it reads the pins. So either it meets EVERYTHING, or the other one will
see a commit at least as new:

    remover:  newest 12 .... pins: NOTHING ......... removes what 12 and those before dropped
    reader:                             EVERYTHING .. newest 12 (or later): needs none of it

The number in the name is drawn from run/numbers and never used again. Transaction numbers begin with it
(`TRANSACTION_BITS`), so that a data file tells whether its writer may still be alive.
"""
from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from .files import FileLock, is_locked
from .numbers import Numbers

PREFIX = "process-"
EVERYTHING, NOTHING = 0, (1 << 63) - 1
TRANSACTION_BITS = 20
_PIN = struct.Struct("<q")


class Presence:
    """This process's own file; made when the database is opened, gone when it is closed."""

    def __init__(self, run: Path, numbers: Numbers, at_least: int) -> None:
        """`at_least`: no number below it has been free, whatever run/numbers says."""
        self._run = run
        self._numbers = numbers
        self._files: list[FileLock] = []
        self._given = 1 << TRANSACTION_BITS
        self._pinned = -1
        self._number = at_least
        self._come()
        self.number = self._number

    def _come(self) -> None:
        self._number = self._numbers.take("process", at_least=self._number)
        lock = FileLock(self._run / f"{PREFIX}{self._number}")
        lock.acquire()
        try:
            os.pwrite(lock.descriptor, _PIN.pack(NOTHING if self._files else EVERYTHING), 0)
        except BaseException:
            lock.remove()  # the disk is full
            raise
        self._files.append(lock)
        self._numbers.take("attached")
        self._given = 0

    def new_transaction(self) -> int:
        """A number for a transaction that no other one of this database has had. One thread at a time."""
        if self._given == 1 << TRANSACTION_BITS:
            self._come()  # used up: one more number for this process, with a file of its own
        self._given += 1
        return (self._number << TRANSACTION_BITS) + self._given - 1

    @property
    def last_transaction(self) -> int:
        """The highest number that `new_transaction` can answer before the process takes another number."""
        return ((self._number + 1) << TRANSACTION_BITS) - 1

    def pin(self, snapshot: int) -> None:
        """Tell which snapshots are needed: this one and all after it, EVERYTHING or NOTHING."""
        if snapshot != self._pinned:
            os.pwrite(self._files[0].descriptor, _PIN.pack(snapshot), 0)
            self._pinned = snapshot

    def is_mine(self, number: int) -> bool:
        return any(lock.path.name == f"{PREFIX}{number}" for lock in self._files)

    def close(self) -> None:
        for lock in self._files:
            lock.remove()


class Peers:
    """The other processes. The list is made anew when one has come since."""

    def __init__(self, run: Path, numbers: Numbers, own: Presence) -> None:
        self._run = run
        self._numbers = numbers
        self._own = own
        self._attached = -1
        self._known: tuple[int, ...] = ()

    def numbers(self) -> tuple[int, ...]:
        """Of those that may be there; one that has died since may be among them."""
        attached = self._numbers.next("attached")
        if attached != self._attached:
            self._known = tuple(self._look())
            self._attached = attached
        return self._known

    @property
    def none(self) -> bool:
        """Whether there are no others, as far as `numbers` knows."""
        attached = self._numbers.next("attached")
        return not self._known if attached == self._attached else not self.numbers()

    def oldest_pin(self) -> int:
        """The oldest snapshot that any of them needs; NOTHING or EVERYTHING. Forgets those that are dead."""
        if not self.numbers():
            return NOTHING
        pins = {number: self._pin(number) for number in self._known if is_alive(self._run, number)}
        self._known = tuple(pins)
        return min(pins.values(), default=NOTHING)

    def _look(self) -> Iterator[int]:
        for name in os.listdir(self._run):
            number = number_in(name)
            if number is not None and not self._own.is_mine(number) and is_alive(self._run, number):
                yield number

    def _pin(self, number: int) -> int:
        path = self._run / f"{PREFIX}{number}"
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return NOTHING
        return int(_PIN.unpack(data)[0]) if len(data) == _PIN.size else EVERYTHING


def number_in(name: str) -> int | None:
    """The process whose file has this name."""
    digits = name.removeprefix(PREFIX)
    return int(digits) if name.startswith(PREFIX) and digits.isdigit() else None


def is_alive(run: Path, number: int) -> bool:
    return is_locked(run / f"{PREFIX}{number}")


def remove_dead(run: Path) -> None:
    """Remove the files of processes that were killed."""
    for name in os.listdir(run):
        if number_in(name) is not None:
            lock = FileLock(run / name)
            if lock.try_acquire():
                lock.remove()
