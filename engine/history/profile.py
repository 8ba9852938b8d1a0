"""A plan that has run, and its counters, as the statement leaves them for the history."""
from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...planner.physical import InsertRows, PhysicalQuery, VirtualTableScan
from ...planner.physical_traverse import walk_physical
from ...records import dataclass
from ...storage.schema import ExternalTable

if TYPE_CHECKING:
    from ...storage.schema import Table
    from ..context import Context
    from ..counters import Counters


@dataclass(slots=True)
class Profile:
    """`slices`: how many there were; `unanalyzed`: tables whose statistics tell nothing of their rows; `rows` and
    `bytes` went to the client."""

    plan: PhysicalQuery
    counters: Counters
    slices: int
    unanalyzed: tuple[str, ...] = ()
    rows: int = 0
    bytes: int = 0

    @property
    def weight(self) -> int:
        """How much it holds."""
        return len(self.counters.steps) * self.slices

    @property
    def began(self) -> float:
        """Seconds since 1970."""
        return self.counters.begun + self.counters.clock


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """Rows that were loaded without a plan that ends in an insert (values, files, rows in their new form), or that
    left. `rows`: by slice; times in seconds since 1970."""

    table: Table
    rows: tuple[int, ...]
    began: float
    ended: float
    kind: str = "insert"  # or delete
    bytes: int = 0  # that went to the client
    weight: int = 1


def profile_of(plan: PhysicalQuery, counters: Counters, context: Context) -> Profile | None:
    """What the history keeps of a plan that begins to run; None of one that stays on the leader."""
    if not on_slices(plan):
        return None
    profile = Profile(plan, counters, context.view.topology.slices, _unanalyzed(plan, context))
    context.profiles.append(profile)
    return profile


def on_slices(plan: PhysicalQuery) -> bool:
    """Whether slices take part: not so for what only the leader's catalogue is asked (PG_LAST_QUERY_ID.md)."""
    if plan.tables or isinstance(plan.root, InsertRows):
        return True
    return any(isinstance(n, VirtualTableScan) and _is_on_slices(n.name) for n in walk_physical(plan.root))


def _is_on_slices(name: str) -> bool:
    """Whether rows of a system table come from the slices."""
    from ..virtual import VIRTUAL_TABLES

    return not VIRTUAL_TABLES[name].leader_only


def _unanalyzed(plan: PhysicalQuery, context: Context) -> tuple[str, ...]:
    """Tables all of whose rows came after the last ANALYZE, or of whose columns nothing is known."""
    found: list[str] = []
    for table in plan.tables:
        if isinstance(table, ExternalTable):
            continue
        statistics = context.view.data(table).statistics
        known = bool(statistics.columns) and (table.temporary or _modified(table, context) < statistics.rows)
        if statistics.rows and not known:
            found.append(table.name)
    return tuple(found)


def _modified(table: Any, context: Context) -> int:
    return int(context.transaction.entry(table).modified)


def described(record: Mapping[str, Any], profiles: Sequence[Profile | LoadProfile]) -> str:
    """A statement's plans and loads as JSON, with who ran it; what that takes is imported now."""
    from .describe import describe

    who = json.dumps({key: record[key] for key in ("userid", "pid", "xid")})
    return f'{who[:-1]}, "plans": [{",".join([describe(profile) for profile in profiles])}]' + "}"
