"""COPY JOB: CREATE, ALTER, RUN, LIST, SHOW, DROP; and a run for the background worker.

A run takes the table's write lock, then looks which files are new, so that of several runs at once each sees what
the others have loaded. All new files are one load; where that fails each is a load of its own, and the wrong ones are
marked and passed over from then on (by hand, COPY JOB RUN tries them again). Rows and marks are one commit.
"""

from __future__ import annotations

import time
from dataclasses import replace

from ...errors import DataError, Error, OperationalError, PermissionDenied, ProgrammingError, QueryCanceled
from ...planner.statements import Copy, CopyJob, CreateCopyJob
from ...storage.catalog.delta import Delta
from ...storage.formats import SourceFile, open_files
from ...storage.objects.registry import Objects
from ...storage.types import BIGINT, TEXT
from .. import copy_jobs
from ..access import need
from ..context import Context
from ..copy_jobs import BEFORE, FAILED, INGESTED, Job
from ..result import Result, ResultColumn, from_rows
from . import names
from .copy import LoadOptions, copy_into, load_target
from .vacuum import refuse_in_block

TAG = "COPY JOB"


def run(statement: CopyJob | CreateCopyJob, context: Context) -> Result:
    """The statement, by its action."""
    if isinstance(statement, CreateCopyJob):
        return _create(statement, context)
    facts = context.view.facts
    if statement.action == "list":
        rows = sorted((j.id, j.name, "on" if j.auto else "off") for j in copy_jobs.jobs(facts))
        return from_rows(TAG, (_column("job_id", BIGINT), _column("job_name"), _column("auto")), rows)
    job = copy_jobs.job(facts, statement.name)
    if statement.action == "show":
        columns = (_column("job_id", BIGINT), *map(_column, ("job_name", "job_text", "auto", "owner")))
        return from_rows(TAG, columns, [(job.id, job.name, job.text, "on" if job.auto else "off", job.owner)])
    _need_owner(job, context)
    match statement.action:
        case "alter":
            context.session.commit_delta(Delta(facts=(replace(job, auto=bool(statement.auto)).fact(),)))
        case "drop":
            refuse_in_block("COPY JOB DROP", context)
            context.session.commit_delta(Delta(facts=job.removal(facts)))
        case "run":
            refuse_in_block("COPY JOB RUN", context)
            return run_job(job, context, again=True)
    return Result(TAG, notices=context.notices)


def _column(name: str, type_: object = TEXT) -> ResultColumn:
    return ResultColumn(name, type_)  # type: ignore[arg-type]


def _need_owner(job: Job, context: Context) -> None:
    if context.user != job.owner and not context.rights.superuser:
        raise PermissionDenied(f'must be owner of COPY JOB "{job.name}"')


def _create(statement: CreateCopyJob, context: Context) -> Result:
    refuse_in_block("COPY JOB CREATE", context)
    if any(job.name == statement.name for job in copy_jobs.jobs(context.view.facts)):
        raise ProgrammingError(f'COPY JOB "{statement.name}" already exists', sqlstate="42710")
    table = names.table(statement.copy.table, context)
    if table.temporary:
        raise ProgrammingError("COPY JOB cannot load a temporary table")
    need(context, table, "insert")
    job = copy_jobs.created(statement, context.database.new_id(), context.user, table)
    before = copy_jobs.listed(statement.copy.source, _objects(statement.copy, context))
    told = job.run_fact(_number(), [(file, BEFORE) for file in before])
    context.session.commit_delta(Delta(facts=(job.fact(new=True), told)))
    if before:
        context.notice("INFO", f"{len(before)} file(s) that are there already will not be loaded by the job")
    return Result(TAG, notices=context.notices)


def _objects(copy: Copy, context: Context) -> Objects:
    return Objects(context.session.stores.authorized(copy.authorization))


# -- a run --------------------------------------------------------------------------------------------


def run_job(job: Job, context: Context, again: bool = False) -> Result:
    """Load what is new; `again`: what failed before, too."""
    copy = job.copy()
    table = names.appended(copy.table, context)
    if table.id != job.table:
        raise ProgrammingError(f'the table of COPY JOB "{job.name}" is not there any more')
    job = copy_jobs.job(context.view.facts, job.name)
    files = job.new_files(context.view.facts, _objects(copy, context), again)
    if not files:
        context.notice("INFO", f"COPY JOB {job.name}: no new files")
        return Result(TAG, rowcount=0, notices=context.notices)
    rows = _load(job, copy, files, context)
    return Result(TAG, rowcount=rows, notices=context.notices)


def _load(job: Job, copy: Copy, files: tuple[SourceFile, ...], context: Context) -> int:
    """All files in one load, or else one by one."""
    try:
        return _load_files(job, copy, files, context)
    except (DataError, OperationalError) as error:
        if isinstance(error, QueryCanceled):
            raise
        if len(files) == 1:
            _fail(job, files[0], error, context)
            return 0
    rows = 0
    for file in files:
        try:
            rows += _load_files(job, copy, (file,), context)
        except (DataError, OperationalError) as error:
            if isinstance(error, QueryCanceled):
                raise
            _fail(job, file, error, context)
    return rows


def _load_files(job: Job, copy: Copy, files: tuple[SourceFile, ...], context: Context) -> int:
    options = dict(copy.options)
    load = LoadOptions.taken(options, copy.format)
    into = load_target(names.table(copy.table, context), copy.columns, load.explicit_ids, context)
    source = open_files(files, copy.format, options, context.budget.limit)
    mark = job.run_fact(_number(), [(file, INGESTED) for file in files])
    done = copy_into(copy, into, source, load, context, job.id, (mark,))
    context.view = context.transaction.view(context.search_path)
    _tell(job, f"{len(files)} file(s) ingested, {done.rowcount} row(s)", context)
    return done.rowcount


def _fail(job: Job, file: SourceFile, error: Error, context: Context) -> None:
    context.session.commit_delta(Delta(facts=(job.run_fact(_number(), [(file, FAILED)]),)))
    context.notice("WARNING", f"COPY JOB {job.name}: {error.message}; the file is passed over from now on")
    _tell(job, f"{file.path}: {error.message}", context)


def _number() -> int:
    """A number for the fact of one load, in the order of loads."""
    return time.time_ns() // 1000


def _tell(job: Job, message: str, context: Context) -> None:
    context.database.history.record_event(
        copy_jobs.EVENT, {"job": job.id, "name": job.name, "time": time.time_ns() // 1000, "message": message}
    )
