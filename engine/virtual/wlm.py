"""Workload management's tables: what is configured, who waits and runs now (STV), who did (STL, SVL).

STV tables show this process's manager (engine/workload/manager.py); the others what the history has of it and of
others, also of processes before (engine/workload/kept.py).
Columns: r_STV_WLM_SERVICE_CLASS_CONFIG.md and the pages of the other names. What is reserved for Redshift's own use is
NULL. Times in seconds are whole, as there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.types import BIGINT, BOOLEAN, INTEGER, TIMESTAMP, char, decimal
from ...wlm.configuration import SHORT_CLASS, SUPERUSER_CLASS, Configuration, Queue
from ...wlm.floor import Floor
from ...wlm.queues import SlotQueue
from ...wlm.requests import Entry, State
from ...wlm.scaling import usage_periods
from ..context import Context
from ..workload import kept
from ..workload.manager import Manager, manager_of
from .base import VirtualTable, clip
from .stl import moment

Rows = Iterator[tuple[Any, ...]]
QueryNumbers = frozenset[int] | None
MB = 1 << 20
AUTOMATIC = -1


def manager(context: Context) -> Manager:
    return manager_of(context.session)


def _classes(floor: Floor) -> Iterator[tuple[int, str, Queue | None, SlotQueue | None]]:
    """Every service class: its number, name, configuration, and slots where it has them."""
    yield SUPERUSER_CLASS, floor.name(SUPERUSER_CLASS), None, floor.superuser
    for i, queue in enumerate(floor.configuration.queues):
        number = floor.configuration.service_class(i)
        yield number, queue.name, queue, floor.queue_at(i)
    if floor.configuration.short:
        yield SHORT_CLASS, floor.name(SHORT_CLASS), None, floor.short


def _service_class_config(context: Context) -> Rows:
    floor = manager(context).machine.floor
    for number, name, queue, slots in _classes(floor):
        held = AUTOMATIC if slots is None else (slots.used + sum(slots.idle)) // max(slots.slots, 1) // MB
        yield (
            number, None, AUTOMATIC if slots is None else slots.slots, AUTOMATIC if slots is None else slots.target,
            None, None, held, AUTOMATIC if slots is None else slots.size // MB, None, name,
            queue.timeout if queue else 0, bool(queue and queue.user_group_wild_card),
            bool(queue and queue.query_group_wild_card), "on" if queue and queue.scaling else "off",
            queue.priority.label if queue and floor.automatic is not None else "n/a",
            bool(queue and queue.user_role_wild_card),
        )  # fmt: skip


def _service_class_state(context: Context) -> Rows:
    floor = manager(context).machine.floor
    now: dict[int, list[int]] = {}
    for entry in list(floor.entries.values()):
        now.setdefault(entry.service_class, [0, 0])[entry.executes] += 1
    for number, *_ in _classes(floor):
        queued, executing = now.get(number, (0, 0))
        tally = floor.tally(number)
        yield number, queued, executing, tally.serviced, tally.executed, tally.evicted, tally.scaled


def _classification_config(context: Context) -> Rows:
    for id, (condition, number) in enumerate(_conditions(manager(context).machine.configuration), start=1):
        yield id, condition, 0, "assign", number


def _conditions(configuration: Configuration) -> Iterator[tuple[str, int]]:
    yield "(super user) and (query group: superuser)", SUPERUSER_CLASS
    for i, queue in enumerate(configuration.queues):
        number = configuration.service_class(i)
        for what, names in (
            ("query group", queue.query_groups), ("user group", queue.user_groups), ("user role", queue.user_roles)
        ):
            yield from ((f"({what}: {name})", number) for name in names)
    yield "(querytype: any)", configuration.service_class(configuration.default)


def _qmr_config(context: Context) -> Rows:
    configuration = manager(context).machine.configuration
    for i, queue in enumerate(configuration.queues):
        for rule in queue.rules:
            value = "" if rule.priority is None else rule.priority.name.lower()
            for p in rule.predicates:
                number = configuration.service_class(i)
                yield number, rule.name, rule.action, p.metric, p.operator, p.shown, value


# -- now ---------------------------------------------------------------------------------------------


def _seen(context: Context) -> tuple[int, list[Entry]]:
    """The time, and queries in WLM that the user may know of, in the order in which they came."""
    found = manager(context)
    with found.lock:
        entries = list(found.machine.floor.entries.values())
    if not (context.rights.superuser or context.rights.system("access system table")):
        entries = [e for e in entries if e.request.user == context.user]
    return found.now(), entries


def _query_state(context: Context) -> Rows:
    now, entries = _seen(context)
    automatic = manager(context).machine.configuration.automatic
    for e in entries:
        yield (
            e.request.transaction, e.task, e.id, e.service_class, e.slots, moment(e.entered), e.state.value,
            e.waited(now), now - e.started if e.executes else 0, e.priority.label if automatic else "n/a",
        )  # fmt: skip


def _queue_state(context: Context) -> Rows:
    now, entries = _seen(context)
    floor = manager(context).machine.floor
    places: dict[int, int] = {}
    order = {e.id: i for i, e in enumerate([] if floor.automatic is None else floor.automatic.in_order(now))}
    for e in sorted((e for e in entries if e.state is State.WAITING), key=lambda e: (order.get(e.id, 0), e.stood)):
        place = places[e.service_class] = places.get(e.service_class, -1) + 1
        yield e.service_class, place, e.task, e.id, e.slots, moment(e.stood), now - e.queued


def _task_state(context: Context) -> Rows:
    now, entries = _seen(context)
    for e in entries:
        if e.executes:
            yield e.service_class, e.task, e.id, e.slots, moment(e.started), now - e.started


# -- what has been -----------------------------------------------------------------------------------


def _stl_wlm_query(context: Context, queries: QueryNumbers) -> Rows:
    for r in kept.queries(context, queries):
        began = r.started or r.ended
        yield (
            r.user_id, r.transaction, r.task, r.query, r.service_class, r.slots, moment(r.queued), moment(r.queued),
            moment(began), began - r.queued, moment(r.started) if r.started else None,
            moment(r.ended) if r.started else None, r.ended - r.started if r.started else 0, moment(r.ended), r.state,
            r.memory, r.priority or "n/a", r.name,
        )  # fmt: skip


def _stl_wlm_error(context: Context) -> Rows:
    for r in kept.errors(context):
        yield r.user_id, moment(r.time), r.session, clip(r.text, 256)


def _stl_wlm_rule_action(context: Context, queries: QueryNumbers) -> Rows:
    for r in kept.actions(context, queries):
        yield r.user_id, r.query, r.service_class, r.rule, r.action, moment(r.time), r.value, r.name


def _svcs_concurrency_scaling_usage(context: Context) -> Rows:
    for p in usage_periods(kept.scaled(context)):
        yield moment(p.start), moment(p.end), p.queries, round(p.used / 1e6)


def _stl_usage_control(context: Context, queries: QueryNumbers) -> Rows:
    for r in kept.limits(context, queries):
        yield moment(r.time), r.query, r.transaction, r.session, r.limit[:40], r.feature


def table(
    name: str, columns: tuple[tuple[str, Any], ...], make: Any, superusers: bool = False, by_query: bool = False
) -> VirtualTable:
    return VirtualTable("pg_catalog", name, columns, make, leader_only=False, superusers=superusers, by_query=by_query)


TABLES = (
    table(
        "stv_wlm_service_class_config",
        (
            ("service_class", INTEGER), ("queueing_strategy", char(32)), ("num_query_tasks", INTEGER),
            ("target_num_query_tasks", INTEGER), ("evictable", char(8)), ("eviction_threshold", BIGINT),
            ("query_working_mem", INTEGER), ("target_query_working_mem", INTEGER), ("min_step_mem", INTEGER),
            ("name", char(64)), ("max_execution_time", BIGINT), ("user_group_wild_card", BOOLEAN),
            ("query_group_wild_card", BOOLEAN), ("concurrency_scaling", char(20)), ("query_priority", char(20)),
            ("user_role_wild_card", BOOLEAN),
        ),
        _service_class_config, superusers=True,
    ),
    table(
        "stv_wlm_service_class_state",
        (
            ("service_class", INTEGER), ("num_queued_queries", INTEGER), ("num_executing_queries", INTEGER),
            ("num_serviced_queries", INTEGER), ("num_executed_queries", INTEGER), ("num_evicted_queries", INTEGER),
            ("num_concurrency_scaling_queries", INTEGER),
        ),
        _service_class_state, superusers=True,
    ),
    table(
        "stv_wlm_classification_config",
        (("id", INTEGER), ("condition", char(128)), ("action_seq", INTEGER), ("action", char(64)),
         ("action_service_class", INTEGER)),
        _classification_config, superusers=True,
    ),
    table(
        "stv_wlm_qmr_config",
        (
            ("service_class", INTEGER), ("rule_name", char(256)), ("action", char(256)), ("metric_name", char(256)),
            ("metric_operator", char(256)), ("metric_value", char(256)), ("action_value", char(256)),
        ),
        _qmr_config, superusers=True,
    ),
    table(
        "stv_wlm_query_state",
        (
            ("xid", INTEGER), ("task", INTEGER), ("query", INTEGER), ("service_class", INTEGER),
            ("slot_count", INTEGER), ("wlm_start_time", TIMESTAMP), ("state", char(16)), ("queue_time", BIGINT),
            ("exec_time", BIGINT), ("query_priority", char(20)),
        ),
        _query_state,
    ),
    table(
        "stv_wlm_query_queue_state",
        (("service_class", INTEGER), ("position", INTEGER), ("task", INTEGER), ("query", INTEGER),
         ("slot_count", INTEGER), ("start_time", TIMESTAMP), ("queue_time", BIGINT)),
        _queue_state,
    ),
    table(
        "stv_wlm_query_task_state",
        (("service_class", INTEGER), ("task", INTEGER), ("query", INTEGER), ("slot_count", INTEGER),
         ("start_time", TIMESTAMP), ("exec_time", BIGINT)),
        _task_state,
    ),
    table(
        "stl_wlm_query",
        (
            ("userid", INTEGER), ("xid", INTEGER), ("task", INTEGER), ("query", INTEGER), ("service_class", INTEGER),
            ("slot_count", INTEGER), ("service_class_start_time", TIMESTAMP), ("queue_start_time", TIMESTAMP),
            ("queue_end_time", TIMESTAMP), ("total_queue_time", BIGINT), ("exec_start_time", TIMESTAMP),
            ("exec_end_time", TIMESTAMP), ("total_exec_time", BIGINT), ("service_class_end_time", TIMESTAMP),
            ("final_state", char(16)), ("est_peak_mem", BIGINT), ("query_priority", char(20)),
            ("service_class_name", char(64)),
        ),
        _stl_wlm_query, by_query=True,
    ),
    table(
        "stl_wlm_error",
        (("userid", INTEGER), ("recordtime", TIMESTAMP), ("pid", INTEGER), ("error_string", char(256))),
        _stl_wlm_error,
    ),
    table(
        "svcs_concurrency_scaling_usage",
        (("start_time", TIMESTAMP), ("end_time", TIMESTAMP), ("queries", BIGINT), ("usage_in_seconds", decimal(27, 0))),
        _svcs_concurrency_scaling_usage, superusers=True,
    ),
    table(
        "stl_usage_control",
        (("eventtime", TIMESTAMP), ("query", INTEGER), ("xid", BIGINT), ("pid", INTEGER),
         ("usage_limit_id", char(40)), ("feature_type", char(30))),
        _stl_usage_control, superusers=True, by_query=True,
    ),
    table(
        "stl_wlm_rule_action",
        (
            ("userid", INTEGER), ("query", INTEGER), ("service_class", INTEGER), ("rule", char(256)),
            ("action", char(256)), ("recordtime", TIMESTAMP), ("action_value", char(256)),
            ("service_class_name", char(64)),
        ),
        _stl_wlm_rule_action, by_query=True,
    ),
)  # fmt: skip
