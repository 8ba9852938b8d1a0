"""Rows into a table and the commit that shows them: the end that INSERT, CTAS, COPY and Arrow share.

with loading(table, context, positions) as load:
    load.write(batch)           record batches or lists of ColumnData, columns in `positions`
    load.run(plan)              or: the rows of a plan that ends in an insert, from the slices
load.rows                       committed; on an error nothing is left

A load's memory is charged to the statement. It keeps to a share of what the statement may hold, so that the
query or the files that it loads from have the rest; with little it writes shorter runs (storage/loader.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pyarrow as pa

from ...planner.physical import PhysicalQuery
from ...storage.access.facts import Fact
from ...storage.catalog.delta import Delta
from ...storage.loader import TableWriter
from ...storage.schema import Table
from ...storage.vector import ColumnData
from ..context import Charge, Context
from ..history.profile import LoadProfile
from ..workload.door import WRITE, admit

STEP = "load"  # in messages
# Of a statement's memory, what a load keeps to: readers, and what sorting and encoding take besides, have the rest.
LOAD_SHARE = 0.35


class Load:
    """An open load; `write` checks for a cancel between batches."""

    def __init__(self, writer: TableWriter, context: Context) -> None:
        self._writer = writer
        self._context = context
        self.planned = False  # a plan tells what it inserts

    @property
    def rows(self) -> int:
        return self._writer.rows

    def write(self, batch: pa.RecordBatch | Sequence[ColumnData]) -> None:
        self._context.cancel.check()
        self._writer.write(batch)

    def run(self, plan: PhysicalQuery, seen: Context | None = None) -> None:
        """All rows of a plan that ends in an insert into the table; `seen`: the surroundings it reads in, if not
        those of the load."""
        from ..execute import insert  # not needed for VALUES, and not cheap to import

        self.planned = True
        insert(plan, seen or self._context, self._writer)


@contextmanager
def loading(
    table: Table,
    context: Context,
    positions: Sequence[int] | None = None,
    *,
    create: bool = False,
    compupdate: bool | str | None = None,
    comprows: int | None = None,
    identity: Mapping[int, int] | None = None,
    facts: tuple[Fact, ...] = (),
    plan: PhysicalQuery | None = None,
) -> Iterator[Load]:
    """A load that is committed when the block ends well. `create`: the same commit creates `table`,
    whose id comes from Database.new_id. `identity`: next IDENTITY values (by column id) that the caller
    has taken itself. `facts`: part of the same commit. `plan`: where the rows come from; its tables are waited for
    before the statement has its turn."""
    admit(context, plan, WRITE)
    writer = TableWriter(
        context.home(table),
        table,
        columns=positions,
        compupdate=compupdate,
        comprows=comprows,
        check=context.cancel.check,
        threads=context.workers.threads,
        charge=Charge(context.budget, STEP).add,
        memory=int(context.budget.limit * LOAD_SHARE),
        view=context.view,
        inline=True,
    )
    load, began = Load(writer, context), time.time()
    with writer:
        yield load
        delta = writer.finish()
        context.cancel.check()
        if not load.planned:
            context.profiles.append(LoadProfile(table, _by_slice(delta, table, context), began, time.time()))
        if create:
            delta = replace(delta, create=(table,))
        if identity:
            delta = replace(
                delta,
                add_extents=tuple(replace(a, identity={**a.identity, **identity}) for a in delta.add_extents),
            )
        if facts:
            delta = replace(delta, facts=facts)
        if delta:
            context.session.commit_delta(delta)


def _by_slice(delta: Delta, table: Table, context: Context) -> tuple[int, ...]:
    """Rows that were added on each slice; those that all nodes have count as the first one's."""
    rows = [0] * context.view.topology.slices
    for added in delta.add_extents:
        for extent in added.extents if added.table.id == table.id and not added.moved else ():
            rows[max(extent.slice, 0)] += extent.rows
    return tuple(rows)
