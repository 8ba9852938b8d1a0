"""What an external table is: where its files are, how they are written, which columns they have.

    Source      database, location, format, serde, properties, types as written      kept as a fact (as_value, of_value)
    Partition   values of the partition columns, and the folder that has their rows
    table_of    the ExternalTable that binder and planner work with:

        | columns of the files | partition columns | $path $size $spectrum_oid |
                                                    ^ visible: what `*` stands for ends here
"""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...records import dataclass
from ..schema import Column, DistStyle, ExternalTable
from ..types import BIGINT, varchar
from .hive_types import HiveType, read_type

Pairs = tuple[tuple[str, str], ...]
PSEUDO = (("$path", varchar(2048)), ("$size", BIGINT), ("$spectrum_oid", BIGINT))
FIRST_PSEUDO = 1 << 20  # column ids; a table has at most 1,600 columns
DEFAULT_PARTITION = "__HIVE_DEFAULT_PARTITION__"  # the folder of rows whose key is NULL
MAX_COLUMNS = 1598


@dataclass(frozen=True, slots=True)
class Field:
    """A column as the data catalogue has it."""

    name: str
    type: HiveType

    @staticmethod
    def of(name: str, type: str) -> Field:
        return Field(name, read_type(type))


@dataclass(frozen=True, slots=True)
class Source:
    """`format`: parquet, orc, avro, text, csv, json, regex, grok, ion or iceberg. Classes as written, "" where none
    was."""

    database: str
    name: str
    columns: tuple[Field, ...]
    keys: tuple[Field, ...]  # of its partitions
    location: str
    format: str
    serde: str = ""
    input_format: str = ""
    output_format: str = ""
    serde_properties: Pairs = ()
    properties: Pairs = ()
    id: int = 0
    owner: str = "dev"
    version: int = 0
    region: str | None = None  # of AWS Glue, where it is that data catalogue's table; "": the session's own
    as_of: tuple[str, int] | None = None  # of Iceberg: ("version", snapshot) or ("timestamp", microseconds)

    def option(self, name: str, otherwise: str = "") -> str:
        return dict(self.properties).get(name, otherwise)

    @property
    def parameters(self) -> dict[str, str]:
        return dict(self.serde_properties)

    def as_value(self) -> dict[str, Any]:
        return {
            "database": self.database, "name": self.name, "location": self.location, "format": self.format,
            "columns": [[c.name, c.type.text] for c in self.columns],
            "keys": [[c.name, c.type.text] for c in self.keys],
            "serde": self.serde, "input_format": self.input_format, "output_format": self.output_format,
            "serde_properties": list(self.serde_properties), "properties": list(self.properties),
            "id": self.id, "owner": self.owner,
        }

    @staticmethod
    def of_value(value: Mapping[str, Any]) -> Source:
        return Source(
            value["database"], value["name"], tuple(Field.of(*c) for c in value["columns"]),
            tuple(Field.of(*c) for c in value["keys"]), value["location"], value["format"], value["serde"],
            value["input_format"], value["output_format"], _pairs(value["serde_properties"]),
            _pairs(value["properties"]), value["id"], value["owner"],
        )


@dataclass(frozen=True, slots=True)
class Partition:
    """Rows of one combination of the partition columns' values, as texts (None: NULL)."""

    values: tuple[str | None, ...]
    location: str


def table_of(source: Source, schema: str, pseudo: int = len(PSEUDO)) -> ExternalTable:
    """The table as the schema `schema` shows it; `pseudo`: with how many of the pseudo-columns."""
    columns = [Column(i + 1, c.name, c.type.sql) for i, c in enumerate((*source.columns, *source.keys))]
    visible = len(columns)
    columns += [Column(FIRST_PSEUDO + i, name, type) for i, (name, type) in enumerate(PSEUDO[:pseudo])]
    return ExternalTable(
        source.id, schema, source.name, tuple(columns), DistStyle.EVEN, version=source.version, owner=source.owner,
        source=source, visible=visible,
    )


def _pairs(value: list[list[str]]) -> Pairs:
    return tuple((a, b) for a, b in value)
