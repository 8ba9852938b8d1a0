"""Predicates: BETWEEN, IN, LIKE, IS."""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import DataError, NotSupportedError
from ...storage.types import BOOLEAN, INTEGER, Kind
from .. import build, collation
from ..coercion import coerce
from ..expressions import Case, Expr, IsNull, Like, Literal, Not
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
    if not items:
        raise NotSupportedError("an empty IN list is not supported", position=e.b.position(node))
    if isinstance(node.this, exp.Tuple):
        return _rows_in(e, node, negated)
    return build.in_list(e.bind(node.this), tuple(e.bind(i) for i in items), negated, e.span(node))


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


# -- LIKE ----------------------------------------------------------------------------------------


@binds(exp.Like, exp.ILike)
def _like(e: ExpressionBinder, node: Any) -> Expr:
    return _pattern(e, node, "\\")


@binds(exp.Escape)
def _escape(e: ExpressionBinder, node: exp.Escape) -> Expr:
    escape = e.bind(node.expression)
    if not isinstance(escape, Literal) or not isinstance(escape.value, str) or len(escape.value) > 1:
        raise DataError("ESCAPE needs one character", sqlstate="22025", position=e.b.position(node))
    if not isinstance(node.this, (exp.Like, exp.ILike)):
        raise e.unsupported(node.this)
    return _pattern(e, node.this, escape.value)


def _pattern(e: ExpressionBinder, node: Any, escape: str) -> Expr:
    if isinstance(node.expression, (exp.Any, exp.All)):
        raise NotSupportedError("LIKE ANY and LIKE ALL are not supported by Redshift", position=e.b.position(node))
    arg, pattern = build.as_text(e.bind(node.this)), e.bind(node.expression)
    negated, fold = bool(node.args.get("negate")), isinstance(node, exp.ILike)
    if not isinstance(pattern, Literal):
        raise NotSupportedError("LIKE needs a constant pattern", position=e.b.position(node.expression))
    if pattern.value is None:
        return Literal(None, BOOLEAN, -1, e.span(node))
    if not isinstance(pattern.value, str):
        raise build.undefined_operator("~~", arg.type, pattern.type, e.span(node))
    if escape and _ends_in_escape(pattern.value, escape):
        raise DataError(
            "LIKE pattern must not end with escape character", sqlstate="22025", position=e.b.position(node)
        )
    if collation.insensitive(arg):
        return Like(collation.key(arg), collation.folded(pattern.value), collation.folded(escape), False, negated,
                    e.span(node))
    return Like(arg, pattern.value, escape, fold, negated, e.span(node))


def _ends_in_escape(pattern: str, escape: str) -> bool:
    trailing = len(pattern) - len(pattern.rstrip(escape))
    return trailing % 2 == 1


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
