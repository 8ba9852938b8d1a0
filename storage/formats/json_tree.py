"""The paths of columns as the tree that kernels/json_rows.py walks beside a document.

    columns a, b, c with $.k, $.m.x, $.m.y      node 0 root, 1 k (column 0), 2 m, 3 x (column 1), 4 y (column 2)

The children of a node stand one behind the other. `has_tree` says for which paths there is one: no two lead to the
same value or into one another, and where one asks for an element of an array, none asks for a member. The layout is
in kernels/json_rows_layout.py.
"""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...kernels import json_rows_layout as layout
from ...kernels import memory
from ..schema import Column

Path = tuple[str | int, ...]
Words = NDArray[np.int64]


def has_tree(paths: Sequence[Path]) -> bool:
    """Can the kernel follow these paths?"""
    ways = {path[:length] for path in paths for length in range(len(path))}
    ends = set(paths)
    kinds = {(step[:-1], type(step[-1])) for step in ways | ends if step}
    return (
        len(ends) == len(paths)
        and not ways & ends
        and len({way for way, _ in kinds}) == len(kinds)
        and max(map(len, paths)) < layout.FRAMES
    )


class PathTree:
    """`nodes`: one row a node; `slots`: how many places for values it takes. Keeps the names that nodes point at."""

    def __init__(self, columns: Sequence[Column], paths: Sequence[Path]) -> None:
        self._rows: list[list[int]] = []
        self._names = bytearray()
        self.slots = len(columns)
        self._grow(columns, paths)
        self._kept = memory.zeros(len(self._names) or 1, np.uint8)
        self._kept[: len(self._names)] = np.frombuffer(self._names, np.uint8)
        self.nodes: Words = memory.zeros(len(self._rows) * layout.NODE_WORDS, np.int64).reshape(len(self._rows), -1)
        self.nodes[:] = self._rows
        self.nodes[:, layout.NAME] += memory.address(self._kept)

    def _grow(self, columns: Sequence[Column], paths: Sequence[Path]) -> None:
        """Level by level, so that a node's children come together."""
        waiting = [(self._node(""), list(range(len(columns))))]
        for depth in range(layout.FRAMES):
            parents, waiting = waiting, []
            for parent, below in parents:
                steps: dict[str | int, list[int]] = {}
                for i in below:
                    steps.setdefault(paths[i][depth], []).append(i)
                parent[layout.FIRST], parent[layout.CHILDREN] = len(self._rows), len(steps)
                parent[layout.LISTS] = isinstance(next(iter(steps)), int)
                for step, through in steps.items():
                    node, first = self._node(step), through[0]
                    if len(paths[first]) == depth + 1:
                        node[layout.IS_SUPER], node[layout.SLOT] = columns[first].type.is_super, first
                    else:
                        node[layout.SLOT], self.slots = self.slots, self.slots + 1
                        waiting.append((node, through))

    def _node(self, step: str | int) -> list[int]:
        name = step.encode(errors="surrogatepass") if isinstance(step, str) else b""
        row = [0] * layout.NODE_WORDS
        row[layout.NAME], row[layout.NAME_BYTES] = len(self._names), len(name)
        row[layout.PLACE] = step if isinstance(step, int) else 0
        self._names += name
        self._rows.append(row)
        return row
