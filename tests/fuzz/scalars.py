"""Random values by sort, over the columns in scope: arithmetic, casts, functions, CASE and its relatives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from . import literals
from .nodes import INT_LIMITS, INT_WIDTHS, Node, Type, compared, value

NUMBERS = ("int", "dec", "flt")
SORTS = ("int", "int", "dec", "flt", "text", "text", "date", "ts", "bool")


@dataclass(frozen=True)
class Source:
    """A table, derived table or CTE in FROM. `rows` is an upper estimate; `peaks` by column name."""

    alias: str
    columns: tuple[Node, ...]
    rows: float
    peaks: tuple[float, ...]


@dataclass(frozen=True)
class Scope:
    """What an expression may name: the sources of its FROM, and those of the queries around it."""

    sources: tuple[Source, ...] = ()
    outer: tuple[Source, ...] = ()

    def columns(self, sort: str, wild: bool, outer: bool = False) -> list[Node]:
        return [
            c
            for s in (self.outer if outer else self.sources)
            for c in s.columns
            if c.sort == sort and (wild or not c.t.wild)
        ]


def _wider(a: Type, b: Type) -> str:
    if a.sort == "flt" or b.sort == "flt":
        return "double"
    return max(a.width, b.width, key=INT_WIDTHS.index)


class Scalars(ABC):
    """Writes values. Whatever decides the query's shape comes from `random`, literals from `values`."""

    def __init__(self, random: Random, values: Random) -> None:
        self.random = random
        self.values = values

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # -- leaves ------------------------------------------------------------------------------------

    def leaf(self, sort: str, scope: Scope, wild: bool) -> Node:
        """A column, seldom of an outer query, or a literal."""
        outer = bool(scope.outer) and self.chance(0.15)
        columns = scope.columns(sort, wild, outer) or scope.columns(sort, wild)
        if columns and self.chance(0.85):
            return self.random.choice(columns)
        return literals.literal(sort, self.random, self.values)

    def value(self, sort: str, scope: Scope, depth: int = 2, wild: bool = False) -> Node:
        """Any value of a sort; `wild` ones may be extremes."""
        if depth <= 0 or self.chance(0.35):
            return self.leaf(sort, scope, wild)
        if self.chance(0.2):
            return self.conditional(sort, scope, depth - 1)
        makers: dict[str, Callable[[Scope, int], Node]] = {
            "int": self.integer,
            "dec": self.decimal,
            "flt": self.float,
            "text": self.text,
            "date": self.date,
            "ts": self.timestamp,
            "bool": self.boolean,
        }
        return makers[sort](scope, depth - 1)

    def number(self, scope: Scope, depth: int) -> Node:
        return self.value(self.random.choice(NUMBERS), scope, depth)

    def boolean(self, scope: Scope, depth: int) -> Node:
        return self.predicate(scope, depth)

    @abstractmethod
    def predicate(self, scope: Scope, depth: int) -> Node:
        ...

    @abstractmethod
    def scalar_subquery(self, sort: str, scope: Scope, depth: int) -> Node:
        ...

    # -- CASE and its relatives --------------------------------------------------------------------

    def conditional(self, sort: str, scope: Scope, depth: int) -> Node:
        a, b = self.value(sort, scope, depth), self.value(sort, scope, depth)
        type = self.common(a, b)
        if type is None:
            return a
        match self.random.randrange(9):
            case 0:
                return value(type, "coalesce({0}, {1})", a, b)
            case 1:
                return value(type, "nvl({0}, {1})", a, b, judge="coalesce({0}, {1})")
            case 2:
                return value(a.t, "nullif({0}, {1})", a, compared(b), judge=_nullif(a))
            case 3 if sort != "bool" and not type.ragged:
                name = self.random.choice(["greatest", "least"])
                return value(replace(type, ragged=type.blank), f"{name}({{0}}, {{1}})", compared(a), compared(b))
            case 4:
                test = self.value(self.random.choice(SORTS), scope, depth, True)
                return value(
                    type, "nvl2({2}, {0}, {1})", a, b, test, judge="case when {2} is not null then {0} else {1} end"
                )
            case 5 if sort not in ("flt",):
                return self.decode(a, b, type, scope, depth)
            case 6:
                only = replace(a.t, nullable=True)
                return value(only, "case when {2} then {0} end", a, b, self.predicate(scope, depth))
            case _:
                return value(type, "case when {2} then {0} else {1} end", a, b, self.predicate(scope, depth))

    def decode(self, a: Node, b: Node, type: Type, scope: Scope, depth: int) -> Node:
        """DECODE and simple CASE."""
        sort = self.random.choice(["int", "text", "date"])
        on, search = compared(self.value(sort, scope, depth)), compared(self.value(sort, scope, 0))
        if self.chance(0.5):
            return value(type, "case {2} when {3} then {0} else {1} end", a, b, on, search)
        return value(
            type,
            "decode({2}, {3}, {0}, {1})",
            a,
            b,
            on,
            search,
            judge="case when {2} is not distinct from {3} then {0} else {1} end",
        )

    def common(self, a: Node, b: Node) -> Type | None:
        """The type of CASE over both, or None where it might overflow."""
        s, t = a.t, b.t
        both = replace(
            s, bound=max(s.bound, t.bound), wild=s.wild or t.wild, rounded=s.rounded or t.rounded, nullable=True
        )
        if s.sort == "int":
            return replace(both, width=_wider(s, t))
        if s.sort == "dec":
            scale, whole = max(s.scale, t.scale), max(s.whole, t.whole)
            if s != t and scale + whole > 38:  # the judge gives up digits behind the point
                return None
            limit = 19 if max(s.precision, t.precision) <= 19 else 38
            precision = min(scale + whole, limit)
            fits = both.bound < 10 ** min(precision - scale, 18)
            return replace(both, precision=precision, scale=scale) if fits or (both.wild and s == t) else None
        return replace(
            both,
            length=max(s.length, t.length),
            ascii=s.ascii and t.ascii,
            blank=s.blank or t.blank,
            ragged=s.ragged or t.ragged,
            width="double" if s.width else "",
        )

    # -- integers ----------------------------------------------------------------------------------

    def integer(self, scope: Scope, depth: int) -> Node:
        kind = self.random.randrange(18)
        if kind < 4:
            return self.int_arithmetic(scope, depth)
        if kind < 6:
            return self.int_division(scope, depth)
        match kind:
            case 6:
                a = self.value("int", scope, depth)
                return value(a.t, self.random.choice(["(-{0})", "abs({0})"]), a)
            case 7:
                return self.int_cast(scope, depth)
            case 8 | 9 | 15 | 16 | 17:
                return self.extract(scope, depth)
            case 10:
                return self.text_measure(scope, depth)
            case 11:
                a, b = self.value("date", scope, depth), self.value("date", scope, depth)
                return value(replace(literals.INT, width="bigint", bound=10**7), "({0} - {1})", a, b)
            case 12:
                return self.date_difference(scope, depth)
            case 13:
                return self.scalar_subquery("int", scope, depth)
            case _:
                a = self.value("int", scope, depth)
                return value(replace(a.t, bound=1), "sign({0})", a)

    def int_arithmetic(self, scope: Scope, depth: int) -> Node:
        a, b = self.value("int", scope, depth), self.value("int", scope, depth)
        op, width = self.random.choice("+-*"), _wider(a.t, b.t)
        bound = a.t.bound * b.t.bound if op == "*" else a.t.bound + b.t.bound
        if bound > INT_LIMITS[width]:
            if bound > INT_LIMITS["bigint"]:
                return a
            a, width = value(replace(a.t, width="bigint"), "cast({0} as bigint)", a), "bigint"
        return value(replace(a.t, width=width, bound=bound), f"({{0}} {op} {{1}})", a, b)

    def int_division(self, scope: Scope, depth: int) -> Node:
        """Truncating division and remainder; a zero is kept away by NULLIF, CASE or a literal."""
        a, b = self.value("int", scope, depth), self.value("int", scope, depth)
        op = self.random.choice("/%")
        type = replace(a.t, width=_wider(a.t, b.t), bound=a.t.bound if op == "/" else min(a.t.bound, b.t.bound))
        judges = "//" if op == "/" else "%"
        match self.random.randrange(4):
            case 0:
                b = literals.nonzero(self.random, self.values)
                return value(
                    replace(type, bound=a.t.bound), f"({{0}} {op} {{1}})", a, b, judge=f"({{0}} {judges} {{1}})"
                )
            case 1:
                return value(
                    type,
                    f"case when {{1}} <> 0 then {{0}} {op} {{1}} end",
                    a,
                    b,
                    judge=f"case when {{1}} <> 0 then {{0}} {judges} {{1}} end",
                )
            case 2 if op == "%":
                return value(type, "mod({0}, nullif({1}, 0))", a, b)
            case _:
                return value(type, f"({{0}} {op} nullif({{1}}, 0))", a, b, judge=f"({{0}} {judges} nullif({{1}}, 0))")

    def int_cast(self, scope: Scope, depth: int) -> Node:
        sort = self.random.choice(["dec", "flt", "bool", "int", "text"])
        if sort == "text":
            a = self.value("int", scope, depth)
            return value(a.t, "cast(cast({0} as varchar(30)) as bigint)", a).typed(width="bigint")
        a = self.value(sort, scope, depth)
        if sort == "bool":
            return value(replace(literals.INT, width="int", bound=1), "cast({0} as int)", a)
        to = "bigint" if a.t.bound > 10**9 else self.random.choice(["bigint", "int"])
        return value(replace(literals.INT, width=to, bound=a.t.bound + 1), f"cast({{0}} as {to})", a)

    def extract(self, scope: Scope, depth: int) -> Node:
        sort = self.random.choice(["date", "date", "ts"])
        parts = ["year", "month", "month", "month", "day", "day", "quarter", "dow", "doy", "week"]
        if sort == "ts":
            parts += ["hour", "minute"]
        a = self.value(sort, scope, depth)
        return value(
            replace(literals.INT, width="int", bound=9999), f"extract({self.random.choice(parts)} from {{0}})", a
        )

    def date_difference(self, scope: Scope, depth: int) -> Node:
        sort = self.random.choice(["date", "ts"])
        part = self.random.choice(["day", "month", "year", "quarter"] + (["hour", "minute"] if sort == "ts" else []))
        a, b = self.value(sort, scope, depth), self.value(sort, scope, depth)
        return value(
            replace(literals.INT, width="bigint", bound=10**10),
            f"datediff({part}, {{0}}, {{1}})",
            a,
            b,
            judge=f"date_diff('{part}', {{0}}, {{1}})",
        )

    def text_measure(self, scope: Scope, depth: int) -> Node:
        a = self.text_value(scope, depth)
        type = replace(literals.INT, width="int", bound=200)
        match self.random.randrange(4):
            case 0:
                return value(type, "octet_length({0})", a, judge="strlen({0})")
            case 1:
                needle = literals.text_of(self.values, "ab 日")
                return value(type, "strpos({0}, {1})", a, needle)
            case 2:
                needle = literals.text_of(self.values, "ab")
                return value(type, "charindex({1}, {0})", a, needle, judge="strpos({0}, {1})")
            case _:
                return value(
                    type, f"{self.random.choice(['len', 'length', 'char_length'])}({{0}})", a, judge="length({0})"
                )

    def text_value(self, scope: Scope, depth: int) -> Node:
        """Text of which every character is decided."""
        a = self.value("text", scope, depth)
        return a if not a.t.ragged else literals.literal("text", self.random, self.values)

    # -- the other sorts: written in more_scalars.py ---------------------------------------------------

    @abstractmethod
    def decimal(self, scope: Scope, depth: int) -> Node:
        ...

    @abstractmethod
    def float(self, scope: Scope, depth: int) -> Node:
        ...

    @abstractmethod
    def text(self, scope: Scope, depth: int) -> Node:
        ...

    @abstractmethod
    def date(self, scope: Scope, depth: int) -> Node:
        ...

    @abstractmethod
    def timestamp(self, scope: Scope, depth: int) -> Node:
        ...


def _nullif(a: Node) -> str:
    """NULLIF in the judge's words: equal but for trailing blanks."""
    blanks = a.sort == "text" and a.t.blank
    return "case when rtrim({0}, ' ') = {1} then null else {0} end" if blanks else ""
