"""An external table's definition as statements that make it again (r_SHOW_EXTERNAL_TABLE)."""
from __future__ import annotations

from collections.abc import Iterable

from ...storage.lake.definition import Field, Pairs, Partition, Source

_STORED = {
    "parquet": "PARQUET", "orc": "ORC", "avro": "AVRO", "ion": "ION", "iceberg": "PARQUET",
}  # fmt: skip
# LazySimpleSerDe's properties as the words of ROW FORMAT DELIMITED.
_WORDS = {
    "field.delim": "FIELDS TERMINATED BY", "escape.delim": "ESCAPED BY", "colelction.delim":
    "COLLECTION ITEMS TERMINATED BY", "mapkey.delim": "MAP KEYS TERMINATED BY", "line.delim": "LINES TERMINATED BY",
    "serialization.null.format": "NULL DEFINED AS",
}  # fmt: skip


def create_statement(schema: str, source: Source) -> str:
    """CREATE EXTERNAL TABLE ..."""
    parts = [f"CREATE EXTERNAL TABLE {_name(schema)}.{_name(source.name)} (\n{_columns(source.columns)}\n)"]
    if source.keys:
        parts.append(f"PARTITIONED BY ({', '.join(f'{_name(k.name)} {k.type.text}' for k in source.keys)})")
    parts += _row_format(source)
    parts.append(f"LOCATION {_text(source.location)}")
    if source.properties:
        parts.append(f"TABLE PROPERTIES ({_pairs(source.properties)})")
    return "\n".join(parts) + ";"


def partition_statements(schema: str, source: Source, partitions: Iterable[Partition]) -> str:
    """ALTER TABLE ... ADD IF NOT EXISTS PARTITION ... for each."""
    made = []
    for partition in partitions:
        values = zip(source.keys, partition.values, strict=True)
        named = ", ".join(f"{_name(k.name)}={'NULL' if v is None else _text(v)}" for k, v in values)
        made.append(f"ALTER TABLE {_name(schema)}.{_name(source.name)} ADD IF NOT EXISTS PARTITION ({named}) "
                    f"LOCATION {_text(partition.location)};")
    return "\n".join(made)


def _columns(columns: Iterable[Field]) -> str:
    return ",\n".join(f"    {_name(c.name)} {c.type.text}" for c in columns)


def _row_format(source: Source) -> list[str]:
    parts = []
    if source.serde:
        parts.append(f"ROW FORMAT SERDE {_text(source.serde)}")
        if source.serde_properties:
            parts.append(f"WITH SERDEPROPERTIES ({_pairs(source.serde_properties)})")
    elif source.serde_properties and all(name in _WORDS for name, _ in source.serde_properties):
        words = " ".join(f"{_WORDS[name]} {_character(value)}" for name, value in source.serde_properties)
        parts.append(f"ROW FORMAT DELIMITED {words}")
    elif source.serde_properties:
        parts.append(f"WITH SERDEPROPERTIES ({_pairs(source.serde_properties)})")
    if source.input_format:
        parts.append(f"STORED AS INPUTFORMAT {_text(source.input_format)} OUTPUTFORMAT {_text(source.output_format)}")
    else:
        parts.append(f"STORED AS {_STORED.get(source.format, 'TEXTFILE')}")
    return parts


def _character(text: str) -> str:
    r"""A delimiter; \ddd for what does not print."""
    if len(text) == 1 and not text.isprintable():
        return f"'\\\\{ord(text):03o}'"
    return _text(text)


def _pairs(pairs: Pairs) -> str:
    return ", ".join(f"{_text(name)}={_text(value)}" for name, value in pairs)


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _name(name: str) -> str:
    return name if name.isidentifier() and name == name.lower() else '"' + name.replace('"', '""') + '"'
