"""Apache Iceberg tables, through pyiceberg (extra `iceberg`): the files of the newest snapshot, as its metadata lists
them.

    'table_type'='ICEBERG'                the table property that says it is one; Glue's tables have it
    'metadata_location'='s3://...json'    its metadata; without it the newest file of <location>/metadata/

Columns are found by their ids, so renamed ones keep their values; deleted rows are left out (position deletes). Which
files may hold rows of a query the bounds in the manifests tell. Tables are read, never written. `Source.as_of` names a
snapshot of the past, whose rows are read with the columns of today.
"""
from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from .... import errors
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ..definition import Field, Source
from .base import NOTHING_KNOWN, Bounds, Part, Plain
from .lines import cut_rows
from .parquet_statistics import physical_value

if TYPE_CHECKING:
    from pyiceberg.table import FileScanTask

_VERSION = re.compile(r"/v?(\d+)[^/]*\.metadata\.json$")


class IcebergReader(Plain):
    """See the module's text."""

    def __init__(self, source: Source, objects: Objects) -> None:
        self._source = source
        self._objects = objects
        self._tasks: dict[str, FileScanTask] = {}
        self._table: Any = None

    def files(self, location: str) -> list[ObjectInfo]:
        self._table = _opened(self._source, self._objects)
        try:
            tasks = list(self._table.scan(snapshot_id=self._snapshot()).plan_files())
        except errors.Error:
            raise
        except Exception as error:  # of many classes
            raise _failed(self._source, error) from error
        self._tasks = {task.file.file_path: task for task in tasks}
        return [ObjectInfo(url, task.file.file_size_in_bytes) for url, task in sorted(self._tasks.items())]

    def _snapshot(self) -> int | None:
        """The number of the snapshot that is read; None: the newest."""
        if self._source.as_of is None:
            return None
        kind, value = self._source.as_of
        table = self._table
        found = table.snapshot_by_id(value) if kind == "version" else table.snapshot_as_of_timestamp(value // 1000)
        if found is None:
            what = f"snapshot {value}" if kind == "version" else "snapshot as old as that"
            raise errors.UndefinedObject(f'the Iceberg table "{self._source.name}" has no {what}', sqlstate="22023")
        number: int = found.snapshot_id
        return number

    def parts(self, file: ObjectInfo) -> list[Part]:
        task = self._tasks[file.url]
        return [Part(file, task.file.record_count, file.bytes, exact=not task.delete_files)]

    def bounds(self, part: Part, column: Field) -> Bounds:
        from pyiceberg.conversions import from_bytes

        found = self._field(column)
        if found is None or column.type.is_nested:
            return NOTHING_KNOWN
        file = self._tasks[part.file.url].file
        nulls = (file.null_value_counts or {}).get(found.field_id)
        lower, upper = ((bounds or {}).get(found.field_id) for bounds in (file.lower_bounds, file.upper_bounds))
        if lower is None or upper is None:
            return Bounds(nulls=nulls)
        try:
            low, high = (
                physical_value(_moment(from_bytes(found.field_type, b), found), column.type.sql) for b in (lower, upper)
            )
        except (TypeError, ValueError, OverflowError):
            return Bounds(nulls=nulls)
        return Bounds(low, high, nulls)

    def _field(self, column: Field) -> Any:
        """The column of the table's present schema."""
        return next((f for f in self._table.schema().fields if f.name.lower() == column.name), None)

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, list[pa.Array]]]:
        from pyiceberg.expressions import AlwaysTrue
        from pyiceberg.io.pyarrow import ArrowScan

        fields = [self._field(column) for column in columns]
        names = list(dict.fromkeys(f.name for f in fields if f is not None)) or [self._table.schema().fields[0].name]
        scan = ArrowScan(self._table.metadata, self._table.io, self._table.schema().select(*names), AlwaysTrue())
        try:
            for batch in scan.to_record_batches([self._tasks[part.file.url]]):
                place = {name: i for i, name in enumerate(batch.schema.names)}
                rows = batch.num_rows
                arrays = [pa.nulls(rows) if f is None else batch.column(place[f.name]) for f in fields]
                yield from cut_rows(rows, arrays)
        except errors.Error:
            raise
        except Exception as error:
            raise errors.FileError(f'file "{part.file.url}" cannot be read: {error}') from error


def _moment(value: Any, field: Any) -> Any:
    """Dates and times of bounds, which are numbers there."""
    from pyiceberg.types import DateType, TimestampType, TimestamptzType
    from pyiceberg.utils.datetime import days_to_date, micros_to_timestamp

    if isinstance(field.field_type, DateType):
        return days_to_date(value)
    if isinstance(field.field_type, (TimestampType, TimestamptzType)):
        return micros_to_timestamp(value)
    return value


def _failed(source: Source, error: Exception) -> errors.FileError:
    return errors.FileError(f'the Iceberg table "{source.name}" cannot be read: {error}')


def _opened(source: Source, objects: Objects) -> Any:
    try:
        from pyiceberg.table import StaticTable
    except ImportError:
        raise errors.NotSupportedError("external tables in Iceberg format need the package pyiceberg",
                                       hint='pip install "warehouse-sql[iceberg]"') from None
    location = source.option("metadata_location") or _newest(source, objects)
    try:
        return _static_table(StaticTable, location, objects)
    except errors.Error:
        raise
    except Exception as error:
        raise _failed(source, error) from error


def _newest(source: Source, objects: Objects) -> str:
    """The metadata file of the highest version."""
    found = [(int(m[1]), info.url) for info in objects.list(source.location.rstrip("/") + "/metadata/")
             if (m := _VERSION.search(info.url))]
    if not found:
        raise errors.FileMissing(f'there is no metadata of an Iceberg table at "{source.location}"')
    return max(found)[1]


def _static_table(kind: Any, location: str, objects: Objects) -> Any:
    """The table as its metadata says, its files read through `objects`."""
    from pyiceberg.io import FileIO, InputFile, OutputFile
    from pyiceberg.serializers import FromInputFile

    class Input(InputFile):
        """A file of the table."""

        def __len__(self) -> int:
            return objects.info(self.location).bytes

        def exists(self) -> bool:
            return objects.exists(self.location)

        def open(self, seekable: bool = True) -> BinaryIO:
            return objects.open(self.location)

    class Files(FileIO):
        """Reads alone."""

        def new_input(self, location: str) -> InputFile:
            return Input(location)

        def new_output(self, location: str) -> OutputFile:
            raise NotImplementedError(location)

        def delete(self, location: Any) -> None:
            raise NotImplementedError(str(location))

    io = Files()
    metadata = FromInputFile.table_metadata(io.new_input(location))
    from pyiceberg.catalog.noop import NoopCatalog

    return kind(identifier=("static-table", location), metadata_location=location, metadata=metadata, io=io,
                catalog=NoopCatalog("static-table"))
