"""The planner's second half: a bound query in, the physical plan out.

    logical.Query --rewrites/--> logical.Query --optimizer/--> physical.PhysicalQuery

A query's rows end on the leader (`optimize`), those of INSERT ... SELECT and CREATE TABLE AS in a table, on
the slices (`optimize_insert`), those of UNLOAD on the slices that make them (`optimize_output`).

`evaluate` computes constant expressions; the engine hands it in, and without it nothing is folded.
"""
from __future__ import annotations

from collections.abc import Sequence

from ..storage.schema import CatalogView, Table
from .columns import physical_columns
from .expressions import ColumnRef
from .logical import Query
from .optimizer.distribution import gather
from .optimizer.eager_groups import eager_groups
from .optimizer.inserts import plan_insert
from .optimizer.joins import narrow
from .optimizer.plan import Planner
from .optimizer.read_in_place import read_in_place
from .physical import OnLeader, Physical, PhysicalQuery
from .rewrites import RewriteContext, rewrite_query
from .rewrites.context import Evaluate, LiteralTrace


def optimize(query: Query, view: CatalogView, evaluate: Evaluate | None = None) -> PhysicalQuery:
    return optimize_traced(query, view, evaluate)[0]


def optimize_traced(
    query: Query, view: CatalogView, evaluate: Evaluate | None = None
) -> tuple[PhysicalQuery, LiteralTrace]:
    """The plan, and which numbered literals it depends on beyond holding their values."""
    context = RewriteContext.of(query, evaluate)
    rewritten = _rewritten(query, view, context)
    planner = Planner(view, rewritten, context.next_id)
    needed = {ref.id for ref in query.columns}
    root = planner.plan(rewritten.plan, needed, ordered=True, to_leader=True)
    root = _result(root, query, planner)
    tables = tuple(planner.tables.values())
    found = PhysicalQuery(
        root, query.columns, query.names, tuple(planner.advice), tables, tuple(planner.wanted)
    )
    return found, context.literals


def optimize_insert(
    query: Query, table: Table, positions: tuple[int, ...], view: CatalogView, evaluate: Evaluate | None = None
) -> PhysicalQuery:
    """The plan of an insert of the query's rows: its columns feed those at `positions`, in their types already.
    A table that the same statement creates is not in the view."""
    context = RewriteContext.of(query, evaluate)
    rewritten = _rewritten(query, view, context)
    planner = Planner(view, rewritten, context.next_id)
    found = view.relation(table.schema, table.name)
    data = view.data(found) if isinstance(found, Table) and found.id == table.id else None
    root = plan_insert(planner, rewritten, table, positions, data)
    return PhysicalQuery(
        root, (), (), tuple(planner.advice), tuple(planner.tables.values()), tuple(planner.wanted)
    )


def optimize_output(
    query: Query, view: CatalogView, evaluate: Evaluate | None = None, *, partition_by: Sequence[ColumnRef] = (),
    serial: bool = False,
) -> PhysicalQuery:
    """The plan of an UNLOAD: its rows stay on the slices, sorted by the columns `partition_by`; `serial`: they end on
    the leader, in the query's order inside each partition."""
    from .optimizer.outputs import plan_output, sorted_by  # queries do without

    wanted = sorted_by(query, partition_by)
    if serial:
        return optimize(wanted, view, evaluate)
    context = RewriteContext.of(wanted, evaluate)
    rewritten = _rewritten(wanted, view, context)
    planner = Planner(view, rewritten, context.next_id)
    root = plan_output(planner, rewritten)
    return PhysicalQuery(root, query.columns, query.names, tuple(planner.advice), tuple(planner.tables.values()))


def _rewritten(query: Query, view: CatalogView, context: RewriteContext) -> Query:
    """After all rules: those that always help, and those that statistics speak for."""
    return eager_groups(read_in_place(rewrite_query(query, context), view, context), view, context)


def _result(root: Physical, query: Query, planner: Planner) -> Physical:
    """Exactly the result's columns, on the leader. Rows that are still on slices leave the others
    behind before they are sent."""
    needed = {ref.id for ref in query.columns}
    if not isinstance(root.props.distribution, OnLeader):
        root = gather(narrow(root, needed, planner))
    if any(c.id not in needed for c in physical_columns(root)):
        return planner.project(root, tuple([(c, c) for c in dict.fromkeys(query.columns)]))
    return root
