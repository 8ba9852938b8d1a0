"""Parameter blocks of documents.py."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from . import document_layout as layout
from .memory import zeros
from .text_blocks import put_bytes


def make_path(steps: Sequence[bytes | int]) -> np.ndarray:
    """The block of super_path_str: attributes as bytes in quotes, elements by index."""
    first = layout.P_STEPS + layout.P_STEP_WORDS * len(steps)
    names = sum(-(-len(s) // 8) + 4 for s in steps if isinstance(s, bytes))
    block = zeros(first + names + 4, np.int64)
    block[layout.P_COUNT] = len(steps)
    for number, step in enumerate(steps):
        base = layout.P_STEPS + layout.P_STEP_WORDS * number
        if isinstance(step, int):
            block[base : base + 3] = layout.P_ELEMENT, min(step, 1 << 40), 0
        else:
            block[base : base + 3] = layout.P_ATTRIBUTE, put_bytes(block, first, step), len(step)
            first += -(-len(step) // 8) + 4
    return block
