"""Correlated subqueries that Redshift cannot take apart (r_correlated_subqueries): refused, unless `extended`.

    a reference past a query block          exists (select 1 from b where exists (select 1 from c where c.x = a.x))
    in the ON clause of an outer join       a left join b on b.x = (select max(x) from c where c.y = b.y)
    NOT IN over a system table              1 not in (select 1 from pg_class where relowner = a.x)
    a window function beside it             a.x in (select sum(y) over () from b where b.z = a.z)
    a GROUP BY column                       select (select count(*) from b where b.x = a.x) n from a group by n
    IN over groups, but for MIN and MAX     a.x in (select sum(y) from b where b.z > a.z group by b.k)

Unnesting runs all of them; the check keeps a query that works here from failing on Redshift.
"""
from __future__ import annotations

from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError
from ..columns import free_columns
from ..expressions import Exists, Expr, Quantified, ScalarSubquery
from ..logical import Aggregate, Logical, VirtualScan
from ..traverse import walk, walk_plan
from .context import Binder

MESSAGE = "This type of correlated subquery pattern is not supported yet"
_FREE_OF_NULLS = ("min", "max")


def refuse(b: Binder, position: int | None, why: str) -> None:
    if not b.context.extended:
        raise NotSupportedError(MESSAGE, detail=why, position=position,
                                hint="Redshift refuses it too; SET compatibility TO extended runs it here.")


def check_levels(b: Binder, levels: int, position: int | None) -> None:
    """`levels`: query blocks between a column's use and its table."""
    if levels > 1:
        refuse(b, position, "A correlation reference skips a query block.")


def check_outer_join(b: Binder, condition: Expr, node: Any) -> None:
    if has_correlated(condition):
        refuse(b, b.position(node), "A correlated subquery stands in the ON clause of an outer join.")


def check_group(b: Binder, expr: Expr, node: Any) -> None:
    if has_correlated(expr):
        refuse(b, b.position(node), "A GROUP BY column refers to the result of a correlated subquery.")


def check_window(b: Binder, plan: Logical, query: Any) -> None:
    """Of any subquery: `query` is its syntax tree."""
    if b.words is not None and "over" not in b.words:
        return
    if query.find(exp.Window) is not None and free_columns(plan):
        refuse(b, b.position(query), "A correlated subquery has a window function.")


def check_in(b: Binder, plan: Logical, query: Any, negated: bool) -> None:
    """Of a subquery behind IN, NOT IN, ANY or ALL."""
    if not free_columns(plan):
        return
    nodes = list(walk_plan(plan))
    if negated and any(isinstance(n, VirtualScan) for n in nodes):
        refuse(b, b.position(query), "A null-sensitive correlation reference to a system table.")
    for n in nodes:
        if isinstance(n, Aggregate) and n.groups and any(c.function not in _FREE_OF_NULLS for _, c in n.aggregates):
            refuse(b, b.position(query), "A correlated subquery of IN has a GROUP BY and an aggregate function.")


def has_correlated(expr: Expr) -> bool:
    """Whether a subquery below the expression uses columns from around it."""
    return any(
        isinstance(e, (ScalarSubquery, Exists, Quantified)) and bool(free_columns(e.plan)) for e in walk(expr)
    )
