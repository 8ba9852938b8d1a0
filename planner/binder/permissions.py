"""Privileges of what a query reads: USAGE on the schema, SELECT on the relation or on each column that is used.

    select a from t      SELECT on t, or SELECT (a)        else: permission denied for relation t
    select a from v      SELECT on view v; what v reads is read with the rights of v's owner

Whether a column is used is known once the query is bound: until then columns without a privilege are `hidden`.
The table that an UPDATE or DELETE changes is looked after by its handler (engine/handlers/names.py).
"""
from __future__ import annotations

from collections.abc import Iterable

from ...errors import PermissionDenied
from ...storage.schema import Table, View
from ..columns import ColumnId
from ..expressions import ColumnRef, Exists, Expr, Quantified, ScalarSubquery
from ..logical import Logical
from ..traverse import expressions, walk, walk_plan
from .context import Binder


def is_limited(b: Binder) -> bool:
    """Whether there is anything that the query's user, or the owner of the view being bound, may not do."""
    return b.rights is not None and not b.rights.superuser


def check_read(
    b: Binder, relation: Table | View, columns: Iterable[tuple[ColumnRef, int]], position: int | None
) -> None:
    """A relation in FROM, with its columns' ids (a view's are their places)."""
    rights = b.rights
    if rights is None or not is_limited(b):
        return
    if not rights.schema(relation.schema, "usage"):
        raise PermissionDenied(f"permission denied for schema {relation.schema}", position=position)
    if rights.relation(relation, "select"):
        return
    granted = rights.columns(relation, "select")
    if not granted:
        raise PermissionDenied(f"permission denied for relation {relation.name}", position=position)
    b.hidden.update({ref.id: relation.name for ref, id in columns if id not in granted})


def check_system(b: Binder, name: str, position: int | None) -> None:
    """A system table that only superusers see (c_visibility-of-data)."""
    rights = b.rights
    if rights is not None and name in b.context.restricted and not rights.system("access system table"):
        raise PermissionDenied(f"permission denied for relation {name.partition('.')[2]}", position=position)


def check_hidden(b: Binder, plan: Logical, columns: Iterable[ColumnRef]) -> None:
    """Refuses a bound query that uses a hidden column."""
    if not b.hidden:
        return
    used = {c.id for c in columns}
    for tree in (plan, *(cte for _, cte, _ in b.ctes)):
        _collect(tree, used)
    for id in used:
        if id in b.hidden:
            raise PermissionDenied(f"permission denied for relation {b.hidden[id]}")


def _collect(plan: Logical, used: set[ColumnId]) -> None:
    for node in walk_plan(plan):
        for expr in expressions(node):
            _collect_expression(expr, used)


def _collect_expression(expr: Expr, used: set[ColumnId]) -> None:
    for part in walk(expr):
        match part:
            case ColumnRef():
                used.add(part.id)
            case ScalarSubquery() | Exists() | Quantified():
                _collect(part.plan, used)
                if not isinstance(part, Exists):
                    used.add(part.column.id)
            case _:
                pass
