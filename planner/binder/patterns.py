"""Conditions on patterns: LIKE, ILIKE, SIMILAR TO, ~ and ~* (c_pattern-matching-conditions.md and its pages).

    c LIKE 'a%'              Like: natively, over dictionaries and prefixes      the pattern is a constant
    c LIKE p || '%'          regexp_found(c, like_regexp(p || '%', '\\'), '')      the pattern differs from row to row
    c SIMILAR TO 'a(b|c)%'   regexp_found(c, '^(a(b|c).*)$', '')
    c ~* 'b+'                regexp_found(c, 'b+', 'i')
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import DataError, NotSupportedError
from ...storage.types import BOOLEAN, MAX_VARCHAR, SqlType, varchar
from .. import build, collation
from ..coercion import settle
from ..expressions import Call, Expr, Like, Literal, Not
from ..like import ENDS_IN_ESCAPE, ends_in_escape, similar_regexp
from .dispatch import binds
from .expressions import ExpressionBinder


@binds(exp.Like, exp.ILike)
def _like(e: ExpressionBinder, node: Any) -> Expr:
    return _pattern(e, node, "\\")


@binds(exp.SimilarTo)
def _similar(e: ExpressionBinder, node: exp.SimilarTo) -> Expr:
    return _similar_to(e, node, "\\")


@binds(exp.Escape)
def _escape(e: ExpressionBinder, node: exp.Escape) -> Expr:
    escape = e.bind(node.expression)
    if not isinstance(escape, Literal) or not isinstance(escape.value, str) or len(escape.value) > 1:
        raise DataError("ESCAPE needs one character", sqlstate="22025", position=e.b.position(node))
    if isinstance(node.this, exp.SimilarTo):
        return _similar_to(e, node.this, escape.value)
    if not isinstance(node.this, (exp.Like, exp.ILike)):
        raise e.unsupported(node.this)
    return _pattern(e, node.this, escape.value)


@binds(exp.RegexpLike, exp.RegexpILike)
def _matches(e: ExpressionBinder, node: Any) -> Expr:
    """a ~ 'pattern', a ~* 'pattern' (pattern-matching-conditions-posix)"""
    text, pattern = build.as_text(settle(e.bind(node.this))), e.bind(node.expression)
    if not collation.is_text(pattern):
        raise build.undefined_operator("~", text.type, pattern.type, e.span(node))
    return _found(e, text, pattern, isinstance(node, exp.RegexpILike), node)


def _pattern(e: ExpressionBinder, node: Any, escape: str) -> Expr:
    if isinstance(node.expression, (exp.Any, exp.All)):
        raise NotSupportedError("LIKE ANY and LIKE ALL are not supported by Redshift", position=e.b.position(node))
    arg, pattern = build.as_text(e.bind(node.this)), e.bind(node.expression)
    negated, fold = bool(node.args.get("negate")), isinstance(node, exp.ILike)
    if isinstance(pattern, Literal) and pattern.value is None:
        return Literal(None, BOOLEAN, -1, e.span(node))
    if not collation.is_text(pattern):
        raise build.undefined_operator("~~", arg.type, pattern.type, e.span(node))
    if not isinstance(pattern, Literal):
        found = _found(e, settle(arg), _as_regexp(e, "like_regexp", pattern, escape, node), fold, node)
        return Not(found) if negated else found
    if ends_in_escape(pattern.value, escape):
        raise DataError(ENDS_IN_ESCAPE, sqlstate="22025", position=e.b.position(node))
    if collation.insensitive(arg):
        return Like(collation.key(arg), collation.folded(pattern.value), collation.folded(escape), False, negated,
                    e.span(node))
    return Like(arg, pattern.value, escape, fold, negated, e.span(node))


def _similar_to(e: ExpressionBinder, node: exp.SimilarTo, escape: str) -> Expr:
    arg, pattern = build.as_text(settle(e.bind(node.this))), e.bind(node.expression)
    if isinstance(pattern, Literal) and pattern.value is None:
        return Literal(None, BOOLEAN, -1, e.span(node))
    if not collation.is_text(pattern):
        raise build.undefined_operator("~", arg.type, pattern.type, e.span(node))
    if isinstance(pattern, Literal):
        try:
            regexp = similar_regexp(pattern.value, escape)
        except DataError as error:
            error.position = e.b.position(node)
            raise
        return _found(e, arg, Literal(regexp, _text_of(regexp), -1, pattern.span), False, node)
    return _found(e, arg, _as_regexp(e, "similar_regexp", pattern, escape, node), False, node)


def _as_regexp(e: ExpressionBinder, key: str, pattern: Expr, escape: str, node: Any) -> Expr:
    """The regular expression of a pattern that is known with its row."""
    made = Call(key, (build.as_text(settle(pattern)), Literal(escape, _text_of(escape))), varchar(MAX_VARCHAR),
                e.span(node))
    return collation.with_collation(made, collation.insensitive(pattern))


def _found(e: ExpressionBinder, text: Expr, regexp: Expr, fold: bool, node: Any) -> Expr:
    text, regexp = collation.matched((text, build.as_text(settle(regexp))))
    flags = "i" if fold or collation.insensitive(text) else ""
    return Call("regexp_found", (text, regexp, Literal(flags, _text_of(flags))), BOOLEAN, e.span(node))


def _text_of(value: str) -> SqlType:
    return varchar(max(len(value.encode()), 1))
