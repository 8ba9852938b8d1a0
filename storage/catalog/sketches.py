"""A table's column sketches as one blob of the catalogue.

    | count u32 | count times: column id u32, length u32 | the sketches' own bytes, one after the other |

What a sketch holds (distinct values, bounds, NULLs, widths) and how it is laid out is in
storage/statistics.py.
"""
from __future__ import annotations

import struct
from collections.abc import Mapping

from ..statistics import ColumnSketch


def to_bytes(sketches: Mapping[int, ColumnSketch]) -> bytes:
    parts = [(column, sketch.to_bytes()) for column, sketch in sketches.items()]
    head = struct.pack("<I", len(parts)) + b"".join(struct.pack("<II", c, len(b)) for c, b in parts)
    return head + b"".join(b for _, b in parts)


def from_bytes(blob: bytes) -> dict[int, ColumnSketch]:
    """Raises ValueError on a blob that is cut or malformed."""
    try:
        (count,) = struct.unpack_from("<I", blob)
        entries = [struct.unpack_from("<II", blob, 4 + 8 * i) for i in range(count)]
    except struct.error as e:
        raise ValueError(f"column sketches: {e}") from e
    at = 4 + 8 * count
    sketches: dict[int, ColumnSketch] = {}
    for column, length in entries:
        sketches[column] = ColumnSketch.from_bytes(blob[at : at + length])
        at += length
    if at != len(blob):
        raise ValueError(f"column sketches: {len(blob)} bytes, expected {at}")
    return sketches
