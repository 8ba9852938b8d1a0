"""Which queue a query belongs to (cm-c-wlm-queue-assignment-rules.md).

    1. a superuser in the query group `superuser`          the superuser queue
    2. the first queue that names one of the user's groups or roles, or the query's group
    3. nothing of that                                     the default queue, the last

A hop asks for the next queue that matches, and the default queue does not count then.
Names are compared in any case of letters; `*` and `?` are wildcards where the queue allows them.
"""
from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from .configuration import SUPERUSER_GROUP, Configuration, Queue
from .requests import Request

SUPERUSER = -1


def assign(configuration: Configuration, request: Request) -> int:
    """The position of the query's queue; SUPERUSER for that one."""
    if request.superuser and request.query_group.lower() == SUPERUSER_GROUP:
        return SUPERUSER
    found = next_match(configuration, request, -1)
    return configuration.default if found is None else found


def next_match(configuration: Configuration, request: Request, after: int) -> int | None:
    """The first queue behind `after` that names the query; never the default queue."""
    for position in range(after + 1, configuration.default):
        if matches(configuration.queues[position], request):
            return position
    return None


def matches(queue: Queue, request: Request) -> bool:
    group = (request.query_group,) if request.query_group else ()
    return (
        _any(queue.user_groups, request.groups, queue.user_group_wild_card)
        or _any(queue.query_groups, group, queue.query_group_wild_card)
        or _any(queue.user_roles, request.roles, queue.user_role_wild_card)
    )


def _any(listed: tuple[str, ...], names: Iterable[str], wild: bool) -> bool:
    if not listed:
        return False
    patterns = [_pattern(name.lower(), wild) for name in listed]
    return any(p.fullmatch(name.lower()) for name in names for p in patterns)


@lru_cache(256)
def _pattern(name: str, wild: bool) -> re.Pattern[str]:
    text = re.escape(name)
    if wild:
        text = text.replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.DOTALL)
