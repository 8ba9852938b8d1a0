"""The text of wlm_json_configuration to a Configuration; whatever is wrong with it is said by queue and property.

    [{"query_group": ["report"], "query_group_wild_card": 1, "query_concurrency": 4, "memory_percent_to_use": 25},
     {"user_group": "admin, dba", "query_concurrency": 5},
     {"query_concurrency": 5},                                        the default queue, always the last
     {"short_query_queue": true, "max_execution_time": 5000}]        of all queues, not a queue

Properties, their ranges and defaults: the management guide's "Properties for the wlm_json_configuration parameter"
and cm-c-defining-query-queues.md. What a mode does not have (a priority in manual WLM, slots in automatic) is refused.
"""
from __future__ import annotations

import difflib
import json
import re
from contextlib import suppress
from typing import Any

from ..errors import ProgrammingError
from .configuration import DEFAULT_NAME, DEFAULT_SLOTS, MOST_QUEUES, MOST_SLOTS, Configuration, Queue
from .metrics import METRICS, PRIORITY
from .priorities import Priority, named
from .rules import ACTIONS, CHANGE, HOP, MOST_PREDICATES, MOST_RULES, NAME_LENGTH, OPERATORS, Predicate, Rule

PARAMETER = "wlm_json_configuration"
MOST_CHARACTERS = 8000
KEYS = (
    "auto_wlm", "short_query_queue", "priority", "queue_type", "name", "concurrency_scaling", "query_concurrency",
    "user_group", "user_group_wild_card", "query_group", "query_group_wild_card", "user_role", "user_role_wild_card",
    "max_execution_time", "memory_percent_to_use", "rules",
)  # fmt: skip
SHORT_KEYS = ("short_query_queue", "max_execution_time")
RULE_KEYS = ("rule_name", "predicate", "action", "value")
PREDICATE_KEYS = ("metric_name", "operator", "value")
_MANUAL_ONLY = ("query_concurrency", "memory_percent_to_use", "max_execution_time")
_NAME = re.compile(r"[A-Za-z0-9_ ]{1,64}")
_RULE_NAME = re.compile(rf"[A-Za-z0-9_]{{1,{NAME_LENGTH}}}")
_SHORT_LEAST, _SHORT_MOST = 1_000, 20_000
_MOST_INTEGER = (1 << 31) - 1


def parse(text: str) -> Configuration:
    """The configuration, or ProgrammingError (22023)."""
    if len(text) > MOST_CHARACTERS:
        raise _wrong(f"is longer than {MOST_CHARACTERS} characters")
    try:
        objects = json.loads(text, object_pairs_hook=_pairs)
    except ValueError as e:
        raise _wrong(f"is not valid JSON: {e}") from None
    if isinstance(objects, dict):
        raise _wrong("must be a list of queues, not an object", "Put the queue in brackets: [{...}]")
    if not isinstance(objects, list) or not objects or not all(isinstance(o, dict) for o in objects):
        raise _wrong("must be a list of queues, each an object")
    whole = [o for o in objects if "short_query_queue" in o and set(o) <= set(SHORT_KEYS)]
    queues = [o for o in objects if o not in whole]
    short, limit = _short(whole)
    automatic = _is_automatic(queues)
    found = _queues(queues or [{}], automatic)
    return Configuration(automatic, found, short, limit, text)


def _wrong(what: str, hint: str | None = None) -> ProgrammingError:
    return ProgrammingError(f"{PARAMETER} {what}", hint=hint, sqlstate="22023")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _wrong(f"has the property {next(n for n in names if names.count(n) > 1)!r} twice in an object")
    return found


def _check_keys(place: str, found: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in found:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise _wrong(f"{place}: unknown property {name!r}", f"Did you mean {near[0]!r}?" if near else None)


def _short(objects: list[dict[str, Any]]) -> tuple[bool, int]:
    """Whether short queries are accelerated; what they may take, in microseconds."""
    if not objects:
        return False, 0
    if len(objects) > 1:
        raise _wrong("has short_query_queue twice; it is one setting for all queues")
    place = "short_query_queue"
    limit = _integer(place, objects[0], "max_execution_time", 0, _SHORT_MOST, 0)
    if 0 < limit < _SHORT_LEAST:
        raise _wrong(f"{place}: max_execution_time must be 0 or {_SHORT_LEAST} to {_SHORT_MOST} milliseconds")
    return _boolean(place, objects[0], "short_query_queue"), limit * 1000


def _is_automatic(queues: list[dict[str, Any]]) -> bool:
    """One mode for all: auto_wlm or queue_type of any queue decides it. No queue at all is the default group's."""
    modes = set()
    for number, queue in enumerate(queues, start=1):
        place = f"queue {number}"
        if (kind := queue.get("queue_type", "manual")) not in ("auto", "manual"):
            raise _wrong(f"{place}: queue_type must be 'auto' or 'manual', not {kind!r}")
        if "queue_type" in queue:
            modes.add(kind == "auto")
        if "auto_wlm" in queue:
            modes.add(_boolean(place, queue, "auto_wlm"))
    if len(modes) == 2:
        raise _wrong("mixes automatic and manual queues", "Give every queue the same queue_type and auto_wlm.")
    return modes.pop() if modes else not queues


# -- queues ----------------------------------------------------------------------------------------


def _queues(objects: list[dict[str, Any]], automatic: bool) -> tuple[Queue, ...]:
    if len(objects) > MOST_QUEUES:
        raise _wrong(f"defines {len(objects)} queues; {MOST_QUEUES} are the most")
    if automatic and any(objects[-1].get(k) for k in ("user_group", "query_group", "user_role")):
        objects = [*objects, {}]  # the manual's example names groups for each queue; others need a place too
    shares = _shares(objects)
    queues = [_queue(i, o, automatic, i == len(objects), shares[i - 1]) for i, o in enumerate(objects, start=1)]
    if not automatic and (total := sum(q.concurrency for q in queues)) > MOST_SLOTS:
        raise _wrong(f"has {total} slots in all queues together; {MOST_SLOTS} are the most")
    _check_unique("queue name", [q.name for q in queues])
    rules = [r.name for q in queues for r in q.rules]
    if len(rules) > MOST_RULES:
        raise _wrong(f"has {len(rules)} rules in all queues together; {MOST_RULES} are the most")
    _check_unique("rule name", rules)
    return tuple(queues)


def _check_unique(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise _wrong(f"has the {what} {name!r} twice")


def _queue(number: int, given: dict[str, Any], automatic: bool, last: bool, share: float) -> Queue:
    place = f"queue {number}"
    _check_keys(place, given, KEYS)
    if "short_query_queue" in given:
        raise _wrong(f"{place}: short_query_queue is a setting of its own, not one of a queue's")
    for name in _MANUAL_ONLY if automatic else ("priority",):
        if name in given:
            raise _wrong(f"{place}: {name} is not available in {'automatic' if automatic else 'manual'} WLM",
                         "Write a query monitoring rule over query_execution_time." if name == "max_execution_time"
                         else None)  # fmt: skip
    groups = {k: _names(place, given, k) for k in ("user_group", "query_group", "user_role")}
    if last and any(groups.values()):
        raise _wrong(f"{place}: the last queue is the default queue, which has no user groups, query groups or roles")
    return Queue(
        name=_name(place, given, DEFAULT_NAME if last else f"Queue {number}"),
        user_groups=groups["user_group"],
        user_group_wild_card=_boolean(place, given, "user_group_wild_card"),
        query_groups=groups["query_group"],
        query_group_wild_card=_boolean(place, given, "query_group_wild_card"),
        user_roles=groups["user_role"],
        user_role_wild_card=_boolean(place, given, "user_role_wild_card"),
        concurrency=_integer(place, given, "query_concurrency", 1, MOST_SLOTS, DEFAULT_SLOTS),
        memory_percent=share,
        timeout=_integer(place, given, "max_execution_time", 0, _MOST_INTEGER, 0),
        priority=_priority(place, given.get("priority", "normal")),
        scaling=_one_of(place, given, "concurrency_scaling", ("auto", "off"), "off") == "auto",
        rules=_rules(place, given.get("rules", []), automatic),
    )


def _shares(objects: list[dict[str, Any]]) -> list[float]:
    """Percent of the memory for each queue: as given, and equal parts of the rest for those that say nothing."""
    given = [_integer(f"queue {i}", o, "memory_percent_to_use", 1, 100, 0) for i, o in enumerate(objects, start=1)]
    total, silent = sum(given), given.count(0)
    if total > 100:
        raise _wrong(f"gives {total} percent of the memory to its queues; 100 are the most")
    if silent and total == 100:
        raise _wrong(f"queue {given.index(0) + 1}: no memory is left for it", "Give every queue memory_percent_to_use.")
    return [share or (100 - total) / silent for share in given]


def _name(place: str, given: dict[str, Any], default: str) -> str:
    name = given.get("name", default)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _wrong(f"{place}: a name has 1 to 64 letters, digits, underscores and spaces, not {name!r}")
    return name


def _names(place: str, given: dict[str, Any], key: str) -> tuple[str, ...]:
    """A list of names, or a text with commas between them."""
    value = given.get(key, [])
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(n, str) for n in value):
        raise _wrong(f"{place}: {key} must be a list of names, not {json.dumps(given[key])}")
    return tuple(n.strip() for n in value if n.strip())


def _boolean(place: str, given: dict[str, Any], key: str) -> bool:
    value = given.get(key, False)
    if value in (0, 1, "0", "1", "true", "false"):  # true and false are 1 and 0
        return value in (1, "1", "true")
    raise _wrong(f"{place}: {key} must be 0 or 1, not {json.dumps(value)}")


def _integer(place: str, given: dict[str, Any], key: str, least: int, most: int, default: int) -> int:
    value = given.get(key, default)
    if key not in given:
        return default
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _wrong(f"{place}: {key} must be a whole number from {least} to {most}, not {json.dumps(value)}")
    return value


def _one_of(place: str, given: dict[str, Any], key: str, choices: tuple[str, ...], default: str) -> str:
    value = given.get(key, default)
    if value not in choices:
        raise _wrong(f"{place}: {key} must be {' or '.join(map(repr, choices))}, not {json.dumps(value)}")
    return str(value)


def _priority(place: str, value: Any) -> Priority:
    found = named(value) if isinstance(value, str) else None
    if found is None or found is Priority.CRITICAL:
        raise _wrong(f"{place}: a priority is highest, high, normal, low or lowest, not {json.dumps(value)}")
    return found


# -- rules -----------------------------------------------------------------------------------------


def _rules(place: str, given: Any, automatic: bool) -> tuple[Rule, ...]:
    if not isinstance(given, list) or not all(isinstance(r, dict) for r in given):
        raise _wrong(f"{place}: rules must be a list of objects")
    if len(given) > MOST_RULES:
        raise _wrong(f"{place}: {len(given)} rules; {MOST_RULES} are the most")
    return tuple(_rule(f"{place}, rule {i}", r, automatic) for i, r in enumerate(given, start=1))


def _rule(place: str, given: dict[str, Any], automatic: bool) -> Rule:
    _check_keys(place, given, RULE_KEYS)
    name = given.get("rule_name")
    if not isinstance(name, str) or not _RULE_NAME.fullmatch(name):
        raise _wrong(f"{place}: rule_name has 1 to {NAME_LENGTH} letters, digits and underscores, not {name!r}")
    predicates = given.get("predicate")
    if not isinstance(predicates, list) or not predicates or not all(isinstance(p, dict) for p in predicates):
        raise _wrong(f"{place}: predicate must be a list of one to {MOST_PREDICATES} objects")
    if len(predicates) > MOST_PREDICATES:
        raise _wrong(f"{place}: {len(predicates)} predicates; {MOST_PREDICATES} are the most")
    action = given.get("action")
    if action not in ACTIONS:
        raise _wrong(f"{place}: action must be one of {', '.join(ACTIONS)}, not {json.dumps(action)}")
    if action == (HOP if automatic else CHANGE):
        raise _wrong(f"{place}: the action {action} is not available in {'automatic' if automatic else 'manual'} WLM")
    if ("value" in given) != (action == CHANGE):
        needs = "needs a value, the new priority" if action == CHANGE else "has no value"
        raise _wrong(f"{place}: the action {action} {needs}")
    priority = _priority(place, given["value"]) if action == CHANGE else None
    return Rule(name, tuple(_predicate(place, p, automatic) for p in predicates), action, priority)


def _predicate(place: str, given: dict[str, Any], automatic: bool) -> Predicate:
    _check_keys(place, given, PREDICATE_KEYS)
    metric, operator, value = (given.get(k) for k in PREDICATE_KEYS)
    if not isinstance(metric, str) or metric not in METRICS:
        near = difflib.get_close_matches(str(metric), METRICS, n=1)
        raise _wrong(f"{place}: unknown metric {metric!r}", f"Did you mean {near[0]!r}?" if near else None)
    if operator not in OPERATORS:
        raise _wrong(f"{place}: operator must be =, < or >, not {json.dumps(operator)}")
    if metric == PRIORITY:
        if not automatic:
            raise _wrong(f"{place}: {PRIORITY} is not available in manual WLM")
        return Predicate(metric, operator, float(_priority(place, value)))
    if isinstance(value, str):
        with suppress(ValueError):
            value = float(value)
    most = METRICS[metric].most
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise _wrong(f"{place}: {metric} is compared with a number from 0 to {most:,} ({METRICS[metric].unit}),"
                     f" not {json.dumps(value)}")  # fmt: skip
    return Predicate(metric, operator, float(value))
