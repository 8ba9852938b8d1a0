"""All files that one statement writes: rows by slice and, with partition columns, by folder.

    base s3://b/sales/  columns (day, n)  partition_by ("day",)
        2024-01-01, 1 of slice 0   ->  s3://b/sales/day=2024-01-01/0000_part_00.parquet   with the column n
        NULL, 2       of slice 1   ->  s3://b/sales/day=__HIVE_DEFAULT_PARTITION__/0001_part_00.parquet

Rows best come sorted by their partition on each slice: then one file a slice is open. In any other order they are
right as well; with more than OPEN_FOLDERS folders in turn files end early and further parts are begun. With buckets
(buckets.py) a folder has one file a bucket, of the rows of all slices: then a bucket stands where a slice does.
"""
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from ... import errors
from ..objects.registry import Objects
from ..types import Kind, SqlType
from .base import Charge, Format, OutColumn, WrittenFile
from .buckets import Buckets
from .fields import as_printed
from .options import FileOptions
from .publishing import Publisher
from .series import Series

DEFAULT_PARTITION = "__HIVE_DEFAULT_PARTITION__"
OPEN_FOLDERS = 32
# In folders' names Hive writes these as %XX.
_ESCAPED = frozenset("\"#%'*/:=?\\\x7f{[]^") | {chr(i) for i in range(32)}


class Output:
    """`base` is put before folders and names, `prefix` before names only. `serial`: one series of files, 000, 001 ...,
    whatever slice rows come from. `include`: partition columns stay in the files. `slices`: of which each has a file
    in formats that have files without rows; none where there are folders. `buckets`: see above. `charge`: bytes held.
    `check` raises when the work is to stop."""

    def __init__(
        self, objects: Objects, base: str, columns: Sequence[OutColumn], options: FileOptions, *, prefix: str = "",
        partition_by: Sequence[str] = (), include: bool = False, serial: bool = False, overwrite: bool = False,
        clean: bool = False, slices: int = 0, buckets: Buckets | None = None, charge: Charge | None = None,
        check: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        names = [c.name for c in columns]
        self._keys = [names.index(name) for name in partition_by]
        self._kept = [i for i in range(len(columns)) if include or i not in self._keys]
        self._columns = columns
        self._format = open_format([columns[i] for i in self._kept], options)
        self._options = options
        self._base, self._prefix, self._serial = base, prefix, serial
        self._slices = slices
        self._buckets = buckets
        self._charge: Charge = charge or (lambda amount: None)
        self._check = check
        self._publisher = Publisher(objects, base, overwrite=overwrite, clean=clean)
        self._series: dict[tuple[int, str], Series] = {}  # open ones, the one used last at the end
        self._parts: dict[tuple[int, str], int] = {}  # of those that were closed for want of room
        self._lock = threading.Lock()
        self.rows = 0

    def write(self, slice: int, batch: pa.RecordBatch) -> None:
        """Rows of one slice. Threads of one slice may come at the same time where there are no partitions."""
        if not batch.num_rows:
            return
        self._check()
        for place, part in self._by_place(slice, batch):
            if not self._keys:
                self._find(place, "").write(part)
                continue
            for folder, rows in self._by_folder(part):
                self._find(place, folder).write(rows)
        with self._lock:
            self.rows += batch.num_rows

    def finish(self) -> list[WrittenFile]:
        """All objects appear, whole."""
        if not self._keys and self._format.empty_files:
            for slice in range(1 if self._serial else self._slices):
                self._find(slice, "")
        for (_, folder), series in self._series.items():
            self._check()
            series.end(even_empty=not folder and self._format.empty_files)
        return self._publisher.publish(self._check)

    def abort(self) -> None:
        """Nothing is left, of what had appeared already either."""
        for series in self._series.values():
            with suppress(errors.Error, OSError):  # the others go all the same
                series.abort()
        self._publisher.withdraw()

    # -- series ------------------------------------------------------------------------------------------

    def _find(self, slice: int, folder: str) -> Series:
        key = (slice, folder)
        with self._lock:
            series = self._series.pop(key, None)
            if series is None:
                if self._buckets is None:  # others may be writing to a bucket's
                    self._make_room(slice)
                series = self._new(slice, folder)
            self._series[key] = series
            return series

    def _make_room(self, slice: int) -> None:
        """End the slice's file that was not used for longest."""
        own = [key for key in self._series if key[0] == slice]
        if len(own) >= OPEN_FOLDERS:
            old = self._series.pop(own[0])
            old.end()
            self._parts[own[0]] = old.parts

    def _new(self, slice: int, folder: str) -> Series:
        start = self._parts.get((slice, folder), 0)
        series = Series(
            self._format, self._publisher, lambda part: self._url(slice, folder, part), slice, folder,
            self._options.file_bytes, self._charge,
        )  # fmt: skip
        series.parts = start
        return series

    def _url(self, slice: int, folder: str, part: int) -> str:
        if self._buckets is not None:
            name = f"bucket-{slice:05d}" + (f"_{part}" if part else "")
        else:
            name = f"{part:03d}" if self._serial else f"{slice:04d}_part_{part:02d}"
        return f"{self._base}{folder}{self._prefix}{name}{self._options.suffix}"

    # -- buckets and partitions --------------------------------------------------------------------------------------

    def _by_place(self, slice: int, batch: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
        """(number of the series of files, its rows)."""
        if self._buckets is None:
            yield 0 if self._serial else slice, batch
            return
        numbers = self._buckets.numbers(batch)
        for number in np.unique(numbers).tolist():
            yield number, batch.take(pa.array(np.flatnonzero(numbers == number)))

    def _by_folder(self, batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
        """(folder, its rows without the key columns), each folder once."""
        codes = np.zeros(batch.num_rows, np.int64)
        for i in self._keys:
            encoded = batch.column(i).dictionary_encode(null_encoding="encode")
            codes = codes * len(encoded.dictionary) + np.asarray(encoded.indices)
            if len(self._keys) > 2:  # the next factor must not overflow
                codes = np.unique(codes, return_inverse=True)[1]
        kept = batch.select(self._kept)
        if (np.diff(codes) < 0).any():
            order = np.argsort(codes, kind="stable")
            codes, kept, batch = codes[order], kept.take(pa.array(order)), batch.take(pa.array(order))
        starts = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
        for start, end in pairwise(starts):
            yield self._folder(batch, start), kept.slice(start, end - start)

    def _folder(self, batch: pa.RecordBatch, row: int) -> str:
        parts = []
        for i in self._keys:
            column = self._columns[i]
            parts.append(f"{folder_text(column.name)}={folder_value(batch.column(i).slice(row, 1), column.type)}/")
        return "".join(parts)


def open_format(columns: Sequence[OutColumn], options: FileOptions) -> Format:
    """The format that `options` name, for these columns."""
    match options.format:
        case "parquet":
            from .parquet import ParquetFormat

            return ParquetFormat(columns, options)
        case "orc":
            from .orc import OrcFormat

            return OrcFormat(columns, options)
        case "avro":
            from .avro import AvroFormat

            return AvroFormat(columns, options)
        case _:
            from .text import TextFormat

            return TextFormat(columns, options)


def folder_value(array: pa.Array, type: SqlType) -> str:
    """The one value of `array` as it stands in a folder's name."""
    if array.null_count:
        return DEFAULT_PARTITION
    value: Any = as_printed(array, type.kind)[0]
    if type.kind is Kind.BOOLEAN:
        return "true" if value.as_py() else "false"
    if type.kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ):
        import pyarrow.compute as pc  # slow to import

        text = str(pc.strftime(array, "%Y-%m-%d %H:%M:%S")[0])
        return folder_text(text.rstrip("0").rstrip(".") if "." in text else text)
    found = value.as_py()
    return folder_text(f"{found:f}" if type.kind is Kind.DECIMAL else str(found))


def folder_text(text: str) -> str:
    return "".join([f"%{ord(c):02X}" if c in _ESCAPED else c for c in text])
