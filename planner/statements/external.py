"""Statements about external schemas and tables. Their parser is lake.py."""
from __future__ import annotations

from dataclasses import field
from typing import Any

from ...records import dataclass
from .names import RelationName

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CreateExternalSchema:
    """`options`: IAM_ROLE, CATALOG_ROLE, CATALOG_ID as given."""

    name: str
    database: str
    if_not_exists: bool = False
    region: str = ""
    options: Pairs = ()
    create_database: bool = False


@dataclass(frozen=True, slots=True)
class ExternalColumn:
    """`type`: as written; None for the partition columns of a CREATE ... AS."""

    name: str
    type: str | None
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RowFormat:
    """ROW FORMAT and STORED AS. `delimiters`: FIELDS, LINES, ESCAPED ... by their first word, lower case."""

    stored_as: str = ""  # lower case; "" with INPUTFORMAT
    serde: str = ""
    serde_properties: Pairs = ()
    delimiters: Pairs = ()
    input_format: str = ""
    output_format: str = ""


@dataclass(frozen=True, slots=True)
class CreateExternalTable:
    """`query`: a tree, of CREATE EXTERNAL TABLE ... AS; only then `location` may be "" (the workgroup says where).
    `athena`: written as Athena's CREATE TABLE ... WITH (...) AS."""

    name: RelationName
    columns: tuple[ExternalColumn, ...]
    keys: tuple[ExternalColumn, ...]
    format: RowFormat
    location: str
    properties: Pairs = ()
    query: Any = None
    if_not_exists: bool = False
    athena: bool = False


@dataclass(frozen=True, slots=True)
class PartitionSpec:
    """PARTITION (k='v', ...) [LOCATION '...']"""

    values: tuple[tuple[str, str | None], ...]
    location: str = ""
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AlterExternalTable:
    """action: 'location', 'format' (value), 'properties', 'add partition', 'drop partition', 'partition location'."""

    table: RelationName
    action: str
    value: str = ""
    properties: Pairs = ()
    partitions: tuple[PartitionSpec, ...] = ()
    if_not_exists: bool = False
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class RepairTable:
    """MSCK REPAIR TABLE: partitions for the folders key=value that are there."""

    table: RelationName
