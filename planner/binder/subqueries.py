"""Subqueries in expressions: scalar, EXISTS, IN, ANY, ALL.

The inner query is bound in a scope whose parent is the outer one. Columns of the outer query stay free
in its plan; the rewrites unnest it. IN is `= ANY`, NOT IN is `<> ALL`.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError
from ...storage.types import BOOLEAN
from .. import build
from ..coercion import comparison_type
from ..expressions import Exists, Expr, IsNull, Literal, Not, Quantified, ScalarSubquery
from ..logical import Filter, Project
from .bound import Bound, finished, retyped
from .correlation import check_in, check_window
from .dispatch import binds
from .expressions import ExpressionBinder


def _query(e: ExpressionBinder, node: Any) -> Bound:
    from .query import bind_tree

    while isinstance(node, exp.Paren):
        node = node.this
    bound = bind_tree(e.b, node, e.scope, e.env)
    check_window(e.b, bound.plan, node)
    return bound


def _one_column(e: ExpressionBinder, bound: Bound, node: Any) -> None:
    if len(bound.columns) != 1:
        raise SqlSyntaxError("subquery must return only one column", position=e.b.position(node))


@binds(exp.Subquery, exp.Select, exp.Union, exp.Intersect, exp.Except)
def _scalar(e: ExpressionBinder, node: Any) -> Expr:
    bound = finished(e.b, _query(e, node))
    _one_column(e, bound, node)
    return ScalarSubquery(bound.plan, bound.columns[0], e.span(node))


@binds(exp.Exists)
def _exists(e: ExpressionBinder, node: exp.Exists) -> Expr:
    return exists(e, node, negated=False)


def exists(e: ExpressionBinder, node: exp.Exists, negated: bool) -> Expr:
    bound = _query(e, node.this)
    return Exists(bound.plan, negated, e.span(node))


def in_subquery(e: ExpressionBinder, arg: Any, query: Any, negated: bool, node: Any) -> Expr:
    """arg [NOT] IN (query)."""
    if isinstance(arg, exp.Tuple):
        return _row_in(e, arg, query, negated, node)
    return _compared(e, "<>" if negated else "=", negated, e.bind(arg), query, node)


def _row_in(e: ExpressionBinder, row: exp.Tuple, query: Any, negated: bool, node: Any) -> Expr:
    """(a, b) [NOT] IN (SELECT x, y ...), as EXISTS:

        in a WHERE      IN      exists (... where x = a and y = b)                                          = found
                        NOT IN  not exists (... where (x = a or x is null or a is null) and (y = b ...))    = possible
        anywhere else   IN      found or (null and possible)
    """
    found = _row_exists(e, row, query, negated, node, nulls=False)
    if _decides(node):
        if not negated:
            return found
        return Exists(_row_exists(e, row, query, negated, node, nulls=True).plan, True, found.span)
    possible = _row_exists(e, row, query, negated, node, nulls=True)
    either = build.disjunction((found, build.conjunction((Literal(None, BOOLEAN), possible))))
    return Not(either) if negated else either


def _row_exists(e: ExpressionBinder, row: exp.Tuple, query: Any, negated: bool, node: Any, nulls: bool) -> Exists:
    """EXISTS of a row equal to `row`, or with `nulls` of one that would be equal if NULLs were."""
    left = [e.bind(x) for x in row.expressions]
    bound = finished(e.b, _query(e, query))
    if len(bound.columns) != len(left):
        few = "few" if len(bound.columns) < len(left) else "many"
        raise SqlSyntaxError(f"subquery has too {few} columns", position=e.b.position(node))
    check_in(e.b, bound.plan, query, negated)
    pairs = [(a, c, build.compare("=", a, c, e.span(node))) for a, c in zip(left, bound.columns)]
    tests = [build.disjunction((equal, IsNull(a), IsNull(c))) if nulls else equal for a, c, equal in pairs]
    return Exists(Filter(bound.plan, build.conjunction(tests)), False, e.span(node))


def _decides(node: exp.Expr) -> bool:
    """Whether NULL and FALSE of the [NOT] IN mean the same: it stands in WHERE or HAVING, with AND alone around it."""
    above = node.parent
    while isinstance(above, (exp.And, exp.Paren, exp.Not)):
        if isinstance(above, exp.Not) and above.this is not node:
            return False
        above = above.parent
    return isinstance(above, (exp.Where, exp.Having))


def quantified(e: ExpressionBinder, op: str, arg: Expr, side: Any, node: Any) -> Expr:
    """arg op ANY|ALL (query)."""
    inner = side.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    if not isinstance(inner, (exp.Query, exp.Subquery)):
        from .catalogue import any_of_array

        return any_of_array(e, op, arg, inner, isinstance(side, exp.All), node)
    return _compared(e, op, isinstance(side, exp.All), arg, inner, node)


def _compared(e: ExpressionBinder, op: str, all: bool, arg: Expr, query: Any, node: Any) -> Expr:
    bound = _query(e, query)
    _one_column(e, bound, node)
    check_in(e.b, bound.plan, query, all)
    span = e.span(node)
    if isinstance(arg, Literal) and comparison_type(arg.type, bound.columns[0].type) is None:
        raise build.undefined_operator(op, arg.type, bound.columns[0].type, span)
    if op not in ("=", "<>") and (arg.type.is_super or bound.columns[0].type.is_super):
        # NULL between types, which the joins that these become would not see
        raise NotSupportedError(f"{op} {'ALL' if all else 'ANY'} over SUPER values is not supported yet",
                                position=e.b.position(node), hint="Cast both sides to one type.")
    if arg.type.case_insensitive or bound.columns[0].type.case_insensitive:
        left, key = build.comparable(op, arg, bound.columns[0], span)
        column = e.b.column(key.type, bound.columns[0].name)
        return Quantified(op, all, left, Project(bound.plan, ((column, key),)), column, span)
    left, right = build.comparable(op, arg, bound.columns[0], span)
    bound = retyped(e.b, bound, (right.type,))
    return Quantified(op, all, left, bound.plan, bound.columns[0], span)
