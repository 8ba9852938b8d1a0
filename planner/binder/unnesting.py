"""Arrays and objects in FROM (query-super, "Unnesting queries", "Object unpivoting").

    from c, c.orders as o at i          a row for each element of c.orders: o, and its index i from 0
    from c, unpivot c.address as v at k a row for each attribute: its value v, its name k
    from c left join c.orders o on true rows of c without elements stay

A path stands where a table may stand; it is one when its first name is an alias to the left of it, or in a query
around. The alias names the element: `o` is its value, `o.key` an attribute of it. Values that are no arrays (objects)
have no elements.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from ...errors import DatatypeMismatch, DuplicateTable, NotSupportedError, SqlSyntaxError
from ...records import dataclass
from ...storage.types import BIGINT, MAX_VARCHAR, SUPER, varchar
from ..columns import output_columns
from ..expressions import Call, Cast, Compare, Expr, Literal
from ..logical import JoinKind, Logical, Project, Unnest, Values
from ..partiql import UNNEST, UNPIVOT
from ..traverse import walk
from .context import Binder
from .ctes import Env
from .expressions import ExpressionBinder
from .navigation import leaf_type
from .scope import Relation, Scope

if TYPE_CHECKING:
    from ...storage.lake.hive_types import HiveType


@dataclass(frozen=True, slots=True)
class Path:
    """An item of FROM that is a path: what it iterates over and the names it gives."""

    node: Any
    value: Any  # the path's own tree
    alias: str
    index: str | None = None
    of_object: bool = False


def as_path(b: Binder, node: Any, scopes: Iterable[Scope], outer: Scope | None) -> Path | None:
    """The path that an item of FROM is; None for tables, subqueries and the like."""
    if isinstance(node, exp.Unnest) and isinstance(node.expressions[0], (exp.Column, exp.Dot, exp.Bracket)):
        # UNNEST(t.a) x: the same path in PostgreSQL's words
        columns = node.args["alias"].args.get("columns") if node.args.get("alias") else None
        return Path(node, node.expressions[0], _alias(b, node, columns[0].name if columns else node.alias))
    if not isinstance(node, exp.Table):
        return None
    if not b.any_elements and node.args.get("db") is None and isinstance(node.this, exp.Identifier):
        return None  # a single name means an element only, and there is none yet
    name = "" if node.args.get("alias") is None else node.alias
    inner = node.this
    if isinstance(inner, exp.Anonymous) and inner.name in (UNNEST, UNPIVOT):
        path, *index = inner.expressions
        at = index[0].name.lower() if index else None
        return Path(node, path, _alias(b, node, name), at, inner.name == UNPIVOT)
    parts = [p for p in node.parts if isinstance(p, exp.Identifier)]
    if not parts or len(parts) < len(node.parts):
        return None
    first = parts[0].name.lower()
    around = [] if outer is None else outer.chain()
    relations = [r for s in (*scopes, *around) if (r := s.relation(first)) is not None]
    if not relations or (len(parts) == 1 and relations[0].element is None):
        return None
    if name and node.args["alias"].args.get("columns"):
        raise NotSupportedError("the elements of an array in FROM have a name, and no list of columns",
                                position=b.position(node))
    value: Any = _column(parts[:4])
    for part in parts[4:]:
        value = exp.Dot(this=value, expression=part)
    return Path(node, value, _alias(b, node, name))


def _column(parts: Sequence[exp.Identifier]) -> exp.Column:
    names = dict(zip(("this", "table", "db", "catalog"), reversed(parts)))
    return exp.Column(**{k: v.copy() for k, v in names.items()})


def _alias(b: Binder, node: Any, name: str) -> str:
    if not name:
        raise SqlSyntaxError("an array in FROM must have an alias", position=b.position(node),
                             hint="For example, FROM t, t.arr AS x.")
    return name.lower()


def place(scopes: Sequence[Scope], path: Path) -> int:
    """The item of FROM whose rows a path goes through; behind all of them for one that begins in a query around."""
    column = next(iter(path.value.find_all(exp.Column)), None)
    if column is not None:
        first = column.parts[0].name.lower()
        for at, scope in enumerate(scopes):
            if scope.relation(first) is not None:
                return at
    return len(scopes)


def names_of(path: Path) -> Scope:
    """The aliases that a path gives."""
    names = Scope()
    for name in (path.alias, path.index):
        if name is not None:
            names.add(Relation(name, (), ()))
    return names


def unnested(
    b: Binder, plan: Logical | None, scope: Scope, path: Path, env: Env, outer_join: bool
) -> tuple[Logical, Scope]:
    """(rows of `plan`, each once for every element; the names of both). `scope` is that of the plan's rows; without a
    plan the path is one of a query around."""
    if path.alias == path.index:
        raise DuplicateTable(f'table name "{path.alias}" specified more than once', sqlstate="42712",
                             position=b.position(path.node))
    value = _value(b, scope, path, env)
    element = b.column(SUPER, path.alias, True, b.span(path.node))
    position = None
    if path.index is not None:
        type = varchar(MAX_VARCHAR) if path.of_object else BIGINT
        position = b.column(type, path.index, outer_join)
    source = Values((), ((),)) if plan is None else plan
    names = Scope(scope.parent)
    names.add(Relation(path.alias, (path.alias,), (element,), element=element))
    b.any_elements = True
    if position is not None and path.index is not None:
        names.add(Relation(path.index, (path.index,), (position,)))
    made = Unnest(source, value, element, position, path.of_object, outer_join)
    item = None if path.of_object else _item_type(b, value)
    if item is None or item.is_nested:
        if item is not None:
            b.nested[element.id] = item
        return made, Scope.joined(scope, names)
    typed = b.column(item.sql, path.alias, True, b.span(path.node))
    names.relations[0] = Relation(path.alias, (path.alias,), (typed,))
    names.unqualified[path.alias] = typed
    kept = [c for c in output_columns(made) if c.id != element.id]
    cast = Cast(element, item.sql, False, b.span(path.node))
    return Project(made, (*((c, c) for c in kept), (typed, cast))), Scope.joined(scope, names)


def _item_type(b: Binder, value: Expr) -> HiveType | None:
    """The declared type of an external table's array's elements; a map's are structs of key and value."""
    column, steps = value, ()
    if isinstance(value, Call) and value.key in ("super_path", "super_path_strict"):
        column, path = value.args
        steps = json.loads(path.value) if isinstance(path, Literal) else ()
    found = leaf_type(b, column, steps, None)
    if found is None or not found.items:
        return None
    if len(found.items) == 1:
        return found.items[0]
    return replace(found, fields=(("key", found.items[0]), ("value", found.items[1])), items=())


def _value(b: Binder, scope: Scope, path: Path, env: Env) -> Expr:
    value = ExpressionBinder(b, scope, env, "FROM").bind(path.value)
    if not value.type.is_super:
        what = "UNPIVOT" if path.of_object else "FROM"
        raise DatatypeMismatch(f"{what} can iterate over SUPER values, not over type {value.type.kind.value}",
                               position=b.position(path.node))
    return value


def check_no_super(b: Binder, condition: Expr, kind: JoinKind, node: Any) -> None:
    """Right and full joins by SUPER values are refused (limitations-super)."""
    if any(_compares_super(e) for e in walk(condition)):
        raise NotSupportedError(f"a {kind.value.upper()} JOIN of SUPER values is not supported by Redshift",
                                position=b.position(node), hint="Cast the values to another type.")


def _compares_super(expr: Expr) -> bool:
    if isinstance(expr, Compare):
        return expr.left.type.is_super
    return isinstance(expr, Call) and expr.key == "super_compare"


def check_condition(b: Binder, condition: Any) -> None:
    """LEFT JOIN of an array takes ON TRUE: any other condition would be one on rows that are not there."""
    while isinstance(condition, exp.Paren):
        condition = condition.this
    if not (isinstance(condition, exp.Boolean) and condition.this):
        raise NotSupportedError("a LEFT JOIN of an array in FROM takes ON TRUE only", position=b.position(condition))
