"""A physical plan to a stream of Arrow record batches on the leader.

    execute(plan, context)          ->  schema-less iterator of pa.RecordBatch, in the order of the result
    insert(plan, context, writer)   ->  nothing: the plan's last step has put its rows into a table (insert.py)
    unload(plan, context, write)    ->  nothing: write(slice, batch) has got the rows, on the threads that made them

Parts of the result come from streaming.py, as the slices make them or whole; they are handed out 65,536 rows
at a time. Result types are Redshift's: a NUMERIC(38,4) that travelled in 64 bits becomes decimal128(38, 4) here.
"""
from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa

from ..errors import QueryCanceled
from ..planner.physical import InsertRows, PhysicalQuery
from ..storage.arrow import arrow_field, to_arrow
from .collection import Collection
from .column_data import coded_array, column_data, dictionary
from .constant_rows import alone, as_constants
from .counters import Counters
from .history.profile import profile_of
from .workers import pool
from .workload.door import WRITE, ExecutorFailed, admit

if TYPE_CHECKING:
    from ..storage.loader import TableWriter
    from .context import Context
    from .rows import Where
    from .tasks import Task
    from .workload.admission import Ticket

RESULT_ROWS = 65_536


def execute(plan: PhysicalQuery, context: Context) -> Iterator[pa.RecordBatch]:
    """Run `plan` when its turn comes; counters of its steps go to context.counters by node identity."""
    ticket = admit(context, plan)
    if ticket is None:
        yield from _run(plan, context, None)
        return
    while True:
        try:
            with closing(_rows(plan, context, ticket)) as batches:
                for batch in batches:
                    ticket.first_rows()
                    ticket.usage.pause()
                    yield batch
                    ticket.usage.resume()
            return
        except GeneratorExit:  # nobody reads on, or has even kept the result
            ticket.end(ok=True)
            raise
        except QueryCanceled:
            if not ticket.may_restart():
                raise
        except ExecutorFailed as failure:
            ticket.fall_back(str(failure))
        context.profiles.clear()  # it begins anew


def _rows(plan: PhysicalQuery, context: Context, ticket: Ticket) -> Generator[pa.RecordBatch, None, None]:
    if not ticket.executor:
        return _run(plan, context, ticket)
    from .workload.scaling import rows  # for another process

    return rows(plan, context, ticket)


def _run(plan: PhysicalQuery, context: Context, ticket: Ticket | None) -> Generator[pa.RecordBatch, None, None]:
    counters, parts = _begun(plan, context)
    leader = ticket is None and context.session is not None  # it needs no turn for what it answers by itself
    profile = None if leader else profile_of(plan, counters, context)
    schema = _schema(plan)
    if ticket is not None:
        ticket.usage.resume(counters)
    try:
        for part in parts:
            for batch in _batches(part, plan, schema, context):
                if profile is not None:
                    profile.rows += batch.num_rows
                    profile.bytes += batch.nbytes
                if ticket is not None:
                    ticket.usage.returned += batch.num_rows
                yield batch
    finally:
        parts.close()
        context.counters.update(counters.steps)


def _begun(plan: PhysicalQuery, context: Context) -> tuple[Counters, Generator[Collection, None, None]]:
    """The counters and the parts of a result. One that is all constants has no need of the executor, nor, if it is
    a process's first, to import it."""
    constants = as_constants(plan.root)
    if constants is not None:
        counters = Counters()
        return counters, alone(plan.root, constants, context, counters)
    from .executor import Executor
    from .streaming import stream

    executor = Executor(plan, context, context.workers or pool(1))
    return executor.counters, stream(executor, plan.root)


def insert(plan: PhysicalQuery, context: Context, writer: TableWriter) -> None:
    """Run a plan that ends in an insert; its rows are in `writer` then, on the slices that made them or that
    they were sent to."""
    from .executor import Executor
    from .insert import insert_rows  # brings the loader along, which queries do without

    ticket = admit(context, plan, WRITE)
    executor = Executor(plan, context, context.workers or pool(1))
    profile_of(plan, executor.counters, context)
    if ticket is not None:
        ticket.usage.resume(executor.counters)
    assert isinstance(plan.root, InsertRows)
    try:
        insert_rows(executor, plan.root, writer)
    finally:
        context.counters.update(executor.counters.steps)


def unload(
    plan: PhysicalQuery, context: Context, write: Callable[[int, pa.RecordBatch], None], *, shared: bool = True,
    coded: bool = False,
) -> None:  # fmt: skip
    """Run a plan whose rows stay on the slices and hand each slice's rows to `write`, on several threads; `shared`:
    also those of one slice. `coded`: text that comes from dictionaries is handed over as Arrow's dictionary arrays."""
    from .executor import Executor
    from .handing_over import hand_over

    ticket = admit(context, plan)
    executor = Executor(plan, context, context.workers or pool(1))
    schema = _schema(plan)
    profile_of(plan, executor.counters, context)
    if ticket is not None:
        ticket.usage.resume(executor.counters)

    def take(task: Task, where: Where) -> None:
        for batch in _batches(task.sink.detach(), plan, schema, context, coded):
            write(task.index, batch)

    try:
        hand_over(executor, plan.root, executor.outputs(plan.root), take, shared=shared)
    finally:
        context.counters.update(executor.counters.steps)


def _schema(plan: PhysicalQuery) -> pa.Schema:
    return pa.schema([arrow_field(n, c.type) for n, c in zip(plan.names, plan.columns, strict=True)])


def _batches(
    part: Collection, plan: PhysicalQuery, schema: pa.Schema, context: Context, coded: bool = False
) -> Iterator[pa.RecordBatch]:
    """A part of the result in record batches."""
    by_id = {c.ref.id: c for c in part.columns}
    columns = [by_id[c.id] for c in plan.columns]
    types = [ref.type for ref in plan.columns]
    words = [dictionary(c, type) if coded else None for c, type in zip(columns, types, strict=True)]
    if any(own is not None for own in words):
        schema = pa.schema([field if own is None else field.with_type(pa.dictionary(pa.int32(), own.type))
                            for field, own in zip(schema, words)])
    for start in range(0, part.rows, RESULT_ROWS):
        context.cancel.check()
        end = min(start + RESULT_ROWS, part.rows)
        arrays = [to_arrow(column_data(c, type, start, end)) if own is None else coded_array(c, own, start, end)
                  for c, type, own in zip(columns, types, words)]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
