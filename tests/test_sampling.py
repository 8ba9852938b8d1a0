from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sampling
import support_table


def cases(count: int, *marks: pytest.Mark) -> list[Any]:
    return [SimpleNamespace(nodeid=f"tests/x.py::test_x[{i}]", get_closest_marker=dict(zip(["one_in"], marks)).get)
            for i in range(count)]


def out(items: list[Any], seed: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    monkeypatch.setenv(sampling.VARIABLE, seed)
    return {item.nodeid for item in sampling.left_out(items)}


def test_a_seed_takes_its_share_and_all_seeds_take_all(monkeypatch: pytest.MonkeyPatch) -> None:
    items = cases(300, pytest.mark.one_in(3).mark)
    first, again, *others = (out(items, seed, monkeypatch) for seed in ("a", "a", *"bcdefghijklmnopqrst"))
    assert first == again and 150 < len(first) < 250
    assert not first.intersection(*others)
    assert not out(items, "all", monkeypatch)


def test_what_is_not_marked_or_is_named_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    items = cases(100, pytest.mark.one_in(50).mark)
    row = SimpleNamespace(test=items[7].nodeid)
    monkeypatch.setattr(support_table, "load", lambda: [row])
    assert not out(cases(100), "a", monkeypatch)
    assert all(items[7].nodeid not in out(items, seed, monkeypatch) for seed in "abcdefgh")
