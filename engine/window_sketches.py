"""HLL_CREATE_SKETCH and HLL_COMBINE over a partition's values together: a sketch for each partition.

What they do to one partition is storage/sketches.py's; NULLs are left out, and a partition without a value gives NULL.
"""
from __future__ import annotations

import ctypes
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from ..kernels import memory
from ..planner.expressions import WindowCall
from ..storage.types import Physical
from .collection import allocate
from .window_sorted import Result, spread

if TYPE_CHECKING:
    from .windows import Step


def hll_sketch(step: Step, call: WindowCall) -> Result:
    """Sketches of coupons."""
    from ..storage import sketches

    column = step.column(call.args[0])
    made: list[str | None] = []
    for start, end in _partitions(step):
        coupons = column.values[start:end]
        if column.valid is not None:
            coupons = coupons[column.valid[start:end] != 0]
        made.append(sketches.made_of(coupons) if len(coupons) else None)
    return _texts(step, call, made)


def hll_combine(step: Step, call: WindowCall) -> Result:
    """Sketches of sketches."""
    from ..storage import sketches

    column, views = step.column(call.args[0]), step.views(call.args[0])
    made: list[str | None] = []
    for start, end in _partitions(step):
        rows = range(start, end) if column.valid is None else start + np.flatnonzero(column.valid[start:end])
        made.append(sketches.combined(_text(views[row]) for row in rows) if len(rows) else None)
    return _texts(step, call, made)


def _partitions(step: Step) -> list[tuple[int, int]]:
    return list(pairwise(step.segments.starts.tolist()))


def _text(view: np.ndarray) -> str:
    address, length = view.tolist()
    return ctypes.string_at(address, length).decode()


def _texts(step: Step, call: WindowCall, texts: list[str | None]) -> Result:
    """One text a partition, as views into a heap that the step keeps."""
    data = [(text or "").encode() for text in texts]
    heap = np.frombuffer(b"".join(data) + bytes(8), np.uint8)
    lengths = np.array([len(d) for d in data], np.int64)
    views = allocate(Physical.STR, len(texts))
    views[:, 0] = memory.address(heap) + np.cumsum(lengths) - lengths
    views[:, 1] = lengths
    step.heaps.append(heap)
    valid = np.array([text is not None for text in texts], np.uint8)
    return spread(step, call, (Physical.STR, views, valid))
