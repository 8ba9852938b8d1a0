"""Random window functions. Where an answer depends on the order of equal rows, the order goes on over all columns in
sight: rows that are equal then are equal in everything, and any of them may come first.

    rank() over (partition by P order by O)                        equal rows get equal values: any order will do
    lag(x, 2) over (partition by P order by O, <all columns>)      so does every frame of ROWS
"""

from __future__ import annotations

from dataclasses import replace

from . import literals
from .aggregates import SAFE_ROWS, Aggregates
from .nodes import COUNT, EMPTY, Node, Type, columns_in, compared, many, value
from .scalars import SORTS, Scope

PART = Type("flt", "double", bound=1)
NOT_OVER = ("distinct", "within group", "median(", "bit_and(", "bit_or(")
MOST_COLUMNS = 24  # in sight, for an order over all of them
FRAMES = (
    "unbounded preceding", "unbounded preceding and current row", "2 preceding and 1 following",
    "current row and unbounded following", "1 following and 3 following", "unbounded preceding and unbounded following",
    "4 preceding and 2 preceding",
)  # fmt: skip
RANGES = (
    "unbounded preceding", "unbounded preceding and current row", "current row and unbounded following",
    "current row and current row", "3 preceding and 2 following", "5 preceding and 1 preceding",
)  # fmt: skip


class Windows(Aggregates):
    def window_value(self, scope: Scope) -> Node:
        """A window function over the rows of `scope`."""
        total = self.total_order(scope)
        kind = self.random.random()
        if kind < 0.35 or total is None:
            return self.ranking(scope)
        if kind < 0.50:
            return self.whole_partition(scope)
        if kind < 0.56:
            return self.ranged(scope)
        if kind < 0.60:
            return self.quantile(scope)
        over = self.over(scope, [*self.order(scope), *total])
        if kind < 0.75:
            return self.offset(scope, over)
        return self.framed(scope, over)

    def qualify(self, scope: Scope) -> Node:
        """QUALIFY by a rank: which rows are equal does not matter to it."""
        if not any(s.columns for s in scope.sources):
            return EMPTY
        n = literals.count(self.values, 1, 9)
        name = self.random.choice(["rank", "dense_rank"])
        order = self.order(scope) or [self.directed(compared(c)) for s in scope.sources for c in s.columns[:1]]
        return Node("clause", f" qualify {name}() over {{0}} <= {{1}}", args=(self.over(scope, order), n))

    # -- the window ----------------------------------------------------------------------------------

    def partition(self, scope: Scope) -> Node:
        keys = [self.part_key(scope) for _ in range(self.random.choice([0, 1, 1, 2]))]
        keys = [k for k in keys if columns_in(k)]
        return Node("clause", "partition by {0}", args=(many(", ", keys),)) if keys else EMPTY

    def part_key(self, scope: Scope) -> Node:
        return compared(self.value(self.random.choice(SORTS), scope, self.random.choice([0, 0, 1]), True))

    def order(self, scope: Scope) -> list[Node]:
        keys = [self.part_key(scope) for _ in range(self.random.choice([1, 1, 2]))]
        return [self.directed(k) for k in keys if columns_in(k)]

    def directed(self, key: Node) -> Node:
        direction = self.random.choice([" asc", " desc"])
        return Node("key", f"{{0}}{direction} nulls {self.random.choice(['first', 'last'])}", args=(key,))

    def total_order(self, scope: Scope) -> list[Node] | None:
        """All columns in sight; None where two texts may be equal and not the same, or there are too many."""
        columns = [c for s in scope.sources for c in s.columns]
        if not columns or len(columns) > MOST_COLUMNS or any(c.t.blank or c.t.ragged for c in columns):
            return None
        return [Node("key", "{0} nulls last", args=(c,)) for c in columns]

    def over(self, scope: Scope, order: list[Node], frame: str = "") -> Node:
        by = Node("clause", " order by {0}", args=(many(", ", order),)) if order else EMPTY
        return Node("window", f"({{0}}{{1}}{frame})", args=(self.partition(scope), by))

    # -- the functions -------------------------------------------------------------------------------

    def ranking(self, scope: Scope) -> Node:
        order = self.order(scope)
        while not order:
            columns = [c for s in scope.sources for c in s.columns]
            if not columns:
                return self.count(scope)
            order = [self.directed(compared(self.random.choice(columns)))]
        name = self.random.choice(["rank", "rank", "rank", "dense_rank", "percent_rank", "cume_dist"])
        type = replace(COUNT, bound=SAFE_ROWS) if name.endswith("rank") and name[0] != "p" else PART
        return value(type, f"{name}() over {{0}}", self.over(scope, order))

    def whole_partition(self, scope: Scope) -> Node:
        sort = self.random.choice(["int", "dec", "flt", "text", "date"])
        return self.windowed(self.aggregate_of(sort, scope), self.over(scope, []))

    def framed(self, scope: Scope, over: Node) -> Node:
        frame = self.random.choice(FRAMES)
        rows = f" rows {'between ' if ' and ' in frame else ''}{frame}"
        over = replace(over, ours=over.ours[:-1] + rows + ")")
        kind = self.random.random()
        if kind < 0.3:
            a = self.value(self.random.choice(SORTS), scope, 0, True)
            name = self.random.choice(["first_value({0})", "last_value({0})", "nth_value({0}, 2)"])
            nulls = self.random.choice(["", "", " ignore nulls"])
            return value(replace(a.t, nullable=True), f"{name}{nulls} over {{1}}", a, over,
                         judge=f"{name[:-1]}{nulls}) over {{1}}")
        return self.windowed(self.aggregate_of(self.random.choice(["int", "dec", "flt", "date"]), scope), over)

    def ranged(self, scope: Scope) -> Node:
        """RANGE frames go by values: equal rows are in them together, so that no order over all columns is needed."""
        key = self.value(self.random.choice(["int", "date"]), scope, self.random.choice([0, 0, 1]))
        frame = self.random.choice(RANGES[:4] if key.sort == "date" or not columns_in(key) else RANGES)
        if not columns_in(key):
            return self.ranking(scope)
        order = [self.directed(key)]
        over = self.over(scope, order, f" range {'between ' if ' and ' in frame else ''}{frame}")
        return self.windowed(self.aggregate_of(self.random.choice(["int", "dec", "date"]), scope), over)

    def quantile(self, scope: Scope) -> Node:
        """MEDIAN and the percentiles over partitions."""
        over = Node("window", "({0})", args=(self.partition(scope),))
        share = self.random.choice(["0.5", "0.25", "0.75"])
        if self.chance(0.5):
            a = self.argument(self.random.choice(["int", "flt"]), scope, 10**6)
            ours = f"percentile_disc({share}) within group (order by {{0}}) over {{1}}"
            return value(replace(a.t, nullable=True), ours, a, over, judge=f"quantile_disc({{0}}, {share}) over {{1}}")
        a = self.argument("flt", scope, 10**6)
        type = Type("flt", "double", bound=a.t.bound, rounded=True)
        if self.chance(0.5):
            return value(type, "median({0}) over {1}", a, over)
        return value(type, f"percentile_cont({share}) within group (order by {{0}}) over {{1}}", a, over,
                     judge=f"quantile_cont({{0}}, {share}) over {{1}}")

    def offset(self, scope: Scope, over: Node) -> Node:
        if self.chance(0.3):
            number = literals.count(self.values, 1, 5)
            name = self.random.choice(["row_number()", "ntile({1})"])
            return value(replace(COUNT, bound=SAFE_ROWS), f"{name} over {{0}}", over, number)
        a = self.value(self.random.choice(SORTS), scope, self.random.choice([0, 0, 1]), True)
        name, distance = self.random.choice(["lag", "lead"]), literals.count(self.values, 0, 3)
        nulls = self.random.choice(["", "", " ignore nulls"])
        return value(replace(a.t, nullable=True), f"{name}({{0}}, {{2}}){nulls} over {{1}}", a, over, distance,
                     judge=f"{name}({{0}}, {{2}}{nulls}) over {{1}}")

    def aggregate_of(self, sort: str, scope: Scope) -> Node:
        """An aggregate that windows take, too: no DISTINCT."""
        while True:
            made = self.aggregate(sort, scope)
            if not any(word in made.ours for word in NOT_OVER):
                return made

    def windowed(self, made: Node, over: Node) -> Node:
        """The aggregate over a window instead of a group."""
        place = f"{{{len(made.args)}}}"

        def placed(text: str) -> str:
            out, at = "", 0
            for end in _ends(text):
                out, at = out + text[at:end] + f" over {place}", end
            return out + text[at:]

        ours, judge = placed(made.ours), placed(made.judge or made.ours)
        if ours.startswith(("sum(", "avg(")) and made.args[0].t.width == "bigint":
            ours = f"cast({ours} as bigint)"  # over a window these are NUMERIC
        return replace(made, ours=ours, judge=judge, args=(*made.args, over))


def _ends(text: str) -> list[int]:
    """Where sum(...), count(...) and the like end in a template."""
    found = []
    for name in ("sum(", "avg(", "count(", "min(", "max(", "bool_and(", "bool_or(", "stddev_samp(", "stddev_pop(",
                 "var_samp(", "var_pop("):
        start = text.find(name)
        while start >= 0:
            end = text.index(")", start) + 1
            found.append(end)
            start = text.find(name, end)
    return sorted(found)
