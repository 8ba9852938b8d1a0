"""Navigation into SUPER values: c.orders[0].o_key (query-super, "Navigation").

sqlglot gives what is written as it can: names with dots are a Column of up to four parts, what follows is Dot and
Bracket round it. `resolve` finds out which of the parts name a column; the others are attributes.

    a.b.c      table a, column b, attribute c     schema a, table b, column c     column a, attributes b and c
    x.b        x is the element of an array in FROM: attribute b of it

An attribute's name is taken in lower case, as other names are: enable_case_sensitive_super_attribute keeps it as it
is written, enable_case_sensitive_identifier where it is in double quotes. Steps that are known are put together in one
`super_path`, which native code follows (kernels/documents.py); an index that is computed is a `super_element`.
"""
from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from ...errors import DatatypeMismatch, NotSupportedError, SqlSyntaxError, UndefinedColumn, UndefinedFunction
from ...storage.types import BIGINT, BOOLEAN, SUPER, TEXT
from ..coercion import coerce
from ..expressions import Call, Cast, ColumnRef, Expr, Literal, Span
from .calls import users_function
from .catalogue import array_item
from .context import Binder
from .correlation import check_levels
from .dispatch import binds
from .expressions import ExpressionBinder, named_column, placed
from .scope import AMBIGUOUS, near

if TYPE_CHECKING:
    from ...storage.lake.hive_types import HiveType

Step = str | int | Expr


@binds(exp.Dot)
def _dot(e: ExpressionBinder, node: exp.Dot) -> Expr:
    """An attribute; or pg_catalog.f(x), and schema.f(x) of a function that a user made."""
    schema, inner = node.this, node.expression
    if isinstance(inner, exp.Func):
        if isinstance(schema, exp.Identifier) and schema.name.lower() == "pg_catalog":
            return e.bind(inner)
        if isinstance(inner, exp.Anonymous) and isinstance(schema, exp.Identifier):
            made = users_function(e, schema.name.lower(), str(inner.this).lower(), inner.expressions, node)
            if made is not None:
                return made
        shown = f"{schema.sql()}.{inner.name}"
        raise UndefinedFunction(f"function {shown}() does not exist", position=e.b.position(node))
    return _navigation(e, node)


@binds(exp.Bracket)
def _bracket(e: ExpressionBinder, node: exp.Bracket) -> Expr:
    return _navigation(e, node)


def _navigation(e: ExpressionBinder, node: Any) -> Expr:
    steps: list[Any] = []
    base = node
    while isinstance(base, (exp.Dot, exp.Bracket)) and not isinstance(base.expression, exp.Func):
        steps.append(base)
        base = base.this
    found = [_step(e, part) for part in reversed(steps)]
    if isinstance(base, exp.Column):
        value, rest = resolve(e, base)
        found = [*(attribute(e, part) for part in rest), *found]
    else:
        value = e.bind(base)
    if value.type.is_string and len(found) == 1 and not isinstance(found[0], str):
        return array_item(e, value, found[0], node)
    return navigate(e, value, found, node)


def _step(e: ExpressionBinder, node: Any) -> Step:
    if isinstance(node, exp.Dot):
        if not isinstance(node.expression, exp.Identifier):
            raise SqlSyntaxError("an attribute's name is needed behind the dot", position=e.b.position(node))
        return attribute(e, node.expression)
    if len(node.expressions) != 1 or isinstance(node.expressions[0], exp.Slice):
        raise NotSupportedError("a range of array elements is not supported", position=e.b.position(node),
                                hint="Use SUBARRAY.")
    index = e.bind(node.expressions[0])
    if not (index.type.is_integer or index.type.is_super):
        raise DatatypeMismatch("an index into a SUPER array must be an integer", position=e.b.position(node))
    return index.value if isinstance(index, Literal) and isinstance(index.value, int) else index


def attribute(e: ExpressionBinder, node: exp.Identifier) -> str:
    """The name that an identifier stands for behind a dot."""
    kept = e.b.context.settings.get("enable_case_sensitive_super_attribute") == "on"
    return str(node.this) if kept else str(node.this).lower()


def resolve(e: ExpressionBinder, node: exp.Column) -> tuple[Expr, Sequence[exp.Identifier]]:
    """(the column that the first parts of a name mean, the parts behind it)."""
    parts = [p for p in (node.args.get(k) for k in ("catalog", "db", "table", "this")) if p is not None]
    if node.args.get("join_mark") or not all(isinstance(p, exp.Identifier) for p in parts):
        return named_column(e, node), ()
    names = [p.this.lower() for p in parts]
    span = e.span(node)
    count = _column_parts(e, names)
    if count == 0:
        return named_column(e, node), ()
    schema, table, name = (None, None, None, *names[:count])[-3:]
    if count == 1:
        found = e.scope.find(names[0], None, _start(span))
        if found is None and e.aliases is not None:
            found = e.aliases(names[0])
    elif count == -1:
        found = _element(e, names[0])
        count = 1
    else:
        found = e.scope.find(str(name), table, _start(span), schema)
    if found is None:
        return named_column(e, node), ()
    check_levels(e.b, e.scope.skipped, _start(span))
    return placed(found, span), parts[count:]


def _column_parts(e: ExpressionBinder, names: list[str]) -> int:
    """How many of the names mean a column; -1: the first one is an element of FROM; 0: none do."""
    for scope in e.scope.chain():
        relation = scope.relation(names[0])
        if relation is not None:
            if relation.element is not None:
                return -1
            if len(names) > 1 and names[1] in relation.by_name:
                return 2
        relation = scope.relation(names[1], names[0]) if len(names) > 2 else None
        if relation is not None and names[2] in relation.by_name:
            return 3
        column = scope.unqualified.get(names[0])
        if column is not None and (column is AMBIGUOUS or column.type.is_super):
            return 1
    if e.aliases is not None and names[0] in e.alias_names:
        return 1
    return 0


def _element(e: ExpressionBinder, alias: str) -> Expr | None:
    """The element column of an unnested array, marked as any column found in a query around."""
    return e.scope.find(alias, alias, None)


def navigate(e: ExpressionBinder, value: Expr, steps: Sequence[Step], node: Any) -> Expr:
    """The value that steps lead to from `value`."""
    if not steps:
        return value
    span = e.span(node)
    if not value.type.is_super:
        raise DatatypeMismatch(
            f"navigation needs a SUPER value, not one of type {value.type.kind.value}", position=_start(span),
            hint="JSON_PARSE makes SUPER of JSON text.",
        )
    leaf = leaf_type(e.b, value, steps, _start(span))
    known: list[str | int] = []
    for step in (*steps, None):
        if isinstance(step, (str, int)):
            known.append(step)
            continue
        if known:
            value, known = _path(e, value, known, span), []
        if step is not None:
            value = Call("super_element", (value, coerce(step, BIGINT), _strict(e)), SUPER, span)
    return value if leaf is None or leaf.is_nested else Cast(value, leaf.sql, False, span)


def leaf_type(b: Binder, value: Expr, steps: Sequence[Step], position: int | None) -> HiveType | None:
    """The declared type that steps from a nested column of an external table lead to; None for other SUPER values."""
    found = b.nested.get(value.id) if isinstance(value, ColumnRef) else None
    for step in steps if found is not None else ():
        assert found is not None
        fields = dict(found.fields)
        if isinstance(step, str) and step in fields:
            found = fields[step]
        elif not isinstance(step, str) and len(found.items) == 1:
            found = found.items[0]
        elif isinstance(step, str):
            raise UndefinedColumn(f'"{step}" is no column of {found.text}', hint=near(step, fields), position=position)
        else:
            raise DatatypeMismatch(f"{found.text} has no elements by number", position=position)
    return found


def _path(e: ExpressionBinder, value: Expr, steps: list[str | int], span: Span | None) -> Expr:
    if isinstance(value, Call) and value.key == "super_path":
        value, before = value.args
        assert isinstance(before, Literal)
        steps = [*json.loads(before.value), *steps]
    path = Literal(json.dumps(steps, ensure_ascii=False, separators=(",", ":")), TEXT)
    if _strict(e).value:
        return Call("super_path_strict", (value, path), SUPER, span)
    return Call("super_path", (value, path), SUPER, span)


def _strict(e: ExpressionBinder) -> Literal:
    """Whether a step that leads nowhere is an error."""
    return Literal(e.b.context.settings.get("navigate_super_null_on_error") == "off", BOOLEAN)


def _start(span: Span | None) -> int | None:
    return None if span is None else span[0]
