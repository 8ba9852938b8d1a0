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

_SERDES = {
    "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe": "parquet",
    "org.apache.hadoop.hive.ql.io.orc.OrcSerde": "orc",
    "org.apache.hadoop.hive.serde2.avro.AvroSerDe": "avro",
    "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe": "text",
    "org.apache.hadoop.hive.serde2.OpenCSVSerde": "csv",
    "org.openx.data.jsonserde.JsonSerDe": "json",
    "org.apache.hive.hcatalog.data.JsonSerDe": "json",
    "org.apache.hadoop.hive.serde2.JsonSerDe": "json",
    "org.apache.hadoop.hive.serde2.RegexSerDe": "regex",
    "com.amazonaws.glue.serde.GrokSerDe": "grok",
    "com.amazon.ionhiveserde.IonHiveSerDe": "ion",
}
_INPUTS = {
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat": "parquet",
    "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat": "orc",
    "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat": "avro",
    "org.apache.hadoop.mapred.TextInputFormat": "text",
    "com.amazon.ionhiveserde.formats.IonInputFormat": "ion",
}
_STORED = {"parquet": "parquet", "orc": "orc", "avro": "avro", "textfile": "text", "ion": "ion", "json": "json"}
_REFUSED = {
    "SequenceFile": "SEQUENCEFILE", "RCFile": "RCFILE", "Columnar": "RCFILE", "LazyBinary": "RCFILE",
}  # fmt: skip
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
    for name in (given.serde, given.input_format):
        for part, format in _REFUSED.items():
            if part in name.rpartition(".")[2]:
                raise NotSupportedError(f"{format} is not supported: no maintained reader is known")
    if given.stored_as == "iceberg":
        raise NotSupportedError("CREATE EXTERNAL TABLE ... STORED AS ICEBERG is not supported",
                                hint="Set the table property 'table_type'='ICEBERG'.")
    if given.serde:
        found = _SERDES.get(given.serde)
        if found is None:
            raise NotSupportedError(f"SERDE '{given.serde}' is not supported", hint=f"Known: {', '.join(_SERDES)}")
        _agree(given, found)
        return found
    if given.input_format:
        found = _INPUTS.get(given.input_format)
        if found is None:
            raise NotSupportedError(f"INPUTFORMAT '{given.input_format}' is not supported")
        return found
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


