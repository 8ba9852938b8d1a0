"""ZSTD: the raw form, its values or text compressed with Zstandard.

A higher ratio than LZO at a third of its speed: the choice for long text that repeats little, such as
comments, logs and JSON. block.py applies it to the parts VALUES and TEXT; the buffer cache undoes it
once, so that scans read the raw form.
"""
from __future__ import annotations

from ..types import Kind
from .base import FLOATS, INTEGERS, TEMPORAL, TEXT, Codec
from .raw import Raw


class Zstd(Raw):
    name = "zstd"
    code = 3
    codec = Codec.ZSTD
    kinds = INTEGERS | TEMPORAL | TEXT | FLOATS | {Kind.BOOLEAN, Kind.SUPER, Kind.VARBYTE}
