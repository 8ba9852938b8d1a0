"""extra_float_digits: how many digits a float has that becomes text, written into the bound plan.

    cast(f as varchar)     print_float(f, digits)     digits: 15 of DOUBLE PRECISION, 6 of REAL, and the setting's

At the setting's default, 0, a cast says it all and nothing is written (engine/functions/text.py). What a client gets
as a number always has all digits; the setting is about text (r_extra_float_digits).
"""
from __future__ import annotations

from dataclasses import replace

from ...storage.types import INTEGER, Kind, varchar
from ..expressions import Call, Cast, Exists, Expr, Literal, Quantified, ScalarSubquery
from ..logical import Logical, Query
from ..traverse import map_expressions, rewrite, rewrite_plan

PRINTED = varchar(24)
DIGITS = {Kind.DOUBLE: 15, Kind.REAL: 6}


def with_digits(query: Query, extra: int) -> Query:
    """The query with floats printed in so many digits more (or fewer)."""
    if extra == 0:
        return query

    def changed(expr: Expr) -> Expr:
        match expr:
            case Cast() if expr.operand.type.is_float and expr.type.is_string:
                digits = max(DIGITS[expr.operand.type.kind] + extra, 1)
                printed = Call("print_float", (expr.operand, Literal(digits, INTEGER)), PRINTED, expr.span)
                return Cast(printed, expr.type, expr.implicit, expr.span)
            case ScalarSubquery() | Exists() | Quantified():
                return replace(expr, plan=of(expr.plan))
            case _:
                return expr

    def of(plan: Logical) -> Logical:
        return rewrite_plan(plan, lambda node: map_expressions(node, lambda expr: rewrite(expr, changed)))

    ctes = tuple([(number, of(plan), columns) for number, plan, columns in query.ctes])
    return replace(query, plan=of(query.plan), ctes=ctes)
