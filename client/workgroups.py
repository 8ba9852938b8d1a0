"""`connection.workgroups`: Athena's workgroups, from Python.

    connection.workgroups.create("analysts", scan_limit=10**9, result_location="s3://results/analysts/", enforce=True)
    connection.execute("set workgroup to 'analysts'")
    for query in connection.workgroups.history("analysts"): print(query.text, query.scanned, query.cost)
    connection.workgroups.create("nightly", limits=[DataLimit(10**12, "daily", "disable")])
    connection.workgroups.alerts("nightly")     limits that have been reached
    connection.workgroups.enable("nightly")     and disable
    connection.workgroups.delete("analysts")

What each does: engine/workgroups.py.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ..engine.workgroup_limits import ACTIONS, EVENT, PERIODS, scanned_of
from ..engine.workgroups import KEPT_AS, LEAST_LIMIT, DataLimit, Workgroup, all_of, text_of
from ..errors import ProgrammingError, UndefinedObject
from ..records import dataclass
from ..storage.catalog.delta import Delta
from .resizing import check_superuser

if TYPE_CHECKING:
    from .dbapi import Connection

__all__ = ["DataLimit", "RanQuery", "ReachedLimit", "Workgroup", "Workgroups"]


@dataclass(frozen=True, slots=True)
class RanQuery:
    """A query that ran in a workgroup. state: 'SUCCEEDED' or 'FAILED'; `cost` by the workgroup's price of today."""

    id: int
    workgroup: str
    text: str
    state: str
    error: str | None
    scanned: int
    cost: float


@dataclass(frozen=True, slots=True)
class ReachedLimit:
    """A limit of what all queries of a workgroup scan was reached: by which query, when, and what had been scanned."""

    workgroup: str
    at: datetime
    query: int
    limit: DataLimit
    scanned: int


class Workgroups:
    """See the module's text."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self, name: str, *, scan_limit: int | None = None, result_location: str = "", enforce: bool = False,
        price: float = 5.0, limits: Iterable[DataLimit] = (),
    ) -> Workgroup:
        """Make or alter a workgroup. `scan_limit`: bytes of external files a query may scan, ten million at least;
        `enforce`: its result location holds whatever a session says; `price`: of a terabyte scanned; `limits`: of what
        all its queries scan in a period. A workgroup that is disabled stays so."""
        if not name:
            raise ProgrammingError("a workgroup needs a name")
        if scan_limit is not None and scan_limit < LEAST_LIMIT:
            raise ProgrammingError(f"scan_limit must be at least {LEAST_LIMIT:,} bytes, not {scan_limit:,}")
        if price < 0:
            raise ProgrammingError("price must not be negative")
        if enforce and not result_location:
            raise ProgrammingError("enforce needs a result_location")
        limits = tuple(limits)
        for limit in limits:
            _check(limit)
        before = {group.name: group.enabled for group in self.list()}
        made = Workgroup(name, scan_limit, result_location, enforce, price, limits, before.get(name, True))
        self._keep([group for group in self.list() if group.name != name] + [made], "create a workgroup")
        return made

    def list(self) -> list[Workgroup]:
        """All workgroups, by name."""
        groups = all_of(self._connection.session.database)
        return [groups[name] for name in sorted(groups)]

    def delete(self, name: str) -> None:
        """UndefinedObject where there is none of that name."""
        rest = [group for group in self.list() if group.name != name]
        if len(rest) == len(self.list()):
            raise UndefinedObject(f'workgroup "{name}" does not exist')
        self._keep(rest, "delete a workgroup")

    def disable(self, name: str) -> None:
        """Queries of the workgroup are refused from now on; those that run go on."""
        self._switch(name, False)

    def enable(self, name: str) -> None:
        """The workgroup takes queries again."""
        self._switch(name, True)

    def _switch(self, name: str, enabled: bool) -> None:
        groups = all_of(self._connection.session.database)
        if name not in groups:
            raise UndefinedObject(f'workgroup "{name}" does not exist')
        groups[name] = replace(groups[name], enabled=enabled)
        self._keep(groups.values(), f"{'enable' if enabled else 'disable'} a workgroup")

    def alerts(self, name: str | None = None) -> Sequence[ReachedLimit]:
        """Limits that a workgroup, or any, has reached, oldest first."""
        return [
            ReachedLimit(e["workgroup"], datetime.fromtimestamp(e["at"] / 1e6, UTC), e["query"],
                         DataLimit(e["limit"], e["period"], e["action"]), e["scanned"])
            for e in self._connection.session.database.history.events(EVENT) if name in (None, e["workgroup"])
        ]

    def history(self, name: str | None = None) -> Sequence[RanQuery]:
        """What ran in a workgroup, or in any, oldest first."""
        groups = {group.name: group for group in self.list()}
        found = []
        for record in self._connection.session.database.history.rows():
            group = record.get("workgroup")
            if group is None or (name is not None and group != name):
                continue
            scanned = scanned_of(record)
            cost = groups.get(group, Workgroup(group)).cost(scanned)
            state = "FAILED" if record["aborted"] else "SUCCEEDED"
            found.append(RanQuery(record["query"], group, record["querytxt"], state, record["error"], scanned, cost))
        return found

    def _keep(self, groups: Iterable[Workgroup], action: str) -> None:
        session = self._connection.session
        check_superuser(session, action)
        session.database.commit(Delta(settings={KEPT_AS: text_of(groups)}))


def _check(limit: DataLimit) -> None:
    if limit.bytes < 1:
        raise ProgrammingError(f"a limit must be at least 1 byte, not {limit.bytes:,}")
    if limit.period not in PERIODS:
        raise ProgrammingError(f"the period of a limit is one of {', '.join(PERIODS)}, not {limit.period!r}")
    if limit.action not in ACTIONS:
        raise ProgrammingError(f"the action of a limit is one of {', '.join(ACTIONS)}, not {limit.action!r}")
