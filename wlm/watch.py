"""Rules and timeouts of queries in queues, and hops from one queue to another.

    check(floor, entry, now)     what its queue's rules and its time say of a query: abort, hop, log, another priority

A hop leads to the next queue that names the query; the default queue does not count, and where there is none the query
is cancelled (wlm-queue-hopping.md). It goes on there (**reassigned**) if the queue has the slots free, with at least
the memory that the query holds; else it is stopped and **restarted** when the queue lets it: the driver stops it, says
`evicted`, and waits for its Start. A query that is returning rows cannot begin anew and stays where it is.
"""
from __future__ import annotations

from .assignment import next_match
from .configuration import SHORT_CLASS
from .decisions import Abort, Hop, Log, Raise
from .floor import Floor
from .log import ActionRecord, ErrorRecord
from .queues import SlotQueue
from .requests import Entry, Kind, State
from .rules import ABORT, CHANGE, HOP, LOG, Rule, speaking

HELD = "memory"  # among a query's metrics: bytes that it holds


def check(floor: Floor, entry: Entry, now: int) -> None:
    """See the module's text."""
    if entry.aborted or entry.state is State.EVICTING or entry.position < 0:
        return
    if entry.service_class == SHORT_CLASS:
        _check_short(floor, entry, now)
        return
    rules = floor.configuration.queues[entry.position].rules
    if rules:
        _obey(floor, entry, now, rules)
    if entry.timeout and entry.state is State.RUNNING and not entry.aborted and now - entry.started >= entry.timeout:
        _timed_out(floor, entry, now)


def _timed_out(floor: Floor, entry: Entry, now: int) -> None:
    if not entry.request.kind.stops:
        return
    if not entry.request.hops:
        abort(floor, entry, now, f"Query ({entry.id}) cancelled by WLM: it ran longer than its queue's "
              f"max_execution_time of {entry.timeout // 1000} ms")  # fmt: skip
        return
    how = hop(floor, entry, now)
    if how is None:
        nowhere(floor, entry, now, "ran longer than its queue's max_execution_time")


def nowhere(floor: Floor, entry: Entry, now: int, why: str) -> None:
    """A hop finds no queue."""
    text = f"Query ({entry.id}) cancelled by WLM: it {why}, and no other queue matches it"
    floor.log.error(ErrorRecord(entry.request.user_id, now, entry.request.session, text))
    abort(floor, entry, now, text)


def abort(floor: Floor, entry: Entry, now: int, text: str) -> None:
    """Cancel the query. Waiting, it is gone at once."""
    entry.aborted = True
    if entry.state is State.WAITING:
        floor.unwait(entry)
        floor.record(entry, now, "Evicted", entry.metrics)
        del floor.entries[entry.id]
        floor.out.append(Abort(entry.id, text, waiting=True))
        floor.dispatch(now)
    else:
        floor.out.append(Abort(entry.id, text))


# -- rules -----------------------------------------------------------------------------------------


def _obey(floor: Floor, entry: Entry, now: int, rules: tuple[Rule, ...]) -> None:
    found = speaking(rules, floor.metrics(entry, now), entry.spoken)
    acted, service_class = False, entry.service_class  # where it spoke, wherever the query goes
    for rule in found:
        entry.spoken.add(rule.name)
        action = "none" if acted and rule.action != LOG else _act(floor, entry, now, rule)
        acted = acted or action in (ABORT, CHANGE, "hop(reassign)", "hop(restart)")
        value = rule.priority.name.lower() if rule.priority is not None and action == CHANGE else ""
        floor.log.action(ActionRecord(
            entry.request.user_id, entry.id, service_class, floor.name(service_class), rule.name, action, now, value
        ))  # fmt: skip
        floor.out.append(Log(entry.id, rule.name))


def _act(floor: Floor, entry: Entry, now: int, rule: Rule) -> str:
    """What was done, as STL_WLM_RULE_ACTION says it."""
    if rule.action == ABORT and entry.request.kind.stops:
        abort(floor, entry, now, f"Query ({entry.id}) cancelled by WLM abort action of Query Monitoring Rule "
              f'"{rule.name}".')  # fmt: skip
        return ABORT
    if rule.action == CHANGE and rule.priority is not None:
        if entry.priority is rule.priority:
            return "none"
        entry.priority, entry.own_priority = rule.priority, True
        floor.out.append(Raise(entry.id, rule.priority))
        floor.share_out()
        return CHANGE
    if rule.action == HOP and entry.request.hops and entry.state is not State.WAITING:
        how = hop(floor, entry, now, may_restart=entry.request.kind is Kind.READ)
        if how is None:
            nowhere(floor, entry, now, f'was to hop by the rule "{rule.name}"')
            return ABORT
        return how
    return LOG if rule.action == LOG else "none"


# -- hops ------------------------------------------------------------------------------------------


def hop(floor: Floor, entry: Entry, now: int, may_restart: bool = True) -> str | None:
    """Send a running query to the next queue that matches: how, "none" if it stays; None: there is no such queue.
    What runs on a concurrency scaling executor stays there."""
    if entry.executor:
        return "none"
    position: int | None = entry.position
    while position is not None:
        position = next_match(floor.configuration, entry.request, position)
        if position is not None and entry.request.slots <= floor.queues[position].target:
            return _move(floor, entry, now, position, floor.queues[position], may_restart)
    return None


def _move(floor: Floor, entry: Entry, now: int, position: int, queue: SlotQueue, may_restart: bool) -> str:
    slots = entry.request.slots
    if queue.has_room(slots) and queue.room(slots) >= entry.metrics.get(HELD, 0) and not queue.waiting:
        reassign(floor, entry, now, position)
        return "hop(reassign)"
    if not may_restart or entry.state is State.RETURNING:
        return "none"
    entry.state = State.EVICTING
    entry.next_queue = position
    floor.out.append(Hop(entry.id, floor.configuration.service_class(position), restart=True))
    return "hop(restart)"


def reassign(floor: Floor, entry: Entry, now: int, position: int) -> None:
    """A running query goes on in another queue, which has room for it."""
    floor.record(entry, now, "Evicted", entry.metrics)
    returning = entry.state is State.RETURNING
    floor.release(entry, now)
    stand(floor, entry, position)
    floor.tally(entry.service_class).serviced += 1
    queue = floor.slots_of(entry)
    if queue is not None:
        queue.take(entry)
    elif floor.automatic is not None:
        floor.automatic.take(entry)
        floor.share_out()
    entry.stood = entry.queued = now
    floor.begin(entry, now)
    if returning:
        entry.state = State.RETURNING
    floor.out.append(Hop(entry.id, entry.service_class, restart=False, memory=floor.memory_of(entry)[0]))
    floor.dispatch(now)


def stand(floor: Floor, entry: Entry, position: int) -> None:
    """The query belongs to that queue from now on."""
    entry.position = position
    entry.service_class, entry.slots = floor.configuration.service_class(position), entry.request.slots
    entry.spoken = set()


def _check_short(floor: Floor, entry: Entry, now: int) -> None:
    """What runs longer than a short query goes to its own queue."""
    if entry.state is not State.RUNNING or now - entry.started < floor.predictor.patience:
        return
    queue = floor.queue_at(entry.position)
    if queue is None or (queue.has_room(entry.request.slots) and not queue.waiting):
        reassign(floor, entry, now, entry.position)
    else:
        entry.state = State.EVICTING
        entry.next_queue = entry.position
        floor.out.append(Hop(entry.id, queue.service_class, restart=True))
