"""What workload management has done, newest last, for system tables. Bounded; times are microseconds.

    log.queries    QueryRecord    an execution in a service class that has ended (STL_WLM_QUERY, SVL_QUERY_METRICS...)
    log.actions    ActionRecord   a rule that spoke (STL_WLM_RULE_ACTION)
    log.errors     ErrorRecord    what went wrong in WLM itself (STL_WLM_ERROR)
    log.usage      UsageRecord    a usage limit that was reached (STL_USAGE_CONTROL)

Whoever keeps a history beyond the process gives a function to `listen`: it is called with each record as it comes,
in the thread of whoever fed the machine.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Union

from ..records import dataclass

KEPT = 3_000


@dataclass(slots=True)
class QueryRecord:
    """One execution of a query in one service class. `metrics`: what it took, by wlm/metrics.py's names. `state`:
    Completed, or Evicted when it went elsewhere or was stopped by a rule; `priority` is None in manual WLM."""

    user_id: int
    transaction: int
    task: int
    query: int
    service_class: int
    name: str
    slots: int
    entered: int  # into WLM
    queued: int  # into this class
    started: int  # 0: it never ran
    ended: int
    state: str
    memory: int  # expected, or of its slots
    priority: str | None
    metrics: Mapping[str, float]
    session: int = 0
    text: str = ""
    executor: int = 0  # of concurrency scaling


@dataclass(frozen=True, slots=True)
class ActionRecord:
    user_id: int
    query: int
    service_class: int
    name: str
    rule: str
    action: str  # log, hop(reassign), hop(restart), abort, change_query_priority, none
    time: int
    value: str = ""


@dataclass(frozen=True, slots=True)
class ErrorRecord:
    user_id: int
    time: int
    session: int
    text: str


@dataclass(frozen=True, slots=True)
class UsageRecord:
    time: int
    query: int
    transaction: int
    session: int
    limit: str
    feature: str


Record = Union[QueryRecord, ActionRecord, ErrorRecord, UsageRecord]


class Log:
    """See the module's text."""

    def __init__(self, kept: int = KEPT) -> None:
        self.queries: deque[QueryRecord] = deque(maxlen=kept)
        self.actions: deque[ActionRecord] = deque(maxlen=kept)
        self.errors: deque[ErrorRecord] = deque(maxlen=kept)
        self.usage: deque[UsageRecord] = deque(maxlen=kept)
        self._listeners: list[Callable[[Record], None]] = []

    def listen(self, listener: Callable[[Record], None]) -> None:
        self._listeners.append(listener)

    def query(self, record: QueryRecord) -> None:
        self.queries.append(record)
        self._tell(record)

    def action(self, record: ActionRecord) -> None:
        self.actions.append(record)
        self._tell(record)

    def error(self, record: ErrorRecord) -> None:
        self.errors.append(record)
        self._tell(record)

    def limit(self, record: UsageRecord) -> None:
        self.usage.append(record)
        self._tell(record)

    def _tell(self, record: Record) -> None:
        for listener in self._listeners:
            listener(record)
