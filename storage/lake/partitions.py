"""A partition's values: texts of folders and of the data catalogue, as the columns' own values.

    s3://lake/sales/saledate=2008-01-01/region=eu/part-0.parquet
                    '2008-01-01'        'eu'            texts, as they are kept (Partition.values)
                     13879               'eu'           in physical form, as plans have them (parse_value)

A folder's value is percent-encoded where it must be; __HIVE_DEFAULT_PARTITION__ means NULL.
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from ... import errors
from ..formats.values import WIDE
from ..objects.registry import Objects
from ..types import Kind
from .definition import DEFAULT_PARTITION, Field, Partition, Source
from .files import below, folder

_SAFE = " -_.,!@$^&()+;"  # what Hive leaves as it is in names of folders
_EPOCH = datetime(1970, 1, 1)


def parse_value(text: str | None, key: Field) -> Any:
    """A partition's value in physical form; DataError when the text is none of the column's type."""
    if text is None or text == DEFAULT_PARTITION:
        return None
    type = key.type.sql
    try:
        match type.kind:
            case Kind.SMALLINT | Kind.INTEGER | Kind.BIGINT:
                low, high = type.integer_limits
                number = int(text)
                if not low <= number <= high:
                    raise ValueError
                return number
            case Kind.DECIMAL:
                scaled = Decimal(text).scaleb(type.scale, WIDE)
                low, high = type.integer_limits
                if not (scaled == scaled.to_integral_value() and low <= scaled <= high):
                    raise ValueError
                return int(scaled)
            case Kind.DOUBLE:
                return float(text)
            case Kind.REAL:
                return float(np.float32(text))  # the nearest one of four bytes, as rows have it
            case Kind.BOOLEAN:
                return {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}[text.lower()]
            case Kind.DATE:
                return (date.fromisoformat(text[:10]) - date(1970, 1, 1)).days
            case Kind.TIMESTAMP:
                passed = datetime.fromisoformat(text) - _EPOCH
                return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds
            case Kind.CHAR:
                return text.rstrip(" ")
            case _:
                return text
    except (ValueError, KeyError, InvalidOperation, TypeError):
        raise errors.DataError(f"'{text}' is no {key.type.text}: a value of partition column \"{key.name}\"",
                               sqlstate="22007" if type.kind in (Kind.DATE, Kind.TIMESTAMP) else "22P02") from None


def folder_name(source: Source, values: Sequence[str | None]) -> str:
    """`saledate=2008-01-01/region=eu/`"""
    texts = [DEFAULT_PARTITION if v is None else quote(v, safe=_SAFE) for v in values]
    return "/".join(f"{key.name}={text}" for key, text in zip(source.keys, texts, strict=True)) + "/"


def found_folders(source: Source, objects: Objects) -> list[Partition]:
    """Partitions that the names of folders below the table's location tell, which have files, by name."""
    root = folder(source.location)
    found: dict[tuple[str | None, ...], Partition] = {}
    for info in below(objects, source.location):
        parts = info.url[len(root) :].split("/")[: len(source.keys)]
        values = _of_folders(parts, source.keys)
        if values is not None and values not in found:
            found[values] = Partition(values, root + "/".join(parts) + "/")
    return [found[v] for v in sorted(found, key=lambda v: tuple(x or "" for x in v))]


def of_folders(folders: str, source: Source) -> Partition | None:
    """The partition of `saledate=2008-01-01/region=eu/` below a table's location."""
    values = _of_folders(folders.rstrip("/").split("/"), source.keys)
    return None if values is None else Partition(values, source.location.rstrip("/") + "/" + folders)


def _of_folders(parts: Sequence[str], keys: Sequence[Field]) -> tuple[str | None, ...] | None:
    values: list[str | None] = []
    for part, key in zip(parts, keys):
        name, separator, value = part.partition("=")
        if not separator or unquote(name).lower() != key.name:
            return None
        text = unquote(value)
        values.append(None if text == DEFAULT_PARTITION else text)
    return tuple(values) if len(values) == len(keys) else None
