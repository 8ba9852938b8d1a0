"""Rows that do not come from tables: VALUES and SELECT without FROM, and system tables."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels import memory
from ..planner.expressions import ColumnRef, Compare, Expr, InList, Literal
from ..planner.physical import ConstantRows, ProjectColumns, VirtualTableScan
from ..planner.predicates import conjuncts
from ..storage.arrow import from_arrow
from ..storage.types import Physical
from ..storage.vector import ColumnData
from .collection import Collection, StoredColumn, allocate
from .evaluate import evaluate

if TYPE_CHECKING:
    from .context import Context


def collection(node: ConstantRows | VirtualTableScan, context: Context, predicate: Expr | None = None) -> Collection:
    """`predicate`: rows that do not fulfil it may be left out."""
    if isinstance(node, VirtualTableScan):
        return _virtual(node, context, predicate)
    rows = [[evaluate(e) for e in row] for row in node.rows]
    columns, heaps = [], []
    for i, ref in enumerate(node.columns):
        column, heap = from_values(ref, [row[i] for row in rows])
        columns.append(column)
        if heap is not None:
            heaps.append(heap)
    return Collection(columns, len(rows), heaps)


def projected(
    node: ProjectColumns, source: ConstantRows, outputs: Sequence[tuple[ColumnRef, Expr]]
) -> Collection | None:
    """A projection of nothing but literals over rows without a table, of which a program is not worth its making:
    `outputs` of its rows; None if it is another."""
    made = {ref.id: expr for ref, expr in node.columns}
    columns, heaps = [], []
    for ref, output in outputs:
        literal = made.get(output.id) if isinstance(output, ColumnRef) else None
        if not isinstance(literal, Literal):
            return None
        column, heap = from_values(ref, [literal.value] * len(source.rows))
        columns.append(column)
        if heap is not None:
            heaps.append(heap)
    return Collection(columns, len(source.rows), heaps)


def from_values(ref: ColumnRef, items: list[Any]) -> tuple[StoredColumn, np.ndarray | None]:
    """A stored column of Python values in physical form; the heap of its strings."""
    carried = ref.type.physical
    values = allocate(carried, len(items))
    nullable = any(v is None for v in items)
    valid = None
    if nullable:
        valid = allocate(Physical.BOOL, len(items))
        valid[:] = [v is not None for v in items]
    lo = hi = 0
    heap = None
    if carried is Physical.STR:
        heap = _fill_strings(values, items)
    elif carried is Physical.I128:
        for i, item in enumerate(items):
            word = (item or 0) & ((1 << 128) - 1)
            values[i] = np.frombuffer(word.to_bytes(16, "little"), np.int64)
    else:
        values[:] = [v or 0 for v in items]
    if carried in (Physical.I64, Physical.I128):
        numbers = [v or 0 for v in items]
        lo, hi = min(numbers, default=0), max(numbers, default=0)
    return StoredColumn(ref, carried, nullable, values, valid, lo, hi), heap


def _fill_strings(values: np.ndarray, items: list[Any]) -> np.ndarray:
    raw = [(v or "").encode() for v in items]
    heap = memory.empty(sum(map(len, raw)), np.uint8)
    heap[:] = np.frombuffer(b"".join(raw), np.uint8)
    position = memory.address(heap)
    for i, text in enumerate(raw):
        values[i] = (position, len(text))
        position += len(text)
    return heap


def _virtual(node: VirtualTableScan, context: Context, predicate: Expr | None) -> Collection:
    from .virtual import read

    table = read(node.name, context, _values(node, predicate))
    columns, heaps = [], []
    for ref, position in node.columns:
        data = from_arrow(table.column(position), ref.type, ref.name)
        column, heap = stored(ref, data)
        columns.append(column)
        if heap is not None:
            heaps.append(heap)
    return Collection(columns, table.num_rows, heaps)


def _values(node: VirtualTableScan, predicate: Expr | None) -> dict[str, frozenset[Any]]:
    """Values that the predicate asks of columns: `query = 7`, `query in (7, 8)`."""
    names = {ref.id: ref.name for ref, _ in node.columns}
    found: dict[str, frozenset[Any]] = {}
    for conjunct in conjuncts(predicate):
        match conjunct:
            case Compare(op="=", left=ColumnRef() as ref, right=Literal(value=value)):
                found[names[ref.id]] = frozenset((value,))
            case Compare(op="=", left=Literal(value=value), right=ColumnRef() as ref):
                found[names[ref.id]] = frozenset((value,))
            case InList(arg=ColumnRef() as ref, negated=False):
                found[names[ref.id]] = frozenset(conjunct.values)
    return found


def stored(ref: ColumnRef, data: ColumnData) -> tuple[StoredColumn, np.ndarray | None]:
    """A decoded column as a stored one."""
    carried = ref.type.physical
    low, high = ref.type.integer_limits if carried in (Physical.I64, Physical.I128) else (0, 0)
    valid = None if data.valid is None else memory.padded(data.valid)
    if carried is Physical.STR:
        offsets, raw = data.text
        heap = memory.padded(np.ascontiguousarray(raw))
        values = allocate(carried, data.rows)
        values[:, 0] = offsets[:-1].astype(np.int64) + memory.address(heap)
        values[:, 1] = np.diff(offsets)
        return StoredColumn(ref, carried, valid is not None, values, valid), heap
    values = allocate(carried, data.rows)
    values[:] = data.fixed.view(values.dtype) if carried is Physical.I128 else data.fixed
    return StoredColumn(ref, carried, valid is not None, values, valid, low, high), None
