"""Rare mathematical functions over single values, and RANDOM."""
from __future__ import annotations

import math
import random

from .base import Function, plain


def cbrt(x: float) -> float:
    return math.copysign(math.cbrt(abs(x)), x)


FUNCTIONS: dict[str, Function] = {
    "cbrt": plain(cbrt),
    "atan2": plain(math.atan2),
    "random": lambda a, t, to: random.random(),
}
