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
        return self.name.capitalize()

    @property
    def weight(self) -> int:
        """Its part of what is shared out: each level has twice the one below."""
        return 1 << self.value


def named(text: str) -> Priority | None:
    """The priority of that name, in any case of letters."""
    try:
        return Priority[text.strip().upper()]
    except KeyError:
        return None
