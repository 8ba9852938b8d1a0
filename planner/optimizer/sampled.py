"""Shares of a column's rows from its sample, for values that are not spread evenly.

    values that stand in it often     each its own share                            0 0 0 0 0 0
    all others                        an equi-depth histogram: as many between      3 | 17 21 | 60 ...
                                      two neighbours as between any two others

    share(value < 20)  =  often ones below 20  +  others below 20, in a straight line between 17 and 21

Random numbers stray: a sample of n rows finds a share p within about sqrt(p (1 - p) / n). Where it does not
stray further from what even spread says (a straight line between the bounds, one row in so many for each
value), that is taken, for it holds for narrow ranges and rare values, too. A sample that holds all values is
not asked what is likely but counted.
"""
from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from ...storage.sample import TEXT_BYTES
from ..like import like_matches

if TYPE_CHECKING:
    from ...storage.sample import Sample

FEWEST_VALUES = 16  # fewer say nothing, unless they are all
OFTEN = 3  # times that a value stands in the sample, to have a share of its own
MANY = 0.05  # a value with more of the sample than this is no part of an even spread
STRAY = 3.5  # standard deviations that chance is believed to do


class Sampled:
    """What a sample says; `low` and `high`, in the values' own form, bound the column."""

    def __init__(self, sample: Sample, low: Any, high: Any) -> None:
        values = sorted([comparable(v) for v in sample.values if v == v])  # without NaN
        self._raw = sample.values
        self.is_complete = sample.is_complete and len(values) == len(sample.values)
        self.values = values
        self.count = len(values)
        self._low, self._high = low, high
        self._counts = Counter(values)
        self._often = {v: n for v, n in self._counts.items() if n >= OFTEN}
        self._others = [v for v in values if v not in self._often]

    @property
    def is_usable(self) -> bool:
        return bool(self.values) and (self.is_complete or self.count >= FEWEST_VALUES)

    # -- ranges ----------------------------------------------------------------------------------

    def below(self, value: Any, inclusive: bool) -> float:
        """The share of values below `value` (or equal to it)."""
        return _below(self, comparable(value), inclusive)

    def _below(self, value: Any, inclusive: bool) -> float:
        if self.is_complete:
            return self._rank(value, inclusive) / self.count
        if self.is_even:
            return self._line(value)
        often = sum([n for v, n in self._often.items() if v < value or (inclusive and v == value)])
        return (often + len(self._others) * self._others_below(value)) / self.count

    def _rank(self, value: Any, inclusive: bool) -> int:
        return (bisect_right if inclusive else bisect_left)(self.values, value)

    def _line(self, value: Any) -> float:
        """The share below, were values spread evenly between the bounds."""
        return _between(position(self._low), position(self._high), position(value))

    @cached_property
    def _edges(self) -> list[tuple[Any, float]]:
        """A histogram: values and the share of the other values below each; wide enough apart not to show chance."""
        others = self._others
        if not others or self._low is None or self._high is None:
            return []
        step = max(1, round(math.sqrt(len(others)) / 2))
        inner = [(others[i], (i + 0.5) / len(others)) for i in range(step - 1, len(others), step)]
        return [(min(self._low, others[0]), 0.0), *inner, (max(self._high, others[-1]), 1.0)]

    def _others_below(self, value: Any) -> float:
        if not self._edges:
            return bisect_left(self._others, value) / max(1, len(self._others))
        after = bisect_right(self._edges, value, key=lambda edge: edge[0])
        if after in (0, len(self._edges)):
            return 0.0 if after == 0 else 1.0
        (left, share), (right, next_share) = self._edges[after - 1 : after + 1]
        return share + (next_share - share) * _between(position(left), position(right), position(value))

    @cached_property
    def is_even(self) -> bool:
        """May the sample be of values spread evenly between the bounds?"""
        if self._low is None or self._high is None:
            return False
        low, high, count = position(self._low), position(self._high), self.count
        if low >= high or not self.values or max(self._counts.values()) > MANY * count:
            return False
        before = 0
        for value, times in self._counts.items():  # in their order, as the sample's values are
            expected, found = _between(low, high, position(value)), before + times / 2
            strays = STRAY * math.sqrt(expected * (1.0 - expected) / count)
            if abs(found / count - expected) > strays + (1.0 + times / 2) / count:
                return False
            before += times
        return True

    # -- single values ---------------------------------------------------------------------------

    def equal(self, value: Any, distinct: float) -> float:
        """The share of one value; `distinct`: how many there are."""
        return _equal(self, cut(comparable(value)), distinct)

    def _equal(self, value: Any, distinct: float) -> float:
        found = self._counts[value]
        if self.is_complete:
            return found / self.count
        if self._stands_out(found, distinct):
            return max(0.5, found) / self.count
        often = [n for n in self._often.values() if self._stands_out(n, distinct)]
        return (1.0 - sum(often) / self.count) / max(1.0, distinct - len(often))

    def _stands_out(self, found: int, distinct: float) -> bool:
        """Is a value found more or less often than chance does when all have the same share?"""
        expected = self.count / max(1.0, distinct)
        return abs(found - expected) > STRAY * math.sqrt(expected * (1.0 - 1.0 / max(1.0, distinct))) + 1.0

    def like(self, pattern: str, escape: str, case_insensitive: bool, otherwise: float) -> float:
        """The share of texts that match; where the sample has none: `otherwise`, but not much."""
        found = sum([like_matches(v, pattern, escape, case_insensitive) for v in self._raw])
        if found or self.is_complete:
            return found / self.count
        return min(otherwise, 0.5 / self.count)


# A query asks again and again: subqueries that differ in one constant have all others in common.
@lru_cache(maxsize=1024)
def _below(sample: Sampled, value: Any, inclusive: bool) -> float:
    return sample._below(value, inclusive)


@lru_cache(maxsize=1024)
def _equal(sample: Sampled, value: Any, distinct: float) -> float:
    return sample._equal(value, distinct)


@lru_cache(maxsize=512)
def _sampled(sample: Sample, low: Any, high: Any) -> Sampled | None:
    found = Sampled(sample, low, high)
    return found if found.is_usable else None


def sampled(sample: Sample | None, low: Any = None, high: Any = None, like: Any = None) -> Sampled | None:
    """What there is to say of a column, when there is; `like`: a value that it must compare with."""
    if sample is None or not sample.values:
        return None
    if like is not None and isinstance(like, str) != isinstance(sample.values[0], str):
        return None
    return _sampled(sample, comparable(low), comparable(high))


def comparable(value: Any) -> Any:
    """Trailing blanks do not count."""
    return value.rstrip(" ") if isinstance(value, str) else value


def cut(value: Any) -> Any:
    """As a sample keeps it."""
    return value.encode()[:TEXT_BYTES].decode("utf-8", "ignore") if isinstance(value, str) else value


def position(value: Any) -> float:
    """A number that orders values: text by its first eight bytes."""
    if isinstance(value, str):
        return float(int.from_bytes(value.encode()[:8].ljust(8, b"\0"), "big"))
    return float(value)


def _between(low: float, high: float, at: float) -> float:
    """Where `at` is on the way from `low` to `high`."""
    if high <= low:
        return 1.0 if at >= high else 0.0
    return min(1.0, max(0.0, (at - low) / (high - low)))
