"""Usage limits: what counts in which period, what is reached once, what is switched off until when."""
from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from warehouse.errors import ProgrammingError
from warehouse.wlm.usage import Feature, Limits, parse_limits, period_start

MINUTE = 60_000_000


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type]


def limits(*objects: dict[str, Any]) -> Limits:
    return Limits(parse_limits(json.dumps(list(objects))))


SCALING = {"feature_type": "concurrency-scaling", "amount": 60, "period": "daily"}


def test_a_limit_speaks_once_a_period() -> None:
    found = limits(SCALING)
    noon = at(2026, 3, 15, 12)
    assert found.add(Feature.SCALING, 59 * MINUTE, noon) == []
    assert found.add(Feature.SPECTRUM, 1e15, noon) == []
    assert [limit.amount for limit in found.add(Feature.SCALING, MINUTE, noon)] == [60]
    assert found.add(Feature.SCALING, 60 * MINUTE, noon) == []
    assert len(found.add(Feature.SCALING, 60 * MINUTE, at(2026, 3, 16))) == 1
    assert found.allows(Feature.SCALING, noon)


def test_a_disabled_feature_comes_back_with_the_next_period() -> None:
    found = limits({**SCALING, "breach_action": "disable", "period": "weekly"})
    found.add(Feature.SCALING, 60 * MINUTE, at(2026, 3, 11))  # a Wednesday
    assert not found.allows(Feature.SCALING, at(2026, 3, 15, 23, 59))
    assert found.allows(Feature.SCALING, at(2026, 3, 16)) and found.allows(Feature.SPECTRUM, at(2026, 3, 11))


def test_periods_begin_at_midnight_utc() -> None:
    now = at(2026, 3, 19, 17, 30)  # a Thursday
    assert period_start("daily", now) == at(2026, 3, 19)
    assert period_start("weekly", now) == at(2026, 3, 16)
    assert period_start("monthly", now) == at(2026, 3, 1)


def test_a_changed_limit_counts_anew_and_others_go_on() -> None:
    found = limits(SCALING, {**SCALING, "usage_limit_id": "b", "amount": 30})
    found.add(Feature.SCALING, 29 * MINUTE, at(2026, 3, 1))
    others = [{**SCALING, "amount": 29}, {**SCALING, "usage_limit_id": "b", "amount": 30}]
    found.change(parse_limits(json.dumps(others)))
    assert [limit.id for limit in found.add(Feature.SCALING, MINUTE, at(2026, 3, 1))] == ["b"]


@pytest.mark.parametrize("objects, words", [
    ([{"feature_type": "spectrum", "amount": 0}], "amount must be a positive number"),
    ([{"feature_type": "spectrum", "amount": 1, "limit_type": "time"}], "limit_type of spectrum is data-scanned"),
    ([{"feature_type": "x", "amount": 1}], "feature_type must be one of"),
    ([{**SCALING, "period": "yearly"}], "period must be one of"),
    ([{**SCALING, "breach_action": "stop"}], "breach_action must be one of"),
    ([{**SCALING, "color": 1}], "unknown property 'color'"),
    ([{**SCALING, "amount": i} for i in (1, 2, 3, 4)], "4 limits for concurrency-scaling; 3 are the most"),
    ([{**SCALING, "breach_action": "disable", "amount": i} for i in (1, 2)], "several limits that disable"),
    ([{**SCALING, "usage_limit_id": "a"}] * 2, "usage_limit_id twice"),
    ({}, "must be a list"),
])  # fmt: skip
def test_wrong_limits(objects: Any, words: str) -> None:
    with pytest.raises(ProgrammingError, match=words):
        parse_limits(json.dumps(objects))
