"""What each step did: rows, time, blocks read and skipped, bytes moved. EXPLAIN ANALYZE and the system
tables read it. Keys are plan nodes by identity; the executor adds to it from worker threads."""
from __future__ import annotations

import threading
from typing import Any

from ..kernels import abi
from ..records import dataclass
from .compile.program import Instance


@dataclass(slots=True)
class StepCounters:
    rows: int = 0
    seconds: float = 0.0  # of all workers together
    blocks_read: int = 0
    blocks_skipped: int = 0
    rows_moved: int = 0
    bytes_moved: int = 0  # to other slices
    node_bytes: int = 0  # of these, to other nodes
    build_rows: int = 0
    bytes_spilled: int = 0  # written to disk for want of memory

    @property
    def milliseconds(self) -> float:
        return self.seconds * 1000


class Counters:
    """Counters of one statement, by id(plan node)."""

    def __init__(self) -> None:
        self.steps: dict[int, StepCounters] = {}
        self._lock = threading.Lock()

    def step(self, node: Any) -> StepCounters:
        with self._lock:
            return self.steps.setdefault(id(node), StepCounters())

    def finished(self, node: Any, rows: int) -> None:
        """The number of rows a node put out."""
        self.step(node).rows = rows

    def blocks(self, node: Any, read: int, skipped: int) -> None:
        step = self.step(node)
        step.blocks_read += read
        step.blocks_skipped += skipped

    def moved(self, node: Any, rows: int, size: int, node_bytes: int = 0) -> None:
        step = self.step(node)
        step.rows_moved += rows
        step.bytes_moved += size
        step.node_bytes += node_bytes

    def spilled(self, node: Any, size: int) -> None:
        step = self.step(node)
        with self._lock:
            step.bytes_spilled += size

    def built(self, node: Any, rows: int) -> None:
        self.step(node).build_rows += rows

    def program(self, instance: Instance, seconds: float) -> None:
        """Book a run's native counters to the plan nodes that its instructions belong to.

        Cycles are shared out over the run's time; a node's rows are those given to what comes behind it.
        """
        owners = instance.template.builder.owners
        cycles = instance.words[:, abi.I_CYCLES]
        rows = instance.words[:, abi.I_ROWS]
        scale = seconds / max(int(cycles.sum()), 1)
        with self._lock:
            for pc, node in enumerate(owners):
                if node is None:
                    continue
                step = self.steps.setdefault(id(node), StepCounters())
                step.seconds += int(cycles[pc]) * scale
                if pc + 1 < len(owners) and owners[pc + 1] is not node:
                    step.rows += int(rows[_next_block(instance, pc + 1)])


def _next_block(instance: Instance, pc: int) -> int:
    """The first block op at or behind `pc`: only those count rows."""
    levels = instance.words[:, abi.I_LEVEL]
    while pc < len(levels) - 1 and levels[pc] == abi.LEVEL_VECTOR:
        pc += 1
    return pc
