"""What each step did: rows, time, blocks read and skipped, bytes moved. EXPLAIN ANALYZE and the system
tables read it. Keys are plan nodes by identity; the executor adds to it from worker threads."""
from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from ..kernels import abi
from .compile.program import Instance


@dataclass(slots=True)
class StepCounters:
    rows: int = 0
    seconds: float = 0.0  # wall time of the step with everything below it
    cycles: int = 0
    blocks_read: int = 0
    blocks_skipped: int = 0
    rows_moved: int = 0
    bytes_moved: int = 0
    build_rows: int = 0

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

    def finished(self, node: Any, rows: int, seconds: float) -> None:
        step = self.step(node)
        step.rows, step.seconds = rows, step.seconds + seconds

    def blocks(self, node: Any, read: int, skipped: int) -> None:
        step = self.step(node)
        step.blocks_read += read
        step.blocks_skipped += skipped

    def moved(self, node: Any, rows: int, size: int) -> None:
        step = self.step(node)
        step.rows_moved += rows
        step.bytes_moved += size

    def built(self, node: Any, rows: int) -> None:
        self.step(node).build_rows += rows

    def program(self, instance: Instance) -> None:
        """Book an instance's native counters to the nodes its instructions belong to."""
        for pc, node in instance.template.builder.nodes.items():
            if node is None:
                continue
            step = self.step(node)
            following = pc + 1
            with self._lock:
                step.cycles += int(instance.words[pc, abi.I_CYCLES])
                if pc == 0:
                    step.rows += int(instance.words[0, abi.I_ROWS])
                elif following < len(instance.words):
                    step.rows += int(instance.words[following, abi.I_ROWS])
