"""ORC files: columns by name, or by position (orc.schema.resolution); parts are stripes."""
from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
from pyarrow import orc

from .... import errors
from ...formats.columnar import fits
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ..definition import Field, Source
from .base import Part, Plain
from .lines import cut_rows


class OrcReader(Plain):
    """See the module's text."""

    def __init__(self, source: Source, objects: Objects) -> None:
        self._objects = objects
        # Any value but these two means position; without the property it is by name (c-spectrum-column-mapping-orc).
        self._by_name = source.option("orc.schema.resolution", "name").lower() == "name"
        self._types: dict[str, dict[str, pa.DataType]] = {}  # by file
        self._places = {field.name: i for i, field in enumerate(source.columns)}

    @contextmanager
    def _open(self, file: ObjectInfo) -> Iterator[orc.ORCFile]:
        path = self._objects.local_path(file.url)
        raw = None if path is not None else self._objects.open(file.url)
        try:
            found = orc.ORCFile(path if raw is None else raw)
        except (pa.ArrowException, OSError) as error:
            raise errors.FileError(f'file "{file.url}" is not a readable ORC file: {error}') from error
        try:
            yield found
        finally:
            if raw is not None:
                raw.close()

    def parts(self, file: ObjectInfo) -> list[Part]:
        with self._open(file) as found:
            stripes, rows = found.nstripes, found.nrows
        return [Part(file, max(rows // stripes, 1), file.bytes // stripes, i, i + 1) for i in range(stripes)]

    def file_type(self, file: ObjectInfo, column: str) -> pa.DataType | None:
        """The type that a column has in the file; None where it has none of it."""
        found = self._types.get(file.url)
        if found is None:
            with self._open(file) as opened:
                found = self._types[file.url] = {f.name.lower(): f.type for f in opened.schema}
        return found.get(column)

    def bytes_of(self, part: Part, columns: Sequence[Field]) -> int:
        """An even share for each column: a file does not say it without being read."""
        return part.bytes * len(columns) // max(len(self._places), 1)

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, list[pa.Array]]]:
        with self._open(part.file) as found:
            names = [self._name(found.schema, part.file, column) for column in columns]
            wanted = list(dict.fromkeys(n for n in names if n is not None)) or found.schema.names[:1]
            try:
                batch = found.read_stripe(part.start, columns=wanted)
            except (pa.ArrowException, OSError) as error:
                raise errors.FileError(f'file "{part.file.url}" cannot be read: {error}') from error
        place = {name: i for i, name in enumerate(batch.schema.names)}
        rows = batch.num_rows
        yield from cut_rows(rows, [pa.nulls(rows) if n is None else batch.column(place[n]) for n in names])

    def _name(self, schema: pa.Schema, file: ObjectInfo, column: Field) -> str | None:
        """The column's name in the file; None where it has none."""
        if self._by_name:
            place = next((i for i, n in enumerate(schema.names) if n.lower() == column.name), None)
        else:
            place = self._places[column.name]
        if place is None or place >= len(schema.names):
            return None
        field = schema.field(place)
        if not column.type.is_nested and not fits(field.type, column.type.sql):
            raise errors.DatatypeMismatch(
                f'file "{file.url}" has an incompatible ORC schema for column "{column.name}". '
                f"Column type: {column.type.text}, ORC type: {field.type}")
        name: str = field.name
        return name
