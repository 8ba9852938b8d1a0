"""CREATE VIEW: check that the query binds, then keep its text.

The text is bound anew at each use, so that it follows its tables; to mean the same under any search
path, relations named without a schema get theirs written in:

    select a from t  ->  select a from public.t

A view that is replaced keeps its columns. A late-binding view (WITH NO SCHEMA BINDING) is not bound now and may name
what is not there yet; it must name schemas itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...errors import Error, InvalidDefinition, NotSupportedError, ProgrammingError
from ...planner.logical import Query
from ...planner.statements import CreateView, RelationName
from ...reserved_words import quoted
from ...storage.catalog.delta import Delta
from ...storage.schema import Table, View
from ...storage.temporary import is_temporary
from ...storage.types import Kind
from ..access import need_owner
from ..context import Context
from ..result import Result
from . import names
from .binding import bind, bind_text
from .create_table import already_there
from .dependencies import read_tables

_DROP = "Drop the view, and make it again."


def run(statement: CreateView, context: Context) -> Result:
    schema = names.target_schema(statement.name, context, "create or replace view")
    old = context.view.relation(schema, statement.name.name)
    if old is None and names.is_taken(schema, statement.name.name, context):
        raise names.system_relation(statement.name)
    if old is not None and not statement.or_replace:
        already_there(statement.name, False, context)
    if isinstance(old, Table):
        raise ProgrammingError(f'"{statement.name.name}" is not a view', sqlstate="42809")
    if old is not None:
        need_owner(context, old, system="create or replace view")
    new = _define(statement, schema, old, context)
    if old is None:
        context.session.commit_delta(Delta(create=(new,)))
    else:
        context.session.commit_delta(Delta(replace=(replace(new, id=old.id, version=old.version, owner=old.owner),)))
    return Result("CREATE VIEW", notices=context.notices)


def _define(statement: CreateView, schema: str, old: View | None, context: Context) -> View:
    if statement.late_binding:
        _need_schemas(statement.query)
        sql, columns = statement.sql, statement.column_names
    else:
        _refuse_temporary(statement, context)
        bound = bind(statement.query, context)
        columns = _column_names(statement, bound.names)
        if old is not None and not old.late_binding:
            _check_same_columns(old, columns, bound, context)
        sql = _with_schemas(statement, context)
    return View(
        id=0,
        schema=schema,
        name=statement.name.name,
        sql=sql,
        columns=columns,
        late_binding=statement.late_binding,
        exact_names=context.settings.exact_names,
        owner=context.user,
    )


def _column_names(statement: CreateView, bound: tuple[str, ...]) -> tuple[str, ...]:
    if len(statement.column_names) > len(bound):
        raise InvalidDefinition("CREATE VIEW specifies more column names than columns", sqlstate="42601")
    found = statement.column_names + bound[len(statement.column_names) :]
    for i, name in enumerate(found):
        if name in found[:i]:
            raise InvalidDefinition(f'column "{name}" specified more than once', sqlstate="42701")
    return found


def _check_same_columns(old: View, names: tuple[str, ...], new: Query, context: Context) -> None:
    """OR REPLACE keeps the columns, their names and their types (r_CREATE_VIEW); PostgreSQL 8.0's words. The lengths of
    text are not compared: those of expressions are ours."""
    try:
        before = bind_text(old.sql, old.exact_names, context)
    except Error:  # what it reads is not to be read by this user any more
        return
    if len(names) != len(before.columns):
        raise InvalidDefinition("cannot change number of columns in view", hint=_DROP)
    for name, was, column, then in zip(names, old.columns, new.columns, before.columns):
        if name != was:
            raise InvalidDefinition(f'cannot change name of view column "{was}"', hint=_DROP)
        a, b = column.type, then.type
        if a.kind is not b.kind or (a.kind is Kind.DECIMAL and a != b):
            raise InvalidDefinition(f'cannot change data type of view column "{was}"', hint=_DROP)


def _refuse_temporary(statement: CreateView, context: Context) -> None:
    for node in read_tables(statement.query):
        found = context.view.relation(node.db.lower() or None, node.name.lower())
        if found is not None and is_temporary(found):
            raise NotSupportedError(f'a view cannot read the temporary table "{found.name}"',
                                    hint="The view would outlive it.")
        if found is None and node.db and names.external(RelationName(node.db.lower(), node.name.lower()), context):
            raise NotSupportedError("a view of external tables must be created WITH NO SCHEMA BINDING")


def _need_schemas(query: Any) -> None:
    for table in read_tables(query):
        if not table.db:
            raise InvalidDefinition(
                f'relation "{table.name}" must be named with its schema in a view WITH NO SCHEMA BINDING'
            )


def _with_schemas(statement: CreateView, context: Context) -> str:
    """The query's text with a schema before every relation that has none."""
    text = statement.sql
    tables = {(t.this.meta.get("start"), t.name) for t in read_tables(statement.query) if not t.db}
    base = context.text.find(text)
    for start, name in sorted(tables, reverse=True):
        found = context.view.relation(None, name)
        if found is not None:
            at = start - base
            text = f"{text[:at]}{quoted(found.schema)}.{text[at:]}"
    return text
