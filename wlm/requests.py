"""What comes into the machine with a query, and what it keeps of one while it knows it.

    Request     fixed: who asks, for what, what its plan is thought to take
    Entry       changing: its queue, state, slots, memory, times, what rules have said
"""
from __future__ import annotations

import enum
from collections.abc import Hashable, Mapping
from dataclasses import field
from types import MappingProxyType

from ..records import dataclass
from .priorities import Priority


class Kind(enum.Enum):
    """What a statement does decides what may be done to it (wlm-queue-hopping.md)."""

    READ = "read"  # hopped, restarted, accelerated
    CREATE = "create table as"  # hopped, restarted, accelerated
    WRITE = "write"  # INSERT, UPDATE, DELETE, UNLOAD: cancelled by a timeout, never hopped
    COPY = "copy"  # neither timeouts nor rules stop it
    MAINTENANCE = "maintenance"  # ANALYZE, VACUUM: as COPY

    hops: bool
    stops: bool  # a timeout or a rule may cancel it

    def __init__(self, value: str) -> None:  # kept, as every query asks
        self.hops = value in ("read", "create table as")
        self.stops = value not in ("copy", "maintenance")


# Not frozen, as one of each is made for every statement: writing fields in turn is several times quicker then.
@dataclass(slots=True)
class Estimate:
    """What a plan is thought to take: rows that its scans read, bytes they hold, bytes that its breakers keep."""

    rows: float = 0.0
    bytes: float = 0.0
    memory: int = 0
    joins: int = 0


NOTHING = Estimate()


@dataclass(slots=True)
class Request:
    """`id`: unique. `groups`, `roles`: the user's, needed only where queues name some. `shape`: what queries that
    differ in literals alone have in common; `functions`: calls user-defined functions, which never hop."""

    id: int
    session: int = 0
    user: str = ""
    user_id: int = 0
    superuser: bool = False
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    query_group: str = ""
    kind: Kind = Kind.READ
    slots: int = 1
    estimate: Estimate = field(default_factory=lambda: NOTHING)
    shape: Hashable = None
    functions: bool = False
    transaction: int = 0
    text: str = ""
    scalable: bool = False  # may run on a concurrency scaling executor

    @property
    def hops(self) -> bool:
        return self.kind.hops and not self.functions


class State(enum.Enum):
    """As STV_WLM_QUERY_STATE spells it."""

    WAITING = "QueuedWaiting"
    RUNNING = "Running"
    RETURNING = "Returning"
    EVICTING = "Evicting"


NO_METRICS: Mapping[str, float] = MappingProxyType({})


@dataclass(slots=True, eq=False)
class Entry:
    """A query in the machine. `slots`: that it asks for where it is; `sizes`: memory of each that it holds;
    `next_queue`: where an eviction leads."""

    request: Request
    id: int  # the request's
    task: int
    service_class: int
    position: int  # of its queue in the configuration; -1: the superuser queue
    priority: Priority
    entered: int  # into WLM
    stood: int  # when it came into its present service class
    queued: int  # since when it waits, or waited last
    slots: int
    state: State = State.WAITING
    started: int = 0
    queue_time: int = 0  # in queues that it has left
    sizes: tuple[int, ...] = ()
    memory: int = 0
    expected: int = 0  # bytes, by estimate and history
    own_priority: bool = False  # set for the query itself
    light: bool = False
    timeout: int = 0  # microseconds of execution, from its queue when it began
    spoken: set[str] = field(default_factory=set)
    metrics: Mapping[str, float] = field(default_factory=lambda: NO_METRICS)
    next_queue: int = -1
    aborted: bool = False
    executor: int = 0  # the concurrency scaling executor that runs it; 0: none, it runs here

    @property
    def executes(self) -> bool:
        return self.state is not State.WAITING

    def waited(self, now: int) -> int:
        """Microseconds in queues."""
        return self.queue_time + ((now if self.state is State.WAITING else self.started) - self.queued)
