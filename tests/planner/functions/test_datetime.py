"""Date functions: the unit that the work is done in, result types, now."""
from __future__ import annotations

from datetime import date, datetime

import pytest
from support_plans import NOW, bind, context, text
from warehouse.errors import Error, ProgrammingError
from warehouse.planner.constants import micros_of
from warehouse.planner.functions import Site, resolve

TS = "timestamp without time zone"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("dateadd(month, 3, d)", f"cast(date_add_months(d, 3) as {TS}) :: {TS}"),
        ("dateadd(qtr, a, d)", f"cast(date_add_months(d, multiply(a, 3)) as {TS}) :: {TS}"),
        ("dateadd(day, a, d)", f"cast(date_add_days(d, a) as {TS}) :: {TS}"),
        ("dateadd(week, -2, d)", f"cast(date_add_days(d, -14) as {TS}) :: {TS}"),
        ("dateadd(hour, 1, d)", f"ts_add_micros(cast(d as {TS}), 3600000000) :: {TS}"),
        ("dateadd(quarter, 4, ts)", f"ts_add_months(ts, 12) :: {TS}"),
        ("dateadd(m, 30, '2008-02-28')", f"ts_add_micros(1204156800000000, 1800000000) :: {TS}"),
        ("dateadd(day, 1, tz)", "ts_add_micros(tz, 86400000000) :: timestamp with time zone"),
        ("date_add('day', 1, ts)", f"ts_add_micros(ts, 86400000000) :: {TS}"),
        ("datediff(day, d, d)", "date_diff_day(d, d) :: bigint"),
        ("datediff(hour, d, ts)", f"date_diff_hour(cast(d as {TS}), ts) :: bigint"),
        ("datediff(qtr, '1998-07-01', current_date)", "date_diff_quarter(899251200000000, 1709164800000000) :: bigint"),
        ("date_trunc('month', d)", f"cast(date_trunc_month(d) as {TS}) :: {TS}"),
        ("date_trunc('day', d)", f"cast(d as {TS}) :: {TS}"),
        ("date_trunc('hour', d)", f"date_trunc_hour(cast(d as {TS})) :: {TS}"),
        ("date_trunc('hour', ts)", f"date_trunc_hour(ts) :: {TS}"),
        ("add_months(d, 2)", f"add_months(cast(d as {TS}), 2) :: {TS}"),
        ("last_day(ts)", "last_day(ts) :: date"),
        ("trunc(ts)", "CAST(ts as date) :: date"),
        ("trunc(d)", "d :: date"),
        ("extract(year from d)", "extract_year(d) :: integer"),
        ("extract('mon' from ts)", "extract_month(ts) :: integer"),
        ("extract(epoch from ts)", "extract_epoch(ts) :: bigint"),
        ("extract(hour from tm)", "extract_hour(tm) :: integer"),
        ("extract(hour from d)", f"extract_hour(cast(d as {TS})) :: integer"),
        ("extract(year from tz)", "cast(extract_year(tz) as double precision) :: double precision"),
        ("date_part(year, d)", "cast(extract_year(d) as double precision) :: double precision"),
        ("pgdate_part('dow', ts)", "cast(extract_dow(ts) as double precision) :: double precision"),
    ],
)
def test_calls(call: str, expected: str) -> None:
    assert text(call) == expected


def test_date_part_of_seconds_has_the_fraction() -> None:
    assert text("date_part(second, ts)") == (
        "divide(cast(add(multiply(extract_second(ts), 1000000), extract_microsecond(ts)) as double precision), "
        "1000000.0) :: double precision"
    )


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("dateadd(foo, 1, d)", 'date part "foo" not recognized'),
        ("extract(foo from d)", 'date part "foo" not recognized'),
        ("dateadd(dow, 1, d)", 'date part "dow" is not supported by DATEADD'),
        ("date_trunc('epoch', d)", 'date part "epoch" is not supported by DATE_TRUNC'),
        ("extract(day from tm)", 'date part "day" is not supported by EXTRACT for type time'),
        ("dateadd(1, 1, d)", 'date part "1" not recognized'),
    ],
)
def test_parts_that_do_not_fit(call: str, words: str) -> None:
    with pytest.raises(ProgrammingError, match=words):
        text(call)


@pytest.mark.parametrize("call", ["dateadd(a + 1, 1, d)", "extract(year from a)", "datediff(day, d)", "last_day(a)"])
def test_arguments_that_do_not_fit(call: str) -> None:
    with pytest.raises(Error):
        text(call)


def test_now_is_the_statements_clock() -> None:
    naive = NOW.replace(tzinfo=None)
    assert text("sysdate") == f"{micros_of(naive)} :: {TS}"
    assert text("getdate()") == f"{micros_of(naive.replace(microsecond=0))} :: {TS}"
    assert text("current_date") == f"{(date(2024, 2, 29) - date(1970, 1, 1)).days} :: date"
    for word in ("current_timestamp", "now()"):
        column, value = bind(f"select {word}").plan.columns[0]  # type: ignore[union-attr]
        assert (value.value, str(column.type)) == (micros_of(naive), "timestamp with time zone")


def test_now_in_the_sessions_zone() -> None:
    query = bind("select getdate(), current_date", timezone="Asia/Tokyo")
    values = [e.value for _, e in query.plan.columns]  # type: ignore[union-attr]
    assert values == [micros_of(datetime(2024, 2, 29, 22, 14, 15)), (date(2024, 2, 29) - date(1970, 1, 1)).days]


def test_plans_with_now_are_marked() -> None:
    c = context()
    (signature,) = resolve("getdate")
    assert signature.build is not None and not c.stable
    signature.build(Site("getdate", None, c), ())
    assert c.stable
