"""Does the fuzzer find bugs? Each plant makes one kernel answer as another one would; the judge must notice.

    found = hunt("logic", seed=1, most=400)     -> the label of the query that showed it, or None

PYTHONPATH=tests .venv/bin/python -m fuzz --planted --count 300        all plants; each is found by then
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from warehouse.kernels import pack

# family of kernels -> native functions, and what answers in their place
PLANTS: dict[str, dict[str, str]] = {
    "comparison": {"lt_i64": "le_i64", "lt_i64_k": "le_i64_k"},
    "arithmetic": {"sub_i64": "add_i64", "sub_i64_checked": "add_i64_checked"},
    "logic": {"and_b": "or_b"},
    "strings": {"upper_str": "lower_str", "lower_str": "upper_str", "left_str": "right_str"},
    "dates": {"date_trunc_month_date": "date_trunc_year_date", "extract_month_date": "extract_day_date"},
    "windows": {"window_rank": "window_dense_rank"},
}


@contextmanager
def planted(family: str) -> Iterator[None]:
    """The bug is there inside the block: for programs, which take addresses, and for callers from Python."""
    kept = {name: (pack.address(name), pack.native(name)) for name in PLANTS[family]}
    others = {name: (pack.address(other), pack.native(other)) for name, other in PLANTS[family].items()}
    _put(others)
    try:
        yield
    finally:
        _put(kept)


def _put(found: dict[str, tuple[int, Callable[..., int]]]) -> None:
    for name, (address, native) in found.items():
        pack._addresses[name], pack._natives[name] = address, native


def hunt(family: str, seed: int, most: int) -> str | None:
    """The label of the first random query whose answer the bug changes; None when `most` queries show nothing."""
    from .__main__ import QUERIES_PER_LAB, query_of
    from .check import Lab

    for first in range(0, most, QUERIES_PER_LAB):
        lab = Lab(seed, topologies=((1, 2),))
        try:
            for number in range(min(QUERIES_PER_LAB, most - first)):
                query = query_of(lab, seed, number)
                with planted(family):
                    outcome = lab.check(query)
                if outcome.bad:
                    healthy = lab.check(query)
                    assert not healthy.bad, f"{seed}:{number} is wrong without any bug planted: {healthy.told}"
                    return f"{seed}:{number}"
        finally:
            lab.close()
        seed += 1
    return None
