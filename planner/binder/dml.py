"""DELETE, UPDATE and MERGE: the query that gives the row ids of what changes, and for UPDATE the new rows.

    update t set b = b + 1 where a = 3      t(a, b, c)
      ->  Project[row id, a, cast(b + 1), c]  Filter[a = 3]  Scan t + row id

All columns of the table come out, in its order and types, so that the sink can write them as new rows.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from ...errors import DuplicateColumn, GroupingError, ProgrammingError, UndefinedColumn
from ...storage.deletes import ROW_ID
from ...storage.schema import CatalogView, Table
from ..coercion import coerce
from ..expressions import ColumnRef, Expr
from ..functions import resolve_aggregate
from ..logical import Project, Query
from ..statements import Assignment
from ..syntax import TOO_DEEP, identifier
from .bound import Bound
from .context import BindContext, Binder
from .entry import check_leader_only
from .insert import check_assignable, default_of
from .permissions import check_hidden
from .query import bind_tree
from .scope import near
from .zones import localised


def bind_changes(
    tree: Any, table: Table, alias: str | None, assignments: Sequence[Assignment] | None, view: CatalogView,
    context: BindContext,
) -> Query:
    """The row ids of a changing statement's rows (`tree` of statements/dml.py); with `assignments`, behind them
    the rows as they are to be."""
    b = Binder(view, context)
    name = alias or table.name
    tree = tree.copy()
    if assignments is not None and tree.args.get("joins"):
        from .self_joins import renamed, turned_over

        old, name = name, turned_over(b, tree, table, name)
        if name != old:
            assignments = [a if a.value is None else replace(a, value=renamed(a.value, old, name)) for a in assignments]
    given = {} if assignments is None else _by_position(assignments, table)
    nodes = [_column(ROW_ID.name, name)]
    if assignments is not None:
        for i, column in enumerate(table.columns):
            node = given[i].value if i in given else None
            nodes.append(_column(column.name, name) if node is None else node)
    tree.set("expressions", nodes)
    try:
        bound = bind_tree(b, tree)
    except RecursionError:
        raise ProgrammingError("the statement is nested too deeply", sqlstate=TOO_DEEP) from None
    check_leader_only(b)
    check_hidden(b, bound.plan, bound.columns)
    if assignments is not None:
        bound = _assigned(b, bound, table, given)
    query = Query(bound.plan, bound.columns, bound.names, b.next_id, tuple(b.ctes))
    return localised(query, context)


def _column(name: str, table: str) -> exp.Column:
    return exp.Column(this=identifier(name), table=identifier(table))


def _by_position(assignments: Sequence[Assignment], table: Table) -> dict[int, Assignment]:
    found: dict[int, Assignment] = {}
    for a in assignments:
        place = table.position(a.column)
        if place is None:
            raise UndefinedColumn(
                f'column "{a.column}" of relation "{table.name}" does not exist', position=a.position,
                hint=near(a.column, [c.name for c in table.columns]),
            )
        if place in found:
            raise DuplicateColumn(f'multiple assignments to same column "{a.column}"', position=a.position,
                                  sqlstate="42601")
        column = table.columns[place]
        if column.identity is not None and column.default_sql != "identity":
            raise ProgrammingError(f'cannot set an identity column to a value: "{a.column}"', sqlstate="0A000",
                                   position=a.position)
        refuse_groups(a.value, "UPDATE", a.position)
        found[place] = a
    return found


def refuse_groups(value: Any, where: str, position: int | None) -> None:
    """A value that is made for each row by itself has no aggregates, outside subqueries, for they would make groups of
    the rows, and no window functions, which look at several."""
    if value is None:
        return
    for node in value.walk(prune=lambda n: isinstance(n, exp.Query)):
        if isinstance(node, exp.Window):
            raise ProgrammingError(f"cannot use window function in {where}", sqlstate="42P20", position=position)
        name = node.name if isinstance(node, exp.Anonymous) else node.key if isinstance(node, exp.AggFunc) else ""
        if resolve_aggregate(name.lower()) is not None:
            raise GroupingError(f"cannot use aggregate function in {where}", position=position)


def _assigned(b: Binder, bound: Bound, table: Table, given: dict[int, Assignment]) -> Bound:
    """The columns in the table's types, DEFAULT where that is said."""
    row_id, *values = bound.columns
    columns: list[tuple[ColumnRef, Expr]] = [(row_id, row_id)]
    for i, (column, value) in enumerate(zip(table.columns, values, strict=True)):
        expr: Expr = value
        assignment = given.get(i)
        if assignment is not None and assignment.value is None:
            if column.identity is not None:
                raise ProgrammingError(f'DEFAULT for the identity column "{column.name}"', sqlstate="0A000",
                                       position=assignment.position)
            expr = default_of(b, column)
        elif assignment is not None:
            check_assignable(value.type, column, assignment.position)
            expr = coerce(value, column.type, value.span)
        columns.append((b.column(column.type, column.name), expr))
    refs = tuple(ref for ref, _ in columns)
    return Bound(Project(bound.plan, tuple(columns)), refs, tuple(r.name for r in refs))
