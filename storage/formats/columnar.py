"""What the columnar formats, Parquet and ORC, have in common: columns by position, of types that fit.

A file must have as many columns as are loaded (FILLRECORD: it may have fewer, the rest is NULL), each of a type that
fits the table's column without losing anything (integers of any width are checked value by value). Refused options:
all but the few the manual lists (copy-usage_notes-copy-from-columnar).
"""
from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from ... import errors
from ..arrow import of_numbers
from ..schema import Column
from ..types import Kind, SqlType
from .listing import SourceFile
from .options import TextOptions
from .values import BadValue

# Files that are compressed as a whole are recognised by their names.
_PACKED = {".gz": "gzip", ".bz2": "bz2"}
COPY_BYTES = 1 << 20
# Whether each option may stand with FORMAT PARQUET or ORC.
ALLOWED = ("FILLRECORD", "ACCEPTINVCHARS", "SERIALIZETOJSON")


class ColumnarOptions:
    """`serialize`: SERIALIZETOJSON, columns of any type may become SUPER."""

    def __init__(self, format_: str, options: Mapping[str, Any]) -> None:
        for name in options:
            if name.upper() not in ALLOWED:
                raise errors.NotSupportedError(f"COPY option {name.upper()} is not supported for {format_.upper()}")
        self.format = format_
        self.serialize = "SERIALIZETOJSON" in options
        self.fill = "FILLRECORD" in options
        self.replacement: str | None = options.get("ACCEPTINVCHARS")
        if self.replacement is not None and len(self.replacement.encode()) != 1:
            raise errors.ProgrammingError(f"ACCEPTINVCHARS takes one ASCII character, not {self.replacement!r}")

    def finish(self, batch: pa.RecordBatch, columns: tuple[Column, ...]) -> pa.RecordBatch:
        """A batch of the file as one of the columns: NULLs for missing ones, JSON for SUPER ones, characters mended."""
        arrays = list(batch.columns)
        arrays += [pa.nulls(batch.num_rows) for _ in columns[len(arrays) :]]
        if self.serialize and any(c.type.is_super for c in columns):
            from ..semistructured.arrow import from_values

            arrays = [
                from_values(a, c.name) if c.type.is_super and not _is_json(a.type) else a
                for a, c in zip(arrays, columns)
            ]
        arrays = [_interval(a, c) if c.type.is_interval else a for a, c in zip(arrays, columns)]
        if self.replacement is not None:
            arrays = [_mended(a, self.replacement) if _is_text(a.type, c) else a for a, c in zip(arrays, columns)]
        for array, column in zip(arrays, columns):
            if column.type.kind is Kind.CHAR:
                _check_single_bytes(array, column)
        return pa.record_batch(arrays, names=[str(i) for i in range(len(arrays))])

    def check(self, schema: pa.Schema, columns: tuple[Column, ...], path: str) -> None:
        check_schema(schema, columns, path, self.serialize, self.fill, self.format)


def is_packed(file: SourceFile) -> bool:
    """Is the whole file compressed, as its name says?"""
    return file.path.endswith(tuple(_PACKED))


@contextmanager
def seekable(file: SourceFile) -> Iterator[str | BinaryIO]:
    """The file's path, or its bytes to seek in; of a compressed one the bytes inside, on disk."""
    with file.open() as raw:
        if not is_packed(file):
            yield file.local_path or raw
            return
        codec = next(codec for ending, codec in _PACKED.items() if file.path.endswith(ending))
        with tempfile.TemporaryFile() as unpacked:
            with telling(file, "cannot be read"):
                shutil.copyfileobj(pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), codec), unpacked, COPY_BYTES)
            unpacked.seek(0)
            yield unpacked


@contextmanager
def telling(file: SourceFile, problem: str) -> Iterator[None]:
    """What Arrow says about a file, as our error."""
    try:
        yield
    except (pa.ArrowException, OSError) as e:
        raise errors.LoadError(f'file "{file.path}" {problem}: {str(e).split(chr(10), 1)[0]}') from e


def _is_json(type_: pa.DataType) -> bool:
    """Is it text that Parquet calls JSON, as UNLOAD writes SUPER values? It is a document already."""
    return isinstance(type_, pa.BaseExtensionType) and type_.extension_name == "arrow.json"


def _is_text(type_: pa.DataType, column: Column) -> bool:
    return column.type.kind is Kind.VARCHAR and any(test(type_) for test in _text)


def _check_single_bytes(array: pa.Array, column: Column) -> None:
    """CHAR holds characters of one byte."""
    texts = array.dictionary if pa.types.is_dictionary(array.type) else array
    if pa.types.is_null(texts.type):
        return
    plain = pc.string_is_ascii(texts.cast(pa.binary()).view(pa.string()))
    if pc.all(plain).as_py() is False:
        bad = texts[pc.index(plain, False).as_py()].as_py()
        raw = bad.encode() if isinstance(bad, str) else bad
        raise errors.InvalidText(
            "Multibyte character not supported for CHAR (Hint: try using VARCHAR). "
            f"Invalid char: {bytes(b for b in raw if b > 127)[:4].hex(' ')}",
            detail=f'column "{column.name}"',
        )


def _interval(array: pa.Array, column: Column) -> pa.Array:
    """Intervals of text, as UNLOAD writes them to Parquet."""
    if not any(test(array.type) for test in _text):
        return array
    from .moments import parsed

    try:
        return of_numbers(parsed(array.cast(pa.string()), column.type, TextOptions()), column.type)
    except BadValue as e:
        raise errors.LoadError(f'column "{column.name}" of type {column.type}: {e.reason}') from e


def _mended(array: pa.Array, replacement: str) -> pa.Array:
    from .rows import mended

    values = array.cast(pa.binary()).to_pylist()
    done = [None if v is None else mended(v, replacement) for v in values]
    if all(d is None for d in done):
        return array
    return pa.array([d if d is not None else v for d, v in zip(done, values)], pa.binary()).cast(pa.string())


def check_schema(
    schema: pa.Schema, columns: tuple[Column, ...], path: str, serialize: bool = False, fill: bool = False,
    format_: str = "Parquet",
) -> None:
    """Raise LoadError unless the file's columns fit, one by one."""
    if len(schema) > len(columns) or (len(schema) < len(columns) and not fill):
        missing = ""
        if len(schema) < len(columns):
            names = ", ".join(f'"{c.name}"' for c in columns[len(schema) :])
            missing = f" Nothing is there for {names}."
        raise errors.LoadError(
            f"Unmatched number of columns between table and file. Table columns: {len(columns)}, "
            f'Data columns: {len(schema)}, File name: "{path}"',
            detail=f"COPY FORMAT {format_.upper()} takes columns by position.{missing}",
        )
    for i, column in enumerate(columns[: len(schema)]):
        field = schema.field(i)
        if not (fits(field.type, column.type) or (serialize and column.type.is_super)):
            raise errors.LoadError(
                f'file "{path}" has an incompatible {format_} schema for column "{column.name}". '
                f"Column type: {column.type}, {format_} type: {field.type}",
                detail=f"It is field {i + 1} of the file, {field.name!r}.",
                hint="SERIALIZETOJSON loads it as SUPER." if column.type.is_super else None,
            )


def fits(source: pa.DataType, type_: SqlType) -> bool:
    """May values of a file's column of this type be loaded into a column of that SQL type?"""
    if pa.types.is_dictionary(source):
        source = source.value_type
    if isinstance(source, pa.BaseExtensionType):  # Parquet's JSON
        source = source.storage_type
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
    Kind.INTERVAL_YM: (pa.types.is_interval, *_text[:3]),
    Kind.INTERVAL_DS: (pa.types.is_duration, *_text[:3]),
}
