"""Rare mathematical functions over single values, and RANDOM."""
from __future__ import annotations

import math
import random
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ...storage.types import SqlType
from .base import Function, plain


def cbrt(x: float) -> float:
    root = math.cbrt(x)
    whole = float(round(root)) if abs(root) < 1e5 else root  # the library's roots of cubes may be a last digit off
    return whole if whole**3 == x else root


_SEEDED_CALLS = 256  # of statements that are running


@lru_cache(maxsize=_SEEDED_CALLS)
def _generator(call: int, seed: int) -> random.Random:
    return random.Random(seed)


def _random(args: list[Any], types: Sequence[SqlType], to: SqlType) -> float:
    """Any number; behind SET SEED the next one of this call's sequence."""
    return _generator(args[0], args[1]).random() if len(args) > 1 else random.random()


FUNCTIONS: dict[str, Function] = {
    "cbrt": plain(cbrt),
    "atan2": plain(math.atan2),
    "random": _random,
}
