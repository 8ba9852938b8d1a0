"""Operators: arithmetic, ||, comparisons, AND, OR, NOT. What they mean for types is in planner/build.py.

Chains (a AND b AND c ..., a + b + c ...) are walked in a loop, not by recursion: a generated query may
have hundreds of links.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError
from .. import build
from ..constants import number
from ..expressions import Expr, IsNull, Literal, Not
from ..functions.binary import bitwise
from .dispatch import binds
from .expressions import ExpressionBinder
from .moments import unwrapped

_ARITHMETIC: dict[type, str] = {
    exp.Add: "add", exp.Sub: "subtract", exp.Mul: "multiply", exp.Div: "divide", exp.Mod: "modulo",
}
_COMPARISONS: dict[type, str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
}


@binds(*_ARITHMETIC, exp.DPipe)
def _chain(e: ExpressionBinder, node: Any) -> Expr:
    links: list[Any] = []
    while type(node) in _ARITHMETIC or type(node) is exp.DPipe:
        links.append(node)
        node = node.args["this"]
    result = e.bind(node)
    for link in reversed(links):
        right = e.bind(link.args["expression"])
        key = _ARITHMETIC.get(type(link))
        if key == "add":
            right = unwrapped(link.args["expression"], right, result)
            result = unwrapped(link.args["this"], result, right)
        result = build.concat(result, right) if key is None else build.arithmetic(key, result, right)
    return result


_BITS: dict[type, str] = {
    exp.BitwiseAnd: "bit_and", exp.BitwiseOr: "bit_or", exp.BitwiseXor: "bit_xor",
    exp.BitwiseLeftShift: "shift_left", exp.BitwiseRightShift: "shift_right",
}


@binds(*_BITS)
def _bitwise(e: ExpressionBinder, node: Any) -> Expr:
    return bitwise(_BITS[type(node)], e.bind(node.this), e.bind(node.expression), e.span(node))


@binds(exp.BitwiseNot)
def _bitwise_not(e: ExpressionBinder, node: exp.BitwiseNot) -> Expr:
    return bitwise("bit_not", e.bind(node.this), None, e.span(node))


@binds(exp.Concat)
def _adjacent(e: ExpressionBinder, node: exp.Concat) -> Expr:
    """'a' 'b': adjacent literals."""
    parts = [e.bind(x) for x in node.expressions]
    result = parts[0]
    for part in parts[1:]:
        if isinstance(result, Literal) and isinstance(part, Literal):
            result = Literal(f"{result.value}{part.value}", result.type, -1, build.join_spans(result, part))
        else:
            result = build.concat(result, part)
    return result


@binds(exp.Neg)
def _neg(e: ExpressionBinder, node: exp.Neg) -> Expr:
    inner = node.this
    if isinstance(inner, exp.Literal) and not inner.is_string:
        span = e.span(inner)
        return number(inner.this, None if span is None else (max(span[0] - 1, 0), span[1]), negative=True)
    return build.negate(e.bind(inner), e.span(node))


@binds(exp.Pow)
def _power(e: ExpressionBinder, node: exp.Pow) -> Expr:
    from .calls import call

    return call(e, "power", [e.bind(node.this), e.bind(node.expression)], e.span(node))


@binds(exp.Sqrt)
def _root(e: ExpressionBinder, node: exp.Sqrt) -> Expr:
    from .calls import call

    return call(e, "sqrt", [e.bind(node.this)], e.span(node))


@binds(exp.Cbrt)
def _cube_root(e: ExpressionBinder, node: exp.Cbrt) -> Expr:
    from .calls import call

    return call(e, "cbrt", [e.bind(node.this)], e.span(node))


# -- comparisons ---------------------------------------------------------------------------------


_NO_VALUES = frozenset((exp.Any, exp.All, exp.Tuple))


@binds(*_COMPARISONS)
def _comparison(e: ExpressionBinder, node: Any) -> Expr:
    args = node.args
    op, left, right = _COMPARISONS[type(node)], args["this"], args["expression"]
    if left.__class__ not in _NO_VALUES and right.__class__ not in _NO_VALUES:
        return build.compare(op, e.bind(left), e.bind(right))
    if isinstance(right, (exp.Any, exp.All)):
        from .subqueries import quantified

        return quantified(e, op, e.bind(left), right, node)
    if isinstance(left, (exp.Any, exp.All)):
        from .subqueries import quantified

        return quantified(e, build.MIRRORED[op], e.bind(right), left, node)
    return _rows(e, op, left, right, node)


def _rows(e: ExpressionBinder, op: str, left: Any, right: Any, node: Any) -> Expr:
    """(a, b) = (1, 2)."""
    both = isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple)
    position = e.b.position(node)
    if not both:
        raise NotSupportedError("this comparison of row values is not supported yet", position=position)
    if op not in ("=", "<>"):  # as PostgreSQL 8.0
        raise NotSupportedError(f"operator {op} is not supported for row expressions", position=position,
                                hint="Compare the columns one by one.")
    if len(left.expressions) != len(right.expressions):
        raise SqlSyntaxError("unequal number of entries in row expression", position=position)
    pairs = [build.compare(op, e.bind(a), e.bind(b)) for a, b in zip(left.expressions, right.expressions)]
    return build.conjunction(pairs) if op == "=" else build.disjunction(pairs)


@binds(exp.NullSafeEQ, exp.NullSafeNEQ)
def _null_safe(e: ExpressionBinder, node: Any) -> Expr:
    """IS [NOT] DISTINCT FROM."""
    raise NotSupportedError("IS DISTINCT FROM is not supported by Redshift", position=e.b.position(node))


# -- logic ---------------------------------------------------------------------------------------


@binds(exp.And)
def _and(e: ExpressionBinder, node: exp.And) -> Expr:
    return build.conjunction(_links(e, node, exp.And))


@binds(exp.Or)
def _or(e: ExpressionBinder, node: exp.Or) -> Expr:
    return build.disjunction(_links(e, node, exp.Or))


def _links(e: ExpressionBinder, node: Any, cls: Any) -> list[Expr]:
    """The members of a chain, left to right."""
    nodes: list[Any] = []
    while isinstance(node, cls):
        nodes.append(node.args["expression"])
        node = node.args["this"]
    nodes.append(node)
    clause, e.clause = e.clause, "AND" if cls is exp.And else "OR"
    try:
        return [e.boolean(n) for n in reversed(nodes)]
    finally:
        e.clause = clause


@binds(exp.Not)
def _not(e: ExpressionBinder, node: exp.Not) -> Expr:
    inner = node.this
    if isinstance(inner, exp.In):
        from .predicates import in_predicate

        return in_predicate(e, inner, negated=True)
    if isinstance(inner, exp.Exists):
        from .subqueries import exists

        return exists(e, inner, negated=True)
    clause, e.clause = e.clause, "NOT"
    arg = e.boolean(inner)
    e.clause = clause
    if isinstance(arg, IsNull):
        return IsNull(arg.arg, not arg.negated)
    return Not(arg)


