"""Usage limits: how much of a feature may be used in a day, a week or a month (managing-cluster-usage-limits.md).

    limits = Limits(parse_limits('[{"feature_type": "concurrency-scaling", "limit_type": "time", "amount": 60,
                                    "period": "daily", "breach_action": "disable"}]'))
    limits.add(Feature.SCALING, 90_000_000, now)      what was used: microseconds of scaling, or bytes scanned
    limits.allows(Feature.SCALING, now)               False: a limit that disables the feature has been reached

Names are those of create-usage-limit: `concurrency-scaling` counts minutes, `spectrum` terabytes scanned outside. A
period begins at midnight UTC: a day, a week from Monday, a month. What a limit counts begins when it is made; whoever
keeps it beyond the process gives a function to `listen`, and what it has kept to `restore`.
Up to three limits a feature; one of them may disable it. A limit that is reached speaks once a period: `log` leaves a
row (STL_USAGE_CONTROL), `emit-metric` also warns, `disable` also turns the feature off until the period ends.
"""
from __future__ import annotations

import enum
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import ProgrammingError
from ..records import dataclass

PARAMETER = "usage_limits"
MOST_LIMITS = 3  # a feature


class Feature(enum.Enum):
    """The value is the feature's name; `unit`: what one of a limit's amount is, in what is counted."""

    SCALING = "concurrency-scaling"
    SPECTRUM = "spectrum"

    @property
    def unit(self) -> int:
        return 60_000_000 if self is Feature.SCALING else 1 << 40  # a minute in microseconds, a terabyte

    @property
    def measure(self) -> str:
        """The limit_type that goes with it."""
        return "time" if self is Feature.SCALING else "data-scanned"


PERIODS = ("daily", "weekly", "monthly")
ACTIONS = ("log", "emit-metric", "disable")
_KEYS = ("feature_type", "limit_type", "amount", "period", "breach_action", "usage_limit_id")


@dataclass(frozen=True, slots=True)
class Limit:
    """`amount`: minutes or terabytes in a period."""

    id: str
    feature: Feature
    amount: float
    period: str
    action: str

    @property
    def key(self) -> str:
        """All that makes it this limit and no other."""
        return f"{self.feature.value} {self.amount:g} {self.period} {self.action} {self.id}"

    @property
    def most(self) -> float:
        """In what is counted."""
        return self.amount * self.feature.unit


def parse_limits(text: str) -> tuple[Limit, ...]:
    """The limits that a JSON list describes; ProgrammingError (22023) says what is wrong with it."""
    try:
        objects = json.loads(text)
    except ValueError as e:
        raise _wrong(f"is not valid JSON: {e}") from None
    if not isinstance(objects, list) or not all(isinstance(o, dict) for o in objects):
        raise _wrong("must be a list of objects")
    found = tuple(_limit(i, o) for i, o in enumerate(objects, start=1))
    if len({limit.id for limit in found}) < len(found):
        raise _wrong("has a usage_limit_id twice")
    for feature in Feature:
        mine = [limit for limit in found if limit.feature is feature]
        if len(mine) > MOST_LIMITS:
            raise _wrong(f"has {len(mine)} limits for {feature.value}; {MOST_LIMITS} are the most")
        if sum(limit.action == "disable" for limit in mine) > 1:
            raise _wrong(f"has several limits that disable {feature.value}; one may")
    return found


def _wrong(what: str) -> ProgrammingError:
    return ProgrammingError(f"{PARAMETER} {what}", sqlstate="22023")


def _limit(number: int, given: dict[str, Any]) -> Limit:
    place = f"limit {number}"
    for key in given:
        if key not in _KEYS:
            raise _wrong(f"{place}: unknown property {key!r}")
    feature = next((f for f in Feature if f.value == given.get("feature_type")), None)
    if feature is None:
        raise _wrong(f"{place}: feature_type must be one of {', '.join(f.value for f in Feature)}")
    if given.get("limit_type", feature.measure) != feature.measure:
        raise _wrong(f"{place}: the limit_type of {feature.value} is {feature.measure}")
    amount = given.get("amount")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or amount <= 0:
        raise _wrong(f"{place}: amount must be a positive number, not {json.dumps(amount)}")
    period, action = given.get("period", "monthly"), given.get("breach_action", "log")
    if period not in PERIODS:
        raise _wrong(f"{place}: period must be one of {', '.join(PERIODS)}")
    if action not in ACTIONS:
        raise _wrong(f"{place}: breach_action must be one of {', '.join(ACTIONS)}")
    return Limit(str(given.get("usage_limit_id", f"limit-{number}")), feature, float(amount), period, action)


class Limits:
    """What has been used of each limit in its present period. Times are microseconds since 1970."""

    def __init__(self, limits: Sequence[Limit] = ()) -> None:
        self.limits = tuple(limits)
        self._used: dict[str, tuple[int, float]] = {}  # by limit: when its period began, how much
        self._listener: Callable[[str, int, float], None] | None = None

    def listen(self, listener: Callable[[str, int, float], None]) -> None:
        """Called with each limit's key, when its period began, what was used: in the thread of whoever says so."""
        self._listener = listener

    def restore(self, used: Mapping[str, tuple[int, float]]) -> None:
        """What limits had counted, by their keys, when their periods began and how much."""
        self._used = {limit.id: used[limit.key] for limit in self.limits if limit.key in used}

    def add(self, feature: Feature, amount: float, now: int) -> list[Limit]:
        """Count what was used; limits that it reaches for the first time in their period."""
        reached = []
        for limit in self.limits:
            if limit.feature is feature:
                start = period_start(limit.period, now)
                before = self._since(limit, start)
                self._used[limit.id] = start, before + amount
                if self._listener is not None:
                    self._listener(limit.key, start, amount)
                if before < limit.most <= before + amount:
                    reached.append(limit)
        return reached

    def allows(self, feature: Feature, now: int) -> bool:
        """Whether the feature may be used."""
        return all(
            self._since(limit, period_start(limit.period, now)) < limit.most
            for limit in self.limits if limit.feature is feature and limit.action == "disable"
        )

    def change(self, limits: Sequence[Limit]) -> None:
        """Other limits; one that stays as it is goes on counting."""
        kept = {limit.id for limit in limits if limit in self.limits}
        self._used = {id: used for id, used in self._used.items() if id in kept}
        self.limits = tuple(limits)

    def _since(self, limit: Limit, start: int) -> float:
        began, used = self._used.get(limit.id, (start, 0.0))
        return used if began == start else 0.0


def period_start(period: str, now: int) -> int:
    """When the day, week or month began in which `now` lies."""
    day = datetime.fromtimestamp(now / 1e6, UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "weekly":
        day -= timedelta(days=day.weekday())
    elif period == "monthly":
        day = day.replace(day=1)
    return int(day.timestamp()) * 1_000_000
