"""Functions in FROM, which the leader alone has.

    pg_get_late_binding_view_cols() cols (view_schema name, ..., col_num int)     a system table with a name list
    pg_timezone_names()                                                           the same
    pg_get_cols('public.v') cols (...)                                            the same, of one relation
    unnest(current_schemas(true))                                                 the elements of a constant array
    current_database()                                                            one row with the function's value

A column definition list names the columns and says their types, to which they are cast.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError
from ...storage.types import INTEGER, TEXT
from .. import build, functions
from ..coercion import coerce, settle
from ..expressions import ColumnRef, Expr, Literal
from ..logical import Filter, Logical, Project, Values, VirtualScan
from .bound import Bound
from .context import Binder
from .ctes import EMPTY
from .expressions import ExpressionBinder
from .names import output_name
from .scope import Scope

_VIEW_COLUMNS = "pg_catalog.pg_get_late_binding_view_cols"
_COLUMNS_OF = "pg_catalog.pg_get_cols"
_TABLES = (_VIEW_COLUMNS, "pg_catalog.pg_timezone_names", "pg_catalog.pg_timezone_abbrevs")


def is_table_function(b: Binder, node: Any) -> bool:
    """Is it a call that may stand in FROM?"""
    if isinstance(node, exp.Dot) and isinstance(node.this, exp.Identifier) and node.this.name.lower() == "pg_catalog":
        node = node.expression
    if not isinstance(node, exp.Func):
        return False
    name = _name(node)
    return f"pg_catalog.{name}" in (*_TABLES, _COLUMNS_OF) or any(
        s.leader_only or s.volatility == "stable" for s in functions.resolve(name)
    )


def _name(node: Any) -> str:
    if isinstance(node, exp.Anonymous):
        return (node.this if isinstance(node.this, str) else node.this.name).lower()
    return output_name(node)


def bind_table_function(b: Binder, call: Any, alias: Any) -> Bound:
    """The rows of a call in FROM, in the types that the alias's definitions give."""
    call = call.expression if isinstance(call, exp.Dot) else call
    name = f"pg_catalog.{_name(call)}"
    if name in _TABLES:
        if call.expressions:
            raise SqlSyntaxError(f"{_name(call)} takes no arguments", position=b.position(call))
        bound = _system_table(b, name, None)
    elif name == _COLUMNS_OF:
        if len(call.expressions) != 1:
            raise SqlSyntaxError("pg_get_cols takes the name of a relation", position=b.position(call))
        bound = _system_table(b, name, call.expressions[0])
    else:
        bound = _value(b, call)
    return _defined(b, bound, alias)


def bind_unnest(b: Binder, node: exp.Unnest) -> Bound:
    """UNNEST of an array that is known when the query is bound."""
    e = ExpressionBinder(b, Scope(), EMPTY, "UNNEST")
    value = settle(e.bind(node.expressions[0])) if len(node.expressions) == 1 else None
    if not isinstance(value, Literal) or not isinstance(value.value, str) or not value.value.startswith("{"):
        raise NotSupportedError("UNNEST in FROM takes a constant array", position=b.position(node))
    inner = value.value[1:-1]
    b.leader_tables.append("function unnest()")
    column = b.column(TEXT, "unnest", False)
    rows = tuple((Literal(item.strip('"'), TEXT),) for item in inner.split(",") if inner)
    return Bound(Values((column,), rows), (column,), ("unnest",))


def _value(b: Binder, call: Any) -> Bound:
    e = ExpressionBinder(b, Scope(), EMPTY, "FROM")
    value = settle(e.bind(call))
    column = b.column(value.type, _name(call))
    return Bound(Project(Values((), ((),)), ((column, value),)), (column,), (_name(call),))


def _system_table(b: Binder, name: str, relation: Any) -> Bound:
    """A system table; `relation`: only the rows of that one, by its last column, which is left out."""
    from .catalogue import internal

    columns = b.context.virtual_tables.get(name)
    if columns is None:
        raise NotSupportedError(f"{name} is not known here")
    b.leader_tables.append(name)
    refs = [b.column(type, column) for column, type in columns]
    plan: Logical = VirtualScan(name, tuple((ref, i) for i, ref in enumerate(refs)), name)
    if relation is not None:
        e = ExpressionBinder(b, Scope(), EMPTY, "FROM")
        wanted = internal(b, "to_regclass", (coerce(e.bind(relation), TEXT),), INTEGER, relation)
        plan = Filter(plan, build.compare("=", refs[-1], wanted))
        refs = refs[:-1]
    return Bound(plan, tuple(refs), tuple(r.name for r in refs))


def _defined(b: Binder, bound: Bound, alias: Any) -> Bound:
    """Casts to the types of a column definition list."""
    from .literals import cast, cast_type

    given = [] if alias is None else alias.args.get("columns") or []
    e = ExpressionBinder(b, Scope(), EMPTY, "FROM")
    out: list[tuple[ColumnRef, Expr]] = []
    for i, column in enumerate(bound.columns):
        definition = given[i] if i < len(given) else None
        if isinstance(definition, exp.ColumnDef):
            kind = definition.args["kind"]
            to = cast_type(b, kind, column.type)
            changed = column if to == column.type else cast(e, column, to, kind)
            out.append((b.column(to, column.name), changed) if changed is not column else (column, column))
        else:
            out.append((column, column))
    if all(ref is expr for ref, expr in out):
        return bound
    return Bound(Project(bound.plan, tuple(out)), tuple(ref for ref, _ in out), bound.names)
