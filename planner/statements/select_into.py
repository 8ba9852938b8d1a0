"""SELECT ... INTO [TEMP] [TABLE] name FROM ...: a CREATE TABLE AS in another dress.

In a set operation INTO stands in the first query and means the whole. Elsewhere (in a subquery, in
parentheses) it is refused by the binder.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError
from . import CreateTableAs, RelationName, TableAttributes
from .names import DATABASE


def select_into(tree: Any) -> CreateTableAs | None:
    """The statement, if the query says INTO; the clause is taken out of the tree."""
    first = tree
    while isinstance(first, exp.SetOperation):
        first = first.this
    into = first.args.get("into") if isinstance(first, exp.Select) else None
    if into is None:
        return None
    if not isinstance(into.this, exp.Table) or not isinstance(into.this.this, exp.Identifier):
        raise SqlSyntaxError("INTO needs a table's name")
    position = into.this.this.meta.get("start")
    other = into.this.catalog.lower() not in ("", DATABASE)
    if into.args.get("unlogged") or into.args.get("bulk_collect") or other:
        raise NotSupportedError("this form of SELECT INTO is not supported by Redshift", position=position)
    first.set("into", None)
    schema, name = into.this.db.lower() or None, into.this.name.lower()
    temporary = bool(into.args.get("temporary")) or name.startswith("#")
    return CreateTableAs(RelationName(schema, name, position), (), TableAttributes(), tree, temporary)
