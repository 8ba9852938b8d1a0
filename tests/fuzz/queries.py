"""Random queries: joins, subqueries, grouping, windows, set operations, CTEs, ORDER BY and LIMIT."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from . import literals
from .nodes import EMPTY, Node, Type, beyond_decimals, columns_in, compared, key, many, test, value
from .scalars import SORTS, Scope, Source
from .tables import Table
from .windows import Windows

JOINS = ("join", "join", "left join", "left join", "right join", "full join", "cross join", "comma")
SET_OPERATIONS = ("union", "union all", "union all", "intersect", "except", "intersect all", "except all")
MOST_ROWS = 60_000
OUTPUT = ("int", "int", "dec", "flt", "text", "text", "date", "ts", "bool")


@dataclass(frozen=True)
class Query:
    """A whole statement and how its answer is compared."""

    node: Node
    columns: tuple[Type, ...]
    keys: tuple[int, ...]  # output columns that the rows are ordered by
    descending: tuple[bool, ...] = ()
    any_rows: int | None = None  # LIMIT without an order: any so many of the judge's rows


class Queries(Windows):
    def __init__(self, tables: tuple[Table, ...], random: Random, values: Random) -> None:
        super().__init__(random, values)
        self.tables = tables
        self.big = tables[-1].rows > MOST_ROWS
        self.most = 4 * MOST_ROWS if self.big else MOST_ROWS
        self.ctes: list[tuple[str, Source]] = []
        self.aliases = 0
        self.nesting = 0

    def alias(self, letter: str) -> str:
        self.aliases += 1
        return f"{letter}{self.aliases}"

    # -- FROM --------------------------------------------------------------------------------------

    def table_source(self, most: float) -> tuple[Node, Source]:
        """A table, a CTE or a derived table."""
        if self.nesting < 2 and self.chance(0.12):
            return self.derived()
        fitting = [s for s in self.ctes if s[1].rows <= most]
        if fitting and self.chance(0.5):
            name, source = self.random.choice(fitting)
            alias = self.alias("c")
            return Node("from1", f"{name} {alias}"), named(alias, source)
        least = 0 if self.chance(0.06) else 1
        tables = [t for t in self.tables if least <= t.rows <= most]
        table, alias = self.random.choice(tables), self.alias("a")
        if self.big and tables[-1] is self.tables[-1] and self.chance(0.4):
            table = tables[-1]
        columns = tuple(value(c.kind.type, f"{alias}.{c.name}") for c in table.columns)
        source = Source(alias, columns, table.rows, tuple(c.peak for c in table.columns))
        return Node("from1", f"{table.name} {alias}"), source

    def derived(self) -> tuple[Node, Source]:
        self.nesting += 1
        query, source = self.named_query(Scope())
        self.nesting -= 1
        alias = self.alias("d")
        names = ", ".join(f"x{i}" for i in range(len(source.columns)))
        form = f"({{0}}) {alias} ({names})" if self.chance(0.3) else f"({{0}}) as {alias}"
        return Node("from1", form, args=(query,)), named(alias, source)

    def named_query(self, scope: Scope) -> tuple[Node, Source]:
        """A query with output columns x0, x1 ..., as a source for others."""
        query, types, rows = self.select_or_set(scope)
        columns = tuple(value(t, f"x{i}") for i, t in enumerate(types))
        return query, Source("", columns, rows, tuple(1.0 for _ in columns))

    def from_clause(self, outer: tuple[Source, ...], most: int = 3) -> tuple[Node, Scope, float]:
        node, source = self.table_source(self.most)
        sources, rows = [source], source.rows
        for _ in range(self.random.choice([0, 0, 1, 1, 2, 3])):
            if len(sources) >= most:
                break
            joined = self.join(node, sources, rows, outer)
            if joined is None:
                break
            node, added, rows = joined
            sources.append(added)
            if ", " in node.ours:  # what is joined behind a comma sees only what stands behind it
                break
        return node, Scope(tuple(sources), outer), rows

    def join(
        self, left: Node, sources: list[Source], rows: float, outer: tuple[Source, ...]
    ) -> tuple[Node, Source, float] | None:
        kind = self.random.choice(JOINS)
        right, added = self.table_source(self.most)
        both = Scope((*sources, added))
        equal = self.equality(sources, added, rows)
        if kind in ("cross join", "comma") or equal is None:
            if rows * added.rows > self.most / 3:
                return None
            glue = ", " if kind == "comma" else " cross join "
            return Node("from", f"{{0}}{glue}{{1}}", args=(left, right)), added, rows * added.rows
        if len(sources) == 1 and self.chance(0.12) and (using := self.using(kind, sources[0], added)):
            return Node("from", f"{{0}} {kind} {{1}} using ({using})", args=(left, right)), added, max(equal[1], rows)
        condition, result = equal
        parts = [condition]
        if self.chance(0.25):
            again = self.equality(sources, added, rows)
            parts += [again[0]] if again is not None else []
        if self.chance(0.3) and kind != "full join":
            parts.append(self.predicate(both, 1))
        if self.chance(0.06) and rows * added.rows < self.most / 3 and kind != "full join":
            parts, result = [self.comparison(both, 1)], rows * added.rows
        on = many(" and ", parts)
        return Node("from", f"{{0}} {kind} {{1}} on {{2}}", args=(left, right, on)), added, max(result, rows)

    def using(self, kind: str, left: Source, right: Source) -> str | None:
        """A column that both sides have under one name."""
        if left.rows * right.rows > self.most / 3:
            return None
        others = {c.ours.split(".")[1]: c for c in right.columns}
        names = [
            (name, c) for c in left.columns if (name := c.ours.split(".")[1]) in others and c.sort in ("int", "date")
        ]
        names = [name for name, c in names if others[name].t == c.t]
        return self.random.choice(names) if names else None

    def equality(self, sources: list[Source], added: Source, rows: float) -> tuple[Node, float] | None:
        """left column = right column of one sort, and the rows it lets through; None when too many."""
        for _ in range(6):
            sort = self.random.choice(["int", "int", "int", "text", "date", "dec", "ts", "flt", "bool"])
            lefts = Scope(tuple(sources)).columns(sort, True)
            other = "dec" if sort == "int" and self.chance(0.1) else sort
            rights = [(c, p) for c, p in zip(added.columns, added.peaks) if c.sort == other]
            if not lefts or not rights:
                continue
            a, (b, peak) = self.random.choice(lefts), self.random.choice(rights)
            alike = [r for r in rights if r[0].ours.split(".")[1] == a.ours.split(".")[1]]
            if alike and self.chance(0.75):
                b, peak = alike[0]
            result = max(rows, 1) * max(1.0, peak * added.rows)
            if result > self.most or beyond_decimals(a.t, b.t):
                continue
            if self.chance(0.15) and sort == other and sort in ("int", "text", "date") and not a.t.wild:
                a = self.conditional(sort, Scope(tuple(sources)), 0)
                result = max(rows, 1) * max(1.0, added.rows)
                if result > self.most:
                    continue
            sides = (compared(a), compared(b)) if self.chance(0.5) else (compared(b), compared(a))
            return test("{0} = {1}", *sides), result
        return None

    # -- SELECT ------------------------------------------------------------------------------------

    def where(self, scope: Scope, correlate: bool = False) -> Node:
        parts = [
            self.predicate(scope, self.random.choice([1, 2, 2])) for _ in range(self.random.choice([0, 0, 1, 1, 2]))
        ]
        if correlate and scope.outer and self.chance(0.8):
            parts.append(self.correlation(scope))
        return Node("clause", " where {0}", args=(many(" and ", parts),)) if parts else EMPTY

    def correlation(self, scope: Scope) -> Node:
        """own column op outer column."""
        sort = self.random.choice(["int", "int", "int", "text", "date"])
        own, others = scope.columns(sort, False), scope.columns(sort, False, outer=True)
        if not own or not others:
            return self.predicate(scope, 0)
        a, b = compared(self.random.choice(own)), compared(self.random.choice(others))
        return test(f"{{0}} {self.random.choice(['=', '=', '=', '=', '<', '<>'])} {{1}}", a, b)

    def select_or_set(self, scope: Scope) -> tuple[Node, list[Type], float]:
        if self.nesting < 2 and self.chance(0.1):
            return self.set_operation(scope.outer)
        return self.select(scope.outer)

    def select(self, outer: tuple[Source, ...], sorts: list[str] | None = None) -> tuple[Node, list[Type], float]:
        """A SELECT without ORDER BY: its node, output types and estimated rows."""
        self.nesting += 1
        source, scope, rows = self.from_clause(outer)
        where = self.where(scope)
        self.nesting -= 1
        if self.chance(0.4):
            node, types = self.grouped(source, scope, where, sorts)
            return node, types, max(rows / 2, 1)
        picked = sorts or [self.random.choice(OUTPUT) for _ in range(self.random.randint(1, 4))]
        items = [self.value(s, scope, self.random.choice([0, 0, 1, 2]), True) for s in picked]
        if sorts is None and self.chance(0.3):
            items.append(self.window_value(scope))
        qualify = self.qualify(scope) if sorts is None and self.chance(0.08) else EMPTY
        distinct = qualify is EMPTY and self.chance(0.2) and not any(i.t.ragged for i in items)
        if distinct:
            items = [key(i) for i in items]
        start = "select distinct " if distinct else "select "
        return (
            Node("query", start + "{0} from {1}{2}{3}", args=(listed(items), source, where, qualify)),
            [i.t for i in items],
            rows,
        )

    def grouped(self, source: Node, scope: Scope, where: Node, sorts: list[str] | None) -> tuple[Node, list[Type]]:
        """GROUP BY with 0 to 4 keys."""
        before, self.within = self.within, False
        keys = [
            key(self.value(self.random.choice(SORTS), scope, self.random.choice([0, 0, 1]), True))
            for _ in range(self.random.choice([0, 1, 1, 2, 2, 3, 4]))
        ]
        keys = [k for k in keys if columns_in(k) and "select" not in k.text("ours")]  # a lone number is a place
        items: list[Node] = []
        wanted = sorts or [self.random.choice(OUTPUT) for _ in range(self.random.randint(1, 4))]
        for sort in wanted:
            same = [k for k in keys if k.sort == sort]
            if same and self.chance(0.5):
                items.append(self.random.choice(same))
            else:
                items.append(self.aggregate_value(sort, scope, keys))
        if sorts is None and keys and self.chance(0.6):
            items = [*keys, *items]
        having = EMPTY
        if self.chance(0.25):
            test = self.aggregate_value(self.random.choice(["int", "dec", "flt"]), scope, keys)
            bound = literals.literal(test.sort, self.random, self.values)
            having = Node(
                "clause", f" having {{0}} {self.random.choice(['>', '<=', '<>'])} {{1}}", args=(test, bound)
            )
        by = self.group_by(keys) if keys else EMPTY
        if sorts is None and any(word in by.ours for word in ("rollup", "cube", "sets")) and self.chance(0.5):
            level = self.random.choice(["grouping({0})", "grouping({0}) + 1"])
            items.append(value(replace(literals.INT, width="int", bound=2), level, self.random.choice(keys)))
        node = Node("query", "select {0} from {1}{2}{3}{4}", args=(listed(items), source, where, by, having))
        self.within = before
        return node, [i.t for i in items]

    def group_by(self, keys: list[Node]) -> Node:
        """Plain keys, or keys under ROLLUP, CUBE and GROUPING SETS; no key twice, as Redshift wants it."""
        if len({k.ours for k in keys}) < len(keys) or not self.chance(0.25):
            return Node("clause", " group by {0}", args=(many(", ", keys),))
        forms = ["rollup({0})", "cube({0})", "grouping sets ({0}, ())", "grouping sets (({0}), rollup({0}))"]
        plain, rest = keys[:-1], keys[-1:]
        if len(keys) > 1 and self.chance(0.3):
            form = self.random.choice(["{1}, rollup({0})", "{1}, grouping sets ({0}, ())"])
            return Node("clause", f" group by {form}", args=(many(", ", rest), many(", ", plain)))
        return Node("clause", f" group by {self.random.choice(forms)}", args=(many(", ", keys),))

    # -- set operations ----------------------------------------------------------------------------

    def set_operation(self, outer: tuple[Source, ...]) -> tuple[Node, list[Type], float]:
        sorts = [self.random.choice(["int", "text", "date", "bool", "int"]) for _ in range(self.random.randint(1, 3))]
        parts, all_types, rows = [], [], 0.0
        count = self.random.choice([2, 2, 3])
        ops = [self.random.choice(SET_OPERATIONS) for _ in range(count - 1)]
        self.nesting += 1
        for _ in range(count):
            node, types, estimate = self.select(outer, sorts)
            wrapped = Node(
                "query",
                "(select {0} from ({1}) s)",
                args=(listed([key(value(t, f"x{i}")) for i, t in enumerate(types)]), node),
            )
            parts.append(wrapped)
            all_types.append(types)
            rows += estimate
        self.nesting -= 1
        node = parts[0]
        for op, part in zip(ops, parts[1:]):
            node = Node("query", f"({{0}} {op} {{1}})", args=(node, part))
        merged = [self.merged([types[i] for types in all_types]) for i in range(len(sorts))]
        names = many(", ", [value(t, f"x{i}") for i, t in enumerate(merged)], len(merged))
        result = Node("query", "select {0} from {1} s", args=(names, node))
        return result, merged, rows

    def merged(self, types: list[Type]) -> Type:
        result = types[0]
        for t in types[1:]:
            found = self.common(value(result, "a"), value(t, "b"))
            assert found is not None
            result = found
        return replace(result, ragged=result.blank or result.ragged)

    # -- subqueries --------------------------------------------------------------------------------

    def inner(self, scope: Scope, correlate: float = 0.6) -> tuple[Node, Scope, Node]:
        """FROM and WHERE of a subquery of `scope`."""
        outer = (*scope.sources, *scope.outer) if self.chance(correlate) else ()
        self.nesting += 1
        source, own, _ = self.from_clause(outer, 2)
        where = self.where(own, True)
        self.nesting -= 1
        return source, own, where

    def scalar_subquery(self, sort: str, scope: Scope, depth: int) -> Node:
        if self.nesting >= 3 or not scope.sources:
            return self.leaf(sort, scope, False)
        source, own, where = self.inner(scope)
        item = self.aggregate_value(sort, own, [])
        return value(item.t, "(select {0} from {1}{2})", item, source, where)

    def subquery_predicate(self, scope: Scope, depth: int) -> Node:
        if self.nesting >= 3 or not scope.sources:
            return self.comparison(scope, 0)
        source, own, where = self.inner(scope)
        kind = self.random.random()
        if kind < 0.4:
            form = self.random.choice(["exists", "not exists"])
            return test(f"{form} (select 1 from {{0}}{{1}})", source, where)
        sort = self.random.choice(["int", "int", "text", "date", "dec"])
        a, b = compared(self.value(sort, scope, 0)), compared(self.value(sort, own, 0))
        if kind < 0.8:
            return test(
                f"{{0}} {self.random.choice(['in', 'not in'])} (select {{1}} from {{2}}{{3}})", a, b, source, where
            )
        op = self.random.choice(["=", "<>", "<", ">=", ">"])
        every = self.random.choice(["any", "all", "some"])
        return test(
            f"{{0}} {op} {every} (select {{1}} from {{2}}{{3}})",
            a,
            b,
            source,
            where,
            judge=f"{{0}} {op} {every.replace('some', 'any')} (select {{1}} from {{2}}{{3}})",
        )

    # -- whole statements --------------------------------------------------------------------------

    def query(self) -> Query:
        heads: list[Node] = []
        for _ in range(self.random.choice([0, 0, 0, 1, 2])):
            name = self.alias("q")
            self.nesting += 1
            node, source = self.named_query(Scope())
            self.nesting -= 1
            heads.append(Node("cte", f"{name} as ({{0}})", args=(node,)))
            self.ctes.append((name, source))
        node, types, _ = self.select_or_set(Scope())
        with_ = Node("clause", "with {0} ", args=(many(", ", heads),)) if heads else EMPTY
        return self.ordered(with_, node, types)

    def ordered(self, with_: Node, node: Node, types: list[Type]) -> Query:
        """ORDER BY output columns, LIMIT, OFFSET."""
        kind = self.random.random()
        if kind < 0.5:
            return Query(Node("query", "{0}{1}", args=(with_, node)), tuple(types), ())
        limit = EMPTY
        fixed = not any(t.ragged or t.blank for t in types)
        limited = fixed and kind > 0.7
        if limited:
            n, offset = literals.count(self.values, 0, 30), literals.count(self.values, 0, 10)
            limit = Node("clause", " limit {0} offset {1}" if self.chance(0.4) else " limit {0}", args=(n, offset))
        positions = list(range(len(types)))
        self.random.shuffle(positions)
        if not limited:
            positions = positions[: self.random.randint(1, len(positions))]
        keys, descending = [], []
        for i in positions:
            down = self.chance(0.4)
            nulls = self.random.choice(["", "", " nulls first", " nulls last"])
            judged = nulls or (" nulls first" if down else " nulls last")
            name = self.random.choice([f"x{i}", f"{i + 1}"])
            direction = " desc" if down else self.random.choice(["", " asc"])
            keys.append(Node("key", name + direction + nulls, order_text(types[i], i, down) + judged))
            descending.append(down)
        order = Node("clause", " order by {0}", args=(many(", ", keys),))
        whole = Node("query", "{0}{1}{2}{3}", args=(with_, node, order, limit))
        if any(types[i].blank for i in positions):
            whole = replace(whole, judge="{0}select * from ({1}) s{2}{3}")
        return Query(whole, tuple(types), tuple(positions), tuple(descending))


def order_text(type: Type, position: int, down: bool) -> str:
    name = f"rtrim(x{position}, ' ')" if type.sort == "text" and type.blank else f"x{position}"
    return name + (" desc" if down else " asc")


def listed(items: list[Node]) -> Node:
    """A select list: every item named x0, x1 ... by its place."""
    return many(", ", [Node("item", f"{{0}} as x{i}", args=(item,)) for i, item in enumerate(items)])


def named(alias: str, source: Source) -> Source:
    """A source's columns under an alias."""
    columns = tuple(value(c.t, f"{alias}.{c.ours}") for c in source.columns)
    return Source(alias, columns, source.rows, source.peaks)


__all__ = ["Queries", "Query"]
