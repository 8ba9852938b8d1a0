"""Plots and the page: well-formed, whole without a network, and their small mathematics."""
from __future__ import annotations

import xml.etree.ElementTree as ET

from warehouse.bench.design import plots
from warehouse.bench.design.plots import Point


def xml(text: str) -> ET.Element:
    return ET.fromstring(f"<p>{text}</p>")


def test_ticks_are_round_and_cover() -> None:
    assert plots.ticks([0.0, 97.0]) == [0, 20, 40, 60, 80, 100]
    found = plots.ticks([210.3, 216.9])
    assert found[0] <= 210.3 and found[-1] >= 216.9 and len(found) <= 8
    assert len(plots.ticks([5.0])) >= 2 and len(plots.ticks([])) >= 2


def test_front_leaves_out_what_is_beaten() -> None:
    points = [Point(1, 5, "a"), Point(2, 5, "beaten"), Point(3, 1, "b"), Point(2, 3, "c"), Point(9, 9, "beaten")]
    assert [p.label for p in plots.front(points)] == ["a", "c", "b"]


def test_every_plot_is_well_formed() -> None:
    def show(value: float) -> str:
        return f"<{value:g}>"

    odd = 'a<b & "c"' * 5
    for text in (
        plots.bars([(odd, [1.0, 0.0]), ("x", [0.0, 2.0])], ["one", odd], show), plots.bars([], ["one"], show),
        plots.stacked([(odd, 1.0, 2.0), ("none", 0.0, 0.0)], ("read", "skipped"), show, odd),
        plots.columns([(odd, [1.0, 2.0, 3.0], 1)] * 12, show),
        plots.scatter([Point(1, 1, odd, 2, True), Point(1, 1, "same place")], "x", "y", show, show),
    ):
        root = xml(text)
        assert root.find(".//svg[@class='plot']") is not None
    bars = [r for r in xml(plots.bars([("q", [1.0, 2.0])], ["a", "b"], str)).iter("rect") if r.get("class") == "s1"]
    assert float(bars[0].get("width") or 0) == plots.WIDTH - plots.LABEL - plots.END, "the longest bar fills the room"


def test_ticks_that_read_the_same_are_told_once_and_a_marked_bar_is_bold() -> None:
    points = [Point(1.50, 1, "a"), Point(1.58, 2, "b")]
    found = plots.scatter(points, "x", "y", lambda x: f"{x:.1f} MB", lambda y: f"{y:g}")
    assert found.count(">1.6 MB<") == 1
    assert plots.bars([("az64", [1.0]), ("raw", [2.0])], ["bytes"], str, "az64").count("strong") == 1
