"""STV tables: what is now. stv_slices maps slices to nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.types import INTEGER, char
from ..context import Context
from .base import VirtualTable


def _stv_slices(context: Context) -> Iterator[tuple[Any, ...]]:
    seen: dict[int, int] = {}
    for number, node in enumerate(context.view.topology.node_of_slice):
        local = seen.get(node, 0)
        seen[node] = local + 1
        yield node, number, local, "D"


TABLES = (
    VirtualTable(
        "pg_catalog",
        "stv_slices",
        (("node", INTEGER), ("slice", INTEGER), ("localslice", INTEGER), ("type", char(1))),
        _stv_slices,
        leader_only=False,
    ),
)
