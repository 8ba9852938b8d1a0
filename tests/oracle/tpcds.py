"""TPC-DS: what our texts change of the generator's, and what the judge's texts spell out of Redshift's rules.

The 99 texts are not written for one engine; Redshift reads them as they are. The judge's are made from
them by rules over the syntax tree, one for each way in which Redshift's answer is another than DuckDB's:

    avg(integer)                    integer_avg(x)         BIGINT, fraction cut off          r_AVG
    avg(DECIMAL(p,2))               decimal_avg2(x)        DECIMAL(38,2), digits cut off     r_AVG
    DECIMAL / DECIMAL               quotient4(a, b)        DECIMAL of the manual's scale,    r_numeric_computations201
                                                           further digits cut off
    concat(a, b)                    a || b                 NULL where one of them is         r_CONCAT
    order by x [desc]               a setting: NULL is larger than any value                 r_ORDER_BY_clause

Quotients of sums have scale 4 (a sum has precision 38, see adapt.py); `SCALES` lists the others.
"""
from __future__ import annotations

import functools
from collections.abc import Callable

import sqlglot
from sqlglot import exp

SETTINGS = "set default_null_order = 'nulls_last_on_asc_first_on_desc'"

# avg of these is a BIGINT; all others that the queries average are DECIMAL(p,2).
INTEGERS = frozenset((
    "ss_quantity", "sr_return_quantity", "cs_quantity", "ws_quantity", "inv_quantity_on_hand",
    "cd_dep_count", "cd_dep_employed_count", "cd_dep_college_count", "agg1",
))

# Scales of the quotients by their divisor, where not 4: max(4, s1 + p2 - s2 + 1), and
# max(38 + scale - precision, 4) where the precision p1 - s1 + s2 + scale would pass 38.
# INTEGER counts as DECIMAL(10,0), BIGINT as DECIMAL(19,0).
SCALES: dict[str, dict[str, int]] = {
    "q04": {"2": 13},  # DECIMAL(10,2) / INTEGER
    "q21": {"inv_before": 17, "2.000": 5, "3.000": 5},  # DECIMAL(24,3) / BIGINT; DECIMAL(4,3) / DECIMAL(4,3)
    "q34": {"household_demographics.hd_vehicle_count": 14},  # DECIMAL(15,3) / INTEGER
    "q49": dict.fromkeys((
        "CAST(SUM(COALESCE(ws.ws_quantity, 0)) AS DECIMAL(15, 4))",
        "CAST(SUM(COALESCE(ws.ws_net_paid, 0)) AS DECIMAL(15, 4))",
        "CAST(SUM(COALESCE(cs.cs_quantity, 0)) AS DECIMAL(15, 4))",
        "CAST(SUM(COALESCE(cs.cs_net_paid, 0)) AS DECIMAL(15, 4))",
        "CAST(SUM(COALESCE(sts.ss_quantity, 0)) AS DECIMAL(15, 4))",
        "CAST(SUM(COALESCE(sts.ss_net_paid, 0)) AS DECIMAL(15, 4))",
    ), 16),  # DECIMAL(15,4) / DECIMAL(15,4)
    "q61": {"CAST(total AS DECIMAL(15, 4))": 16},
    "q73": {"household_demographics.hd_vehicle_count": 14},
    "q75": {"CAST(prev_yr.sales_cnt AS DECIMAL(17, 2))": 18},  # DECIMAL(17,2) / DECIMAL(17,2)
    "q78": {"(COALESCE(ws_qty, 0) + COALESCE(cs_qty, 0))": 17},  # DECIMAL(23,2) / BIGINT
    "q83": {"(sr_item_qty + cr_item_qty + wr_item_qty)": 17, "3.0000": 13},  # DECIMAL(25,4) / BIGINT
    "q90": {"CAST(pmc AS DECIMAL(15, 4))": 16},
}

# Quotients of a DOUBLE stay as they are.
DOUBLES = frozenset(("q17", "q39"))


def _quotient(scale: int) -> str:
    """A macro of the quotient with `scale` digits. Operands in units of 10**-6, or of 10**-4 where much is asked;
    a dividend that is a quotient itself (Q83, scale 17) keeps all its digits."""
    digits = 6 if scale < 13 else 4
    dividend = f"units(a, {digits}) * cast('1{'0' * scale}' as hugeint)"
    if scale == 13:
        dividend = "cast(replace(cast(cast(a as decimal(38, 17)) as varchar), '.', '') as hugeint)"
    cut = f"cast(({dividend}) // units(b, {digits}) as decimal({38 - scale}, 0))"
    return f"create or replace macro quotient{scale}(a, b) as {cut} * 0.{'0' * (scale - 1)}1;"


MACROS = """
create or replace macro integer_avg(x) as cast(sum(x) // count(x) as bigint);
create or replace macro decimal_cut2(total, n) as
    cast(cast(total * 100 as hugeint) // n as decimal(36, 0)) * 0.01;
""" + "\n".join(map(_quotient, sorted({4, *(scale for scales in SCALES.values() for scale in scales.values())})))


def text(query: str, generated: str) -> str:
    """Our text of a query: the generator's."""
    return generated


@functools.cache
def judges_text(query: str, sql: str) -> str:
    """The judge's text of a query."""
    tree = exp.paren(sqlglot.parse_one(sql, read="redshift"), copy=False)
    for rule in (_average_over_window, _average, _concatenation):
        _replace(tree, rule)
    if query not in DOUBLES:
        missing = set(SCALES.get(query, ())) - {node.expression.sql() for node in tree.find_all(exp.Div)}
        if missing:
            raise ValueError(f"{query}: no quotient by {missing}")
        _replace(tree, functools.partial(_quotient_of_scale, SCALES.get(query, {})))
    return tree.this.sql(dialect="duckdb")


def _average_over_window(node: exp.Expression) -> exp.Expression:
    """`avg(x) over w` is not a macro's to say: both sums over w, then the quotient."""
    if not (isinstance(node, exp.Window) and isinstance(node.this, exp.Avg)):
        return node
    total, count = node.copy(), node.copy()
    total.set("this", exp.Sum(this=node.this.this.copy()))
    count.set("this", exp.Count(this=node.this.this.copy()))
    return exp.func("decimal_cut2", total, count)


def _average(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.Avg):
        return node
    integer = isinstance(node.this, exp.Column) and node.this.name.lower() in INTEGERS
    return exp.func("integer_avg" if integer else "decimal_avg2", node.this)


def _concatenation(node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.Concat):
        return node
    return exp.paren(functools.reduce(lambda a, b: exp.DPipe(this=a, expression=b), node.expressions))


def _quotient_of_scale(scales: dict[str, int], node: exp.Expression) -> exp.Expression:
    if not isinstance(node, exp.Div):
        return node
    return exp.func(f"quotient{scales.get(node.expression.sql(), 4)}", node.this, node.expression)


def _replace(tree: exp.Expression, rule: Callable[[exp.Expression], exp.Expression]) -> None:
    """Put in what a rule says for each node, inner ones first."""
    for node in sorted(tree.find_all(exp.Expression), key=lambda node: -node.depth):
        if (new := rule(node)) is not node:
            node.replace(new)
