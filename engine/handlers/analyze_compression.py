"""ANALYZE COMPRESSION: which encoding would store each column in the fewest bytes (r_ANALYZE_COMPRESSION.md).

No estimate is guessed: a sample of each slice's rows, 100,000 unless COMPROWS asks for more, is encoded in every
encoding that the column's type may have, as a load would do it, and the bytes are compared with those of the present
encoding. Columns of the sort key keep theirs. The report has a row a column; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np

from ...errors import UndefinedColumn
from ...planner.statements import AnalyzeCompression
from ...records import dataclass
from ...storage.block import encode_block
from ...storage.encodings.base import Encoding
from ...storage.encodings.choose import choose
from ...storage.encodings.registry import AUTO, by_name, usable_encodings
from ...storage.schema import Column, ExtentRef, Table, TableData
from ...storage.stored import stored_column
from ...storage.types import char, decimal, varchar
from ...storage.vector import ColumnData
from ..context import Context
from ..result import Result, ResultColumn
from ..virtual.base import arrow_table
from ..virtual.relations import shown_encoding
from ..workload.door import admit
from . import names

EVENT = "analyze compression"
DEFAULT_ROWS = 100_000  # a slice
ENOUGH_ROWS = 1000  # fewer are no sample to go by
CENT = Decimal("0.01")
COLUMNS = (
    ("Table", varchar(128)), ("Column", varchar(128)), ("Encoding", char(15)), ("Est_reduction_pct", decimal(5, 2)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Advice:
    """`size` bytes of the sample with `encoding`, of `now` with the present one."""

    encoding: str
    now: int = 0
    size: int = 0

    @property
    def reduction(self) -> Decimal:
        return (Decimal(100 * (self.now - self.size)) / self.now).quantize(CENT) if self.now else Decimal("0.00")


def run(statement: AnalyzeCompression, context: Context) -> Result:
    if statement.table is not None:
        tables = [names.locked(statement.table, context)]
    else:
        tables = [r for r in context.view.relations() if isinstance(r, Table)]
        context.session.lock(context, tables)
    for name in statement.columns:
        if tables[0].position(name) is None:
            raise UndefinedColumn(f'column "{name}" of relation "{tables[0].name}" does not exist')
    admit(context)
    rows = [row for table in tables for row in _report(table, statement, context)]
    found = arrow_table(COLUMNS, rows)
    columns = tuple(ResultColumn(name, type, True) for name, type in COLUMNS)
    return Result("ANALYZE COMPRESSION", columns, iter(found.to_batches()), notices=context.notices)


def _report(table: Table, statement: AnalyzeCompression, context: Context) -> Iterator[tuple[Any, ...]]:
    slices = context.view.topology.slices
    wanted = max(DEFAULT_ROWS, (statement.rows or 0) // slices)
    data = context.view.data(table)
    for position, column in enumerate(table.columns):
        if statement.columns and column.name not in statement.columns:
            yield table.name, column.name, "N/A", Decimal("0.00")
            continue
        present = shown_encoding(table, position)
        advice = _Advice(present)
        if position not in table.sort_key:
            sample = list(_sample(data, column, wanted, context))
            if sum(s.rows for s in sample) >= ENOUGH_ROWS:
                advice = _advice(column, present, sample, context)
        _record(table, position, present, advice, context)
        yield table.name, column.name, "raw" if advice.encoding == "none" else advice.encoding, advice.reduction


def _advice(column: Column, present: str, sample: Sequence[ColumnData], context: Context) -> _Advice:
    """The encoding of the fewest bytes; the present one where none has fewer."""
    now = sum(_size(values, _present(column, values)) for values in sample)
    best = _Advice(present, now, now)
    for encoding in usable_encodings(column.type):
        size = 0
        for values in sample:
            context.cancel.check()
            size += _size(values, encoding)
        if size < best.size:
            best = _Advice(encoding.name, now, size)
    return best


def _present(column: Column, values: ColumnData) -> Encoding:
    return choose(values) if column.encoding == AUTO else by_name(column.encoding)


def _size(values: ColumnData, encoding: Encoding) -> int:
    return len(encode_block(values, encoding).data)


def _sample(data: TableData, column: Column, wanted: int, context: Context) -> Iterator[ColumnData]:
    """Row groups of each slice, spread over it, of about so many rows."""
    by_slice: dict[int, list[tuple[ExtentRef, int]]] = {}
    for extent in data.extents:
        by_slice.setdefault(extent.slice, []).extend((extent, group) for group in range(extent.row_groups))
    home = context.home(data.table)
    for groups in by_slice.values():
        rows = sum(e.rows // e.row_groups for e, _ in groups)
        count = min(len(groups), -(-len(groups) * wanted // max(1, rows)))
        left = wanted
        for place in np.linspace(0, len(groups) - 1, count).astype(int).tolist():
            context.cancel.check()
            extent, group = groups[place]
            values = stored_column(home.reader(extent), group, column)
            taken = values.slice(0, min(values.rows, left))
            left -= taken.rows
            if taken.rows:
                yield taken


def _record(table: Table, position: int, present: str, advice: _Advice, context: Context) -> None:
    statistics = context.view.data(table).statistics.columns.get(table.columns[position].id)
    context.database.history.record_event(EVENT, {
        "start_time": int(datetime.now(UTC).timestamp() * 1_000_000), "xid": context.transaction.id,
        "tbl": table.id, "tablename": table.name, "col": position, "old_encoding": present,
        "new_encoding": advice.encoding, "bytes": advice.size, "ndv": int(statistics.distinct) if statistics else 0,
    })  # fmt: skip
