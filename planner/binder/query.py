"""Any query expression, by its class: SELECT, set operation, VALUES, or one of them in parentheses."""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError
from ..coercion import unify
from ..expressions import Expr
from ..logical import Values
from .bound import Bound
from .context import Binder
from .ctes import EMPTY, Env, extended
from .expressions import ExpressionBinder
from .scope import Scope
from .select import bind_select
from .setops import bind_set_operation, ordered


def bind_tree(b: Binder, node: Any, outer: Scope | None = None, env: Env = EMPTY) -> Bound:
    """Bind a query. `outer`: the scope of the query around it; `env`: the CTEs in sight."""
    match node:
        case exp.Select():
            return bind_select(b, node, outer, env)
        case exp.Union() | exp.Intersect() | exp.Except():
            return bind_set_operation(b, node, outer, env)
        case exp.Subquery() if not isinstance(node.this, exp.Table):
            env = extended(b, node, outer, env)
            return ordered(b, bind_tree(b, node.this, outer, env), node, env)
        case exp.Values():
            return bind_values(b, node, outer, env)
        case _:
            raise NotSupportedError(f"{type(node).key.upper()} as a query is not supported", position=b.position(node))


def bind_values(b: Binder, node: exp.Values, outer: Scope | None, env: Env) -> Bound:
    """VALUES (...), ...: columns are called column1, column2 ... and have the rows' common types."""
    e = ExpressionBinder(b, Scope(outer), env, "VALUES")
    rows = [[e.bind(value) for value in row_values(row)] for row in node.expressions]
    width = len(rows[0])
    if any(len(row) != width for row in rows):
        raise SqlSyntaxError("VALUES lists must all be the same length", position=b.position(node))
    columns: list[tuple[Expr, ...]] = []
    refs = []
    for i in range(width):
        values, type = unify([row[i] for row in rows], "VALUES", b.position(node))
        columns.append(values)
        refs.append(b.column(type, f"column{i + 1}"))
    plan = Values(tuple(refs), tuple(zip(*columns)))
    return Bound(plan, tuple(refs), tuple(c.name for c in refs))


def row_values(row: Any) -> list[Any]:
    """The values of one row of VALUES."""
    return list(row.expressions) if isinstance(row, exp.Tuple) else [row.this if isinstance(row, exp.Paren) else row]
