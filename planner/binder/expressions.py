"""Scalar expressions: a syntax tree and a scope in, a bound expression out.

`ExpressionBinder.bind` looks up the handler of a node's class (dispatch.py); the handlers stand in small
modules by subject: operators, predicates, conditionals, literals, calls, subqueries. This one has the
binder itself and the nodes that are about names.

    clause       WHERE, HAVING, "JOIN/ON" ...: for the words of errors
    aggregates   where aggregate calls are collected; None where they are not allowed
    windows      where window functions are collected; None where they are not allowed
    aliases      what a name may mean besides a column: select-list aliases (Redshift reuses them in the
                 list itself, in WHERE, GROUP BY, HAVING and ORDER BY; columns of FROM come first)
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from ...errors import DatatypeMismatch, NotSupportedError, SqlSyntaxError
from ...reserved_words import RESERVED
from ...storage.types import BOOLEAN, Kind
from ..coercion import coerce
from ..expressions import (
    And,
    ColumnRef,
    Compare,
    Exists,
    Expr,
    InList,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
    Quantified,
    Span,
)
from ..functions.missing import NO_MEANING, refusal
from .context import Binder
from .correlation import check_levels
from .dispatch import HANDLERS, binds
from .scope import Scope

if TYPE_CHECKING:
    from .aggregates import Aggregates
    from .ctes import Env
    from .windows import Windows

Alias = Callable[[str], "Expr | None"]


class ExpressionBinder:
    """Binds the expressions of one clause of one query."""

    __slots__ = ("aggregates", "alias_names", "aliases", "b", "clause", "env", "scope", "windows")

    def __init__(
        self,
        b: Binder,
        scope: Scope,
        env: Env,
        clause: str,
        aggregates: Aggregates | None = None,
        aliases: Alias | None = None,
        alias_names: Iterable[str] = (),
        windows: Windows | None = None,
    ) -> None:
        self.b = b
        self.scope = scope
        self.env = env
        self.clause = clause
        self.aggregates = aggregates
        self.aliases = aliases
        self.alias_names = alias_names
        self.windows = windows

    def bind(self, node: Any) -> Expr:
        """The expression for a syntax node."""
        try:
            handler = HANDLERS[node.__class__]
        except KeyError:
            if node is None:
                raise SqlSyntaxError(f"an expression is missing in {self.clause}") from None
            raise self.unsupported(node) from None
        return handler(self, node)

    def boolean(self, node: Any) -> Expr:
        """A condition: BOOLEAN, or an error that says what stands there."""
        expr = self.bind(node)
        return expr if expr.__class__ in _TRUTHS else self.as_boolean(expr, node)

    def as_boolean(self, expr: Expr, node: Any) -> Expr:
        if expr.type.kind is Kind.BOOLEAN:
            return expr
        if expr.type.is_integer:  # an implicit cast, as in likevegas = 1: WHERE 1 AND ..., CASE WHEN regexp_instr(...)
            if isinstance(expr, Literal):
                return Literal(None if expr.value is None else expr.value != 0, BOOLEAN, -1, expr.span)
            return coerce(expr, BOOLEAN)
        if expr.type.kind is Kind.UNKNOWN:
            return coerce(expr, BOOLEAN)
        raise DatatypeMismatch(
            f"argument of {self.clause} must be type boolean, not type {expr.type.kind.value}",
            position=self.b.position(node),
        )

    def span(self, node: Any) -> Span | None:
        return self.b.span(node)

    def unsupported(self, node: Any) -> NotSupportedError:
        name = _NAMES.get(type(node), type(node).key.replace("_", " ").upper())
        return NotSupportedError(f"{name} is not supported yet", position=self.b.position(node))


_TRUTHS = frozenset((Compare, And, Or, Not, IsNull, InList, Like, Exists, Quantified))  # BOOLEAN, whatever is in them
_NAMES: dict[type, str] = {
    exp.Filter: "FILTER (WHERE ...)",
    exp.IgnoreNulls: "IGNORE NULLS",
    exp.RespectNulls: "RESPECT NULLS",
    exp.Tuple: "a row value",
    exp.Overlay: "OVERLAY",
    exp.Rollup: "ROLLUP",
    exp.Cube: "CUBE",
    exp.GroupingSets: "GROUPING SETS",
}


@binds(exp.Column)
def _column(e: ExpressionBinder, node: exp.Column) -> Expr:
    """A column: of this query's own FROM as `a` or `t.a`, as nearly all are, or whatever else a name means."""
    args = node.args
    first = last = args["this"]
    names: dict[str, Any] | None = None
    if len(args) == 1:
        names = e.scope.unqualified
    elif len(args) == 2 and "table" in args:  # else there is more to it: a schema, a (+)
        first = args["table"]
        relation = e.scope.relation(first.args["this"].lower())
        names = None if relation is None or relation.element is not None else relation.by_name
    if names is None or last.__class__ is not exp.Identifier:
        return _other_column(e, node)
    name = last.args["this"].lower()
    found = names.get(name)
    if found.__class__ is not ColumnRef or name in RESERVED:
        return _other_column(e, node)
    start, end = first._meta, last._meta
    if not (e.b.has_spans and start and end and "start" in start):
        return found  # type: ignore[no-any-return]
    return ColumnRef(found.id, found.type, found.name, found.nullable, (start["start"], end["end"] + 1))


def _other_column(e: ExpressionBinder, node: exp.Column) -> Expr:
    """A column by any name; or, of a name with dots, attributes of a SUPER column."""
    table = node.args.get("table")
    if table is not None and not all(isinstance(p.this, str) for p in (table, node.args.get("db")) if p is not None):
        raise SqlSyntaxError("a name is needed before the dot", position=e.b.position(table))
    if table is None or _is_plain(e.scope, table.this.lower(), node):
        return named_column(e, node)
    from .navigation import attribute, navigate, resolve

    value, rest = resolve(e, node)
    return navigate(e, value, [attribute(e, part) for part in rest], node)


def _is_plain(scope: Scope, table: str, node: exp.Column) -> bool:
    """Whether `table.column` names a column of this query's own FROM."""
    if node.args.get("db") is not None or not isinstance(node.this, exp.Identifier):
        return False
    relation = scope.relation(table)
    return relation is not None and relation.element is None and node.this.this.lower() in relation.by_name


def named_column(e: ExpressionBinder, node: exp.Column) -> Expr:
    """The column that a name means, with its table and schema where they are written."""
    args = node.args
    identifier, table, schema = args["this"], args.get("table"), args.get("db")
    if args.get("join_mark"):
        raise SqlSyntaxError("the outer join operator (+) is allowed in conditions of WHERE only",
                             position=e.b.position(node))
    if args.get("catalog") is not None and args["catalog"].name.lower() != e.b.context.database:
        raise NotSupportedError("a column name with a database is not supported", position=e.b.position(node))
    if type(identifier) is exp.Star:
        raise NotSupportedError("* is not allowed here", position=e.b.position(node))
    if not isinstance(identifier, exp.Identifier):
        raise SqlSyntaxError("a column name is needed behind the dot", position=e.b.position(node))
    name = identifier.this.lower()
    if name in RESERVED:
        e.b.check_reserved(identifier, name)
    where = None if table is None else table.this.lower()
    span = None
    if e.b.has_spans:
        meta = (table or identifier)._meta
        end = identifier._meta
        span = (meta["start"], end["end"] + 1) if meta and end and "start" in meta else None
    position = None if span is None else span[0]
    found = e.scope.find(name, where, position, None if schema is None else schema.this.lower())
    if found is not None:
        check_levels(e.b, e.scope.skipped, position)
        return placed(found, span)
    if where is None and e.aliases is not None:
        expr = e.aliases(name)
        if expr is not None:
            return expr
    if where is None and name in NO_MEANING:  # CURRENT_NAMESPACE is written without parentheses
        raise NotSupportedError(str(refusal(name)), position=position)
    raise e.scope.unknown(name, where, position, e.alias_names)


def placed(expr: Expr, span: Span | None) -> Expr:
    """A column reference with its own place in the text."""
    if isinstance(expr, ColumnRef) and span is not None:
        return ColumnRef(expr.id, expr.type, expr.name, expr.nullable, span)
    return expr


@binds(exp.Paren)
def _paren(e: ExpressionBinder, node: exp.Paren) -> Expr:
    return e.bind(node.this)


@binds(exp.Alias)
def _alias(e: ExpressionBinder, node: exp.Alias) -> Expr:
    return e.bind(node.this)


@binds(exp.Star)
def _star(e: ExpressionBinder, node: exp.Star) -> Expr:
    raise NotSupportedError("* is not allowed here", position=e.b.position(node))
