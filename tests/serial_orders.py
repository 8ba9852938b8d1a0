"""The brute-force judge of histories: would transactions, one after the other, read what they have read?"""
from __future__ import annotations

from warehouse.storage.serializable import Committed


def is_serial(order: tuple[Committed, ...]) -> bool:
    """Whether each one would read, one after the other, the versions it has read."""
    newest: dict[int, int] = {}
    for t in order:
        for table in t.reads:
            writers = (u for u in order if table in u.writes and u is not t)
            seen = max((u.commit for u in writers if u.commit <= t.snapshot), default=0)
            if newest.get(table, 0) != seen:
                return False
        for table in t.writes:
            if newest.get(table, 0) > t.commit:
                return False
            newest[table] = t.commit
    return True
