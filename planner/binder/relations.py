"""What a name in FROM stands for: a table, a view, a system table, files, a common table expression, a function.

    sales.orders o (id, day)      a Scan of the table, and a scope in which its columns are o.id, o.day ...
    v                             the view's text, bound as if it stood there
    generate_series(1, 10) n      rows of a function of the leader

Joins and subqueries of FROM: from_clause.py.
"""
from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from ...errors import (
    Error,
    NotSupportedError,
    PermissionDenied,
    ProgrammingError,
    SqlSyntaxError,
    UndefinedObject,
    UndefinedTable,
)
from ...records import dataclass
from ...storage.deletes import ROW_ID
from ...storage.schema import Column, ExternalTable, Table, View
from ..logical import Logical, Scan, VirtualScan
from ..statements.dml import ROW_ID_WANTED
from .bound import Bound, finished, renamed
from .context import MAX_DEPTH, Binder
from .ctes import EMPTY, Env, use
from .named_columns import columns_named
from .permissions import check_read, check_system, is_limited
from .scope import Relation, Scope, near
from .series import NAME, bind_series, is_series
from .table_functions import bind_table_function, is_table_function

if TYPE_CHECKING:
    from .as_of import AsOf


@dataclass(slots=True)
class Item:
    """One item of FROM, or several joined."""

    plan: Logical
    scope: Scope


def alias_of(b: Binder, node: Any) -> tuple[str | None, tuple[str, ...]]:
    """(alias, names of its column list)."""
    alias = node.args.get("alias")
    if alias is None:
        return None, ()
    name, columns = alias.args.get("this"), alias.args.get("columns")
    return None if name is None else b.name(name), tuple([b.name(c) for c in columns]) if columns else ()


def named_item(
    bound: Bound, alias: str | None, outer: Scope | None, schema: str | None = None, unseen: int = 0
) -> Item:
    """The rows as an item under one alias; `unseen`: so many of the last columns are left out of `*`."""
    relation = Relation(alias, bound.names, bound.columns, schema, unseen=unseen, unnamed=_unnamed(bound))
    return Item(bound.plan, Scope(outer, [relation], None, dict(relation.by_name)))


def _unnamed(bound: Bound) -> tuple[Column, ...]:
    """The columns of a table, if some of them are left out because the text does not name them."""
    plan = bound.plan
    if not isinstance(plan, Scan) or len(plan.columns) == len(plan.table.columns):
        return ()
    return plan.table.columns


def table_item(b: Binder, node: exp.Table, outer: Scope | None, env: Env) -> Item:
    """The item of a name, or of a function call."""
    if type(node.this) is not exp.Identifier:
        return _called_item(b, node, outer)
    args = node.args
    schema_node, catalog = args.get("db"), args.get("catalog")
    for part in (schema_node, catalog):
        if part is not None and not isinstance(part, exp.Identifier):
            raise SqlSyntaxError("a schema name is needed before the dot", position=b.position(node))
    schema = None if schema_node is None else b.name(schema_node)
    name = b.name(node.this)
    if catalog is not None and catalog.name.lower() != b.context.database:
        raise NotSupportedError(
            f'cross-database references are not supported yet: "{catalog.name}.{schema}.{name}"',
            position=b.position(node),
        )
    alias, given = alias_of(b, node)
    if schema is None and name in env and ROW_ID_WANTED not in node.meta:
        bound = use(b, env[name])
    else:
        bound, schema = _relation(b, node, schema, name, alias or name, bool(given))
    unseen = 0
    if isinstance(bound.plan, Scan) and isinstance(bound.plan.table, ExternalTable):
        unseen = len(bound.columns) - bound.plan.table.visible
    elif args.get("version") is not None:
        raise NotSupportedError("AS OF is supported for external tables in Iceberg format only",
                                position=b.position(node),
                                hint="connect(as_of=...) shows the database as of a snapshot.")
    if given:
        bound = Bound(bound.plan, bound.columns, renamed(bound.names, given, alias or name, lambda: b.position(node)))
    return named_item(bound, alias or name, outer, None if alias else schema, unseen)


def _called_item(b: Binder, node: exp.Table, outer: Scope | None) -> Item:
    """The item of a function call."""
    if is_series(node.this):
        bound = bind_series(b, node.this)
        alias, given = alias_of(b, node)
        given = given or ((alias,) if alias else ())  # a function's alias names its column too
        names = renamed(bound.names, given, alias or NAME, lambda: b.position(node))
        return named_item(Bound(bound.plan, bound.columns, names), alias or NAME, outer)
    if is_table_function(b, node.this):
        bound = bind_table_function(b, node.this, node.args.get("alias"))
        return function_item(b, node, bound, outer)
    name = node.this.name if isinstance(node.this, exp.Func) else type(node.this).key
    raise NotSupportedError(f"function {name} in FROM is not supported yet", position=b.position(node))


def function_item(b: Binder, node: Any, bound: Bound, outer: Scope | None) -> Item:
    """The rows of a function; an alias alone names the column of a function that has one."""
    alias, given = alias_of(b, node)
    given = given or ((alias,) if alias and len(bound.columns) == 1 else ())
    names = renamed(bound.names, given, alias or bound.names[0], lambda: b.position(node))
    return named_item(Bound(bound.plan, bound.columns, names), alias or bound.names[0], outer)


def _relation(
    b: Binder, node: Any, schema: str | None, name: str, alias: str, every: bool
) -> tuple[Bound, str | None]:
    """A table, view or system table, and the schema it is in. `every`: with all columns, whatever the text names."""
    virtual = f"{schema or 'pg_catalog'}.{name}"
    if virtual in b.context.virtual_tables:
        check_system(b, virtual, b.position(node))
        return _virtual(b, virtual, alias), virtual.partition(".")[0]
    found = b.view.relation(schema, name)
    match found:
        case Table():
            if ROW_ID_WANTED in node.meta:
                found = replace(found, columns=(*found.columns, ROW_ID))
            b.user_tables.append(found.name)
            columns = tuple(columns_named(b, found, every))
            if is_limited(b) and ROW_ID_WANTED not in node.meta:
                check_read(b, found, [(ref, found.columns[i].id) for ref, i in columns], b.position(node))
            plan = Scan(found, columns, alias)
            refs = tuple([ref for ref, _ in columns])
            return Bound(plan, refs, tuple([ref.name for ref in refs])), found.schema
        case View():
            return _view(b, found, b.position(node)), found.schema
        case _ if schema is not None and b.context.external is not None:
            outside = b.context.external(schema, name, _as_of(b, node))
            if outside is None:
                raise _undefined(b, node, schema, name)
            return _external(b, outside, alias, b.position(node)), schema
        case _:
            raise _undefined(b, node, schema, name)


def _as_of(b: Binder, node: Any) -> AsOf | None:
    if node.args.get("version") is None:
        return None
    from .as_of import as_of

    return as_of(b, node)


def _external(b: Binder, table: ExternalTable, alias: str, position: int | None) -> Bound:
    """Rows of files. No result of them is kept, for nobody tells when files change; which they are a plan finds out
    when it runs."""
    if b.rights is not None and not b.rights.schema(table.schema, "usage"):
        raise PermissionDenied(f"permission denied for schema {table.schema}", position=position)
    b.context.reads_files = True
    b.context.stable |= table.source.region is not None  # another catalogue's definition may be another next time
    b.user_tables.append(table.name)
    refs = [b.column(c.type, c.name) for c in table.columns]
    b.nested.update({ref.id: f.type for ref, f in zip(refs, table.source.columns) if f.type.is_nested})
    plan = Scan(table, tuple([(ref, i) for i, ref in enumerate(refs)]), alias)
    return Bound(plan, tuple(refs), tuple([c.name for c in table.columns]))


def _virtual(b: Binder, name: str, alias: str) -> Bound:
    columns = b.context.virtual_tables[name]
    if name in b.context.leader_only:
        b.leader_tables.append(name)
    refs = [b.column(type, column) for column, type in columns]
    plan = VirtualScan(name, tuple([(ref, i) for i, ref in enumerate(refs)]), alias)
    return Bound(plan, tuple(refs), tuple([column for column, _ in columns]))


def _view(b: Binder, view: View, position: int | None) -> Bound:
    """A view's text, bound as if it stood here, without the names around it."""
    from ..syntax import parse_query
    from .query import bind_tree

    if b.depth >= MAX_DEPTH:
        raise ProgrammingError(f'view "{view.name}" is nested too deeply', sqlstate="54001", position=position)
    spans, b.has_spans = b.has_spans, False
    rights, b.rights = b.rights, None if b.rights is None else b.rights.of(view.owner)
    words, b.words = b.words, None
    exact = b.context.exact_names if view.late_binding else view.exact_names
    b.depth += 1
    try:
        bound = finished(b, bind_tree(b, parse_query(view.sql, None, exact), None, EMPTY))
    except Error as error:
        error.position = position
        if error.detail is None:
            error.detail = f'The error is in the text of view "{view.name}".'
        raise
    finally:
        b.has_spans = spans
        b.rights = rights
        b.words = words
        b.depth -= 1
    check_read(b, view, [(c, i) for i, c in enumerate(bound.columns, start=1)], position)
    return Bound(bound.plan, bound.columns, renamed(bound.names, view.columns, view.name, lambda: position))


# Views of the manual whose rows nothing here could fill.
_NOT_KEPT = {
    name: f"{name} is not kept: what data handling changes in values of external tables is not written down"
    for name in ("svl_spectrum_scan_error", "sys_external_query_error")
}


def _undefined(b: Binder, node: Any, schema: str | None, name: str) -> Error:
    position = b.position(node)
    if schema in (None, "pg_catalog") and name in _NOT_KEPT:
        return NotSupportedError(_NOT_KEPT[name], position=position,
                                 hint="With the action FAIL of invalid_char_handling and its like a query says more.")
    if schema is not None and schema not in b.view.schemas():
        system = {v.partition(".")[0] for v in b.context.virtual_tables}
        if schema not in system:
            return UndefinedObject(f'schema "{schema}" does not exist', sqlstate="3F000", position=position,
                                   hint=near(schema, [*b.view.schemas(), *system]))
    if schema in (None, "pg_catalog"):
        from ..missing_tables import instead

        if (found := instead(name)) is not None:
            why, other = found
            return NotSupportedError(f"system table {name} is not supported: {why}", position=position,
                                     hint=other and f"{other} has what is closest.")
    known = [r.name for r in b.view.relations(schema)]
    known += [v.partition(".")[2] for v in b.context.virtual_tables]
    shown = f"{schema}.{name}" if schema else name
    error = UndefinedTable(f'relation "{shown}" does not exist', hint=near(name, known), position=position)
    error.relation = schema, name
    return error
