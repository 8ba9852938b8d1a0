"""A Window step on one slice: rows that are sorted already, and a column for each call.

    partition columns -> changes -> segments        order columns -> changes -> peers
    call's frame -> one frame a partition (then every row gets its partition's result) or one a row
    call's function -> a result a frame (window_functions.py)

Calls with the same frame share it. The rows keep their order; nothing is copied but the new columns.
"""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

import numpy as np

from ..errors import InternalError
from ..kernels.windows import PEERS, ROWS, UNBOUNDED, Bound, Frames, Key, Segments, changes
from ..planner.expressions import ColumnRef, Expr, Frame
from ..planner.logical import SortKey
from ..planner.physical import WindowRows
from ..records import dataclass
from .collection import Collection, StoredColumn
from .context import Charge, MemoryBudget
from .key_filters import Passed
from .window_functions import compute


def run(part: Collection, node: WindowRows, budget: MemoryBudget) -> Collection:
    """The rows of a trimmed collection with the results of all calls."""
    step = Step(part, node.partition, node.order)
    made = [compute(step, ref, call) for ref, call in node.calls]
    heaps = [*part.heaps, *step.heaps]
    out = Collection([*part.columns, *made], part.rows, heaps, list(part.charges), part.heap_charges)
    out.charges.append(Charge(budget, "window", sum(c.values.nbytes for c in made)))
    return out


def through(node: WindowRows, filters: Iterable[Passed]) -> list[Passed]:
    """Filters that may be applied below: whole partitions go, no other row's result changes."""
    keys = {e.id for e in node.partition if isinstance(e, ColumnRef)}
    return [f for f in filters if f.column in keys]


@dataclass(slots=True)
class Step:
    """What the calls of one step share."""

    part: Collection
    partition: Sequence[Expr]
    order: Sequence[SortKey]
    heaps: list[np.ndarray] = field(default_factory=list)  # of strings that calls made
    _segments: Segments | None = None
    _peers: np.ndarray | None = None
    _frames: dict[Frame, Frames] = field(default_factory=dict)

    def column(self, expr: Expr) -> StoredColumn:
        if not isinstance(expr, ColumnRef):
            raise InternalError("a window's keys and arguments must be columns")
        return self.part.column(expr.id)

    def views(self, expr: Expr) -> np.ndarray:
        """The strings of a text column."""
        return self.column(expr).views(0, self.part.rows)

    def _keys(self, exprs: Sequence[Expr]) -> list[Key]:
        columns = [self.column(e) for e in exprs]
        columns = [c if c.texts is None else c.numbered() for c in columns]
        return [(c.carried.value, c.values, c.valid) for c in columns]

    @property
    def segments(self) -> Segments:
        """The partitions."""
        if self._segments is None:
            self._segments = Segments.of(changes(self._keys(self.partition), self.part.rows))
        return self._segments

    @property
    def peers(self) -> np.ndarray:
        """1 where a row differs from the one before in partition or order."""
        if self._peers is None:
            self._peers = changes(self._keys([*self.partition, *[key.expr for key in self.order]]), self.part.rows)
        return self._peers

    @staticmethod
    def is_whole(frame: Frame) -> bool:
        """The whole partition: one frame serves all its rows."""
        return frame.start is None and frame.end is None

    def frames(self, frame: Frame) -> Frames:
        """One a partition for the whole of it, else one a row."""
        return self.segments.whole() if self.is_whole(frame) else self.row_frames(frame)

    def row_frames(self, frame: Frame) -> Frames:
        """One a row."""
        if frame not in self._frames:
            self._frames[frame] = self._made(frame)
        return self._frames[frame]

    def _made(self, frame: Frame) -> Frames:
        if frame.by_distance:
            (key,) = self._keys([self.order[0].expr])
            return self.segments.within(key, self.order[0].descending, frame.start, frame.end)
        # Offsets in rows do not ask for peers; any flags will do.
        peers = self.peers if frame.mode == "range" else np.ones(self.part.rows, np.uint8)
        return self.segments.bounded(peers, _bound(frame.mode, frame.start), _bound(frame.mode, frame.end))


def _bound(mode: str, offset: float | None) -> Bound:
    if offset is None:
        return UNBOUNDED, 0
    return (PEERS, 0) if mode == "range" else (ROWS, int(offset))
