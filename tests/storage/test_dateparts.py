"""Spellings of date parts; interval literals."""
from __future__ import annotations

import pytest
from warehouse.errors import InvalidDatetime, ProgrammingError
from warehouse.storage.dateparts import PARTS, date_part, interval
from warehouse.storage.datetimes import DAY

HOUR = DAY // 24


@pytest.mark.parametrize(
    ("spelling", "part"),
    [("yr", "year"), ("MON", "month"), ("m", "minute"), ("d", "day"), ("qtr", "quarter"), ("w", "week"),
     ("dw", "dow"), ("yearday", "doy"), ("h", "hour"), ("secs", "second"), ("msec", "millisecond"),
     ("us", "microsecond"), ("c", "century"), ("decs", "decade"), ("mil", "millennium"), ("epoch", "epoch")],
)
def test_spellings(spelling: str, part: str) -> None:
    assert date_part(spelling) == part


def test_every_part_spells_itself() -> None:
    assert all(date_part(part) == part for part in set(PARTS.values()) - {"dow", "doy"})


def test_unknown_part() -> None:
    with pytest.raises(ProgrammingError, match='date part "foo" not recognized') as caught:
        date_part("foo", 7)
    assert caught.value.position == 7


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("1", "year", (12, 0)),
        ("90", "DAYS", (0, 90 * DAY)),
        ("7 days, 3 hours, 59 minutes", None, (0, 7 * DAY + 3 * HOUR + 59 * HOUR // 60)),
        ("1w, 1h, 1m, 1s", None, (0, 7 * DAY + HOUR + 61_000_000)),
        ("0.5 days", None, (0, DAY // 2)),
        ("5", None, (0, 5_000_000)),
        ("1 year 2 mons -3 days", None, (14, -3 * DAY)),
        ("1-2", None, (14, 0)),
        ("-1-2", None, (-14, 0)),
        ("2 10:30", "day", (0, 2 * DAY + 10 * HOUR + HOUR // 2)),
        ("0.5 month", None, (0, 15 * DAY)),
        ("1 quarter", None, (3, 0)),
    ],
)
def test_intervals(text: str, unit: str | None, value: tuple[int, int]) -> None:
    assert interval(text, unit) == value


@pytest.mark.parametrize("text", ["", "one day", "1 dow", "5 -"])
def test_intervals_that_are_none(text: str) -> None:
    with pytest.raises(InvalidDatetime, match="interval"):
        interval(text, None)
