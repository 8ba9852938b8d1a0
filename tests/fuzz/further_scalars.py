"""More random values: regular expressions, bits, and functions of dates that the judge has under another name.

    regexp_count(v, 'ab?')       len(regexp_extract_all(v, 'ab?'))
    add_months(d, 3)             a last day of a month stays one: last_day(d + to_months(3)), else d + to_months(3)
    datediff(week, d, e)         Redshift's weeks begin on Sundays here: how many Sundays were before each of both

Patterns are such that POSIX's longest match is the judge's first one, and none matches the empty text.
"""

from __future__ import annotations

from dataclasses import replace

from . import literals
from .more_scalars import DATE, TIMESTAMP, MoreScalars
from .nodes import INT_LIMITS, Node, Type, literal_text, test, value
from .scalars import Scope, _wider

PATTERNS = (
    "a", "a+", "[ab]", "b.", "^a", "b$", "[^a]", "a*b", "(ab)+", "ab?", "日", "[[:alpha:]]", "[[:space:]]", "a{2}",
    "[a-c]+[^b]",
)  # fmt: skip
SIMILAR = (
    ("a%", "a.*"), ("(a|b)%", "(a|b).*"), ("%b+", ".*b+"), ("[ab]*", "[ab]*"), ("_b%", ".b.*"), ("%", ".*"),
    ("(ab)+_*", "(ab)+.*"), ("%日%", ".*日.*"),
)  # fmt: skip
FORMATS = (
    ("YYYY-MM-DD", "%Y-%m-%d"), ("YYYYMMDD HH24:MI:SS", "%Y%m%d %H:%M:%S"), ("DD/MM/YY", "%d/%m/%y"), ("DDD", "%j"),
    ("HH12:MI AM", "%I:%M %p"), ("Mon DD, YYYY", "%b %d, %Y"), ("Dy", "%a"),
)  # fmt: skip
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class FurtherScalars(MoreScalars):
    # -- integers --------------------------------------------------------------------------------------

    def integer(self, scope: Scope, depth: int) -> Node:
        if not self.chance(0.2):
            return super().integer(scope, depth)
        match self.random.randrange(7):
            case 0 | 1:
                return self.bits(scope, depth)
            case 2 | 3:
                a, pattern = self.text_value(scope, depth), self.pattern()
                type = replace(literals.INT, width="int", bound=400)
                return value(type, f"regexp_count({{0}}, '{pattern}')", a,
                             judge=f"cast(len(regexp_extract_all({{0}}, '{pattern}')) as int)")
            case 4:
                a, b = self.value("date", scope, depth), self.value("date", scope, depth)
                type = replace(literals.INT, width="bigint", bound=10**6)
                weeks = "cast(floor(({%d} - date '1970-01-04') / 7) as bigint)"  # since a Sunday
                return value(type, "datediff(week, {0}, {1})", a, b, judge=f"({weeks % 1} - {weeks % 0})")
            case 5:
                a, b = self.value("date", scope, depth), self.value("date", scope, depth)
                type = replace(literals.INT, width="int", bound=1)
                return value(type, "date_cmp({0}, {1})", a, b, judge="cast(sign({0} - {1}) as int)")
            case _:
                return self.of_one(scope, depth)

    def of_one(self, scope: Scope, depth: int) -> Node:
        """ASCII of a text; seconds of a moment, in its minute and since 1970."""
        if self.chance(0.4):
            return value(replace(literals.INT, width="int", bound=2**21), "ascii({0})", self.text_value(scope, depth))
        a = self.value("ts", scope, depth)
        if self.chance(0.5):
            return value(replace(literals.INT, width="int", bound=59), "extract(second from {0})", a)
        type = replace(literals.INT, width="bigint", bound=10**11)
        return value(type, "extract(epoch from {0})", a, judge="cast(trunc(epoch({0})) as bigint)")

    def bits(self, scope: Scope, depth: int) -> Node:
        a, b = self.value("int", scope, depth), self.value("int", scope, depth)
        kind = self.random.randrange(6)
        if kind == 0:
            return value(replace(a.t, bound=_beyond(a.t.bound, a.t.width)), "(~{0})", a)
        if kind == 1:
            return value(a.t, "({0} >> {1})", a, literals.count(self.values, 0, 5))
        width = _wider(a.t, b.t)
        type = replace(a.t, width=width, bound=_beyond(max(a.t.bound, b.t.bound), width))
        op = self.random.choice("&|#")
        return value(type, f"({{0}} {op} {{1}})", a, b, judge="xor({0}, {1})" if op == "#" else "")

    def pattern(self) -> str:
        return literal_text(self.values.choice(PATTERNS))

    # -- texts and moments -------------------------------------------------------------------------------

    def text(self, scope: Scope, depth: int) -> Node:
        if not self.chance(0.2):
            return super().text(scope, depth)
        if self.chance(0.3):
            a = self.value(self.random.choice(["date", "ts"]), scope, depth)
            ours, judges = self.random.choice(FORMATS)
            return value(Type("text", length=30), f"to_char({{0}}, '{ours}')", a, judge=f"strftime({{0}}, '{judges}')")
        a, pattern = self.text_value(scope, depth), self.pattern()
        type = replace(a.t, blank=True)
        if self.chance(0.4):
            return value(type, f"regexp_substr({{0}}, '{pattern}')", a, judge=f"regexp_extract({{0}}, '{pattern}')")
        new = literals.text_of(self.values, "xyz")
        longer = replace(type, length=min(a.t.length * 4, 400))
        if self.chance(0.3):
            return value(longer, f"regexp_replace({{0}}, '{pattern}', {{1}}, 1, 'i')", a, new,
                         judge=f"regexp_replace({{0}}, '(?i){pattern}', {{1}}, 'g')")
        return value(longer, f"regexp_replace({{0}}, '{pattern}', {{1}})", a, new,
                     judge=f"regexp_replace({{0}}, '{pattern}', {{1}}, 'g')")

    def date(self, scope: Scope, depth: int) -> Node:
        if not self.chance(0.15):
            return super().date(scope, depth)
        number = self.values.randint(1, 7)
        judge = f"cast({{0}} + cast((({number} - isodow({{0}}) + 6) % 7 + 1) as int) as date)"
        return value(DATE, f"next_day({{0}}, '{WEEKDAYS[number - 1]}')", self.value("date", scope, depth), judge=judge)

    def timestamp(self, scope: Scope, depth: int) -> Node:
        if not self.chance(0.15):
            return super().timestamp(scope, depth)
        later = "{0} + to_months(cast({1} as int))"
        last = f"last_day(cast({later} as date))"
        judge = f"cast(case when {{0}} = last_day({{0}}) then {last} else {later} end as timestamp)"
        return value(TIMESTAMP, "add_months({0}, {1})", self.value("date", scope, depth),
                     literals.count(self.values, 0, 40), judge=judge)

    # -- conditions --------------------------------------------------------------------------------------

    def matches(self, scope: Scope, depth: int) -> Node:
        """POSIX's operators and SIMILAR TO."""
        a = self.text_value(scope, depth)
        if self.chance(0.5):
            pattern, negated = self.pattern(), self.chance(0.3)
            return test(f"{{0}} {'!~' if negated else '~'} '{pattern}'", a,
                        judge=f"{'not ' if negated else ''}regexp_matches({{0}}, '{pattern}')")
        (ours, judges), negated = self.values.choice(SIMILAR), self.chance(0.3)
        return test(f"{{0}} {'not ' if negated else ''}similar to '{ours}'", a,
                    judge=f"{'not ' if negated else ''}regexp_full_match({{0}}, '{judges}')")

    def integer_condition(self, scope: Scope, depth: int) -> Node:
        """An integer where a condition belongs."""
        a = self.value("int", scope, depth)
        return test("not {0}", a, judge="not cast({0} as boolean)")


def _beyond(bound: float, width: str) -> float:
    """What bits of numbers up to `bound` can make."""
    return min(2 * bound + 1, INT_LIMITS[width])
