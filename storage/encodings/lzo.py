"""LZO: the raw form, its values or text compressed as LZ4.

Redshift's default for CHAR and VARCHAR. LZO itself has no maintained library under a free licence that
suits; LZ4 is of the same family (byte-wise matches, no entropy coding), decodes faster and compresses
alike. The name stays Redshift's; what stands in the block is an LZ4 block (block.py applies it to the
parts VALUES and TEXT). The buffer cache undoes it once, so that scans read the raw form.
"""
from __future__ import annotations

from ..types import Kind
from .base import INTEGERS, TEMPORAL, TEXT, Codec
from .raw import Raw


class Lzo(Raw):
    name = "lzo"
    code = 2
    codec = Codec.LZ4
    kinds = INTEGERS | TEMPORAL | TEXT | {Kind.VARBYTE}
