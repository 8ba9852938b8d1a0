"""Random predicates in three-valued logic, with subqueries in them."""

from __future__ import annotations

from abc import abstractmethod

from . import literals
from .further_scalars import FurtherScalars
from .nodes import Node, compared, many, test
from .scalars import SORTS, Scope

OPS = ("=", "=", "<>", "<", "<=", ">", ">=")


class Predicates(FurtherScalars):
    def predicate(self, scope: Scope, depth: int) -> Node:
        kind = self.random.random()
        if depth > 0 and kind < 0.25:
            return self.logic(scope, depth - 1)
        if depth > 0 and kind < 0.40:
            return self.subquery_predicate(scope, depth - 1)
        match self.random.randrange(11):
            case 0 | 1 | 2:
                return self.comparison(scope, depth)
            case 8 | 9:
                return self.moment_test(scope, depth)
            case 3:
                a = self.value(self.random.choice(SORTS), scope, depth, True)
                return test(self.random.choice(["{0} is null", "{0} is not null"]), a)
            case 4:
                return self.between(scope, depth)
            case 5:
                return self.in_list(scope, depth)
            case 6:
                return self.like(scope, depth) if self.chance(0.6) else self.matches(scope, depth)
            case 7:
                a = self.value("bool", scope, 0)
                if self.chance(0.2):
                    return self.integer_condition(scope, depth)
                forms = ["not {0}", "{0} is true", "{0} is false", "{0} is not true", "{0} is unknown", "{0} = true"]
                return test(self.random.choice(forms), a) if self.chance(0.5) else a
            case _:
                return self.comparison(scope, 0)

    def logic(self, scope: Scope, depth: int) -> Node:
        match self.random.randrange(4):
            case 0:
                return test("not {0}", self.predicate(scope, depth))
            case 1:
                # what can fail stands behind what protects it
                a, b = self.value("int", scope, 0), self.value("int", scope, 0)
                n = literals.count(self.values, 0, 5)
                return test("{1} <> 0 and {0} / {1} > {2}", a, b, n, judge="{1} <> 0 and {0} // {1} > {2}")
            case _:
                op = self.random.choice(["and", "or"])
                parts = many(f" {op} ", [self.predicate(scope, depth) for _ in range(self.random.randint(2, 3))])
                return test("{0}", parts)

    def pair(self, scope: Scope, depth: int, wild: bool = True) -> tuple[Node, Node]:
        """Two values that can be compared in the same way by both engines."""
        sort = self.random.choice(SORTS)
        a = self.value(sort, scope, depth, wild)
        other = sort
        if sort in ("int", "dec") and self.chance(0.3):
            other = "dec" if sort == "int" else "int"
        if sort in ("date", "ts") and not a.t.wild and self.chance(0.2):
            other = "ts" if sort == "date" else "date"
            return a, self.value(other, scope, depth)
        b = self.value(other, scope, depth, wild)
        mixed = a.sort != b.sort or a.sort == "dec"
        if mixed and max(a.t.bound, b.t.bound) * 10 ** max(a.t.scale, b.t.scale) >= 1e38:
            return a, a
        return compared(a), compared(b)

    def comparison(self, scope: Scope, depth: int) -> Node:
        a, b = self.pair(scope, depth)
        return test(f"{{0}} {self.random.choice(OPS)} {{1}}", a, b)

    def moment_test(self, scope: Scope, depth: int) -> Node:
        """About a date or timestamp: a part of it, what it is cut to, how far it is from another, one so much later."""
        sort, other = (self.random.choice(["date", "date", "ts"]) for _ in range(2))
        a, b = self.value(sort, scope, depth), self.value(other, scope, 0)
        op, part = self.random.choice(OPS), self.random.choice(literals.PARTS)
        match self.random.randrange(5):
            case 0 | 1:
                form = self.random.choice([f"extract({part} from {{0}})", f"date_part('{part}', {{0}})"])
                return test(f"{form} {op} {{1}}", a, literals.part_value(part, self.values))
            case 2:
                cut = f"date_trunc('{part}', {{0}})"
                judge = f"date_trunc('{part}', cast({{0}} as timestamp))"
                return test(f"{cut} {op} {{1}}", a, b, judge=f"{judge} {op} {{1}}")
            case 3:
                part = part.replace("week", "day")  # the judge's weeks begin on Mondays
                n = literals.count(self.values, 0, 40)
                return test(f"datediff({part}, {{0}}, {{1}}) {op} {{2}}", a, b, n,
                            judge=f"date_diff('{part}', {{0}}, {{1}}) {op} {{2}}")
            case _:
                n = literals.count(self.values, 0, 40)
                later = "{0} + to_%ss(cast({2} as int))" % ("month" if part == "quarter" else part)
                return test(f"dateadd({part.replace('quarter', 'month')}, {{2}}, {{0}}) {op} {{1}}", a, b, n,
                            judge=f"cast({later} as timestamp) {op} {{1}}")

    def between(self, scope: Scope, depth: int) -> Node:
        sort = self.random.choice(["int", "dec", "flt", "text", "date", "ts"])
        a = compared(self.value(sort, scope, depth, sort not in ("dec",)))
        low, high = (compared(self.value(sort, scope, 0)) for _ in range(2))
        return test(self.random.choice(["{0} between {1} and {2}", "{0} not between {1} and {2}"]), a, low, high)

    def in_list(self, scope: Scope, depth: int) -> Node:
        sort = self.random.choice(["int", "int", "text", "text", "dec", "date", "bool"])
        a = compared(self.value(sort, scope, depth))
        items = [
            compared(self.value(sort, scope, 0))
            if self.chance(0.15)
            else literals.literal(sort, self.random, self.values)
            for _ in range(self.random.randint(1, 6))
        ]
        if self.chance(0.1):
            items.append(Node(sort, "null"))
        return test(self.random.choice(["{0} in ({1})", "{0} not in ({1})"]), a, many(", ", items))

    def like(self, scope: Scope, depth: int) -> Node:
        a = self.text_value(scope, depth)
        letters = "aab%%__日" if self.chance(0.3) else "aab%%_"
        pattern = "".join(self.values.choice(letters) for _ in range(self.values.randint(0, 4)))
        op = self.random.choice(["like", "not like", "like", "ilike"])
        if self.chance(0.15):
            return test(f"{{0}} {op} '{pattern}!%%' escape '!'".replace("%%'", "%'"), a)
        return test(f"{{0}} {op} '{pattern}'", a)

    @abstractmethod
    def subquery_predicate(self, scope: Scope, depth: int) -> Node:
        ...
