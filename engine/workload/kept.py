"""What workload management has done, kept in the database's query history: it outlives the process.

    keep_all(database, machine, limits)   from now on the machine's log goes to the history, and what its usage limits
                                          count; they go on from what was counted before
    queries(context), actions(context)... the records again, of all processes, oldest first

A record is left to the history as it is and becomes JSON there with the next batch, on the history's thread: a query's
metrics are reckoned then (usage.py), not on its path. Usage limits are the folder's: what other processes used counts
too, as soon as this one is opened.
"""
from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...wlm.log import ActionRecord, ErrorRecord, QueryRecord, Record, UsageRecord

if TYPE_CHECKING:
    from ...wlm.machine import Machine
    from ...wlm.usage import Limit
    from ..context import Context

# Kinds of events in the history.
QUERY, ACTION, ERROR, LIMIT = "wlm query", "wlm rule action", "wlm error", "usage limit"
SCALED = "scaled query"  # its run once more: the usage of executors goes further back than queries do
_KINDS: dict[type, str] = {QueryRecord: QUERY, ActionRecord: ACTION, ErrorRecord: ERROR, UsageRecord: LIMIT}
QueryNumbers = frozenset[int] | None  # of queries; None: all


def keep_all(database: Any, machine: Machine, limits: Sequence[Limit]) -> None:
    """See the module's text."""
    history = database.history

    def keep(record: Record) -> None:
        history.note(_KINDS[type(record)], partial(_text, record))
        if isinstance(record, QueryRecord) and record.executor:
            run = (os.getpid(), record.executor), record.started, record.ended
            history.note(SCALED, partial(json.dumps, {"query": record.query, "run": run}))

    machine.floor.log.listen(keep)
    counting = machine.floor.scaling.limits
    counting.change(limits)
    if limits:
        counting.restore(history.counts())
    counting.listen(history.count)


def _text(record: Record) -> str:
    values = {name: getattr(record, name) for name in record.__slots__}
    if isinstance(record, QueryRecord):
        # What the metrics were reckoned from is let go.
        record.metrics = values["metrics"] = {name: value for name, value in record.metrics.items() if value}
    return json.dumps(values, separators=(",", ":"))


def queries(context: Context, numbers: QueryNumbers = None) -> Iterator[QueryRecord]:
    """Stays in service classes that have ended."""
    return (QueryRecord(**e) for e in context.database.history.events(QUERY, numbers))


def actions(context: Context, numbers: QueryNumbers = None) -> Iterator[ActionRecord]:
    return (ActionRecord(**e) for e in context.database.history.events(ACTION, numbers))


def errors(context: Context) -> Iterator[ErrorRecord]:
    return (ErrorRecord(**e) for e in context.database.history.events(ERROR))


def limits(context: Context, numbers: QueryNumbers = None) -> Iterator[UsageRecord]:
    """Usage limits that were reached."""
    return (UsageRecord(**e) for e in context.database.history.events(LIMIT, numbers))


def scaled(context: Context) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """(executor, begun, ended) of queries on concurrency scaling executors, by their ends; each process has its own."""
    runs = [e["run"] for e in context.database.history.events(SCALED)]
    return ((tuple(executor), begun, ended) for executor, begun, ended in sorted(runs, key=lambda run: run[2]))
