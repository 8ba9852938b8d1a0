"""Entry points of the binder. Importing this module fills the table of handlers."""
from __future__ import annotations

from typing import Any

from ...errors import NotSupportedError, ProgrammingError
from ...storage.schema import CatalogView
from ..expressions import Expr
from ..logical import Query
from ..syntax import TOO_DEEP
from . import (  # noqa: F401 - fill the table
    calls,
    conditionals,
    literals,
    operators,
    ordered,
    predicates,
    subqueries,
    windows,
)
from .bound import finished
from .context import BindContext, Binder
from .ctes import EMPTY
from .expressions import ExpressionBinder
from .query import bind_tree
from .scope import Scope


def bind_query(tree: Any, view: CatalogView, context: BindContext) -> Query:
    """The logical plan of a query's syntax tree."""
    b = Binder(view, context)
    try:
        bound = finished(b, bind_tree(b, tree))
    except RecursionError:
        raise ProgrammingError("the statement is nested too deeply", sqlstate=TOO_DEEP) from None
    check_leader_only(b)
    return Query(bound.plan, bound.columns, bound.names, tuple(b.ctes))


def bind_scalar(tree: Any, view: CatalogView, context: BindContext, clause: str = "DEFAULT") -> Expr:
    """One expression that uses no columns; quoted text is UNKNOWN still, and takes the type of its column."""
    b = Binder(view, context)
    e = ExpressionBinder(b, Scope(), EMPTY, clause)
    try:
        return e.bind(tree)
    except RecursionError:
        raise ProgrammingError("the expression is nested too deeply", sqlstate=TOO_DEEP) from None


def check_leader_only(b: Binder) -> None:
    """Redshift does not join what lives on the leader with what lives on the slices."""
    if b.leader_tables and b.user_tables and not b.context.extended:
        raise NotSupportedError(
            "Specified types or functions (one per INFO message) not supported on Redshift tables.",
            detail=f"{b.leader_tables[0]} is on the leader node only; {b.user_tables[0]} is a user table.",
        )
