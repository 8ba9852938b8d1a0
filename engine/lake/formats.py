"""ROW FORMAT, STORED AS and SERDE of a CREATE EXTERNAL TABLE as one of the formats that are read here.

    STORED AS PARQUET                                   parquet
    ROW FORMAT DELIMITED ... STORED AS TEXTFILE         text, its delimiters as LazySimpleSerDe's properties
    ROW FORMAT SERDE '...OpenCSVSerde'                  csv          a serde decides, whatever the input format
    STORED AS INPUTFORMAT '...' OUTPUTFORMAT '...'      by the input format's class

A class that is not known, and a property that the manual does not have, is refused by name. Properties that other
engines write into tables of the data catalogue (EXTERNAL, classification, ...) are kept and mean nothing.
"""
from __future__ import annotations

from ...errors import InvalidDefinition, NotSupportedError
from ...planner.statements.external import Pairs, RowFormat
from ...storage.lake.classes import format_of_classes

_STORED = {"parquet": "parquet", "orc": "orc", "avro": "avro", "textfile": "text", "ion": "ion", "json": "json"}
# Words of ROW FORMAT DELIMITED as properties of LazySimpleSerDe.
_DELIMITERS = {
    "fields": "field.delim", "lines": "line.delim", "escaped": "escape.delim", "collection": "colelction.delim",
    "map": "mapkey.delim", "null": "serialization.null.format",
}  # fmt: skip
HANDLING = (
    "column_count_mismatch_handling", "invalid_char_handling", "numeric_overflow_handling", "replacement_char",
    "surplus_char_handling", "surplus_bytes_handling", "data_cleansing_enabled",
)
_ACTIONS = {
    "column_count_mismatch_handling": ("DISABLED", "FAIL", "SET_TO_NULL", "DROP_ROW"),
    "invalid_char_handling": ("DISABLED", "FAIL", "SET_TO_NULL", "DROP_ROW", "REPLACE"),
    "numeric_overflow_handling": ("DISABLED", "FAIL", "SET_TO_NULL", "DROP_ROW"),
    "surplus_char_handling": ("SET_TO_NULL", "DISABLED", "FAIL", "DROP_ROW", "TRUNCATE"),
    "surplus_bytes_handling": ("SET_TO_NULL", "DISABLED", "FAIL", "DROP_ROW", "TRUNCATE"),
}
COMPRESSIONS = ("bzip2", "gzip", "none", "snappy", "zstd")


def format_of(given: RowFormat) -> str:
    """The format that a definition's classes mean; NotSupportedError for one that is not read here."""
    if given.stored_as == "iceberg":
        raise NotSupportedError("STORED AS ICEBERG is not supported",
                                hint="Set the table properties 'table_type'='ICEBERG' and 'metadata_location'.")
    named = format_of_classes(given.serde, given.input_format)
    if named is not None:
        _agree(given, named)
        return named
    found = _STORED.get(given.stored_as or "textfile", "text")
    if given.delimiters and found != "text":
        raise InvalidDefinition(f"ROW FORMAT DELIMITED is for TEXTFILE, not for {given.stored_as.upper()}")
    return found


def _agree(given: RowFormat, format: str) -> None:
    """A serde of one format over files stored as another cannot be read."""
    binary = ("parquet", "orc", "avro")
    stored = _STORED.get(given.stored_as)
    if stored is not None and stored != format and (stored in binary or format in binary):
        raise InvalidDefinition(f"SERDE '{given.serde}' cannot read {given.stored_as.upper()}")


def serde_properties(given: RowFormat) -> Pairs:
    """SERDEPROPERTIES, and the delimiters as such."""
    return (*given.serde_properties, *((_DELIMITERS[word], value) for word, value in given.delimiters))


def checked_properties(properties: Pairs) -> Pairs:
    """Table properties as they are kept, the last of a name; InvalidDefinition for values that mean nothing."""
    found = dict(properties)
    for name, value in found.items():
        if name in ("numRows", "skip.header.line.count", "write.maxfilesize.mb") and not value.strip().isdigit():
            raise _invalid(name, value, "a whole number")
        if name == "write.maxfilesize.mb" and not 5 <= int(value) <= 6200:
            raise _invalid(name, value, "between 5 and 6200")
        if name == "compression_type" and value.lower() not in COMPRESSIONS:
            raise _invalid(name, value, "one of " + ", ".join(COMPRESSIONS))
        if name in _ACTIONS and value.upper() not in _ACTIONS[name]:
            raise _invalid(name, value, "one of " + ", ".join(_ACTIONS[name]))
        if name in _ACTIONS and name != "column_count_mismatch_handling" and value.upper() == "DROP_ROW":
            raise NotSupportedError(f"'{name}'='DROP_ROW' is not supported", hint="SET_TO_NULL is.")
        if name == "replacement_char" and len(value.encode()) != 1:
            raise _invalid(name, value, "one ASCII character")
        if name == "data_cleansing_enabled" and value.lower() not in ("true", "false"):
            raise _invalid(name, value, "true or false")
        if name == "write.parallel" and value.lower() not in ("on", "off"):
            raise _invalid(name, value, "on or off")
        if name == "write.kms.key.id":
            raise NotSupportedError("the table property 'write.kms.key.id' is not supported: objects are not encrypted")
    return tuple(found.items())


def _invalid(name: str, value: str, wanted: str) -> InvalidDefinition:
    return InvalidDefinition(f"invalid value for table property '{name}': '{value}'", hint=f"It takes {wanted}.",
                             sqlstate="22023")


