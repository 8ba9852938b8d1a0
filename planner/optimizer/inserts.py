"""INSERT ... SELECT and CREATE TABLE AS: the query's rows to the slices of the table, and the insert step.

    target KEY     by the hash of the column that feeds the DISTKEY; not at all where the query's rows lie by
                   it already (a scan of a table with the same DISTKEY, a join or GROUP BY on it)
    target EVEN    dealt out, from EVEN as well: the manual says so (r_CTAS_usage_notes)
    target ALL     to every node; one that has all rows already sends nothing
    target AUTO    ALL if it is small and stays so by the estimates, else EVEN

An ORDER BY is made on each slice, and not merged: nothing passes through the leader but what only the leader
can make (LIMIT, an aggregate without groups, constants, virtual tables).
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ...storage.distribution import family
from ...storage.placement import AUTO_ALL_ROWS
from ...storage.schema import DistStyle, Table, TableData
from ..columns import columns_of_all
from ..expressions import ColumnId, ColumnRef
from ..logical import Logical, Project, Query, Sort
from ..physical import InsertRows, Move, Physical, Props, Replicated
from .distribution import PARTITIONED, exchange, is_hashed_by, one_copy
from .joins import narrow
from .ordering import plan_sort

if TYPE_CHECKING:
    from .plan import Planner

def plan_insert(
    planner: Planner, query: Query, table: Table, positions: tuple[int, ...], data: TableData | None
) -> InsertRows:
    """query.columns[i] goes to the table's column at positions[i]; `data`: what it holds, None for a new one."""
    columns = tuple(zip(query.columns, positions, strict=True))
    wanted = {ref.id for ref in query.columns}
    source = narrow(spread_rows(planner, query.plan, wanted), wanted, planner)
    key = next((ref for ref, position in columns if position == table.dist_key), None)
    source = _moved(planner, source, table, key, data)
    below = source.props
    props = Props(below.rows, below.width, below.first_cost, below.cost, PARTITIONED)
    return InsertRows(source, table, columns, props)


def spread_rows(planner: Planner, plan: Logical, needed: set[ColumnId]) -> Physical:
    """Rows where they are made; an order on each slice."""
    match plan:
        case Sort():
            return plan_sort(planner, plan, needed, merged=False)
        case Project():
            below = columns_of_all([e for _, e in plan.columns])
            return planner.project(spread_rows(planner, plan.input, below), plan.columns)
        case _:
            return planner.plan(plan, needed)


def _moved(
    planner: Planner, source: Physical, table: Table, key: ColumnRef | None, data: TableData | None
) -> Physical:
    """Each row once, where the table wants it."""
    everywhere = isinstance(source.props.distribution, Replicated)
    source = one_copy(source)
    if planner.slices == 1:
        return source
    if _stays_replicated(source, table, data):
        return source if everywhere else exchange(source, Move.BROADCAST, copies=planner.slices)
    if table.dist_style is not DistStyle.KEY:
        return exchange(source, Move.ROUND_ROBIN)
    if key is None:  # an IDENTITY column: its values are made on the way
        return exchange(source, Move.DISTRIBUTE)
    return source if _lies_by(source, key) else exchange(source, Move.DISTRIBUTE, (key,))


def _stays_replicated(source: Physical, table: Table, data: TableData | None) -> bool:
    if table.dist_style is not DistStyle.AUTO:
        return table.dist_style is DistStyle.ALL
    if data is None:
        return source.props.rows <= AUTO_ALL_ROWS
    return data.replicated and data.statistics.rows + source.props.rows <= AUTO_ALL_ROWS


def _lies_by(source: Physical, key: ColumnRef) -> bool:
    found = is_hashed_by(source.props, {key.id})
    return found is not None and found.families == (family(key.type),)
