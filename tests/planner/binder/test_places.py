"""Where a syntax node stands in the text: from the first to the last place below it, whatever was asked for before."""
from __future__ import annotations

from typing import Any

import pytest
from warehouse.planner.binder.context import BindContext, Binder, span_of
from warehouse.planner.syntax import parse_query

TEXTS = [
    "select case when a = 1 then b * c else 0 end, case a when 1 then null end, sum(distinct x) from t",
    "select a is null, a in (1, 2), a between 1 and 2, not a, -a, cast(a as varchar(3)), date '2000-01-01' from t",
    "select rank() over (partition by a order by b desc) from s.t x join u using (a) where exists (select 1 from v)",
]


def expected(node: Any) -> tuple[int, int] | None:
    if node._meta and "start" in node._meta:
        return node._meta["start"], node._meta["end"] + 1
    below = [place for child in node.iter_expressions() if (place := expected(child)) is not None]
    return (min(start for start, _ in below), max(end for _, end in below)) if below else None


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("upwards", [False, True])
def test_places(text: str, upwards: bool) -> None:
    nodes = list(parse_query(text).walk())
    wanted = [expected(node) for node in nodes]
    pairs = list(zip(nodes, wanted))
    for node, place in reversed(pairs) if upwards else pairs:
        assert span_of(node) == place


def test_a_case_from_its_first_to_its_last_part() -> None:
    b = Binder(None, BindContext())  # type: ignore[arg-type]
    for text in TEXTS[0], "select case when null then a else null end, case when a then null end from t":
        for node in parse_query(text).walk():
            if node.key == "case":
                ifs, given, otherwise = node.args["ifs"], node.args.get("this"), node.args.get("default")
                between = b.span_between(given or ifs[0], otherwise or ifs[-1])
                assert between in (None, expected(node))
