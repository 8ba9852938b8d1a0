"""JSON files, one object a line (JSON serdes of OpenX and Hive), or one array in all (strip.outer.array).

Keys are found in any case unless case.insensitive is FALSE; `mapping.<column>` names another key; dots.in.keys takes
a dot for an underscore. A line that is no object is an error that names file and row, or left out
(ignore.malformed.json). Each line is read by Python's json.
"""
from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pyarrow as pa

from .... import errors
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ...semistructured.form import Number
from ..definition import Field, Source
from .base import Part
from .lines import LineReader
from .records import batches, columns_of

_decode = json.JSONDecoder(parse_int=Number, parse_float=Number).decode


def is_true(text: str) -> bool:
    return text.strip().lower() == "true"


class JsonReader(LineReader):
    """See the module's text."""

    def __init__(self, source: Source, objects: Objects) -> None:
        super().__init__(source, objects)
        parameters = source.parameters
        self._sensitive = parameters.get("case.insensitive", "true").strip().lower() == "false"
        self._skip = is_true(parameters.get("ignore.malformed.json", ""))
        self._dots = is_true(parameters.get("dots.in.keys", ""))
        self._array = is_true(parameters.get("strip.outer.array", ""))
        self.divisible = not self._array
        named = {name: key for name, key in parameters.items() if name.startswith("mapping.")}
        self._mapped = {name.removeprefix("mapping.").lower(): key for name, key in named.items()}

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, list[pa.Array]]]:
        if not self._array:
            yield from super().read(part, columns)
            return
        text = b"".join(self._chunks(part))
        try:
            records = _decode(text.decode())
        except ValueError as error:
            raise _malformed(part.file, 1, str(error)) from error
        if not isinstance(records, list):
            raise _malformed(part.file, 1, "the file is not one array")
        yield from batches((self._picked(r, columns) for r in records if isinstance(r, dict)), columns)

    def rows(self, chunk: bytes, columns: Sequence[Field], file: ObjectInfo) -> tuple[int, list[pa.Array]]:
        found = [self._picked(record, columns) for record in self._records(chunk, file)]
        return len(found), columns_of(found, columns)

    def _records(self, chunk: bytes, file: ObjectInfo) -> Iterator[dict[str, Any]]:
        for number, line in enumerate(self.lines(chunk), start=1):
            if not line.strip():
                continue
            try:
                record = _decode(line.decode())
                if not isinstance(record, dict):
                    raise ValueError("it is no object")
            except (ValueError, RecursionError) as error:
                if self._skip:
                    continue
                raise _malformed(file, number, str(error)) from error
            yield record

    def _picked(self, record: dict[str, Any], columns: Sequence[Field]) -> list[Any]:
        """The columns' values of a record."""
        if self._dots:
            record = {key.replace(".", "_"): value for key, value in record.items()}
        if not self._sensitive:
            record = {key.lower(): value for key, value in record.items()}
        return [record.get(self._key(column.name)) for column in columns]

    def _key(self, column: str) -> str:
        key = self._mapped.get(column, column)
        return key if self._sensitive else key.lower()


def _malformed(file: ObjectInfo, line: int, why: str) -> errors.DataError:
    return errors.DataError(f'file "{file.url}": row {line} of a part of it is not a valid JSON object: {why}',
                            hint="The serde property ignore.malformed.json leaves such rows out.", sqlstate="22P02")
