"""What DELETE, UPDATE and MERGE share: rows by their ids out of a table, and new ones into it.

    matched      batches of (row ids, columns) of the query that finds the rows
    delete       the delete vectors of a set of rows
    rewrite      the rows of a query: the old ones deleted, the new ones loaded
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
from sqlglot import exp

from ...errors import ProgrammingError
from ...planner.binder import bind_changes
from ...planner.collector import at_rest
from ...planner.optimize import optimize
from ...planner.physical import PhysicalQuery
from ...planner.statements import Assignment
from ...storage.catalog.delta import DeleteRows, Delta
from ...storage.deletes import DeleteVector, Group, RowSet, added
from ...storage.schema import DistStyle, Table, TableData
from ..access import need
from ..context import Charge, Context
from ..evaluate import evaluate
from ..execute import execute
from ..history.profile import LoadProfile
from .binding import bind_context, noted
from .load import loading


@at_rest
def plan_changes(tree: object, table: Table, alias: str | None, assignments: Sequence[Assignment] | None,
                 context: Context) -> PhysicalQuery:
    query = bind_changes(tree, table, alias, assignments, context.view, bind_context(context))
    return noted(optimize(query, context.view, evaluate), context)


def need_read(tree: object, table: Table, values: Sequence[object], context: Context) -> None:
    """SELECT on the table that a statement changes, or on each of its columns that WHERE and the new values name."""
    if context.rights.superuser:
        return
    clauses = [v for v in (getattr(tree, "args", {}).get("where"), *values) if isinstance(v, exp.Expr)]
    named = {c.name.lower() for clause in clauses for c in clause.find_all(exp.Column)}
    read = [c.name for c in table.columns if c.name in named]
    if read:
        need(context, table, "select", read)


def matched(query: PhysicalQuery, context: Context) -> Iterator[tuple[np.ndarray, pa.RecordBatch]]:
    """(row ids, the columns behind them) batch by batch."""
    for batch in execute(query, context):
        yield batch.column(0).to_numpy(), batch.select(range(1, batch.num_columns))


def delete(table: Table, rows: RowSet, context: Context) -> None:
    """Take the rows out of the table; what follows in the statement sees it without them."""
    if not rows.rows:
        return
    began = time.time()
    data, gone = context.view.data(table), rows.vectors()
    context.session.commit_delta(Delta(delete_rows=(DeleteRows(table, added(gone, data.deleted)),)))
    context.profiles.append(LoadProfile(table, _by_slice(gone, data, context), began, time.time(), "delete"))
    see_changes(context)


def _by_slice(gone: Mapping[Group, DeleteVector], data: TableData, context: Context) -> tuple[int, ...]:
    """Rows that have left each slice; those that all nodes have count as the first one's."""
    counts = [0] * context.view.topology.slices
    slices = {extent.id: max(extent.slice, 0) for extent in data.extents}
    for (extent, _), vector in gone.items():
        counts[slices[extent]] += vector.rows
    return tuple(counts)


def see_changes(context: Context) -> None:
    context.view = context.transaction.view(context.search_path)


def rewrite(query: PhysicalQuery, table: Table, context: Context, *, once: str | None = None) -> RowSet:
    """Replace each row whose id the query gives by the columns behind it. A row that comes again keeps its first
    new form, or is refused with the words `once`."""
    gone = RowSet()
    batches = _new_rows(query, gone, context, once)
    # A small AUTO table may be dealt out anew as it grows: the rows that leave it have to be gone by then.
    first = context.view.data(table).replicated and table.dist_style is DistStyle.AUTO
    with context.transaction.together():
        if first:
            batches = iter(list(batches))
            delete(table, gone, context)
        with loading(table, context, range(len(table.columns)), plan=query) as load:
            for batch in batches:
                load.write(batch)
        if not first:
            delete(table, gone, context)
    see_changes(context)
    return gone


def _new_rows(query: PhysicalQuery, gone: RowSet, context: Context, once: str | None) -> Iterator[pa.RecordBatch]:
    """What takes the rows' places; their ids go to `gone`."""
    charge = Charge(context.budget, "rows to delete")
    for ids, batch in matched(query, context):
        before = gone.nbytes
        fresh = gone.add(ids)
        charge.add(gone.nbytes - before)
        if fresh.all():
            yield batch
        elif once is not None:
            raise ProgrammingError(once, sqlstate="21000")
        else:
            yield batch.filter(pa.array(fresh))
