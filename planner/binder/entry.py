"""Entry points of the binder. Importing this module fills the table of handlers."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, ProgrammingError
from ...storage.schema import CatalogView
from ...storage.types import BOOLEAN, SqlType
from ..expressions import Call, Cast, Exists, Expr, Literal, Quantified, ScalarSubquery
from ..intervals import typed
from ..logical import Logical, Query
from ..syntax import TOO_DEEP
from ..traverse import map_expressions, rewrite, rewrite_plan
from . import (  # noqa: F401 - fill the table
    calls,
    catalogue,
    conditionals,
    literals,
    navigation,
    operators,
    ordered,
    patterns,
    predicates,
    subqueries,
    windows,
)
from .bound import finished
from .catalogue import shown_columns
from .context import BindContext, Binder
from .ctes import EMPTY
from .expressions import ExpressionBinder
from .permissions import check_hidden
from .query import bind_tree
from .scope import Scope
from .zones import localised, localised_scalar


def bind_query(tree: Any, view: CatalogView, context: BindContext) -> Query:
    """The logical plan of a query's syntax tree."""
    b = Binder(view, context)
    context.leader = _reads_system_tables_only(tree, view, context)
    try:
        bound = shown_columns(b, finished(b, bind_tree(b, tree)))
    except RecursionError:
        raise ProgrammingError("the statement is nested too deeply", sqlstate=TOO_DEEP) from None
    check_leader_only(b)
    check_hidden(b, bound.plan, bound.columns)
    query = Query(bound.plan, bound.columns, bound.names, b.next_id, tuple(b.ctes))
    if context.settings.get("cast_super_null_on_error") == "off":
        query = _with_strict_casts(query)
    return localised(query, context)


def _with_strict_casts(query: Query) -> Query:
    """The query with casts from SUPER that are errors where the value does not fit."""
    ctes = tuple([(number, _strict_plan(plan), columns) for number, plan, columns in query.ctes])
    return replace(query, plan=_strict_plan(query.plan), ctes=ctes)


def _strict_plan(plan: Logical) -> Logical:
    return rewrite_plan(plan, lambda node: map_expressions(node, lambda expr: rewrite(expr, _strict_cast)))


def _strict_cast(expr: Expr) -> Expr:
    if isinstance(expr, Cast) and expr.operand.type.is_super:
        implicit = Literal(expr.implicit, BOOLEAN)
        return Call("super_cast_strict", (expr.operand, implicit), expr.type, expr.span)
    if isinstance(expr, (ScalarSubquery, Exists, Quantified)):
        return replace(expr, plan=_strict_plan(expr.plan))
    return expr


def bind_scalar(tree: Any, view: CatalogView, context: BindContext, clause: str = "DEFAULT") -> Expr:
    """One expression that uses no columns; quoted text is UNKNOWN still, and takes the type of its column."""
    b = Binder(view, context)
    e = ExpressionBinder(b, Scope(), EMPTY, clause)
    try:
        return localised_scalar(typed(e.bind(tree)), context.zone)
    except RecursionError:
        raise ProgrammingError("the expression is nested too deeply", sqlstate=TOO_DEEP) from None


def _reads_system_tables_only(tree: Any, view: CatalogView, context: BindContext) -> bool:
    """Is every relation that the query names a system table of the leader, and is there one?"""
    if context.words is not None and context.words.isdisjoint(_without_schema(context.leader_only)):
        return False
    found = False
    for node in tree.find_all(exp.Table):
        if not isinstance(node.this, exp.Identifier):
            continue
        schema, name = node.db.lower() or "pg_catalog", node.name.lower()
        if f"{schema}.{name}" in context.leader_only:
            found = True
        elif node.db or view.relation(None, name) is not None:
            return False
    return found


@cache
def _without_schema(names: frozenset[str]) -> frozenset[str]:
    return frozenset([name.partition(".")[2] for name in names])


def check_function(
    body: str, arguments: Sequence[SqlType], returns: SqlType, view: CatalogView, context: BindContext
) -> None:
    """Refuses what cannot be the body of a SQL function."""
    from .sql_functions import check

    check(Binder(view, context), body, arguments, returns)


def check_leader_only(b: Binder) -> None:
    """Redshift does not join what lives on the leader with what lives on the slices."""
    if b.leader_tables and b.user_tables and not b.context.extended:
        raise NotSupportedError(
            "Specified types or functions (one per INFO message) not supported on Redshift tables.",
            detail=f"{b.leader_tables[0]} is on the leader node only; {b.user_tables[0]} is a user table.",
        )
