"""UNION, INTERSECT, EXCEPT (MINUS), and ORDER BY / LIMIT on top of a whole query expression.

Branches are matched column by column: each pair gets its common type, literals take it where they stand.
sqlglot has already put INTERSECT before the others; a chain is a left-deep tree, walked in a loop.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import DatatypeMismatch, NotSupportedError, ProgrammingError, SqlSyntaxError
from ...storage.types import SqlType
from ..coercion import common_type
from ..expressions import ColumnRef
from ..logical import Limit, SetKind, SetOperation, Sort, SortKey
from .bound import Bound, finished, retyped, sort_key
from .context import Binder
from .ctes import Env, extended
from .expressions import ExpressionBinder
from .literals import constant_count
from .scope import Scope, near

_KINDS: dict[type, SetKind] = {
    exp.Union: SetKind.UNION, exp.Intersect: SetKind.INTERSECT, exp.Except: SetKind.EXCEPT,
}
_MODIFIERS = ("with_", "order", "limit", "offset")
_REFUSED = ("by_name", "side", "kind", "on")


def bind_set_operation(b: Binder, node: Any, outer: Scope | None, env: Env) -> Bound:
    """A chain of set operators with its ORDER BY and LIMIT."""
    from .query import bind_tree

    env = extended(b, node, outer, env)
    links = [node]
    first = node.this
    while type(first) in _KINDS and not any(first.args.get(m) for m in _MODIFIERS):
        links.append(first)
        first = first.this
    result = bind_tree(b, first, outer, env)
    for link in reversed(links):
        result = _combined(b, link, result, bind_tree(b, link.expression, outer, env))
    return ordered(b, result, node, env)


def _combined(b: Binder, node: Any, left: Bound, right: Bound) -> Bound:
    kind, all = _KINDS[type(node)], not node.args.get("distinct")
    name = kind.name
    if all and kind is not SetKind.UNION and not b.context.extended:
        raise NotSupportedError(f"{name} ALL is not supported by Redshift", position=b.position(node.expression))
    if any(node.args.get(x) for x in _REFUSED):
        raise NotSupportedError(f"this form of {name} is not supported", position=b.position(node.expression))
    if len(left.columns) != len(right.columns):
        raise SqlSyntaxError(
            f"each {name} query must have the same number of columns", position=b.position(node.expression)
        )
    types = [_type(b, name, x.type, y.type, node) for x, y in zip(left.columns, right.columns)]
    left, right = retyped(b, left, types), retyped(b, right, types)
    columns = tuple([
        b.column(t, x.name, x.nullable or y.nullable, x.span) for t, x, y in zip(types, left.columns, right.columns)
    ])
    plan = SetOperation(kind, all, left.plan, right.plan, columns, left.columns, right.columns)
    return Bound(plan, columns, left.names)


def _type(b: Binder, name: str, x: SqlType, y: SqlType, node: Any) -> SqlType:
    shared = common_type(x, y)
    if shared is None:
        raise DatatypeMismatch(
            f"{name} types {x.kind.value} and {y.kind.value} cannot be matched", position=b.position(node.expression)
        )
    return shared


# -- ORDER BY and LIMIT on a result ----------------------------------------------------------------


def ordered(b: Binder, bound: Bound, node: Any, env: Env) -> Bound:
    """The rows sorted and cut as the node's ORDER BY, LIMIT and OFFSET say."""
    order = node.args.get("order")
    if order is not None:
        bound = finished(b, bound)
        keys = tuple(_key(b, bound, item) for item in order.expressions)
        bound = Bound(Sort(bound.plan, keys), bound.columns, bound.names)
    return limited(b, bound, node, env)


def _key(b: Binder, bound: Bound, item: Any) -> SortKey:
    expr = item.this
    while isinstance(expr, exp.Paren):
        expr = expr.this
    column = ordinal(b, bound.columns, expr)
    if column is None:
        column = _by_name(b, bound, expr)
    return sort_key(column, item)


def _by_name(b: Binder, bound: Bound, node: Any) -> ColumnRef:
    position = b.position(node)
    if not isinstance(node, exp.Column) or node.table:
        raise ProgrammingError(
            "ORDER BY on a UNION/INTERSECT/EXCEPT result must be on one of the result columns", position=position
        )
    name = node.name.lower()
    places = [i for i, n in enumerate(bound.names) if n == name]
    if not places:
        raise ProgrammingError(
            f'column "{name}" does not exist', sqlstate="42703", hint=near(name, bound.names), position=position
        )
    return bound.columns[places[0]]


def ordinal(b: Binder, columns: tuple[ColumnRef, ...], node: Any, clause: str = "ORDER BY") -> ColumnRef | None:
    """The column that a bare number means."""
    place = ordinal_place(b, len(columns), node, clause)
    return None if place is None else columns[place]


def ordinal_place(b: Binder, count: int, node: Any, clause: str) -> int | None:
    """The place that a number in GROUP BY or ORDER BY names; other constants are none there (PostgreSQL 8.0)."""
    if not isinstance(node, (exp.Literal, exp.Null)):
        return None
    position = b.position(node)
    if isinstance(node, exp.Null) or node.is_string or not node.this.isdigit():
        raise SqlSyntaxError(f"non-integer constant in {clause}", position=position)
    place = int(node.this)
    if not 1 <= place <= count:
        raise ProgrammingError(
            f"{clause} position {place} is not in select list", sqlstate="42P10", position=position
        )
    return place - 1


def limited(b: Binder, bound: Bound, node: Any, env: Env) -> Bound:
    """LIMIT, TOP, OFFSET."""
    limit, offset = node.args.get("limit"), node.args.get("offset")
    if limit is None and offset is None:
        return bound
    if limit is not None and not isinstance(limit, exp.Limit):
        raise NotSupportedError("FETCH FIRST is not supported by Redshift; use LIMIT", position=b.position(limit))
    if limit is not None and limit.args.get("limit_options"):
        raise NotSupportedError("PERCENT and WITH TIES are not supported by Redshift; TOP takes a number",
                                position=b.position(limit))
    for clause in (limit, offset):
        if clause is not None and clause.expressions:
            raise NotSupportedError("LIMIT ... BY is not supported by Redshift", position=b.position(clause))
    e = ExpressionBinder(b, Scope(), env, "LIMIT")
    count = None if limit is None else constant_count(e, limit.expression, "LIMIT")
    skipped = 0 if offset is None else constant_count(e, offset.expression, "OFFSET") or 0
    if count is None and not skipped:
        return bound
    return Bound(Limit(bound.plan, count, skipped), bound.columns, bound.names)

