"""Where Redshift's answers differ from DuckDB's by type, scale or rounding: the judge's text says so.

Our answers are never rounded to fit the judge. Instead the judge runs an adapted text, and every
adaptation stands in `DIFFERENCES` once, with the manual's page that asks for it. Decimal results are
computed in DuckDB with 128-bit integers, so that the comparison stays exact:

    avg of DECIMAL(p,s)          (sum in units of the scale) // count     -> DECIMAL(38,s)
    DECIMAL / DECIMAL            (left * 10**k) // right                  -> DECIMAL(38,scale)

The scale of a quotient follows the manual: max(4, s1 + p2 - s2 + 1), and where the precision would
pass 38, max(38 + scale - precision, 4). In TPC-H every quotient has sums of precision 38: scale 4.
"""
from __future__ import annotations

from dataclasses import dataclass

MACROS = """
create or replace macro units(x, scale) as cast(cast(x as decimal(38, 6)) * 1000000 as hugeint)
    // cast(pow(10, 6 - scale) as hugeint);
create or replace macro decimal_avg2(x) as
    cast(cast(sum(x) * 100 as hugeint) // count(x) as decimal(36, 0)) * 0.01;
create or replace macro decimal_quotient4(a, b) as
    cast(units(a, 6) * 10000 // units(b, 6) as decimal(34, 0)) * 0.0001;
"""


_PRICE = "l_extendedprice * (1 - l_discount)"
_PROMO = f"sum(case when p_type like 'PROMO%' then {_PRICE} else 0 end)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the manual asks for another answer than the judge's own text would give."""

    name: str
    page: str  # of the Amazon Redshift Database Developer Guide
    replacements: dict[str, tuple[tuple[str, str], ...]]  # query -> (our text, judge's text)


DIFFERENCES = (
    Difference(
        "AVG of DECIMAL(p,s) is DECIMAL(38,s), further digits cut off; DuckDB answers a double",
        "r_AVG",
        {
            "q01": (
                ("avg(l_quantity)", "decimal_avg2(l_quantity)"),
                ("avg(l_extendedprice)", "decimal_avg2(l_extendedprice)"),
                ("avg(l_discount)", "decimal_avg2(l_discount)"),
            ),
            "q17": (("avg(l_quantity)", "decimal_avg2(l_quantity)"),),
            "q22": (("avg(c_acctbal)", "decimal_avg2(c_acctbal)"),),
        },
    ),
    Difference(
        "DECIMAL / DECIMAL is DECIMAL of the manual's scale, further digits cut off; DuckDB divides doubles",
        "r_numeric_computations201",
        {
            "q08": ((
                "sum(case when nation = 'BRAZIL' then volume else 0 end) / sum(volume)",
                "decimal_quotient4(sum(case when nation = 'BRAZIL' then volume else 0 end), sum(volume))",
            ),),
            "q14": ((
                f"100.00 * {_PROMO}\n        / sum({_PRICE})",
                f"decimal_quotient4(100.00 * {_PROMO}, sum({_PRICE}))",
            ),),
            "q17": (("sum(l_extendedprice) / 7.0", "decimal_quotient4(sum(l_extendedprice), 7.0)"),),
        },
    ),
)


def adapted(query: str, sql: str) -> str:
    """The judge's text of one query; a replacement that no longer fits is an error."""
    for difference in DIFFERENCES:
        for ours, judges in difference.replacements.get(query, ()):
            if ours not in sql:
                raise ValueError(f"{query}: text of {difference.name!r} not found: {ours}")
            sql = sql.replace(ours, judges)
    return sql
