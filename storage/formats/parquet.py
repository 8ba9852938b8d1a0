"""COPY ... FORMAT PARQUET: columns by position, as Redshift does, whatever their names in the file.

The file must have as many columns as are loaded, each of a type that fits the table's column without
losing anything (integers of any width are checked value by value). Parts are runs of row groups.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.parquet as pq

from ... import errors
from ..schema import Column
from ..types import Kind, SqlType
from .listing import SourceFile, list_files
from .source import Part, Progress

# Row groups that stand in one part: enough work for a reader, few enough to share a file out.
PART_BYTES = 32 << 20
BATCH_ROWS = 65_536
# Read ahead in each column of a row group: never a whole one, which may be as large as its writer liked.
READ_AHEAD = 1 << 20


class ParquetSource:
    """Parquet files under a prefix."""

    def __init__(self, source: str, serialize: bool = False) -> None:
        """`serialize`: SERIALIZETOJSON, columns of any type may become SUPER."""
        parts: list[Part] = []
        for file in list_files(source):
            parts.extend(_parts(file))
        self._parts = tuple(parts)
        self._serialize = serialize

    @property
    def parts(self) -> tuple[Part, ...]:
        return self._parts

    @property
    def total_bytes(self) -> int:
        return sum(part.bytes for part in self._parts)

    def read(
        self, part: Part, columns: tuple[Column, ...], on_progress: Progress | None = None
    ) -> Iterator[pa.RecordBatch]:
        with _open(part.file) as file:
            check_schema(file.schema_arrow, columns, part.file.path, self._serialize)
            groups = list(range(part.start, part.stop))
            rows = sum(file.metadata.row_group(g).num_rows for g in groups)
            done = 0
            try:
                for batch in file.iter_batches(BATCH_ROWS, row_groups=groups):
                    yield self._with_documents(batch, columns)
                    if on_progress is not None:
                        before, done = done, done + batch.num_rows
                        on_progress(part.bytes * done // rows - part.bytes * before // rows)
            except (pa.ArrowException, OSError) as e:
                raise errors.LoadError(f'file "{part.file.path}" cannot be read: {e}') from e


    def _with_documents(self, batch: pa.RecordBatch, columns: tuple[Column, ...]) -> pa.RecordBatch:
        """SERIALIZETOJSON: whatever a file has for SUPER columns becomes JSON, text a string of it."""
        if not self._serialize or not any(c.type.is_super for c in columns):
            return batch
        from ..semistructured.arrow import from_values

        arrays = [from_values(a, c.name) if c.type.is_super else a for a, c in zip(batch.columns, columns)]
        return pa.record_batch(arrays, names=batch.schema.names)


def _open(file: SourceFile) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(file.path, pre_buffer=False, buffer_size=READ_AHEAD)
    except (pa.ArrowException, OSError) as e:
        raise errors.LoadError(f'file "{file.path}" is not a readable Parquet file: {e}') from e


def _parts(file: SourceFile) -> Iterator[Part]:
    """Runs of row groups of about PART_BYTES; one part without rows for a file without rows."""
    with _open(file) as opened:
        sizes = [
            sum(
                opened.metadata.row_group(g).column(c).total_compressed_size
                for c in range(opened.metadata.num_columns)
            )
            for g in range(opened.metadata.num_row_groups)
        ]
    start = 0
    while True:
        stop, size = start, 0
        while stop < len(sizes) and (stop == start or size + sizes[stop] <= PART_BYTES):
            size += sizes[stop]
            stop += 1
        yield Part(file, start, stop, size)
        start = stop
        if start >= len(sizes):
            return


def check_schema(schema: pa.Schema, columns: tuple[Column, ...], path: str, serialize: bool = False) -> None:
    """Raise LoadError unless the file's columns fit, one by one."""
    if len(schema) != len(columns):
        missing = ""
        if len(schema) < len(columns):
            names = ", ".join(f'"{c.name}"' for c in columns[len(schema) :])
            missing = f" Nothing is there for {names}."
        raise errors.LoadError(
            f"Unmatched number of columns between table and file. Table columns: {len(columns)}, "
            f'Data columns: {len(schema)}, File name: "{path}"',
            detail=f"COPY FORMAT PARQUET takes columns by position.{missing}",
        )
    for i, column in enumerate(columns):
        field = schema.field(i)
        if not (fits(field.type, column.type) or (serialize and column.type.is_super)):
            raise errors.LoadError(
                f'file "{path}" has an incompatible Parquet schema for column "{column.name}". '
                f"Column type: {column.type}, Parquet type: {field.type}",
                detail=f"It is field {i + 1} of the file, {field.name!r}.",
                hint="SERIALIZETOJSON loads it as SUPER." if column.type.is_super else None,
            )


def fits(source: pa.DataType, type_: SqlType) -> bool:
    """May values of a Parquet column of this type be loaded into a column of that SQL type?"""
    if pa.types.is_dictionary(source):
        source = source.value_type
    if pa.types.is_null(source):
        return True
    return any(test(source) for test in _TAKES[type_.kind])


_integer: Callable[[pa.DataType], bool] = pa.types.is_integer
_text = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_binary,
    pa.types.is_large_binary,
)
_TAKES: dict[Kind, tuple[Callable[[pa.DataType], bool], ...]] = {
    Kind.SMALLINT: (_integer,),
    Kind.INTEGER: (_integer,),
    Kind.BIGINT: (_integer,),
    Kind.DECIMAL: (pa.types.is_decimal, _integer),
    Kind.REAL: (pa.types.is_floating,),
    Kind.DOUBLE: (pa.types.is_floating,),
    Kind.BOOLEAN: (pa.types.is_boolean,),
    Kind.CHAR: _text,
    Kind.VARCHAR: _text,
    Kind.SUPER: _text[:3],
    Kind.HLLSKETCH: _text[:3],
    Kind.VARBYTE: (*_text[3:], pa.types.is_fixed_size_binary),
    Kind.DATE: (pa.types.is_date,),
    Kind.TIMESTAMP: (pa.types.is_timestamp,),
    Kind.TIMESTAMPTZ: (pa.types.is_timestamp,),
    Kind.TIME: (pa.types.is_time,),
    Kind.TIMETZ: (pa.types.is_time,),
    Kind.INTERVAL_YM: (pa.types.is_interval,),
    Kind.INTERVAL_DS: (pa.types.is_duration,),
}
