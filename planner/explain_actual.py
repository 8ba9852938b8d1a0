"""What the operators of EXPLAIN ANALYZE really did, behind their lines.

    ->  XN Seq Scan on lineitem  (cost=...) (actual rows=3241 time=1.20 ms blocks read=12 skipped=30)

Moves that have no line of their own are counted to the operator whose line tells of them.
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from .columns import physical_inputs
from .physical import Exchange, HashAggregate, HashJoin, Move, Physical, ProjectColumns


class NodeCounters(Protocol):
    """What a node really did; the engine fills it in."""

    rows: int
    milliseconds: float
    bytes_moved: int
    bytes_spilled: int
    blocks_read: int
    blocks_skipped: int
    files_read: int
    files_skipped: int


def actual(node: Physical, counters: Mapping[int, NodeCounters]) -> str:
    """What the operator and the moves that its line tells of did."""
    found = counters.get(id(node))
    if found is None:
        return ""
    parts = [f"rows={found.rows}", f"time={found.milliseconds:.2f} ms"]
    if found.blocks_read or found.blocks_skipped:
        parts.append(f"blocks read={found.blocks_read} skipped={found.blocks_skipped}")
    if found.files_read or found.files_skipped:
        parts.append(f"files read={found.files_read} skipped={found.files_skipped}")
    moves = [m for m in (counters.get(id(move)) for move in hidden_moves(node)) if m is not None]
    moved = found.bytes_moved + sum(move.bytes_moved for move in moves)
    if moved:
        parts.append(f"bytes moved={moved}")
    spilled = found.bytes_spilled + sum(move.bytes_spilled for move in moves)
    if spilled:
        parts.append(f"bytes spilled={spilled}")
    return f" (actual {' '.join(parts)})"


def hidden_moves(node: Physical) -> list[Exchange]:
    """The moves right below a node that its line tells of: a join's, an aggregate's between its phases."""
    moves: list[Exchange] = []
    below = list(physical_inputs(node)) if isinstance(node, (HashJoin, HashAggregate)) else []
    for source in below:
        while isinstance(source, ProjectColumns) or (isinstance(source, Exchange) and source.move is not Move.GATHER):
            if isinstance(source, Exchange):
                moves.append(source)
            source = source.input
    return moves
