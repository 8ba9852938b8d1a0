"""What the machine decides. The driver carries each out, in order."""
from __future__ import annotations

from typing import Union

from ..records import dataclass
from .priorities import Priority


@dataclass(slots=True)
class Start:
    """Run the query. `memory`: bytes that it may hold; `soft`: of them, what it should keep to by spilling;
    `executor`: the concurrency scaling one to run it on, 0: here."""

    query: int
    service_class: int
    memory: int
    soft: int
    executor: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    query: int
    service_class: int


@dataclass(frozen=True, slots=True)
class Hop:
    """To another queue. `restart`: stop it, say `evicted`, and wait for its Start; else it goes on with `memory`."""

    query: int
    service_class: int
    restart: bool
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Abort:
    """Stop it with this text; it is over when `finish` says so, or at once if it was waiting."""

    query: int
    text: str
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """From now on the query should keep to `soft` bytes by spilling."""

    query: int
    soft: int


@dataclass(frozen=True, slots=True)
class Log:
    """A rule spoke whose action is to be recorded, which it is."""

    query: int
    rule: str


@dataclass(frozen=True, slots=True)
class Raise:
    """The query's priority is another one."""

    query: int
    priority: Priority


Decision = Union[Start, Wait, Hop, Abort, Share, Log, Raise]
