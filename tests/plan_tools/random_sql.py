"""Random queries over the small tables t, u, v and w: joins of all kinds, nested and correlated
subqueries in every place, grouping, set operations, CTEs. Every choice comes from one `random.Random`."""
from __future__ import annotations

from random import Random

NUMBERS = {"t": ("a", "b", "c"), "u": ("a", "b", "e"), "v": ("b", "k"), "w": ("k",)}
TEXTS = {"t": ("s",), "u": ("s",), "v": (), "w": ("name",)}
JOINS = ("join", "join", "left join", "left join", "right join", "cross join", "full join")
Scope = list[tuple[str, str]]  # (alias, table)


class Writer:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.aliases = 0

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def alias(self, table: str) -> tuple[str, str]:
        self.aliases += 1
        return f"{table}{self.aliases}", table

    # -- scalars ---------------------------------------------------------------------------------

    def column(self, scope: Scope) -> str:
        alias, table = self.random.choice(scope)
        return f"{alias}.{self.random.choice(NUMBERS[table])}"

    def number(self, scope: Scope, outer: Scope, depth: int) -> str:
        kind = self.random.random()
        if kind < 0.65:
            return self.column(scope)
        if kind < 0.75 and outer:
            return self.column(outer)
        if kind < 0.8:
            return f"({self.column(scope)} + {self.column(scope)})"
        if kind < 0.85:
            test = self.predicate(scope, outer, 0)
            return f"case when {test} then {self.column(scope)} else {self.column(scope)} end"
        if kind < 0.93 and depth > 0:
            return self.scalar_subquery(scope, outer, depth - 1)
        return str(self.random.randint(0, 4))

    def scalar_subquery(self, scope: Scope, outer: Scope, depth: int) -> str:
        text, inner = self.from_where(scope + outer, depth, tables=2)
        function = self.random.choice(["max", "min", "sum", "count", "avg"])
        value = self.column(inner) if function != "count" or self.chance(0.5) else "*"
        plus = " + 1" if self.chance(0.2) else ""
        return f"(select {function}({value}){plus} from {text})"

    # -- predicates ------------------------------------------------------------------------------

    def predicate(self, scope: Scope, outer: Scope, depth: int) -> str:
        kind = self.random.random()
        if kind < 0.5:
            op = self.random.choice(["=", "=", "=", "<", ">", "<>", "<=", ">="])
            return f"{self.number(scope, outer, depth)} {op} {self.number(scope, outer, depth)}"
        if kind < 0.58:
            return f"{self.column(scope)} is {self.random.choice(['', 'not '])}null"
        if kind < 0.64:
            return f"{self.column(scope)} {self.random.choice(['', 'not '])}in (1, {self.random.randint(2, 4)})"
        if kind < 0.76:
            op = self.random.choice([" or ", " and "])
            parts = [self.predicate(scope, outer, depth) for _ in range(2)]
            return f"({op.join(parts)})"
        if kind < 0.8:
            return f"not ({self.predicate(scope, outer, depth)})"
        if depth == 0:
            return f"{self.column(scope)} > 1"
        return self.subquery_predicate(scope, outer, depth - 1)

    def subquery_predicate(self, scope: Scope, outer: Scope, depth: int) -> str:
        text, inner = self.from_where(scope + outer, depth, tables=2)
        negation = self.random.choice(["", "not "])
        kind = self.random.random()
        if kind < 0.45:
            return f"{negation}exists (select 1 from {text})"
        if kind < 0.8:
            group = f" group by {self.column(inner)}" if self.chance(0.1) else ""
            value = f"max({self.column(inner)})" if group else self.column(inner)
            return f"{self.column(scope)} {negation}in (select {value} from {text}{group})"
        op = self.random.choice([">", "<=", "="])
        return f"{self.column(scope)} {op} {self.scalar_subquery(scope, outer, 0)}"

    # -- queries ---------------------------------------------------------------------------------

    def from_where(self, outer: Scope, depth: int, tables: int = 3) -> tuple[str, Scope]:
        scope = [self.alias(self.random.choice(list(NUMBERS)))]
        text = f"{scope[0][1]} {scope[0][0]}"
        for _ in range(self.random.randint(0, tables - 1)):
            added = self.alias(self.random.choice(list(NUMBERS)))
            kind = self.random.choice(JOINS)
            text += f" {kind} {added[1]} {added[0]}"
            if kind != "cross join":
                condition = f"{self.column(scope)} = {self.column([added])}"
                if self.chance(0.35) and kind != "full join":
                    condition += f" and {self.predicate([*scope, added], [], 0)}"
                text += f" on {condition}"
            scope.append(added)
        parts = [self.predicate(scope, outer, depth) for _ in range(self.random.randint(0, 2))]
        if outer and self.chance(0.8):
            parts.append(f"{self.column(scope)} {self.random.choice(['=', '=', '=', '<', '<>'])} {self.column(outer)}")
        return text + (" where " + " and ".join(parts) if parts else ""), scope

    def select(self, depth: int = 2) -> str:
        text, scope = self.from_where([], depth)
        kind = self.random.random()
        if kind < 0.55:
            columns = [self.number(scope, [], depth) for _ in range(self.random.randint(1, 3))]
            distinct = "distinct " if self.chance(0.15) else ""
            return f"select {distinct}{', '.join(f'{c} as x{i}' for i, c in enumerate(columns))} from {text}"
        calls = [self.aggregate(scope) for _ in range(self.random.randint(1, 3))]
        if kind < 0.7:
            return f"select {', '.join(f'{c} as x{i}' for i, c in enumerate(calls))} from {text}"
        keys = [self.column(scope) for _ in range(self.random.randint(1, 2))]
        having = f" having {self.aggregate(scope)} > 1" if self.chance(0.3) else ""
        listed = ", ".join(f"{c} as x{i}" for i, c in enumerate([*keys, *calls]))
        return f"select {listed} from {text} group by {', '.join(keys)}{having}"

    def aggregate(self, scope: Scope) -> str:
        function = self.random.choice(["count", "sum", "min", "max", "avg"])
        if function == "count" and self.chance(0.5):
            return "count(*)"
        distinct = "distinct " if self.chance(0.25) else ""
        return f"{function}({distinct}{self.column(scope)})"

    def query(self) -> str:
        kind = self.random.random()
        if kind < 0.75:
            return self.select()
        if kind < 0.85:
            op = self.random.choice(["union", "union all", "intersect", "except"])
            first, second = [self.from_where([], 1) for _ in range(2)]
            sides = [f"select {self.column(scope)} as x0 from {text}" for text, scope in (first, second)]
            return f" {op} ".join(sides)
        inner = self.select(1)
        if kind < 0.93:
            return f"select q.x0, t.b from ({inner}) q {self.random.choice(['', 'left '])}join t on q.x0 = t.a"
        return f"with q as ({inner}) select q.x0, r.x0 from q, q r where q.x0 = r.x0"


def random_query(random: Random) -> str:
    return Writer(random).query()
