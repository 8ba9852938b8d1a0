"""The way to the judge: modules of this checkout's tests/oracle/, which is not part of the package."""
from __future__ import annotations

import importlib
import sys
from typing import Any

from .suite import CHECKOUT


def oracle(module: str) -> Any:
    """A module of tests/oracle/ of this checkout."""
    tests = CHECKOUT / "tests"
    if not (tests / "oracle").is_dir():
        raise SystemExit("the benchmark needs a checkout of the repository: tests/oracle/ is not there")
    if str(tests) not in sys.path:
        sys.path.insert(0, str(tests))
    return importlib.import_module(f"oracle.{module}")
