"""SYS_COPY_JOB and its kin: the jobs there are, what they did with which files, and their messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.objects.location import Location
from ...storage.types import BIGINT, INTEGER, TIMESTAMP, char, varchar
from .. import copy_jobs
from ..context import Context
from .base import DATABASE, VirtualTable, clip
from .stl import moment

Rows = Iterator[tuple[Any, ...]]
_NAME, _TEXT = varchar(128), varchar(1024)


def _own(context: Context) -> Iterator[copy_jobs.Job]:
    """Superusers see all jobs, others theirs."""
    for job in copy_jobs.jobs(context.view.facts):
        if context.rights.superuser or job.owner == context.user:
            yield job


def _jobs(context: Context) -> Rows:
    for job in _own(context):
        role = job.copy().authorization.get("IAM_ROLE", "")
        yield job.id, clip(job.name, 128), clip(role, 128), clip(job.text, 256), int(job.auto), 0


def _details(context: Context) -> Rows:
    for job in _own(context):
        owner = context.view.facts.directory.user_id(job.owner)
        for path, size, etag, modified, status, at in job.files(context.view.facts).values():
            if status == copy_jobs.BEFORE:
                continue
            place = Location.parse(path)
            yield (
                owner, DATABASE, job.id, job.name, place.bucket, place.key, size, etag, clip(job.text, 256),
                None if modified is None else moment(modified), moment(at), status,
            )  # fmt: skip


def _messages(context: Context) -> Rows:
    own = {job.id for job in _own(context)}
    for e in context.database.history.events(copy_jobs.EVENT):
        if e["job"] in own:
            yield e["job"], clip(e["name"], 128), DATABASE, moment(e["time"]), clip(e["message"], 512)


TABLES = (
    VirtualTable("pg_catalog", "sys_copy_job", (
        ("job_id", BIGINT), ("job_name", char(128)), ("iam_role", char(128)), ("job_text", char(256)),
        ("is_auto", INTEGER), ("on_error_suspend", INTEGER),
    ), _jobs, leader_only=False),
    VirtualTable("pg_catalog", "sys_copy_job_detail", (
        ("user_id", INTEGER), ("database_name", _NAME), ("job_id", INTEGER), ("job_name", _NAME),
        ("file_location", _NAME), ("file_name", _TEXT), ("file_size", BIGINT), ("file_etag", _NAME),
        ("job_text", char(256)), ("modification_time", TIMESTAMP), ("enqueue_time", TIMESTAMP), ("status", char(1)),
    ), _details, leader_only=False),
    VirtualTable("pg_catalog", "sys_copy_job_info", (
        ("job_id", BIGINT), ("job_name", char(128)), ("database_name", char(128)), ("record_time", TIMESTAMP),
        ("message", char(512)),
    ), _messages, leader_only=False),
)  # fmt: skip
