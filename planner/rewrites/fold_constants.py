"""Computes what does not depend on a row.

    l_shipdate <= date '1998-12-01' - interval '90 day'   ->   l_shipdate <= date '1998-09-02'
    TRUE AND x > 1                                        ->   x > 1

Values come from the engine's `evaluate`, so planning and running cannot disagree. An expression whose
evaluation fails (1/0) stays as it is: it fails at run time if a row really needs it. Arguments that
only an IN list, a LIKE or a Case could use are folded too; volatile functions never are.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..contents import CAN_FOLD, VOLATILE, traits_of
from ..expressions import (
    And,
    Call,
    Case,
    Cast,
    ColumnRef,
    Compare,
    Expr,
    InList,
    IsNull,
    Like,
    Literal,
    Not,
    Or,
)
from ..logical import Filter, Join, Logical
from ..predicates import FALSE, is_false_or_null, is_true
from ..traverse import children, map_children, map_expressions
from .context import RewriteContext
from .subjects import rewrite_where


def fold_constants(plan: Logical, context: RewriteContext) -> Logical:
    fold = _folder(context)
    return rewrite_where(plan, CAN_FOLD, lambda node: map_expressions(node, fold))


def fold_predicates(plan: Logical, context: RewriteContext) -> Logical:
    """The same for filters and conditions of joins alone."""
    fold = _folder(context)

    def visit(node: Logical) -> Logical:
        return map_expressions(node, fold) if isinstance(node, Filter | Join) else node

    return rewrite_where(plan, CAN_FOLD, visit)


def _folder(context: RewriteContext) -> Callable[[Expr], Expr]:
    def fold(expr: Expr) -> Expr:
        if expr.__class__ is ColumnRef or not traits_of(expr) & CAN_FOLD:
            return expr
        # What can be folded stands in few of the conjuncts, each of which knows.
        return _folded(map_children(expr, fold if expr.__class__ is And else visit), context)

    def visit(expr: Expr) -> Expr:
        kind = expr.__class__
        return expr if kind is ColumnRef or kind is Literal else _folded(map_children(expr, visit), context)

    return fold


def _folded(expr: Expr, context: RewriteContext) -> Expr:
    """One node whose arguments are folded already."""
    way = _WAYS.get(expr.__class__)
    return expr if way is None else way(expr, context)


def _fold_is_null(expr: IsNull, context: RewriteContext) -> Expr:
    if not isinstance(expr.arg, Literal):
        return expr
    context.literals.pin(expr.arg)
    return Literal((expr.arg.value is None) != expr.negated, expr.type)


def _fold_not(expr: Not, context: RewriteContext) -> Expr:
    if not isinstance(expr.arg, Literal):
        return expr
    context.literals.pin(expr.arg)
    return Literal(None if expr.arg.value is None else not expr.arg.value, expr.type)


def _fold_call(expr: Call, context: RewriteContext) -> Expr:
    match expr:
        case Call(key="divide" | "modulo", args=(left, Literal(parameter=number) as divisor)) if number >= 0:
            # Whether the divisor is 0 decides where the expression may go.
            expr = Call(expr.key, (left, context.literals.fixed(divisor)), expr.type, expr.span)
    if expr.key in VOLATILE or not expr.args:
        return expr
    return _evaluated(expr, context)


def _evaluated(expr: Expr, context: RewriteContext) -> Expr:
    if context.evaluate is None:
        return expr
    for arg in children(expr):
        if arg.__class__ is not Literal:
            return expr
    try:
        value = context.evaluate(expr)
    except Exception:  # whatever it is: the expression stays, and fails at run time if it is reached
        return expr
    return context.literals.derive(expr, value)


def _fold_logic(expr: And | Or, context: RewriteContext) -> Expr:
    """Drops neutral arguments; a dominating one (FALSE in AND, TRUE in OR) is the result.
    NULL is neither: it matters when the rest is neutral too."""
    kind, conjunction = expr.__class__, isinstance(expr, And)
    kept: list[Expr] = []
    for arg in expr.args:
        parts = arg.args if arg.__class__ is kind else (arg,)  # type: ignore[union-attr]
        for part in parts:
            if part.__class__ is not Literal:
                kept.append(part)
                continue
            context.literals.pin(part)
            if is_true(part):
                if not conjunction:
                    return part
            elif is_false_or_null(part) and part.value is not None:  # type: ignore[union-attr]
                if conjunction:
                    return FALSE
            else:
                kept.append(part)
    if not kept:
        return Literal(conjunction, expr.type)
    if len(kept) == 1:
        return kept[0]
    return expr if tuple(kept) == expr.args else kind(tuple(kept))


def _fold_case(expr: Case, context: RewriteContext) -> Expr:
    whens: list[tuple[Expr, Expr]] = []
    for condition, value in expr.whens:
        if isinstance(condition, Literal):
            context.literals.pin(condition)
        if is_false_or_null(condition):
            continue
        if is_true(condition):
            return Case(tuple(whens), value, expr.type, expr.span) if whens else value
        whens.append((condition, value))
    if not whens:
        return expr.default
    return expr if len(whens) == len(expr.whens) else Case(tuple(whens), expr.default, expr.type, expr.span)


_WAYS: dict[type, Callable[[Any, RewriteContext], Expr]] = {
    And: _fold_logic, Or: _fold_logic, Case: _fold_case, IsNull: _fold_is_null, Not: _fold_not, Call: _fold_call,
    **dict.fromkeys((Cast, Compare, InList, Like), _evaluated),
}
