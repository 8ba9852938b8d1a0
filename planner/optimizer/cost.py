"""Costs as EXPLAIN prints them, and costs as the planner compares them.

**Printed costs** follow Redshift's own formulas, worked out from the plans in its manual:

    Seq Scan          0.01 a row
    Hash              as its input
    Hash Join         first = build + 0.0025 a build row; all = first + probe + 0.0225 a probe row
    HashAggregate     0.0025 for each row and each group column or aggregate, 0.0025 a group
    Sort              10**12 + 0.005 * rows * log2(rows), then 0.0025 a row
    broadcast         10000 for each byte of a row, which is rounded up to 4 after adding 8
    redistribution    the same / 48: in the manual's cluster a broadcast goes to 48 slices

so that numbers look familiar: the 10**12 of a sort and the 10**9 of a broadcast are Redshift's way to
say "this waits for all rows" and "this crosses the network".

**Compared costs** (join_order.py) count work in this engine: 1 = one row through a probe. Within one
node nothing is copied that need not be: a broadcast is a hash table that all slices share.
"""
from __future__ import annotations

from math import log2

from ...records import dataclass

SCAN_ROW = 0.01
OPERATOR_ROW = 0.0025
BUILD_ROW = 0.0025
PROBE_ROW = 0.0225
SORT_START = 1e12
SORT_ROW = 0.005
NETWORK_BYTE = 10000.0 / 48

Cost = tuple[float, float]  # first row, all rows


def scan_cost(rows: float, conjuncts: int) -> Cost:
    return 0.0, rows * (SCAN_ROW + OPERATOR_ROW * conjuncts)


def filter_cost(source: Cost, rows: float, conjuncts: int) -> Cost:
    return source[0], source[1] + rows * OPERATOR_ROW * conjuncts


def join_cost(probe: Cost, build: Cost, probe_rows: float, build_rows: float, pairs: float) -> Cost:
    """`pairs`: comparisons beyond one a probe row (nested loops)."""
    first = probe[0] + build[1] + BUILD_ROW * build_rows
    return first, first + (probe[1] - probe[0]) + PROBE_ROW * probe_rows + OPERATOR_ROW * pairs


def aggregate_cost(source: Cost, rows: float, groups: float, columns: int) -> Cost:
    first = source[1] + rows * OPERATOR_ROW * max(1, columns)
    return first, first + groups * OPERATOR_ROW


def sort_cost(source: Cost, rows: float) -> Cost:
    start = source[1] if source[1] >= SORT_START else source[1] + SORT_START
    first = start + SORT_ROW * rows * log2(max(2.0, rows))
    return first, first + OPERATOR_ROW * rows


def row_bytes(width: float) -> float:
    """Bytes of a row on the network."""
    return (width + 8 + 3) // 4 * 4


def move_cost(source: Cost, rows: float, width: float, copies: int) -> Cost:
    return source[0], source[1] + rows * row_bytes(width) * NETWORK_BYTE * copies


# -- compared costs ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Weights:
    """What work and movement cost on a topology, in units of one probed row."""

    nodes: int
    slices: int
    build_row: float = 2.0
    build_byte: float = 1e-6  # of a row: decides between plans that cost the same but for it
    output_row: float = 0.4
    wide_table_rows: float = 500_000.0  # beyond this a hash table misses the caches
    miss: float = 1.5
    local_row: float = 1.0  # copying a row to another slice of the same node
    local_byte: float = 0.02
    start: float = 5000.0  # of any move: all slices wait for it
    shared_row: float = 0.5  # putting a row into a hash table that all slices of a node read
    network_byte: float = 0.2

    def probe(self, rows: float, large: bool) -> float:
        return rows * (1.0 + (self.miss if large else 0.0))

    def build(self, rows: float, width: float) -> float:
        return rows * (self.build_row * (1.5 if rows > self.wide_table_rows else 1.0) + self.build_byte * width)

    def distribute(self, rows: float, width: float) -> float:
        if self.slices == 1:
            return 0.0
        crossing = (self.nodes - 1) / self.nodes
        return self.start + rows * (self.local_row + width * (self.local_byte + self.network_byte * crossing))

    def broadcast(self, rows: float, width: float) -> float:
        """On one node the slices share what is built, by slices that wait for each other; each further
        node gets a copy and builds too."""
        others = self.nodes - 1
        crossing = others * rows * (self.local_row + width * self.network_byte + self.build_row)
        return self.start + rows * self.shared_row + crossing

    def side(self, rows: float, width: float) -> tuple[float, bool, float, float, float]:
        """Of a side of a join: probing a large table, whether its own is large, building that, moving it."""
        is_large = rows > self.wide_table_rows
        moves = self.distribute(rows, width), self.broadcast(rows, width)
        return self.probe(rows, True), is_large, self.build(rows, width), *moves
