"""A statement's record in the history: what is known when it begins. Its end adds to it (session.py)."""
from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..identity import without_secrets

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
        found.append(asdict(numbers))
    return found
