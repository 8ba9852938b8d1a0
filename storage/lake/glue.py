"""AWS Glue as the data catalogue, through boto3 (extra `glue`): its tables are read here, and changed there.

    GlueCatalogue.of("us-west-2").source("sales_db", "orders")    the definition, as the embedded catalogue has one
                                  .partitions(source)             as they are registered now

Each statement asks anew, so nothing is older than it. Credentials, region and endpoint are boto3's usual ones
(AWS_ENDPOINT_URL_GLUE names another server).
"""
from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from ... import errors
from .classes import format_of_classes
from .definition import DEFAULT_PARTITION, Field, Partition, Source

FIRST_ID = 1 << 40  # of tables there: far above those of this database


class GlueCatalogue:
    """The data catalogue of one region."""

    def __init__(self, client: Any, region: str) -> None:
        self._client = client
        self._region = region

    @staticmethod
    @cache
    def of(region: str) -> GlueCatalogue:
        """`region` "": as boto3 finds it. NotSupportedError without boto3."""
        try:
            import boto3  # type: ignore[import-untyped]
        except ImportError:
            raise errors.NotSupportedError("the data catalogue of AWS Glue needs the package boto3",
                                           hint='pip install "warehouse-sql[glue]"') from None
        return GlueCatalogue(_asked(lambda: boto3.client("glue", region_name=region or None)), region)

    def has_database(self, name: str) -> bool:
        return self._found(lambda: self._client.get_database(Name=name)) is not None

    def source(self, database: str, name: str) -> Source | None:
        found = self._found(lambda: self._client.get_table(DatabaseName=database, Name=name))
        return None if found is None else _source(database, found["Table"], self._region)

    def sources(self, database: str) -> Iterator[Source]:
        """All tables that can be read here, by name."""
        pages = self._client.get_paginator("get_tables").paginate(DatabaseName=database)
        tables = [table for page in _asked(lambda: list(pages)) for table in page["TableList"]]
        for table in sorted(tables, key=lambda t: str(t["Name"])):
            try:
                yield _source(database, table, self._region)
            except errors.Error:
                continue  # of classes that are not known: a query that names it will be told

    def partitions(self, source: Source) -> list[Partition]:
        pages = self._client.get_paginator("get_partitions").paginate(DatabaseName=source.database,
                                                                      TableName=source.name)
        found = [one for page in _asked(lambda: list(pages)) for one in page["Partitions"]]
        return [
            Partition(tuple(None if v == DEFAULT_PARTITION else v for v in one["Values"]),
                      one.get("StorageDescriptor", {}).get("Location") or source.location)
            for one in found
        ]

    def _found(self, ask: Any) -> Any:
        try:
            return ask()
        except self._client.exceptions.EntityNotFoundException:
            return None
        except Exception as error:  # boto3 makes its classes when it runs
            raise _failed(error) from error


def _asked(ask: Any) -> Any:
    try:
        return ask()
    except Exception as error:
        raise _failed(error) from error


def _failed(error: Exception) -> errors.OperationalError:
    return errors.OperationalError(f"AWS Glue cannot be asked: {error}", sqlstate="08000")


def _source(database: str, table: dict[str, Any], region: str) -> Source:
    name = str(table["Name"])
    stored = table.get("StorageDescriptor", {})
    serde = stored.get("SerdeInfo", {})
    properties = {**stored.get("Parameters", {}), **table.get("Parameters", {})}
    library, input_format = serde.get("SerializationLibrary", ""), stored.get("InputFormat", "")
    if properties.get("table_type", "").upper() == "ICEBERG":
        format = "iceberg"
    else:
        format = format_of_classes(library, input_format) or "text"
    return Source(
        database, name, _fields(stored.get("Columns", ())), _fields(table.get("PartitionKeys", ())),
        stored.get("Location", ""), format, library, input_format, stored.get("OutputFormat", ""),
        tuple(serde.get("Parameters", {}).items()), tuple(properties.items()),
        FIRST_ID + zlib.crc32(f"{database}.{name}".encode()), "dev", region=region,
    )


def _fields(columns: Any) -> tuple[Field, ...]:
    return tuple(Field.of(str(c["Name"]).lower(), c["Type"]) for c in columns)
