"""COPY ... JOB CREATE name [AUTO ON | OFF], and COPY JOB { ALTER | RUN | LIST | SHOW | DROP }.

The COPY of a job is kept as its text; what the manual rules out in one is refused here (r_COPY-JOB).
"""
from __future__ import annotations

from ...errors import NotSupportedError, ProgrammingError
from . import Copy, CopyJob, CreateCopyJob
from .copy import parse_copy
from .cursor import Cursor

_ACTIONS = ("alter", "run", "list", "show", "drop")
_NOT_IN_A_JOB = ("MAXERROR", "IGNOREALLERRORS", "MANIFEST", "NOLOAD")


def parse_copy_or_job(cursor: Cursor) -> Copy | CopyJob | CreateCopyJob:
    """What follows COPY."""
    for action in _ACTIONS:
        if cursor.accept("job", action):
            return _job(cursor, action)
    copy = parse_copy(cursor)
    if cursor.done:
        return copy
    start, end = cursor.tokens[0].start, cursor.tokens[cursor.index - 1].end + 1
    text = f"copy {cursor.text[start:end]}"
    cursor.expect("job", "create")
    name = _name(cursor)
    auto = _auto(cursor)
    cursor.finish()
    _check(copy)
    return CreateCopyJob(copy, text, name, True if auto is None else auto)


def _job(cursor: Cursor, action: str) -> CopyJob:
    if action == "list":
        cursor.finish()
        return CopyJob(action)
    name, auto = _name(cursor), None
    if action == "alter":
        auto = _auto(cursor)
        if auto is None:
            raise cursor.error()
    cursor.finish()
    return CopyJob(action, name, auto)


def _name(cursor: Cursor) -> str:
    position = cursor.position
    name = cursor.name()
    if "-" in name:
        raise ProgrammingError(f'the name of a COPY JOB cannot contain a hyphen: "{name}"', position=position)
    return name


def _auto(cursor: Cursor) -> bool | None:
    if not cursor.accept("auto"):
        return None
    if cursor.accept("off"):
        return False
    cursor.expect("on")
    return True


def _check(copy: Copy) -> None:
    for name in _NOT_IN_A_JOB:
        if name in copy.options:
            raise NotSupportedError(f"COPY JOB does not support {name}")
    for name in copy.authorization:
        if name not in ("IAM_ROLE", "REGION"):
            raise NotSupportedError(f"COPY JOB does not support {name}: its files are read by IAM_ROLE alone")
    role = copy.authorization.get("IAM_ROLE")
    if role == "default":
        raise NotSupportedError("COPY JOB does not support IAM_ROLE default: name a role")
    if role is None and copy.source.lower().startswith("s3:"):
        raise ProgrammingError("COPY JOB needs IAM_ROLE")
