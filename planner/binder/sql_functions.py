"""Calls of SQL functions that users made (CREATE FUNCTION ... LANGUAGE sql): the body in the place of the call.

    f(a, b * 2)   with body   select case when $1 > $2 then $1 else $2 end
                  becomes     case when a > cast(b * 2 ...) then a else ... end :: the declared result type

Arguments are cast to the declared types first. The body is bound by itself, over columns that stand for its
arguments; what it says about text places is left out, since its text is another one.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from ...errors import Error, InvalidDefinition, NotSupportedError, PermissionDenied, ProgrammingError
from ...storage.access.functions import SqlFunction
from ...storage.types import Kind, SqlType
from ..coercion import coerce, converts
from ..columns import has_subquery, substitute
from ..expressions import ColumnId, ColumnRef, Expr
from ..predicates import is_volatile
from ..syntax import parse_query
from ..traverse import walk
from .context import Binder
from .ctes import EMPTY
from .expressions import ExpressionBinder
from .literals import cast
from .scope import Scope

MAX_DEPTH = 32
# What a body may have none of (r_CREATE_FUNCTION), by sqlglot's names.
_CLAUSES = {
    "from": "FROM", "from_": "FROM", "joins": "JOIN", "into": "INTO", "where": "WHERE", "group": "GROUP BY",
    "having": "HAVING", "qualify": "QUALIFY", "order": "ORDER BY", "limit": "LIMIT", "offset": "OFFSET",
    "distinct": "DISTINCT", "with": "WITH", "with_": "WITH",
}


def find(b: Binder, schema: str | None, name: str, types: Sequence[SqlType]) -> SqlFunction | None:
    """The function of that name whose arguments fit best; without a schema, along the search path."""
    functions = b.view.facts.directory.functions
    for place in (schema,) if schema is not None else b.context.search_path:
        fitting = [
            f for f in functions.get((str(place), name), ())
            if len(f.arguments) == len(types) and all(converts(t, a.kind) for t, a in zip(types, f.arguments))
        ]
        if fitting:
            return min(fitting, key=lambda f: sum(t.kind is not a.kind for t, a in zip(types, f.arguments)))
    return None


def call(e: ExpressionBinder, function: SqlFunction, arguments: Sequence[Expr], node: Any) -> Expr:
    """The function's body over `arguments`."""
    b, position = e.b, e.b.position(node)
    rights = b.rights
    if rights is not None and not rights.schema(function.schema, "usage"):
        raise PermissionDenied(f"permission denied for schema {function.schema}", position=position)
    if rights is not None and rights.name != function.owner and not rights.may(function.object, "execute"):
        raise PermissionDenied(f"permission denied for function {function.name}", position=position)
    if b.depth >= MAX_DEPTH:
        raise ProgrammingError(f"function {function.name} is nested too deeply", sqlstate="54001", position=position)
    columns = tuple([b.column(t, f"${i}") for i, t in enumerate(function.arguments, start=1)])
    b.depth += 1
    try:
        body = bind_body(b, function.body, columns, function.returns)
    except Error as error:
        error.position = position
        if error.detail is None:
            error.detail = f'The error is in the text of function "{function.name}".'
        raise
    finally:
        b.depth -= 1
    values: dict[ColumnId, Expr] = {}
    for column, argument in zip(columns, arguments):
        uses = sum(isinstance(part, ColumnRef) and part.id == column.id for part in walk(body))
        if uses != 1 and is_volatile(argument):
            raise NotSupportedError(
                f"a volatile argument of function {function.name} would be computed {uses} times",
                hint="Compute it in a subquery first.", position=position,
            )
        values[column.id] = coerce(argument, column.type, e.span(node))
    return substitute(body, values)


def bind_body(b: Binder, text: str, arguments: tuple[ColumnRef, ...], returns: SqlType) -> Expr:
    """The one expression of a body as a value of the result's type."""
    tree = single_expression(text)
    spans, b.has_spans = b.has_spans, False
    outer, b.arguments = b.arguments, arguments
    try:
        e = ExpressionBinder(b, Scope(), EMPTY, "a function's body")
        bound = e.bind(tree)
        if returns.kind is not bound.type.kind and not converts(bound.type, returns.kind) and not (
            bound.type.is_numeric and returns.is_numeric
        ):
            raise InvalidDefinition("return type mismatch in function",
                                    detail=f"The body gives {bound.type}, the function returns {returns}.")
        return cast(e, bound, returns, tree)
    finally:
        b.has_spans, b.arguments = spans, outer


def single_expression(text: str) -> Any:
    """The expression of `select expression`, and nothing else (r_CREATE_FUNCTION)."""
    tree = parse_query(text)
    if not isinstance(tree, exp.Select):
        raise InvalidDefinition("a function's body must be one SELECT")
    for name, words in _CLAUSES.items():
        if tree.args.get(name):
            raise InvalidDefinition(f"the SELECT of a function cannot have {words}")
    if len(tree.expressions) != 1 or isinstance(tree.expressions[0], exp.Star):
        raise InvalidDefinition("the SELECT of a function must have one column",
                                detail=f"It has {len(tree.expressions)}.")
    found = tree.expressions[0]
    return found.this if isinstance(found, exp.Alias) else found


def check(b: Binder, text: str, arguments: Sequence[SqlType], returns: SqlType) -> None:
    """A body as CREATE FUNCTION takes it."""
    columns = tuple([b.column(t, f"${i}") for i, t in enumerate(arguments, start=1)])
    bound = bind_body(b, text, columns, returns)
    if has_subquery(bound):
        raise InvalidDefinition("the SELECT of a function cannot have a subquery")
    assert bound.type.kind is not Kind.UNKNOWN
