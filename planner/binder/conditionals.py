"""CASE in its two forms. COALESCE, NULLIF and their like are functions (planner/functions/conditional.py)."""
from __future__ import annotations

from sqlglot import exp

from ...storage.types import UNKNOWN
from .. import build
from ..coercion import unify
from ..expressions import Case, Expr, Literal
from ..functions.conditional import bounded
from .dispatch import binds
from .expressions import ExpressionBinder


@binds(exp.Case)
def _case(e: ExpressionBinder, node: exp.Case) -> Expr:
    """CASE [operand] WHEN ... THEN ... [ELSE ...] END."""
    given, ifs = node.args.get("this"), node.args["ifs"]
    operand = None if given is None else e.bind(given)
    if operand is not None:
        bounded([operand], len(node.args["ifs"]), "CASE", e.b.position(node))
    clause, e.clause = e.clause, "CASE/WHEN"
    conditions: list[Expr] = []
    results: list[Expr] = []
    for when in ifs:
        parts = when.args
        if operand is None:
            conditions.append(e.boolean(parts["this"]))
        else:
            conditions.append(build.compare("=", operand, e.bind(parts["this"])))
        results.append(e.bind(parts["true"]))
    otherwise = node.args.get("default")
    results.append(Literal(None, UNKNOWN) if otherwise is None else e.bind(otherwise))
    e.clause = clause
    first, last = ifs[0] if given is None else given, ifs[-1] if otherwise is None else otherwise
    span = e.b.span_between(first, last) or e.span(node)
    unified, type = unify(results, "CASE", None if span is None else span[0])
    return Case(tuple(zip(conditions, unified)), unified[-1], type, span)
