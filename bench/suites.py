"""The suites by name."""
from __future__ import annotations

from .external import EXTERNAL
from .suite import Suite
from .tpcds import TPCDS
from .tpch import TPCH

SUITES: dict[str, Suite] = {suite.name: suite for suite in (TPCH, TPCDS, EXTERNAL)}


def named(name: str) -> Suite:
    """A suite, or SystemExit with those that there are."""
    if name not in SUITES:
        raise SystemExit(f"no suite {name!r}; there are {', '.join(SUITES)}")
    return SUITES[name]
