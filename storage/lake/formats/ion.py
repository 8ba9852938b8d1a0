"""Amazon Ion files, text and binary, through the package amazon.ion (extra `ion`): each top-level struct is a row.

Fields are found by their columns' names in any case, or by a path extractor of plain names: '(a b)'. A file is one
part, and read whole. Strings, symbols, numbers, booleans, timestamps and nested structs and lists become the
columns' values as JSON's do (records.py); an annotation, a blob and a clob are not kept.
"""
from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from .... import errors
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ...semistructured.form import Number
from ..definition import Field, Source
from .base import Part, Plain
from .json import is_true
from .lines import ROW_BYTES
from .records import batches


class IonReader(Plain):
    """See the module's text."""

    def __init__(self, source: Source, objects: Objects) -> None:
        self._objects = objects
        parameters = source.parameters
        self._sensitive = is_true(parameters.get("ion.path_extractor.case_sensitive", ""))
        self._paths = {field.name: _path(parameters, field.name) for field in source.columns}

    def parts(self, file: ObjectInfo) -> list[Part]:
        return [Part(file, max(file.bytes // ROW_BYTES, 1), file.bytes)]

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, list[pa.Array]]]:
        values = _load(self._objects.read(part.file.url), part.file)
        yield from batches(([self._at(v, self._paths[c.name]) for c in columns] for v in values), columns)

    def _at(self, value: Any, path: Sequence[str]) -> Any:
        for name in path:
            if not isinstance(value, dict):
                return None
            fold = str if self._sensitive else str.lower
            value = next((v for k, v in value.items() if fold(k) == fold(name)), None)
        return value


def _path(parameters: dict[str, str], column: str) -> list[str]:
    found = parameters.get(f"ion.{column}.path_extractor")
    if found is None:
        return [column]
    names = found.strip().removeprefix("(").removesuffix(")").split()
    if not all(name.isidentifier() for name in names):
        raise errors.NotSupportedError(f"the path extractor {found!r} is not supported: names alone are")
    return names


def _load(data: bytes, file: ObjectInfo) -> Iterator[dict[str, Any]]:
    try:
        from amazon.ion import simpleion  # type: ignore[import-untyped]
    except ImportError:
        raise errors.NotSupportedError("external tables of ION files need the package amazon.ion",
                                       hint='pip install "warehouse-sql[ion]"') from None
    try:
        values = simpleion.loads(data, single_value=False)
    except Exception as error:  # the package has no class of its own for each
        raise errors.DataError(f'file "{file.url}" is not a readable Ion file: {error}') from error
    for value in values:
        plain = _plain(value)
        if isinstance(plain, dict):
            yield plain


def _plain(value: Any) -> Any:
    """An Ion value as JSON has it."""
    if isinstance(value, dict) or hasattr(value, "items"):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)) and not hasattr(value, "text"):
        return [_plain(v) for v in value]
    if value is None or type(value).__name__ == "IonPyNull":
        return None
    if type(value).__name__ == "IonPyBool":
        return bool(value)
    if hasattr(value, "text") and not isinstance(value, str):  # a symbol
        return value.text
    if isinstance(value, datetime):
        return datetime(*value.timetuple()[:6], value.microsecond, value.tzinfo)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Number(format(Decimal(value), "f"))
    if isinstance(value, float):
        return float(value)
    return str(value) if isinstance(value, str) else None
