"""AWS Glue as the data catalogue, through boto3 (extra `glue`).

    GlueCatalogue.of("us-west-2").source("sales_db", "orders")    the definition, as the embedded catalogue has one
                                  .partitions(source)             as they are registered now
                                  .apply(facts)                   what the embedded catalogue would be told

Each statement asks anew, so nothing is older than it, and changes at once: Glue has no transactions. Of a table that is
changed, what the warehouse knows nothing of stays (descriptions, comments on columns). Credentials, region and endpoint
are boto3's usual ones (AWS_ENDPOINT_URL_GLUE names another server).
"""
from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ... import errors
from .catalogue import TABLE
from .classes import classes_of, format_of_classes
from .definition import DEFAULT_PARTITION, Field, Partition, Source

if TYPE_CHECKING:
    from ..access.facts import Fact

BATCH = 100  # partitions that one call makes, at most
# What get_table answers and update_table takes back as it is.
_KEPT = ("Description", "Owner", "Retention", "ViewOriginalText", "ViewExpandedText", "TargetTable")
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

    # -- changes -----------------------------------------------------------------------------------------

    def make_database(self, name: str) -> None:
        _asked(self._client.create_database, DatabaseInput={"Name": name})

    def apply(self, facts: Sequence[Fact]) -> None:
        """Tables and partitions that come, change and go, in this order of facts (storage/lake/catalogue.py)."""
        added: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for fact in facts:
            database, name, *values = json.loads(fact.key)
            if fact.kind == TABLE and fact.value is None:
                _asked(self._client.delete_table, DatabaseName=database, Name=name)
            elif fact.kind == TABLE:
                assert fact.value is not None
                source = Source.of_value(fact.value)
                if fact.new:
                    self._make_table(source)
                else:
                    self._change_table(source)
            elif fact.value is None:
                _asked(self._client.delete_partition, DatabaseName=database, TableName=name,
                       PartitionValues=_texts(values))
            else:
                added.setdefault((database, name), []).append(
                    {"Values": _texts(values), "StorageDescriptor": {"Location": fact.value["location"]}})
        for (database, name), inputs in added.items():
            self._put_partitions(database, name, inputs)

    def _make_table(self, source: Source) -> None:
        try:
            self._client.create_table(DatabaseName=source.database, TableInput=table_input(source))
        except self._client.exceptions.AlreadyExistsException as error:
            raise errors.DuplicateTable(f'relation "{source.name}" already exists') from error
        except Exception as error:
            raise _failed(error) from error

    def _change_table(self, source: Source) -> None:
        before, given = self._table(source.database, source.name), table_input(source)
        given |= {key: before[key] for key in _KEPT if key in before}
        stored = before.get("StorageDescriptor", {})
        comments = {str(c["Name"]).lower(): c["Comment"] for c in stored.get("Columns", ()) if "Comment" in c}
        for column in given["StorageDescriptor"]["Columns"]:
            if column["Name"] in comments:
                column["Comment"] = comments[column["Name"]]
        given["StorageDescriptor"] = {**stored, **given["StorageDescriptor"]}
        _asked(self._client.update_table, DatabaseName=source.database, TableInput=given)

    def _table(self, database: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = _asked(self._client.get_table, DatabaseName=database, Name=name)["Table"]
        return found

    def _put_partitions(self, database: str, name: str, inputs: list[dict[str, Any]]) -> None:
        """Partitions come; those that are there get another folder."""
        stored = self._table(database, name).get("StorageDescriptor", {})
        for one in inputs:
            one["StorageDescriptor"] = {**stored, **one["StorageDescriptor"]}
        place = {"DatabaseName": database, "TableName": name}
        for start in range(0, len(inputs), BATCH):
            batch = inputs[start : start + BATCH]
            told = _asked(self._client.batch_create_partition, **place, PartitionInputList=batch)
            by_values = {tuple(one["Values"]): one for one in batch}
            for failed in told.get("Errors", ()):
                detail, values = failed.get("ErrorDetail", {}), failed["PartitionValues"]
                if detail.get("ErrorCode") != "AlreadyExistsException":
                    raise errors.OperationalError(f"AWS Glue: {detail.get('ErrorMessage', failed)}", sqlstate="08000")
                _asked(self._client.update_partition, **place, PartitionValueList=values,
                       PartitionInput=by_values[tuple(values)])

    def _found(self, ask: Any) -> Any:
        try:
            return ask()
        except self._client.exceptions.EntityNotFoundException:
            return None
        except Exception as error:  # boto3 makes its classes when it runs
            raise _failed(error) from error


def _asked(ask: Any, **given: Any) -> Any:
    try:
        return ask(**given)
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


def table_input(source: Source) -> dict[str, Any]:
    """A definition in Glue's words."""
    reads, writes, serde = classes_of(source)
    return {
        "Name": source.name, "TableType": "EXTERNAL_TABLE", "PartitionKeys": _columns(source.keys),
        "Parameters": {"EXTERNAL": "TRUE", **dict(source.properties)},
        "StorageDescriptor": {
            "Columns": _columns(source.columns), "Location": source.location, "InputFormat": reads,
            "OutputFormat": writes,
            "SerdeInfo": {"SerializationLibrary": serde, "Parameters": dict(source.serde_properties)},
        },
    }


def _columns(fields: Sequence[Field]) -> list[dict[str, str]]:
    """Hive knows bytes as `binary`, of any length."""
    return [{"Name": f.name, "Type": "binary" if f.type.text.startswith("varbyte") else f.type.text} for f in fields]


def _texts(values: Sequence[str | None]) -> list[str]:
    return [DEFAULT_PARTITION if value is None else value for value in values]
