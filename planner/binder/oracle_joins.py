"""Outer joins written with (+) in WHERE (r_WHERE_oracle_outer), as LEFT JOINs.

    from a, b where a.x = b.x(+) and b.y(+) = 1 and a.z > 2

      b.x(+), b.y(+)     b is outer-joined to a:   a LEFT JOIN b ON a.x = b.x AND b.y = 1
      a.z > 2            the rest stays in WHERE

A table may be outer-joined to one other. Where conditions between the two stand with and without (+), or
where (+) finds no other table of the same FROM, the marks mean nothing, as in Redshift. In a query with JOIN
in FROM, under OR and in IN they are errors.
"""
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError
from ...records import dataclass
from .. import build
from ..columns import columns_of
from ..expressions import Expr
from ..logical import Join, JoinKind
from .context import Binder
from .expressions import ExpressionBinder
from .from_clause import crossed
from .relations import Item
from .scope import Scope

_JOIN_WORDS = ("side", "kind", "method", "on", "using")


def has_marks(b: Binder, where: Any) -> bool:
    """Whether a WHERE clause has a (+) of its own query."""
    if b.words is not None and "(+)" not in b.words:
        return False
    return next(_marked(where), None) is not None


def _marked(node: Any) -> Iterator[exp.Column]:
    """The columns with (+) below a node, subqueries left out."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, exp.Column):
            if part.args.get("join_mark"):
                yield part
        elif not isinstance(part, exp.Query):
            stack.extend(part.iter_expressions())


@dataclass(slots=True)
class _Condition:
    """One conjunct of WHERE: without its marks, the place in FROM of what they stand at, and of the others."""

    node: Any
    expr: Expr
    inner: int | None = None
    others: set[int] = field(default_factory=set)


def outer_joined(e: ExpressionBinder, node: exp.Select, items: Sequence[Item]) -> tuple[Item, Expr | None]:
    """(FROM with its outer joins, what is left of WHERE). `e` binds WHERE over all items."""
    b = e.b
    where = node.args["where"]
    tables = _tables(b, node, where)
    home = {c.id: i for i, item in enumerate(items) for r in item.scope.relations for c in r.columns}
    conditions = [_condition(e, part, home) for part in _conjuncts(where.this)]
    joined = _joined_to(b, conditions)
    for c in conditions:
        if c.inner in joined and not isinstance(tables[c.inner], exp.Table):
            raise NotSupportedError("(+) is for columns of tables and views only", position=b.position(c.node))
    ons = {i: [c for c in conditions if c.inner == i] for i in joined}
    scopes = [item.scope.nullable() if i in joined else item.scope for i, item in enumerate(items)]
    both = scopes[0]
    for more in scopes[1:]:
        both = Scope.joined(both, more)
    plan = crossed([item for i, item in enumerate(items) if i not in joined]).plan
    for i in _in_order(joined):
        plan = Join(JoinKind.LEFT, plan, items[i].plan, build.conjunction([c.expr for c in ons[i]]))
    rest = [c.expr for c in conditions if c.inner not in joined]
    return Item(plan, both), build.conjunction(rest) if rest else None


def _tables(b: Binder, node: exp.Select, where: Any) -> list[Any]:
    """What stands between the commas of FROM, where there are only commas."""
    joins = node.args.get("joins") or ()
    tables = [node.args["from_"].this, *[join.this for join in joins]]
    if any(join.args.get(k) for join in joins for k in _JOIN_WORDS) or any(t.args.get("joins") for t in tables):
        raise NotSupportedError("(+) cannot be used in a query block that also has joins in its FROM clause",
                                position=b.position(next(_marked(where))))
    return tables


def _conjuncts(node: Any) -> list[Any]:
    while isinstance(node, exp.Paren):
        node = node.this
    return [*_conjuncts(node.this), *_conjuncts(node.expression)] if isinstance(node, exp.And) else [node]


def _condition(e: ExpressionBinder, node: Any, home: dict[int, int]) -> _Condition:
    b = e.b
    marks = list(_marked(node))
    for mark in marks:
        if _under(mark, node):
            raise SqlSyntaxError("Outer join operator (+) not allowed in operand of OR or IN.",
                                 position=b.position(mark))
    bare = _unmarked(node)
    expr = e.boolean(bare)
    found = {home[id] for id in columns_of(expr) if id in home}
    inner = {home[id] for mark in marks for id in columns_of(e.bind(_unmarked(mark))) if id in home}
    if len(inner) > 1:
        raise NotSupportedError("a condition may have (+) at columns of one table only", position=b.position(marks[0]))
    return _Condition(bare, expr, next(iter(inner), None), found - inner)


def _unmarked(node: Any) -> Any:
    """The same without its marks."""
    bare = node.copy()
    for mark in list(_marked(bare)):
        mark.set("join_mark", False)
    return bare


def _under(mark: exp.Column, node: Any) -> bool:
    """Whether an OR or IN stands between the mark and its conjunct's root."""
    part: Any = mark
    while part is not node:
        part = part.parent
        if isinstance(part, (exp.Or, exp.In)):
            return True
    return False


def _joined_to(b: Binder, conditions: Sequence[_Condition]) -> dict[int, int]:
    """For each table that is outer-joined, the one it is joined to."""
    found: dict[int, int] = {}
    for c in conditions:
        if c.inner is None or not c.others:
            continue
        if len(c.others) > 1 or found.get(c.inner, *c.others) not in c.others:
            raise NotSupportedError("A table may be outer joined to at most one other table.",
                                    position=b.position(c.node))
        found[c.inner] = next(iter(c.others))
    plain = [c.others for c in conditions if c.inner is None]
    found = {i: other for i, other in found.items() if {i, other} not in plain}
    for start in found:
        seen, i = {start}, found[start]
        while i in found:
            if i in seen:
                raise NotSupportedError("two tables cannot be outer-joined to each other",
                                        position=b.position(next(c.node for c in conditions if c.inner == i)))
            seen.add(i)
            i = found[i]
    return found


def _in_order(joined: dict[int, int]) -> list[int]:
    """Each table behind the one it is joined to."""
    order: list[int] = []
    waiting = sorted(joined)
    while waiting:
        ready = [i for i in waiting if joined[i] not in joined or joined[i] in order]
        order.extend(ready)
        waiting = [i for i in waiting if i not in ready]
    return order
