"""Predicates: BETWEEN, IN, IS. Patterns are in patterns.py."""
from __future__ import annotations

from sqlglot import exp

from ...errors import NotSupportedError
from ...storage.types import BOOLEAN, INTEGER, Kind
from .. import build
from ..coercion import coerce
from ..expressions import Case, Expr, IsNull, Literal, Not
from ..in_lists import in_list
from .dispatch import binds
from .expressions import ExpressionBinder


@binds(exp.Between)
def _between(e: ExpressionBinder, node: exp.Between) -> Expr:
    if node.args.get("symmetric"):
        raise NotSupportedError("BETWEEN SYMMETRIC is not supported by Redshift", position=e.b.position(node))
    arg = e.bind(node.this)
    low, high = e.bind(node.args["low"]), e.bind(node.args["high"])
    return build.conjunction((build.compare(">=", arg, low), build.compare("<=", arg, high)))


@binds(exp.In)
def _in(e: ExpressionBinder, node: exp.In) -> Expr:
    return in_predicate(e, node, negated=False)


def in_predicate(e: ExpressionBinder, node: exp.In, negated: bool) -> Expr:
    """arg [NOT] IN (list or subquery)."""
    query = node.args.get("query")
    if query is not None:
        from .subqueries import in_subquery

        return in_subquery(e, node.this, query, negated, node)
    items = node.expressions
    if node.args.get("unnest") is not None:
        raise NotSupportedError("IN UNNEST(...) is not supported by Redshift", position=e.b.position(node))
    if not items:
        raise NotSupportedError("an empty IN list is not supported", position=e.b.position(node))
    if isinstance(node.this, exp.Tuple):
        return _rows_in(e, node, negated)
    return in_list(e.bind(node.this), tuple([e.bind(i) for i in items]), negated, e.span(node))


def _rows_in(e: ExpressionBinder, node: exp.In, negated: bool) -> Expr:
    """(a, b) IN ((1, 2), (3, 4))."""
    left = [e.bind(x) for x in node.this.expressions]
    matches = []
    for row in node.expressions:
        if not isinstance(row, exp.Tuple) or len(row.expressions) != len(left):
            raise NotSupportedError("unequal number of entries in row expressions", position=e.b.position(node))
        pairs = [build.compare("=", a, e.bind(x)) for a, x in zip(left, row.expressions)]
        matches.append(build.conjunction(pairs))
    found = build.disjunction(matches)
    return Not(found) if negated else found


# -- IS ------------------------------------------------------------------------------------------


@binds(exp.Is)
def _is(e: ExpressionBinder, node: exp.Is) -> Expr:
    """IS NULL, IS TRUE, IS FALSE; IS UNKNOWN comes as IS NULL."""
    wanted = node.expression
    if isinstance(wanted, exp.Null):
        arg = e.bind(node.this)
        return IsNull(coerce(arg, INTEGER) if _is_null(arg) else arg)
    if not isinstance(wanted, exp.Boolean):
        raise e.unsupported(node)
    clause, e.clause = e.clause, "IS TRUE" if wanted.this else "IS FALSE"
    arg = e.boolean(node.this)
    e.clause = clause
    true, false = Literal(True, BOOLEAN), Literal(False, BOOLEAN)
    return Case(((arg if wanted.this else Not(arg), true),), false, BOOLEAN, e.span(node))


def _is_null(arg: Expr) -> bool:
    return isinstance(arg, Literal) and arg.value is None and arg.type.kind is Kind.UNKNOWN
