"""A statement's record in the history: what is known when it begins, and what its end adds to it."""
from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ..context import DEFAULT_SERVICE_CLASS
from ..identity import without_secrets
from . import QUERIES
from .profile import described

if TYPE_CHECKING:
    from ...storage.access.facts import Facts
    from ..context import Context
    from ..session import Session


def begun(context: Context, kind: str) -> dict[str, Any]:
    """`kind`: the statement's class."""
    return opening(
        context.query_id, context.view.facts, context.user, context.settings, context.transaction.id, context.session,
        context.text, kind, microseconds(context.now), context.service_class,
    )


def opening(
    query: int, facts: Facts, user: str, settings: Mapping[str, str], transaction: int, session: Session, text: str,
    kind: str, start: int, service_class: int = DEFAULT_SERVICE_CLASS,
) -> dict[str, Any]:
    """What the beginning of a statement tells; `start`: microseconds since 1970."""
    label = settings["query_group"]
    return {
        "query": query,
        "userid": facts.directory.user_id(user),
        "user": user,
        "label": "default" if label == "unset" else label,
        "xid": transaction,
        "pid": session.id,
        "database": session.database_label,
        "querytxt": without_secrets(text, kind),
        "kind": kind,
        "class": service_class,
        "starttime": start,
    }


def ending(ended: int, error: BaseException | None, rows: int) -> dict[str, Any]:
    """What its end tells."""
    return {
        "endtime": ended, "aborted": int(error is not None), "error": None if error is None else str(error),
        "rows": rows,
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
    record |= ending(time.time_ns() // 1000, error, rows)
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
