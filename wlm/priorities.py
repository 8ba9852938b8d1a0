"""Priorities of queries, lowest first (query-priority.md). CRITICAL is for one query at a time, by a superuser."""
from __future__ import annotations

import enum


class Priority(enum.IntEnum):
    LOWEST = 0
    LOW = 1
    NORMAL = 2
    HIGH = 3
    HIGHEST = 4
    CRITICAL = 5

    @property
    def label(self) -> str:
        """As system tables show it."""
        return _LABELS[self]

    @property
    def weight(self) -> int:
        """Its part of what is shared out: each level has twice the one below."""
        return 1 << self.value


_LABELS = [priority.name.capitalize() for priority in Priority]  # every query that ends asks for one


def named(text: str) -> Priority | None:
    """The priority of that name, in any case of letters."""
    try:
        return Priority[text.strip().upper()]
    except KeyError:
        return None
