"""LISTAGG, MEDIAN, PERCENTILE_CONT, PERCENTILE_DISC: the function, its WITHIN GROUP, and what they become.

    percentile_cont(0.9) within group (order by x desc)    key percentile_cont, args (x, 0.9), order (x desc)
    median(x)                                              key percentile_cont, args (x, 0.5), order (x)
    listagg(distinct s, ',') within group (order by d)     key listagg, args (s, ','), order (d), distinct

Without OVER that is an aggregate whose calls carry an order; Redshift wants one order for all of a query.
With OVER it is a window function, whose order stands here and not in the OVER clause (windows.py).
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, NumericOutOfRange, SqlSyntaxError, UndefinedFunction
from ...records import dataclass
from ...storage.types import DOUBLE, MAX_VARCHAR, Kind, SqlType, decimal, varchar
from .. import build, functions
from ..coercion import coerce, settle
from ..expressions import AggregateCall, Expr, Literal
from ..functions.ordered import OrderedFunction, between_type, element_type
from ..logical import SortKey
from .bound import sort_key
from .dispatch import binds
from .expressions import ExpressionBinder

MOST_DIGITS = 9  # of a percentile


@dataclass(frozen=True, slots=True)
class Ordered:
    """A call without its place: as an aggregate or over a window."""

    key: str
    args: tuple[Expr, ...]
    type: SqlType
    order: tuple[SortKey, ...]
    distinct: bool


@binds(exp.WithinGroup)
def _within_group(e: ExpressionBinder, node: exp.WithinGroup) -> Expr:
    """An aggregate with WITHIN GROUP."""
    from .aggregates import ordered_aggregate

    name, nodes = called(e, node.this)
    return ordered_aggregate(e, name, nodes, node)


def called(e: ExpressionBinder, node: Any) -> tuple[str, list[Any]]:
    """Name and arguments of a function call."""
    if not isinstance(node, exp.Anonymous):
        raise e.unsupported(node)
    return (node.this if isinstance(node.this, str) else node.this.name).lower(), list(node.expressions)


def bind_ordered(e: ExpressionBinder, name: str, nodes: Sequence[Any], node: Any) -> Ordered:
    """`node`: the WithinGroup, or whatever else the call stands in."""
    function, position = functions.resolve_ordered(name), e.b.position(node)
    if function is None:
        raise SqlSyntaxError(f"WITHIN GROUP is not allowed for {name}()", sqlstate="42809", position=position)
    within = node.expression if isinstance(node, exp.WithinGroup) else None
    if within is None and function.within == "needed":
        raise SqlSyntaxError(f"WITHIN GROUP is required for {name}()", sqlstate="42809", position=position)
    if within is not None and function.within == "refused":
        raise SqlSyntaxError(f"WITHIN GROUP is not allowed for {name}()", sqlstate="42809", position=position)
    keys = () if within is None else tuple([
        sort_key(settle(e.bind(item.this)), item)
        for item in within.expressions
    ])
    if function.key == "listagg":
        return _listagg(e, nodes, keys, position)
    return _percentile(e, function, nodes, keys, position)


def _listagg(e: ExpressionBinder, nodes: Sequence[Any], keys: tuple[SortKey, ...], position: int | None) -> Ordered:
    distinct = len(nodes) == 1 and isinstance(nodes[0], exp.Distinct)
    given = list(nodes[0].expressions) if distinct else list(nodes)
    if not 1 <= len(given) <= 2:
        raise UndefinedFunction("LISTAGG takes an expression and a delimiter", position=position)
    text = build.as_text(e.bind(given[0]))
    delimiter: Expr = Literal(None, varchar(1))
    if len(given) == 2:
        delimiter = settle(e.bind(given[1]))
        if not isinstance(delimiter, Literal) or not (delimiter.type.is_string or delimiter.value is None):
            raise NotSupportedError("the delimiter of LISTAGG must be a constant text",
                                    position=e.b.position(given[1]))
    type = replace(varchar(MAX_VARCHAR), case_insensitive=text.type.case_insensitive)
    if distinct and type.case_insensitive:
        raise NotSupportedError("LISTAGG(DISTINCT ...) of case-insensitive text is not supported yet",
                                position=position)
    return Ordered("listagg", (text, delimiter), type, keys, distinct)


def _percentile(
    e: ExpressionBinder, function: OrderedFunction, nodes: Sequence[Any], keys: tuple[SortKey, ...],
    position: int | None,
) -> Ordered:
    name = function.name.removeprefix("approximate_")
    if len(nodes) != 1 or isinstance(nodes[0], (exp.Distinct, exp.Star)):
        raise UndefinedFunction(f"{name.upper()} takes one expression", position=position)
    if function.within == "refused":
        share, keys = Literal(5, decimal(1, 1)), (SortKey(settle(e.bind(nodes[0]))),)
    else:
        share = _share(e, name, nodes[0])
    if len(keys) != 1:
        raise SqlSyntaxError(f"{name.upper()} takes one key in WITHIN GROUP", position=position)
    key = keys[0]
    if key.expr.type.kind is Kind.REAL:
        key = replace(key, expr=coerce(key.expr, DOUBLE))
    type = (between_type(key.expr.type, share.type.scale) if function.key == "percentile_cont"
            else element_type(keys[0].expr.type))
    if type is None or type.is_super:
        raise UndefinedFunction(f"function {name}({keys[0].expr.type.kind.value}) does not exist", position=position)
    key = key if function.key == "percentile_cont" else keys[0]
    return Ordered(function.key, (key.expr, share), type, (key,), False)


def _share(e: ExpressionBinder, name: str, node: Any) -> Literal:
    """The percentile: a constant from 0 to 1, with as many digits as it has."""
    position = e.b.position(node)
    found = e.bind(node)
    if not isinstance(found, Literal) or not (found.type.is_numeric or found.value is None):
        raise NotSupportedError(f"the percentile of {name.upper()} must be a numeric constant", position=position)
    if found.value is None:
        raise SqlSyntaxError(f"the percentile of {name.upper()} must not be NULL", position=position)
    if found.type.is_float:
        found = coerce(found, decimal(MOST_DIGITS + 1, MOST_DIGITS))  # type: ignore[assignment]
        assert isinstance(found, Literal)
    value, digits = found.value, found.type.scale if found.type.kind is Kind.DECIMAL else 0
    if not 0 <= value <= 10**digits:
        raise NumericOutOfRange(f"percentile value of {name.upper()} is not between 0 and 1", position=position)
    while digits and value % 10 == 0:
        value, digits = value // 10, digits - 1
    if digits > MOST_DIGITS:
        value, digits = value // 10 ** (digits - MOST_DIGITS), MOST_DIGITS
    return Literal(value, decimal(digits + 1, digits))


def as_aggregate(call: Ordered, span: tuple[int, int] | None) -> AggregateCall:
    return AggregateCall(call.key, call.args, call.type, call.distinct, span, call.order)
