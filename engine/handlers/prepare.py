"""PREPARE, EXECUTE, DEALLOCATE: statements with typed parameters that a session keeps by name.

    prepare q (int) as select * from t where a = $1      parsed, and bound once with NULLs: its errors show now
    execute q (17)                                       17 as an INTEGER is the value of $1

A query's plan is found in the plan cache under its text and the types of its values, like any other's, so
that the second EXECUTE plans nothing. Errors have no position: the text they are about is another one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa

from ...errors import DatatypeMismatch, Error, NotSupportedError, ProgrammingError, SqlSyntaxError
from ...planner.binder import check_assignable
from ...planner.columns import has_subquery
from ...planner.expressions import Literal
from ...planner.parse import parse_query_text
from ...planner.statements import (
    Deallocate,
    Delete,
    Execute,
    Insert,
    Prepare,
    QueryText,
    Select,
    Statement,
    Update,
)
from ...storage.schema import Column
from ...storage.types import Kind, SqlType, decimal, varbyte, varchar
from ..context import Context
from ..result import Result
from . import delete, insert, update
from .assignment import assign
from .binding import bind, bind_expression
from .defaults import value_of
from .literals import literal


def run(statement: Prepare | Execute | Deallocate, context: Context) -> Result:
    match statement:
        case Prepare():
            return _prepare(statement, context)
        case Execute():
            return _execute(statement, context)
        case Deallocate():
            find(statement, context)
            del context.session.prepared[statement.name]
            return Result("DEALLOCATE")


def find(statement: Execute | Deallocate, context: Context) -> Prepare:
    found = context.session.prepared.get(statement.name)
    if found is None:
        raise ProgrammingError(f'prepared statement "{statement.name}" does not exist', sqlstate="26000",
                               position=statement.position)
    return found


def _prepare(statement: Prepare, context: Context) -> Result:
    if statement.name in context.session.prepared:
        raise ProgrammingError(f'prepared statement "{statement.name}" already exists', sqlstate="42P05",
                               position=statement.position)
    inner = statement.statement
    nulls = tuple(Literal(None, type) for type in statement.types)
    try:
        _check(inner, replace(context, parameters=nulls))
    except Error as error:
        error.position = None
        raise
    context.session.prepared[statement.name] = statement
    return Result("PREPARE")


def _check(inner: Statement, context: Context) -> None:
    """Names and types of a statement whose parameters are NULL."""
    match inner:
        case QueryText():
            bind(parse_query_text(inner).tree, context)
        case Select():
            bind(inner.tree, context)
        case Insert():
            insert.check(inner, context)
        case Update():
            update.planned(inner, context)
        case Delete():
            delete.planned(inner, context)


def _execute(statement: Execute, context: Context) -> Result:
    from . import handler_for

    inner = bound(statement, context)
    try:
        result = handler_for(inner.statement)(inner.statement, context)
    except Error as error:
        error.position = None
        raise
    if not result.columns:
        return result
    return Result(result.tag, result.columns, _unplaced(result.batches()), notices=result.notices)


def _unplaced(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except Error as error:
        error.position = None
        raise


def bound(statement: Execute, context: Context) -> Prepare:
    """The prepared statement, with the values in `context.parameters`."""
    prepared = find(statement, context)
    expected, given = len(prepared.types), len(statement.arguments)
    if expected != given:
        raise SqlSyntaxError(f'wrong number of parameters for prepared statement "{statement.name}"',
                             detail=f"Expected {expected} parameters but got {given}.", position=statement.position)
    values = [_value(i, node, type, context) for i, (node, type) in
              enumerate(zip(statement.arguments, prepared.types), start=1)]
    context.parameters = tuple(values)
    return prepared


def _value(place: int, node: Any, type: SqlType, context: Context) -> Literal:
    """An argument as a value of its parameter's type."""
    known = literal(node, ())
    if known is None:
        expr = bind_expression(node, context, "EXECUTE")
        if has_subquery(expr):
            raise NotSupportedError("cannot use subquery in EXECUTE parameter")
        known = Literal(value_of(expr), expr.type)
    if known.value is None:
        return Literal(None, type)
    column = Column(0, f"${place}", _target(type, known.type, known.value))
    try:
        check_assignable(known.type, column)
    except DatatypeMismatch:
        raise DatatypeMismatch(
            f"parameter ${place} of type {known.type} cannot be coerced to the expected type {type}",
            hint="You will need to rewrite or cast the expression.",
        ) from None
    return Literal(assign(known.value, known.type, column, context.settings.zone), column.type)


def _target(type: SqlType, source: SqlType, value: Any) -> SqlType:
    """The type that a value takes: length, precision and scale are its own."""
    if type.is_string:
        return varchar(max(1, len(value.encode())) if isinstance(value, str) else 1)
    if type.kind is Kind.VARBYTE:
        if not isinstance(value, str):
            return type
        return varbyte(max(1, len(value) // 2 if source.kind is Kind.VARBYTE else len(value.encode())))
    if type.kind is Kind.DECIMAL:
        if source.kind is Kind.DECIMAL:
            return source
        if source.kind is Kind.UNKNOWN and isinstance(value, str) and "." in value:
            return decimal(38, len(value.strip().partition(".")[2]))
    return type
