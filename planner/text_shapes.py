"""The shape of a statement's text: its literals taken out, each replaced by its type.

    select * from t where a = 17 and d < '1998-01-01'      text
    select * from t where a = ?integer and d < ?text       shape
                              |0            |1             the literals, by their place

Texts of one shape have one plan (plan_cache.py), as far as the plan does not depend on the literals' values.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from ..records import dataclass
from ..storage.types import INTEGER, UNKNOWN
from .constants import FEW_DIGITS, number, parameter
from .expressions import Literal

# One set of characters first: what begins with no other is passed over without a look at the alternatives.
_TOKEN = re.compile(
    r"""
    ['"0-9./-]
    (?: (?<=-) -[^\n]* | (?<=/) \*.*?\*/
      | (?<=') (?P<string>(?:[^'\\]|\\.|'')*')
      | (?<=") (?:[^"]|"")*"
      | (?: (?<=[0-9])(?<![\w$\u0080-\U0010ffff].) [0-9]*\.?[0-9]* | (?<=\.) [0-9]+ )
        (?P<number>(?:[eE][+-]?[0-9]+)?)
    )
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A literal as it stands in the text. A list may have thousands of them, hence a tuple."""

    start: int
    text: str

    def literal(self) -> Literal:
        """As the binder makes it before any cast."""
        if self.text[0] == "'":
            return Literal(self.text[1:-1].replace("''", "'"), UNKNOWN)
        return number(self.text)


@dataclass(frozen=True, slots=True)
class Bound:
    """The value of a parameter; `start` is its number, negative (binder/literals.py: parameter_span)."""

    start: int
    value: Literal

    @property
    def text(self) -> str:
        """Tells two values apart, as a literal's text does."""
        return f"{self.value.type} {self.value.value!r}".replace("\\", "/")

    def literal(self) -> Literal:
        return self.value


AnyToken = Token | Bound


def bound_tokens(parameters: Sequence[Any]) -> tuple[Bound, ...]:
    """The values of $1, $2 ... as the last literals of a statement."""
    return tuple([Bound(-i, parameter(value)) for i, value in enumerate(parameters, start=1)])


_INTEGER = str(INTEGER)


def _number_type(text: str) -> str:
    return _INTEGER if len(text) <= FEW_DIGITS and text.isdecimal() else _written_type(text)


@lru_cache(maxsize=1000)
def _written_type(text: str) -> str:
    return str(number(text).type)


@lru_cache(maxsize=64)  # of texts that come again as they are, for which this is most of the planning
def shape_of(text: str) -> tuple[str, tuple[Token, ...]]:
    """The text with its literals replaced by their types, and the literals."""
    parts: list[str] = []
    tokens: list[Token] = []
    at = 0
    for match in _TOKEN.finditer(text):
        group = match.lastgroup
        if group is None:
            continue
        start, end = match.span()
        literal = text[start:end]
        tokens.append(Token(start, literal))
        parts.append(text[at:start])
        parts.append("\0text\0" if group == "string" else f"\0{_number_type(literal)}\0")
        at = end
    parts.append(text[at:])
    return "".join(parts), tuple(tokens)


# What stands for a literal in a shape, and what such a literal looks like where it is a plain one.
_PLACE = re.compile("\0([^\0]*)\0")
_PLAIN = {"text": r"('(?:[^'\\]|'')*')", _INTEGER: f"([0-9]{{1,{FEW_DIGITS}}})"}


def plain_pattern(shape: str) -> re.Pattern[str] | None:
    """What texts of a shape match whose literals are all plain: strings without a backslash, whole numbers of few
    digits. The groups are the literals. None where the shape has others.

    It takes a text apart as `shape_of` does, only faster: what stands between the literals is the same text, in which
    that has found no literal, and a plain literal ends where its kind does.
    """
    parts = _PLACE.split(shape)
    if any(kind not in _PLAIN for kind in parts[1::2]):
        return None
    return re.compile("".join([_PLAIN[p] if i % 2 else re.escape(p) for i, p in enumerate(parts)]))
