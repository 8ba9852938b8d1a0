"""The plans of the 22 TPC-H queries at scale factor 1 (statistics only), on two nodes with two slices each,
in two designs: keys as TPC-H's joins want them, and EVEN everywhere."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from plan_tools.tpch_tables import Planning

TEXTS = Path(__file__).parents[1] / "oracle" / "tpch"


def text(number: int) -> str:
    return (TEXTS / f"q{number:02d}.sql").read_text().replace("{fraction}", "0.0001")


@pytest.mark.parametrize("number", range(1, 23))
def test_golden(number: int, golden: Callable[[str, str], None]) -> None:
    parts = []
    for design in ("key", "even"):
        lines = Planning(2, 2, design).explain(text(number))
        parts.append("\n".join([f"-- {design}", *lines]))
    golden(f"tpch_q{number:02d}.txt", "\n\n".join(parts))


@pytest.mark.parametrize("number", range(1, 23))
def test_one_slice_moves_nothing(number: int) -> None:
    lines = "\n".join(Planning(1, 1, "even").explain(text(number)))
    assert "DS_BCAST" not in lines and "DS_DIST_INNER" not in lines and "DS_DIST_BOTH" not in lines


@pytest.mark.parametrize("number", range(1, 23))
def test_replicated_tables_are_not_moved(number: int) -> None:
    """With every table on every node a base table never crosses the network as such."""
    assert not Planning(2, 2, "all").plan(text(number)).advice
