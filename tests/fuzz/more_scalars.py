"""Random decimals, floats, texts, dates and timestamps."""

from __future__ import annotations

from dataclasses import replace

from . import literals
from .nodes import Node, Type, value
from .scalars import Scalars, Scope

FLOAT = Type("flt", "double", bound=1000)
DATE, TIMESTAMP = Type("date"), Type("ts")
MAX_BOUND = 10**15


class MoreScalars(Scalars):
    # -- decimals --------------------------------------------------------------------------------------

    def decimal(self, scope: Scope, depth: int) -> Node:
        match self.random.randrange(8):
            case 0 | 1 | 2:
                return self.dec_arithmetic(scope, depth)
            case 3:
                return self.dec_division(scope, depth)
            case 4 | 5:
                return self.dec_cast(scope, depth)
            case 6:
                return self.scalar_subquery("dec", scope, depth)
            case _:
                return self.dec_function(scope, depth)

    def dec_arithmetic(self, scope: Scope, depth: int) -> Node:
        """+ - * over decimals, or a decimal and an integer."""
        a = self.value("dec", scope, depth)
        b = self.value(self.random.choice(["dec", "int"]), scope, depth)
        if self.chance(0.3):
            a, b = b, a
        op = self.random.choice("+-*")
        s, t = a.t, b.t
        if op == "*":
            scale, bound, precision = s.scale + t.scale, s.bound * t.bound, _digits(s) + _digits(t) + 1
        else:
            scale, bound = max(s.scale, t.scale), s.bound + t.bound
            precision = max(s.whole, t.whole) + 1 + scale
        if bound > MAX_BOUND or scale > 12:
            return a if a.sort == "dec" else b
        type = Type("dec", precision=min(precision, 38), scale=scale, bound=bound)
        return value(type, f"({{0}} {op} {{1}})", a, b)

    def dec_division(self, scope: Scope, depth: int) -> Node:
        """Cut off at the manual's scale; the judge divides whole numbers."""
        p1, s1 = self.random.choice([(12, 2), (19, 4), (10, 0), (15, 6)])
        p2, s2 = self.random.choice([(12, 2), (9, 3), (12, 0)])
        a, b = self.dec_operand(scope, depth, p1, s1), self.dec_operand(scope, depth, p2, s2)
        scale = max(4, s1 + p2 - s2 + 1)
        precision = p1 - s1 + s2 + scale
        if precision > 38:
            scale, precision = max(38 + scale - precision, 4), 38
        power = scale - s1 + s2
        judge = (
            f"(cast((cast({{0}} * {10**s1} as hugeint) * {10**power}) // "
            f"cast(nullif({{1}}, 0) * {10**s2} as hugeint) as decimal(38,0)) * cast(1 as decimal(1,0)))"
        )
        digits = f"cast('0.{'0' * (scale - 1)}1' as decimal({scale},{scale}))"
        judge = judge.replace("decimal(38,0)) * cast(1 as decimal(1,0))", f"decimal({38 - scale},0)) * {digits}")
        bound = a.t.bound * 10**s2
        if bound * 10**scale > 10**30 or a.t.bound * 10 ** (s1 + power) > 10**37 or bound > 10 ** (37 - 2 * scale):
            return replace(a, sort="dec")
        type = Type("dec", precision=precision, scale=scale, bound=bound)
        return value(type, "({0} / nullif({1}, 0))", a, b, judge=judge)

    def dec_operand(self, scope: Scope, depth: int, precision: int, scale: int) -> Node:
        a = self.value(self.random.choice(["dec", "int"]), scope, depth)
        if a.t.bound >= 10 ** (precision - scale):
            a = literals.literal("dec", self.random, self.values)
        type = Type("dec", precision=precision, scale=scale, bound=a.t.bound + 1)
        cast = value(type, f"cast({{0}} as decimal({precision},{scale}))", a)
        return replace(cast, sort="operand")  # the quotient's scale depends on it: it stays

    def dec_cast(self, scope: Scope, depth: int) -> Node:
        """Casts between numbers; less scale rounds half away from zero."""
        a = self.value(self.random.choice(["int", "dec", "dec", "flt"]), scope, depth)
        if a.t.rounded:
            a = literals.literal("dec", self.random, self.values)
        precision, scale = self.random.choice([(19, 4), (19, 0), (18, 1), (38, 8), (30, 2), (12, 3)])
        if a.t.bound >= 10 ** (precision - scale) - 1:
            precision, scale = 38, 6
        type = Type("dec", precision=precision, scale=scale, bound=a.t.bound + 1)
        how = "cast({0} as decimal(%d,%d))" if self.chance(0.7) else "({0})::decimal(%d,%d)"
        return value(type, how % (precision, scale), a)

    def dec_function(self, scope: Scope, depth: int) -> Node:
        a = self.value("dec", scope, depth)
        s = a.t
        match self.random.randrange(5):
            case 0:
                return value(s, "(-{0})", a)
            case 1:
                return value(s, "abs({0})", a)
            case 2:
                whole = Type("dec", precision=min(s.whole + 1, 38), scale=0, bound=s.bound + 1)
                return value(whole, f"{self.random.choice(['floor', 'ceil', 'ceiling', 'round'])}({{0}})", a)
            case 3:
                digits = self.random.randint(0, 3)
                scale = min(digits, s.scale)
                kept = Type("dec", precision=min(s.whole + scale + 1, 38), scale=scale, bound=s.bound + 1)
                return value(kept, f"round({{0}}, {digits})", a)
            case _:
                b = self.value("dec", scope, depth)
                scale = max(s.scale, b.t.scale)
                if max(s.whole, b.t.whole) + scale > 38:  # the judge would calculate with floats
                    return a
                type = Type("dec", precision=min(max(s.whole, b.t.whole) + scale, 38), scale=scale, bound=s.bound)
                return value(type, "mod({0}, nullif({1}, 0))", a, b)

    # -- floats ----------------------------------------------------------------------------------------

    def float(self, scope: Scope, depth: int) -> Node:
        match self.random.randrange(7):
            case 0 | 1 | 2:
                a, b = self.value("flt", scope, depth), self.value("flt", scope, depth)
                op = self.random.choice("+-*")
                bound = a.t.bound * b.t.bound if op == "*" else a.t.bound + b.t.bound
                if bound > 1e6 or a.t.rounded or b.t.rounded or ("real" in (a.t.width, b.t.width) and op == "*"):
                    return a
                return value(replace(FLOAT, bound=bound), f"({{0}} {op} {{1}})", a, b)
            case 3:
                a, b = self.value("flt", scope, depth), self.value("flt", scope, depth)
                if a.t.rounded or b.t.rounded or "real" in (a.t.width, b.t.width):
                    return a
                return value(replace(FLOAT, rounded=True, bound=a.t.bound * 1e6), "({0} / nullif({1}, 0))", a, b)
            case 4:
                a = self.value("int", scope, depth)
                if a.t.bound > 1e6:
                    return literals.literal("flt", self.random, self.values)
                return value(replace(FLOAT, bound=a.t.bound), "cast({0} as double precision)", a)
            case 5:
                a = self.value("flt", scope, depth)
                if a.t.rounded:
                    return a
                return value(a.t, self.random.choice(["(-{0})", "abs({0})", "floor({0})", "ceil({0})"]), a)
            case _:
                a = self.value("dec", scope, depth)
                if a.t.bound * 10**a.t.scale > 2**53:
                    return literals.literal("flt", self.random, self.values)
                return value(replace(FLOAT, bound=a.t.bound, rounded=True), "cast({0} as double precision)", a)

    # -- texts -----------------------------------------------------------------------------------------

    def text(self, scope: Scope, depth: int) -> Node:
        a = self.text_value(scope, depth)
        s = replace(a.t, blank=True)
        match self.random.randrange(16):
            case 11:
                return self.padded(a)
            case 12:
                n = literals.count(self.values, 0, 3)
                return value(replace(s, length=min(s.length * 3, 400)), self.random.choice(
                    ["repeat({0}, {1})", "reverse({0})", "split_part({0}, 'a', {1} + 1)"]), a, n)
            case 13:
                old, new = literals.text_of(self.values, "ab日"), literals.text_of(self.values, "xyz")
                return value(replace(s, ascii=s.ascii and new.t.ascii), "translate({0}, {1}, {2})", a, old, new)
            case 0 | 14 | 15:
                return value(a.t, self.random.choice(["upper({0})", "lower({0})"]), a)
            case 1 | 2:
                return self.substring(a)
            case 3:
                count = literals.count(self.values, 0, 6)
                return value(s, self.random.choice(["left({0}, {1})", "right({0}, {1})"]), a, count)
            case 4:
                name = self.random.choice(["trim", "ltrim", "rtrim", "btrim"])
                return value(a.t, f"{name}({{0}})", a, judge=f"{name.removeprefix('b')}({{0}}, ' ')")
            case 5:
                name = self.random.choice(["ltrim", "rtrim"])
                return value(s, f"{name}({{0}}, {{1}})", a, literals.text_of(self.values, "abé日"))
            case 6:
                old, new = literals.text_of(self.values, "ab日"), literals.text_of(self.values, "xy")
                type = replace(s, length=min(s.length * 4, 400), ascii=s.ascii and old.t.ascii)
                return value(type, "replace({0}, {1}, {2})", a, old, new)
            case 7 | 8:
                b = self.text_value(scope, depth)
                type = replace(s, length=a.t.length + b.t.length, ascii=a.t.ascii and b.t.ascii)
                return value(
                    type, "({0} || {1})" if self.chance(0.7) else "concat({0}, {1})", a, b, judge="({0} || {1})"
                )
            case 9:
                b = self.value(self.random.choice(["int", "dec", "date", "ts"]), scope, depth)
                return value(Type("text", length=60), "cast({0} as varchar(60))", b)
            case _:
                if not a.t.ascii:
                    return a
                n = self.random.randint(1, 6)
                return value(replace(s, length=n), f"cast({{0}} as varchar({n}))", a, judge=f"left({{0}}, {n})")

    def padded(self, a: Node) -> Node:
        """To a number of characters, with text that is not empty (the judge refuses to pad with nothing)."""
        n, name = self.values.randint(0, 9), self.random.choice(["lpad", "rpad"])
        pad = self.values.choice(["*", "xy", " "])
        type = replace(a.t, blank=True, length=max(n, 1))
        if pad == " " and self.chance(0.5):
            return value(type, f"{name}({{0}}, {n})", a, judge=f"{name}({{0}}, {n}, ' ')")
        return value(type, f"{name}({{0}}, {n}, '{pad}')", a)

    def substring(self, a: Node) -> Node:
        """A start below 1 eats into the count; the judge counts from the end there, so it is told otherwise."""
        type = replace(a.t, blank=True)
        start, count = self.values.randint(-1, 5), self.values.randint(0, 5)
        end = max(start - 1 + count, 0)
        first = max(start, 1)
        ours = self.random.choice(["substring({0}, %d, %d)", "substr({0}, %d, %d)", "substring({0} from %d for %d)"])
        return value(type, ours % (start, count), a, judge=f"substring({{0}}, {first}, {max(end - first + 1, 0)})")

    # -- moments ---------------------------------------------------------------------------------------

    def date(self, scope: Scope, depth: int) -> Node:
        match self.random.randrange(7):
            case 0:
                b = self.value("int", scope, depth)
                if b.t.bound > 2000:
                    b = literals.count(self.values, 0, 99)
                narrow = value(replace(b.t, width="int"), "cast({0} as int)", b)
                return value(
                    DATE, f"({{0}} {self.random.choice('+-')} {{1}})", self.value("date", scope, depth), narrow
                )
            case 1:
                return value(DATE, "cast({0} as date)", self.value("ts", scope, depth))
            case 2:
                return value(DATE, "last_day({0})", self.value(self.random.choice(["date", "ts"]), scope, depth))
            case 3 | 6:
                part = self.random.choice(["month", "month", "year", "quarter", "week"])
                return value(DATE, f"cast(date_trunc('{part}', {{0}}) as date)", self.value("date", scope, depth))
            case 4:
                n = literals.count(self.values, 0, 40)
                return value(
                    DATE,
                    "cast(dateadd(month, {1}, {0}) as date)",
                    self.value("date", scope, depth),
                    n,
                    judge="cast({0} + to_months(cast({1} as int)) as date)",
                )
            case _:
                return value(DATE, "trunc({0})", self.value("ts", scope, depth), judge="cast({0} as date)")

    def timestamp(self, scope: Scope, depth: int) -> Node:
        match self.random.randrange(6):
            case 0:
                part, judges = self.random.choice(
                    [
                        ("hour", "to_hours"),
                        ("day", "to_days"),
                        ("month", "to_months"),
                        ("minute", "to_minutes"),
                        ("second", "to_seconds"),
                    ]
                )
                n = literals.nonzero(self.random, self.values)
                return value(
                    TIMESTAMP,
                    f"dateadd({part}, {{1}}, {{0}})",
                    self.value("ts", scope, depth),
                    n,
                    judge=f"cast({{0}} + {judges}(cast({{1}} as int)) as timestamp)",
                )
            case 1 | 2:
                part = self.random.choice(["year", "quarter", "month", "week", "day", "hour", "minute", "second"])
                a = self.value(self.random.choice(["ts", "date"]), scope, depth)
                return value(
                    TIMESTAMP,
                    f"date_trunc('{part}', {{0}})",
                    a,
                    judge=f"date_trunc('{part}', cast({{0}} as timestamp))",
                )
            case 3:
                return value(TIMESTAMP, "cast({0} as timestamp)", self.value("date", scope, depth))
            case 4:
                n, unit = self.random.randint(1, 30), self.random.choice(["day", "month", "hour", "year"])
                op = self.random.choice("+-")
                a = self.value(self.random.choice(["ts", "date"]), scope, depth)
                return value(
                    TIMESTAMP,
                    f"({{0}} {op} interval '{n} {unit}')",
                    a,
                    judge=f"cast({{0}} {op} interval '{n} {unit}' as timestamp)",
                )
            case _:
                return self.value("ts", scope, 0)


def _digits(type: Type) -> int:
    return type.whole + type.scale
