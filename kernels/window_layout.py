"""Small numbers that windows.py and its native functions share."""
from __future__ import annotations

# Kinds of a frame's bound: the partition's end, an offset in rows, the current row's peers.
UNBOUNDED = 0
ROWS = 1
PEERS = 2

I64_MIN, I64_MAX = -(1 << 63), (1 << 63) - 1

LAST = -1  # instead of "the n-th row of the frame"
