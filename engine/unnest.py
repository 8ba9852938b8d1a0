"""An Unnest step on one slice: rows once for every element of an array, or attribute of an object.

    rows    values           counts    parents  elements   positions
    a       [7,null]         2         a        7          0
    b       {}               0         a        NULL       1
    c       [[1]]            1         c        [1]        0

Elements are parts of the arrays' texts: their views point into the memory that the input's strings lie in, found
natively (kernels/documents.py). Other columns are gathered by parent row. Names of attributes are views as well; the
few with escapes are read in Python.
"""
from __future__ import annotations

import numpy as np

from ..kernels import memory, pack
from ..kernels.document_layout import M_ARRAY, M_OBJECT
from ..planner.expressions import ColumnId, ColumnRef
from ..planner.physical import UnnestRows
from ..storage.semistructured.form import unquoted
from ..storage.types import Physical
from ..storage.vector import TEXT_PADDING
from .collection import Collection, StoredColumn
from .compile.arrow_slots import view
from .context import Charge, MemoryBudget


def run(part: Collection, value: ColumnId, node: UnnestRows, budget: MemoryBudget) -> Collection:
    """The rows of a trimmed collection, unnested by its column `value`; that column stays among the others."""
    views = np.ascontiguousarray(part.column(value).views(0, part.rows))
    opening = M_OBJECT if node.of_object else M_ARRAY
    counts = memory.zeros(part.rows, np.int64)
    pack.native("count_members")(memory.address(views), part.rows, opening, memory.address(counts))
    places = np.maximum(counts, 1) if node.outer else counts
    starts = np.ascontiguousarray(np.cumsum(places) - places)
    total = int(places.sum())
    values = memory.zeros(2 * total, np.int64).reshape(-1, 2)
    names = memory.zeros(2 * total, np.int64).reshape(-1, 2) if node.of_object and node.position is not None else None
    pack.native("list_members")(
        memory.address(views), part.rows, opening, memory.address(starts), memory.address(values),
        0 if names is None else memory.address(names),
    )
    out = part.take(np.repeat(np.arange(part.rows), places))
    out.heaps += [heap for texts in _dictionaries(part) for heap in texts]
    made = [_strings(node.element, values, (values[:, 1] > 0).view(np.uint8))]
    present = np.repeat((counts > 0).view(np.uint8), places)
    if node.position is not None and names is not None:
        out.heaps += _unescaped(names)
        made.append(_strings(node.position, names, present))
    elif node.position is not None:
        index = np.arange(total) - np.repeat(starts, places)
        made.append(StoredColumn(node.position, Physical.I64, node.outer, index, present if node.outer else None, 0,
                                 max(total, 1)))
    out.columns += made
    out.charges.append(Charge(budget, "unnest", sum(c.values.nbytes for c in made)))
    return out


def _dictionaries(part: Collection) -> list[list[np.ndarray]]:
    """What the views of columns that are carried as codes point into."""
    return [c.texts.owners for c in part.columns if c.texts is not None]


def _strings(ref: ColumnRef, views: np.ndarray, valid: np.ndarray) -> StoredColumn:
    return StoredColumn(ref, Physical.STR, True, views, valid)


def _unescaped(names: np.ndarray) -> list[np.ndarray]:
    """Put names with escapes right, in place; the memory that holds them."""
    heaps = []
    for row in np.flatnonzero(names[:, 1] < 0).tolist():
        address, length = names[row].tolist()
        data = unquoted('"' + view(address, np.uint8, -length).tobytes().decode() + '"').encode()
        heap = memory.empty(len(data) + TEXT_PADDING, np.uint8)
        heap[: len(data)] = np.frombuffer(data, np.uint8)
        names[row] = memory.address(heap), len(data)
        heaps.append(heap)
    return heaps


__all__ = ["run"]
