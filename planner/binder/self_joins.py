"""UPDATE whose FROM names the table that changes again, by an alias (c_Examples_of_UPDATE_statements).

    update stock set price = 0 from sold join stock s on sold.item = s.item where s.place = 'north'

Nothing says which rows of `stock` belong to those of `s`. Redshift takes them for the same rows: the alias *is* the
table. So the statement is turned over to

    select ... from stock s, sold where sold.item = s.item and s.place = 'north'       stock.x in SET becomes s.x

A condition that names the table itself (`stock.item = s.item`) makes it a self-join like any other, left as it is; so
does one with a bare column of it, which is ambiguous. An alias on a side of an outer join is refused in Redshift's
words. Decision 0050.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError
from ...storage.schema import Table
from ..statements.dml import ROW_ID_WANTED
from ..syntax import identifier
from .context import Binder

NOT_JOINED = "Target table must be part of an equijoin predicate"


def turned_over(b: Binder, tree: exp.Select, table: Table, name: str) -> str:
    """Change `tree` (a copy) where the alias stands for the table; the name that the table goes by."""
    joins = tree.args.get("joins") or []
    again = [join for join in joins if _is_table(join.this, table, name)]
    if not again or _is_named(tree, table, name):
        return name
    (join, *others) = again
    if others or any(j.side or j.args.get("using") or j.args.get("method") for j in joins):
        raise NotSupportedError(NOT_JOINED, position=b.position(join.this),
                                hint="Say in WHERE which of its rows are meant, or put the join into a subquery.")
    joins.remove(join)
    node = join.this
    node.meta[ROW_ID_WANTED] = True
    tree.args["from_"].set("this", node)
    on = join.args.get("on")
    if on is not None:
        where = tree.args.get("where")
        tree.set("where", exp.Where(this=on if where is None else exp.and_(on, where.this, copy=False)))
    return str(node.alias).lower()


def renamed(value: Any, old: str, new: str) -> Any:
    """An expression of SET with the table's columns called by the alias."""
    value = value.copy()
    for column in _columns(value):
        if column.table.lower() == old:
            column.set("table", identifier(new))
    return value


def _is_table(node: Any, table: Table, name: str) -> bool:
    if not isinstance(node, exp.Table) or not node.alias or node.alias.lower() == name:
        return False
    return node.name.lower() == table.name and (not node.db or node.db.lower() == table.schema)


def _is_named(tree: exp.Select, table: Table, name: str) -> bool:
    """Whether a condition speaks of the table by its own name, or by none."""
    own = {column.name for column in table.columns}
    conditions = [tree.args.get("where"), *(join.args.get("on") for join in tree.args["joins"])]
    return any(column.table.lower() == name or (not column.table and column.name.lower() in own)
               for condition in conditions if condition is not None for column in _columns(condition))


def _columns(node: Any) -> Iterator[exp.Column]:
    yield from node.find_all(exp.Column)
