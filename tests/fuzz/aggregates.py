"""Random aggregates, and values made of aggregates and group keys."""

from __future__ import annotations

from dataclasses import replace

from . import literals
from .nodes import COUNT, INT_LIMITS, Node, Type, columns_in, key, value
from .predicates import Predicates
from .scalars import SORTS, Scope

SAFE_ROWS = 10**6  # no group is larger
SPREADS = ("stddev_samp", "stddev_pop", "var_samp", "var_pop")


class Aggregates(Predicates):
    within = False  # the select has an aggregate over sorted values: Redshift takes one order a select

    def aggregate_value(self, sort: str, scope: Scope, keys: list[Node]) -> Node:
        """A value of the sort over a group: an aggregate, or an expression around some."""
        kind = self.random.random()
        if kind < 0.75:
            return self.aggregate(sort, scope)
        if kind < 0.83:
            return (
                value(
                    self.aggregate(sort, scope).t,
                    "case when {1} > {2} then {0} end",
                    self.aggregate(sort, scope),
                    self.count(scope),
                    literals.count(self.values, 0, 3),
                )
                if sort != "text"
                else self.aggregate(sort, scope)
            )
        same = [k for k in keys if k.sort == sort and not k.t.wild]
        if same and sort not in ("dec",):
            a, b = self.random.choice(same), self.aggregate(sort, scope)
            type = self.common(a, b)
            if type is not None:
                return value(type, "coalesce({1}, {0})", a, b)
        if sort == "int":
            a = self.aggregate("int", scope)
            if a.t.bound < 2**60 and a.t.width == "bigint":
                return value(replace(a.t, bound=a.t.bound * 2), "({0} + {1})", a, self.count(scope))
        return self.aggregate(sort, scope)

    def count(self, scope: Scope) -> Node:
        if self.chance(0.4):
            return value(COUNT, "count(*)")
        a = key(self.own(self.value(self.random.choice(SORTS), scope, self.random.choice([0, 0, 1]), True), scope))
        return value(COUNT, f"count({'distinct ' if self.chance(0.5) else ''}{{0}})", a)

    def aggregate(self, sort: str, scope: Scope) -> Node:
        match sort:
            case "int":
                kind = self.random.random()
                return (
                    self.count(scope)
                    if kind < 0.4
                    else self.int_total(scope)
                    if kind < 0.8
                    else self.extreme(sort, scope)
                )
            case "dec":
                return self.dec_total(scope) if self.chance(0.7) else self.extreme(sort, scope)
            case "flt":
                return self.flt_total(scope) if self.chance(0.7) else self.extreme(sort, scope)
            case "bool":
                a = self.own(self.value("bool", scope, 1), scope)
                return value(replace(a.t, nullable=True), self.random.choice(["bool_and({0})", "bool_or({0})"]), a)
            case _:
                found = self.sorted_values(sort, scope) if sort == "text" else None
                return found or self.extreme(sort, scope)

    def extreme(self, sort: str, scope: Scope) -> Node:
        a = key(self.own(self.value(sort, scope, self.random.choice([0, 0, 1]), True), scope))
        distinct = "distinct " if self.chance(0.1) else ""
        return value(a.t, f"{self.random.choice(['min', 'max'])}({distinct}{{0}})", a)

    def argument(self, sort: str, scope: Scope, most: float) -> Node:
        a = self.own(self.value(sort, scope, self.random.choice([0, 0, 1, 2])), scope)
        if a.t.bound > most or a.t.rounded:
            return literals.literal(sort, self.random, self.values)
        return a

    def own(self, node: Node, scope: Scope) -> Node:
        """An aggregate's argument; one over outer columns alone would be the outer query's aggregate."""
        used, mine = columns_in(node), {c.ours for s in scope.sources for c in s.columns}
        return literals.literal(node.sort, self.random, self.values) if used and used.isdisjoint(mine) else node

    def sorted_values(self, sort: str, scope: Scope) -> Node | None:
        """LISTAGG, MEDIAN or PERCENTILE_CONT, if the select has none yet."""
        if self.within or not self.chance(0.2):
            return None
        if sort == "flt":
            a = self.argument("flt", scope, 10**6)
            self.within = True
            share = self.random.choice(["0.5", "0.25", "0.75"])
            ours = "median({0})" if self.chance(0.4) else f"percentile_cont({share}) within group (order by {{0}})"
            judge = "median({0})" if ours[0] == "m" else f"quantile_cont({{0}}, {share})"
            return value(Type("flt", "double", bound=a.t.bound, rounded=True), ours, a, judge=judge)
        a = self.own(self.text_value(scope, 1), scope)
        self.within = True
        short = value(Type("text", length=2, ascii=a.t.ascii), "replace(left({0}, 2), ' ', '_')", a)
        type = Type("text", length=400, ascii=a.t.ascii)
        return value(type, "listagg(distinct {0}, ';') within group (order by {0})", short,  # it leaves out empty texts
                     judge="string_agg(distinct nullif({0}, ''), ';' order by nullif({0}, ''))")

    def bit_total(self, scope: Scope) -> Node:
        a = self.argument("int", scope, 10**12)
        type = replace(a.t, bound=min(2 * a.t.bound + 1, INT_LIMITS[a.t.width]), nullable=True)
        return value(type, self.random.choice(["bit_and({0})", "bit_or({0})"]), a)

    def spread(self, scope: Scope) -> Node:
        """Of few and small numbers: how their squares are summed does not show."""
        a = self.argument(self.random.choice(["int", "flt"]), scope, 1000)
        type = Type("flt", "double", bound=10**7, rounded=True)
        return value(type, f"{self.random.choice(SPREADS)}({{0}})", a)

    def int_total(self, scope: Scope) -> Node:
        if self.chance(0.1):
            return self.bit_total(scope)
        a = self.argument("int", scope, 10**12)
        d = "distinct " if self.chance(0.2) else ""
        if self.chance(0.5):
            type = Type("int", "bigint", bound=a.t.bound * SAFE_ROWS)
            return value(type, f"sum({d}{{0}})", a, judge=f"cast(sum({d}{{0}}) as bigint)")
        return value(
            Type("int", "bigint", bound=a.t.bound),
            f"avg({d}{{0}})",
            a,
            judge=f"cast(sum({d}{{0}}) // count({d}{{0}}) as bigint)",
        )

    def dec_total(self, scope: Scope) -> Node:
        a = self.argument("dec", scope, 10**12)
        d, s = "distinct " if self.chance(0.2) else "", a.t.scale
        type = Type("dec", precision=38, scale=s, bound=a.t.bound * SAFE_ROWS)
        if self.chance(0.5) or a.t.bound * 10 ** (2 * s) > 10**28:
            return value(type, f"sum({d}{{0}})", a)
        unit = f"cast('0.{'0' * (s - 1)}1' as decimal({s},{s}))" if s else "cast(1 as decimal(1,0))"
        judge = (
            f"(cast(cast(sum({d}{{0}}) * {10**s} as hugeint) // count({d}{{0}}) as decimal({38 - max(s, 1)},0))"
            f" * {unit})"
        )
        return value(replace(type, bound=a.t.bound), f"avg({d}{{0}})", a, judge=judge)

    def flt_total(self, scope: Scope) -> Node:
        sorted_values = self.sorted_values("flt", scope)
        if sorted_values is not None:
            return sorted_values
        if self.chance(0.15):
            return self.spread(scope)
        a = self.argument("flt", scope, 10**6)
        d = "distinct " if self.chance(0.2) else ""
        if self.chance(0.5):
            return value(Type("flt", "double", bound=a.t.bound * SAFE_ROWS), f"sum({d}{{0}})", a)
        return value(Type("flt", "double", bound=a.t.bound, rounded=True), f"avg({d}{{0}})", a)
