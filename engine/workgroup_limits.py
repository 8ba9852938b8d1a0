"""Limits of what a workgroup scans in all (workgroups-setting-control-limits: workgroup-wide data usage controls).

    DataLimit(10**12, "daily")                 the query that reaches it gets a warning, connection.workgroups.alerts()
                                               tells it later: once a period
    DataLimit(10**10, "hourly", "disable")     the same, and the workgroup takes no more queries

A limit is looked at when a query ends: as on Athena none that runs is cancelled for it, and queries side by side may go
beyond it together. What a period's queries have scanned is added up from the query history, so all processes count; a
query that scans nothing, or in a workgroup without limits, asks for none of it.
"""
from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from ..errors import Error, FileError
from ..storage.catalog.delta import Delta
from .context import Context
from .workgroups import KEPT_AS, SETTING, DataLimit, Workgroup, all_of, text_of

EVENT = "workgroup limit"
PERIODS = ("hourly", "daily")
ACTIONS = ("alert", "disable")


def period_start(period: str, now: datetime) -> datetime:
    """When the hour or day began in which `now` lies."""
    hour = 0 if period == "daily" else now.hour
    return now.replace(hour=hour, minute=0, second=0, microsecond=0)


def scanned_of(record: dict[str, Any]) -> int:
    """Bytes of external files that a statement has scanned."""
    return sum(scan["bytes"] for scan in record.get("scans", ()))


def count(context: Context, record: dict[str, Any]) -> None:
    """A query has ended, whose record is in the history: limits that it reaches speak."""
    group = all_of(context.database).get(context.settings[SETTING])
    scanned = scanned_of(record)
    if group is None or not group.limits or not scanned:
        return
    try:
        for limit in group.limits:
            total = _total(group, limit, context)
            if total - scanned < limit.bytes <= total:
                _reached(group, limit, total, context)
    except FileError as error:  # the query itself is done
        context.notice("WARNING", f'the limits of workgroup "{group.name}" cannot be looked at: {error}')


def _total(group: Workgroup, limit: DataLimit, context: Context) -> int:
    since = int(period_start(limit.period, context.now).timestamp()) * 1_000_000
    return sum(
        scanned_of(record) for record in context.database.history.rows(since=since)
        if record.get("workgroup") == group.name
    )


def _reached(group: Workgroup, limit: DataLimit, total: int, context: Context) -> None:
    told = f'workgroup "{group.name}" has reached its {limit.period} limit of {limit.bytes} bytes scanned'
    database = context.database
    if limit.action == "disable":
        groups = all_of(database)
        groups[group.name] = replace(groups.get(group.name, group), enabled=False)
        try:
            database.commit(Delta(settings={KEPT_AS: text_of(groups.values())}))
            told += ", and is disabled"
        except Error as error:  # the query itself is done
            told += f", but cannot be disabled: {error}"
    context.notice("WARNING", told)
    database.history.record_event(EVENT, {
        "workgroup": group.name, "at": int(context.now.timestamp() * 1e6), "query": context.query_id,
        "limit": limit.bytes, "period": limit.period, "action": limit.action, "scanned": total,
    })
