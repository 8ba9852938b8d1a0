"""What clients write in questions about the catalogue: PostgreSQL's leader-only types, arrays and operators.

    'public.t'::regclass::oid        an id by a name, a name by an id        planner/registered.py
    attnum = any (conkey)            an element of an array's text           array_has
    array(select a from t)           the rows of a subquery as an array      LISTAGG with braces
    relname operator(pg_catalog.~) 'x'     a ~ 'x'
    E'a\\nb'                          text with escapes
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError
from ...storage.types import BOOLEAN, INTEGER, TEXT, UNKNOWN, Kind, SqlType
from .. import build
from ..coercion import coerce, settle
from ..expressions import Cast, ColumnRef, Expr, Literal, Not
from ..functions.leader import INTERNAL, catalogue_call
from ..functions.signature import Site
from ..logical import Logical, Project
from ..registered import is_registered, registered_name
from .bound import Bound
from .context import Binder
from .dispatch import binds
from .expressions import ExpressionBinder

_OPERATORS: dict[str, type] = {
    "=": exp.EQ, "<>": exp.NEQ, "<": exp.LT, "<=": exp.LTE, ">": exp.GT, ">=": exp.GTE, "~": exp.RegexpLike,
    "~*": exp.RegexpILike, "~~": exp.Like, "~~*": exp.ILike, "||": exp.DPipe, "+": exp.Add, "-": exp.Sub,
}


def internal(b: Binder, name: str, args: tuple[Expr, ...], type: SqlType, node: Any = None) -> Expr:
    """A call of one of the functions that only casts and operators use."""
    b.leader_tables.append(f"function {name}()")
    site = Site(name, None if node is None else b.span(node), b.context)
    return catalogue_call(site, name, args, type, INTERNAL[name])


# -- registered types --------------------------------------------------------------------------------


def cast_registered(e: ExpressionBinder, operand: Expr, to: SqlType, node: Any) -> Expr:
    """A cast to or from regclass and its like."""
    if is_registered(to):
        name = f"to_{registered_name(to)}"
        if operand.type.kind is Kind.UNKNOWN or operand.type.is_string:
            return internal(e.b, name, (coerce(operand, TEXT),), to, node)
        if operand.type.is_integer:
            return Cast(coerce(operand, INTEGER), to, False, e.span(node))
        raise NotSupportedError(f"cannot cast type {operand.type.kind.value} to {registered_name(to)}",
                                position=e.b.position(node))
    if to.is_string:
        return coerce(shown(e.b, operand), to, e.span(node))
    return Cast(operand, to, False, e.span(node))


def shown(b: Binder, operand: Expr) -> Expr:
    """A registered value as people see it."""
    return internal(b, f"{registered_name(operand.type)}_name", (Cast(operand, INTEGER, False, None),), TEXT)


def shown_columns(b: Binder, bound: Bound) -> Bound:
    """A query whose columns leave: registered values become names."""
    if not any(is_registered(c.type) for c in bound.columns):
        return bound
    out: list[tuple[ColumnRef, Expr]] = [
        (b.column(TEXT, c.name, True, c.span), shown(b, c)) if is_registered(c.type) else (c, c)
        for c in bound.columns
    ]
    plan: Logical = Project(bound.plan, tuple(out))
    return Bound(plan, tuple(ref for ref, _ in out), bound.names)


# -- arrays ------------------------------------------------------------------------------------------


def array_of_values(e: ExpressionBinder, node: exp.Array) -> Expr:
    """ARRAY[a, b]"""
    items = [build.as_text(settle(e.bind(x))) for x in node.expressions]
    result: Expr = Literal("{", TEXT)
    for i, item in enumerate(items):
        if i:
            result = build.concat(result, Literal(",", TEXT))
        result = build.concat(result, item)
    return build.concat(result, Literal("}", TEXT))


def array_of_rows(e: ExpressionBinder, query: exp.Select, node: Any) -> Expr:
    """ARRAY(SELECT x FROM ... ORDER BY y): the text of its rows."""
    if len(query.expressions) != 1 or query.args.get("group"):
        raise NotSupportedError("ARRAY takes a simple SELECT of one column", position=e.b.position(node))
    changed = query.copy()
    (item,) = changed.expressions
    value = item.this if isinstance(item, exp.Alias) else item
    element = exp.Cast(this=value.copy(), to=exp.DataType.build("varchar", dialect="redshift"))
    listed: Any = exp.Anonymous(this="listagg", expressions=[element, exp.Literal.string(",")])
    if (order := changed.args.get("order")) is not None:
        changed.set("order", None)
        listed = exp.WithinGroup(this=listed, expression=exp.Order(expressions=order.expressions))
    changed.set("expressions", [listed])
    empty = exp.Literal.string("")
    rows = exp.Anonymous(this="coalesce", expressions=[exp.Subquery(this=changed), empty])
    return e.bind(exp.DPipe(this=exp.DPipe(this=exp.Literal.string("{"), expression=rows),
                            expression=exp.Literal.string("}")))


def any_of_array(e: ExpressionBinder, op: str, arg: Expr, array: Any, all: bool, node: Any) -> Expr:
    """x = ANY (array), x <> ALL (array)"""
    if (op, all) not in (("=", False), ("<>", True)):
        raise NotSupportedError("ANY and ALL over an array take = ANY and <> ALL only", position=e.b.position(node))
    texts = (build.as_text(settle(e.bind(array))), build.as_text(settle(arg)))
    found = internal(e.b, "array_has", texts, BOOLEAN, node)
    return Not(found) if all else found


def array_item(e: ExpressionBinder, array: Expr, place: int | Expr, node: Any) -> Expr:
    """array[1]"""
    index = Literal(place, INTEGER) if isinstance(place, int) else coerce(place, INTEGER)
    return internal(e.b, "array_item", (array, index), TEXT, node)


# -- operators, texts --------------------------------------------------------------------------------


@binds(exp.ByteString)
def _escaped(e: ExpressionBinder, node: exp.ByteString) -> Expr:
    return Literal(node.this, UNKNOWN, -1, e.span(node))


@binds(exp.Operator)
def _operator(e: ExpressionBinder, node: exp.Operator) -> Expr:
    """a OPERATOR(pg_catalog.op) b"""
    symbol = str(node.args["operator"]).rpartition(".")[2].strip()
    negated = symbol.startswith("!") and symbol != "!="
    made = _OPERATORS.get(symbol[1:] if negated else symbol)
    if made is None:
        raise NotSupportedError(f"operator {symbol} is not supported", position=e.b.position(node))
    expr = e.bind(made(this=node.this, expression=node.expression))
    return Not(expr) if negated else expr


@binds(exp.Collate)
def _collate(e: ExpressionBinder, node: exp.Collate) -> Expr:
    """COLLATE pg_catalog.default is what there is anyway; another collation is refused."""
    name = node.expression.name.lower()
    if name != "default":
        raise NotSupportedError(f"COLLATE {name} is not supported yet", position=e.b.position(node))
    return e.bind(node.this)


@binds(exp.CurrentCatalog)
def _catalog(e: ExpressionBinder, node: exp.CurrentCatalog) -> Expr:
    from .calls import call

    return call(e, "current_database", [], e.span(node))
