"""Workgroups, as Athena has them: what a session's queries may scan, what they cost, where their results are kept.

    set workgroup to 'analysts'                          the session's queries run in it
    set query_result_location to 's3://results/mine/'    used where the workgroup does not say otherwise

    scan limit        a query that scans more bytes of external files is cancelled (workgroups-setting-control-limits)
    limits            of what all its queries scan in an hour or a day: a warning, or the workgroup is disabled
                      (workgroup_limits.py)
    enabled           queries are refused in one that is not (workgroups-create-update-delete)
    result location   each query's rows, and tables of CREATE TABLE AS, go there (kept_results.py); with `enforce` it is
                      the workgroup's own, else the session's if it has one (workgroups-settings-override)
    price             of a terabyte scanned: a megabyte begun counts as a whole one, a query that scans as ten at least

Workgroups are kept in the catalogue's settings; what ran in one is told by the query history (client/workgroups.py).
"""
from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from ..errors import InvalidDefinition, OperationalError, UndefinedObject
from ..records import dataclass
from .context import Context

SETTING, LOCATION_SETTING = "workgroup", "query_result_location"
KEPT_AS = "workgroups"  # in the catalogue's settings
LEAST_LIMIT = 10_000_000
MEGABYTE, LEAST_MEGABYTES, TERABYTE = 1_000_000, 10, 1_000_000_000_000
OVER_LIMIT = "Bytes scanned limit was exceeded"


@dataclass(frozen=True, slots=True)
class DataLimit:
    """`bytes` that all queries of a workgroup may scan in a period, 'hourly' or 'daily', which begins with the hour or
    day in UTC. `action`: 'alert' warns, 'disable' closes the workgroup as well until somebody enables it."""

    bytes: int
    period: str = "daily"
    action: str = "alert"


@dataclass(frozen=True, slots=True)
class Workgroup:
    """`scan_limit`: bytes a query may scan; `price`: of a terabyte."""

    name: str
    scan_limit: int | None = None
    result_location: str = ""
    enforce: bool = False
    price: float = 5.0
    limits: tuple[DataLimit, ...] = ()
    enabled: bool = True

    def cost(self, scanned: int) -> float:
        if not scanned:
            return 0.0
        megabytes = max(-(-scanned // MEGABYTE), LEAST_MEGABYTES)
        return megabytes * MEGABYTE / TERABYTE * self.price


def all_of(database: Any) -> dict[str, Workgroup]:
    """The database's workgroups by name."""
    text = database.newest.settings.get(KEPT_AS)
    return {} if text is None else {name: _read(value) for name, value in json.loads(text).items()}


def _read(value: dict[str, Any]) -> Workgroup:
    limits = tuple(DataLimit(**limit) for limit in value.get("limits", ()))
    return Workgroup(**{**value, "limits": limits})


def text_of(groups: Iterable[Workgroup]) -> str:
    """As they are kept."""
    return json.dumps({group.name: asdict(group) for group in groups})


def workgroup_of(context: Context) -> Workgroup | None:
    """The session's; UndefinedObject where it names none that there is, OperationalError where it is disabled."""
    name = context.settings[SETTING]
    if not name:
        return None
    found = all_of(context.database).get(name)
    if found is None:
        raise UndefinedObject(f'workgroup "{name}" does not exist', hint="connection.workgroups.create makes one.")
    if not found.enabled:
        raise OperationalError(f'workgroup "{name}" is disabled', hint="connection.workgroups.enable opens it again.",
                               sqlstate="53400")
    return found


def check_scanned(context: Context, limit: int | None) -> None:
    """Cancel a query that has scanned more than its workgroup allows."""
    if limit is not None and sum(numbers.bytes for numbers, _, _ in context.scans) > limit:
        context.cancel.set(OVER_LIMIT)


def result_location(context: Context) -> str:
    """Where the statement's result is to be kept, a folder with its slash; "": nowhere."""
    own, group = context.settings[LOCATION_SETTING], workgroup_of(context)
    found: str = own if group is None or (own and not group.enforce) else group.result_location or own
    return found if not found or found.endswith("/") else found + "/"


def table_location(given: str, context: Context) -> str:
    """Where a CREATE TABLE AS puts its files (ctas-considerations-limitations): as `given`, else in a folder of its own
    in the result location."""
    group = workgroup_of(context)
    if given:
        if group is not None and group.enforce:
            raise InvalidDefinition(
                f'workgroup "{group.name}" enforces its query result location: a location cannot be given',
                hint="Leave the location out.",
            )  # fmt: skip
        return given
    base = result_location(context)
    if not base:
        raise InvalidDefinition("a CREATE TABLE AS without a location needs a query result location",
                                hint="SET query_result_location, or a workgroup that has one.")
    return f"{base}tables/{context.query_id}/"
