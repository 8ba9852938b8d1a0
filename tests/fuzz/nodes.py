"""A random query is a tree of nodes, each with two texts: ours (Redshift's dialect) and the judge's (DuckDB's).

    Node("int", "({0} / nullif({1}, 0))", judge="({0} // nullif({1}, 0))", args=(a, b))

`{0}` stands for the first argument's text in the same dialect. Both texts come from one tree, so a failing
query can be made smaller (reduce.py) without the two drifting apart. `sort` says what may take the node's
place: 'int', 'dec', 'flt', 'text', 'date', 'ts', 'bool' for values, 'clause' for what may be left out,
'from' and 'query' for themselves.

`Type` is what the writer must know of a value so that no query fails for a reason that only one engine
has: its bound, so that nothing overflows; whether text may end in blanks, which do not count when Redshift
compares; whether a float went through rounding.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

OURS, JUDGE = "ours", "judge"
INT_WIDTHS = ("smallint", "int", "bigint")
INT_LIMITS = {"smallint": 2**15 - 1, "int": 2**31 - 1, "bigint": 2**63 - 1}
INT_DIGITS = {"smallint": 5, "int": 10, "bigint": 19}


@dataclass(frozen=True)
class Type:
    """What is known of a value. `bound`: no value is further from zero (numbers only)."""

    sort: str
    width: str = ""  # smallint, int, bigint; real, double
    precision: int = 0
    scale: int = 0
    bound: float = 0
    length: int = 0  # of text, in characters
    ascii: bool = True
    blank: bool = False  # text that may end in blanks
    ragged: bool = False  # which of several equal texts is not decided
    wild: bool = False  # extremes: compared and grouped, never calculated with
    rounded: bool = False  # a float whose sum depends on the order
    nullable: bool = True

    @property
    def whole(self) -> int:
        """Digits before the point of an exact number."""
        return INT_DIGITS[self.width] if self.sort == "int" else self.precision - self.scale


@dataclass(frozen=True)
class Node:
    """See the module's text. With `glue` the node is a list: its arguments' texts joined by it."""

    sort: str
    ours: str
    judge: str = ""
    args: tuple[Node, ...] = ()
    type: Type | None = field(default=None, compare=False)
    glue: str | None = None
    least: int = 1  # of a list

    def text(self, dialect: str) -> str:
        parts = [a.text(dialect) for a in self.args]
        if self.glue is not None:
            return self.glue.join(p for p in parts if p)
        template = self.judge if dialect == JUDGE and self.judge else self.ours
        return template.format(*parts)

    @property
    def size(self) -> int:
        return 1 + sum(a.size for a in self.args)

    def typed(self, **changes: object) -> Node:
        assert self.type is not None
        return replace(self, type=replace(self.type, **changes))  # type: ignore[arg-type]

    @property
    def t(self) -> Type:
        assert self.type is not None, self
        return self.type


EMPTY = Node("clause", "")


def literal_text(text: str) -> str:
    """Text for a template: its braces are doubled."""
    return text.replace("{", "{{").replace("}", "}}")


def value(type: Type, ours: str, *args: Node, judge: str = "") -> Node:
    return Node(type.sort, ours, judge, args, type)


def test(ours: str, *args: Node, judge: str = "") -> Node:
    """A predicate, in parentheses."""
    return Node("bool", f"({ours})", f"({judge})" if judge else "", args, BOOL)


def is_column(node: Node) -> bool:
    return not node.args and re.fullmatch(r"[a-z]\d+\.\w+", node.ours) is not None


def columns_in(node: Node) -> set[str]:
    """The columns that a node's own text names, as alias.name."""
    return {node.ours} if is_column(node) else set().union(*map(columns_in, node.args))


def many(glue: str, args: list[Node] | tuple[Node, ...], least: int = 1) -> Node:
    return Node("list", "", "", tuple(args), None, glue, least)


BOOL = Type("bool")
EXACT_FLOAT = Type("flt", "double", bound=1e6)
COUNT = Type("int", "bigint", bound=10**9, nullable=False)


def beyond_decimals(a: Type, b: Type) -> bool:
    """Exact numbers of different scales that DECIMAL(38) may not hold at one scale: comparing them is an error."""
    exact = all(t.sort in ("int", "dec") for t in (a, b))
    return exact and a.scale != b.scale and max(a.bound, b.bound) * 10 ** max(a.scale, b.scale) >= 1e38


def compared(node: Node) -> Node:
    """The node as the judge must compare it: text without its trailing blanks."""
    if node.sort == "text" and node.t.blank:
        return Node("text", "{0}", "rtrim({0}, ' ')", (node,), node.t)
    return node


def key(node: Node) -> Node:
    """The node as a key of groups and sets: of equal texts any one may come out."""
    if node.sort == "text" and node.t.blank:
        return compared(node).typed(ragged=True)
    return node
