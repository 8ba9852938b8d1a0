"""A statement's record in the history: what is known when it begins, and what its end adds to it."""
from __future__ import annotations

import time
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ..identity import without_secrets
from . import QUERIES
from .profile import described

if TYPE_CHECKING:
    from ..context import Context


def begun(context: Context, kind: str) -> dict[str, Any]:
    """`kind`: the statement's class."""
    label = context.settings["query_group"]
    return {
        "query": context.query_id,
        "userid": context.view.facts.directory.user_id(context.user),
        "user": context.user,
        "label": "default" if label == "unset" else label,
        "xid": context.transaction.id,
        "pid": context.session_id,
        "database": context.session.database_label,
        "querytxt": without_secrets(context.text, kind),
        "kind": kind,
        "class": context.service_class,
        "starttime": microseconds(context.now),
    }


def microseconds(moment: datetime) -> int:
    """A time as the history has it."""
    return int(moment.timestamp() * 1_000_000)


def scans(context: Context) -> list[dict[str, Any]]:
    """What the statement read of external tables, for SVL_S3QUERY_SUMMARY."""
    from dataclasses import asdict

    found = []
    for numbers, step, width in context.scans:
        numbers.returned, numbers.returned_bytes = step.rows, step.rows * width
        for number, share in enumerate(numbers.shares):
            share.returned = step.slices[number].rows if number in step.slices else 0
        found.append(asdict(numbers) | {"width": width})
    return found


def keep(context: Context, kind: str, error: BaseException | None, rows: int) -> None:
    """Leave the record of a statement that has ended to the history, and its plans, which are described later."""
    session, ticket, profiles = context.session, context.ticket, context.profiles
    scaled = ticket is not None and ticket.executor
    if profiles or context.source_query or scaled or (kind in QUERIES and kind != "Select"):
        session.last["query"] = context.query_id
    record = begun(context, kind)
    record["endtime"] = time.time_ns() // 1000
    record["aborted"] = int(error is not None)
    record["error"] = str(error) if error is not None else None
    record["rows"] = rows
    if profiles:
        record["planned"] = int(profiles[0].began * 1e6)
        record["bytes"] = sum([p.bytes for p in profiles])
    if context.source_query:
        record["source"] = context.source_query
    if ticket is not None:
        record |= ticket.facts()
    if context.scans:
        record["scans"] = scans(context)
    workgroup = context.settings["workgroup"]
    if workgroup and (kind in QUERIES or context.scans):
        record["workgroup"] = workgroup
    details = partial(described, record, profiles) if profiles and kind in QUERIES else None
    session.database.history.record(record, details, sum([p.weight for p in profiles]))
    if workgroup and context.scans:
        from ..workgroup_limits import count

        count(context, record)
