"""The select list before it is bound: stars written out, EXCLUDE taken away.

    select *, a + 1 as z exclude (b, c) from t       t.a, t.d, z

EXCLUDE (not in the manual's edition of April 2023; r_EXCLUDE_list of the present one) ends the list and takes
away columns by their plain names, with or without parentheses.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError, UndefinedColumn, UndefinedTable
from ..expressions import Expr
from .context import Binder
from .names import output_name
from .scope import NamedExpr, Scope, near


class Item:
    """One column of the select list: its place and name, and its expression once somebody asked for it."""

    __slots__ = ("busy", "expr", "name", "node", "place")

    def __init__(self, place: int, name: str, node: Any, expr: Expr | None = None) -> None:
        self.place = place
        self.name = name
        self.node = node
        self.expr = expr
        self.busy = False


_Found = tuple[str, Any, Expr | None]  # of an item: its name, syntax and expression, one of these two


def select_list(b: Binder, scope: Scope, node: exp.Select) -> list[Item]:
    """The items of a SELECT, in order."""
    nodes, excluded = _parts(b, node)
    found: list[_Found] = []
    for item in nodes:
        if type(item) is exp.Alias and type(item.args["alias"]) is exp.Identifier:
            found.append((item.args["alias"].args["this"].lower(), item, None))
        elif isinstance(item, exp.Star):
            found.extend([(name, None, expr) for name, expr in _star(b, scope, node)])
        elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
            found.extend([(name, None, expr) for name, expr in _star_of(b, scope, item)])
        elif isinstance(item, exp.Alias) and not isinstance(item.args["alias"], exp.Identifier):
            raise SqlSyntaxError(f"a column's name is needed, not {item.args['alias'].sql()}",
                                 position=b.position(item))
        else:
            found.append((output_name(item), item, None))
    if excluded:
        found = _kept(b, found, excluded)
    if not found:
        raise SqlSyntaxError("the select list is empty", position=b.position(node))
    return [Item(place, *part) for place, part in enumerate(found)]


def _kept(b: Binder, found: list[_Found], excluded: list[exp.Column]) -> list[_Found]:
    """The items without those that EXCLUDE takes away."""
    names = {name for name, item, _ in found if _is_column(item)}
    for column in excluded:
        if column.name.lower() not in names:
            raise UndefinedColumn(f'column "{column.name.lower()}" in the EXCLUDE list does not exist',
                                  hint=near(column.name.lower(), names), position=b.position(column))
    gone = {column.name.lower() for column in excluded}
    return [part for part in found if not (_is_column(part[1]) and part[0] in gone)]


def _is_column(node: Any) -> bool:
    """Whether EXCLUDE may take an item away: a column of FROM, by a star or by its name."""
    return node is None or isinstance(node, exp.Column)


def _parts(b: Binder, node: exp.Select) -> tuple[list[Any], list[exp.Column]]:
    """(items, columns of EXCLUDE). The parser hangs `* EXCLUDE a, b` on the star and takes b for an item."""
    items: list[Any] = list(node.expressions)
    excluded = list(node.args.get("exclude") or ())
    for place, item in enumerate(items):
        if type(item) is exp.Alias:
            continue
        star = item.this if isinstance(item, exp.Column) else item
        if not isinstance(star, exp.Star):
            continue
        if any(star.args.get(k) for k in ("replace", "rename", "ilike")):
            raise NotSupportedError("* REPLACE, * RENAME and * ILIKE are not supported by Redshift",
                                    position=b.position(node))
        if star.args.get("except_"):
            behind = items[place + 1 :]
            if behind and (star.comments or item.comments):  # it had parentheses, so the list ended there
                raise SqlSyntaxError("EXCLUDE must end the select list", position=b.position(behind[0]))
            excluded, items = [*star.args["except_"], *behind, *excluded], items[: place + 1]
            break
    for column in excluded:
        if not isinstance(column, exp.Column) or column.table or isinstance(column.this, exp.Star):
            raise SqlSyntaxError("EXCLUDE takes column names only", position=b.position(column))
    return items, excluded


def _star(b: Binder, scope: Scope, node: exp.Select) -> list[NamedExpr]:
    if not scope.relations:
        raise SqlSyntaxError("SELECT * with no tables specified is not valid", position=b.position(node))
    return scope.star


def _star_of(b: Binder, scope: Scope, node: exp.Column) -> list[NamedExpr]:
    table = node.table.lower()
    relation = scope.relation(table, node.db.lower() or None)
    if relation is None:
        raise UndefinedTable(
            f'missing FROM-clause entry for table "{table}"',
            hint=near(table, [r.alias for r in scope.relations if r.alias]),
            position=b.position(node),
        )
    return relation.star
