"""The classes of the data catalogue, serdes and input formats, and the formats that they mean here.

    'org.openx.data.jsonserde.JsonSerDe' -> json      a serde decides, whatever the input format
    '...MapredParquetInputFormat' -> parquet

A class that is not known is refused by name: its files would be read as something that they are not.
"""
from __future__ import annotations

from ...errors import NotSupportedError

SERDES = {
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
INPUTS = {
    "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat": "parquet",
    "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat": "orc",
    "org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat": "avro",
    "org.apache.hadoop.mapred.TextInputFormat": "text",
    "com.amazon.ionhiveserde.formats.IonInputFormat": "ion",
}
_REFUSED = {
    "SequenceFile": "SEQUENCEFILE", "RCFile": "RCFILE", "Columnar": "RCFILE", "LazyBinary": "RCFILE",
}  # fmt: skip


def format_of_classes(serde: str, input_format: str) -> str | None:
    """The format; None where no class is named."""
    for name in (serde, input_format):
        for part, format in _REFUSED.items():
            if part in name.rpartition(".")[2]:
                raise NotSupportedError(f"{format} is not supported: no maintained reader is known")
    if serde:
        found = SERDES.get(serde)
        if found is None:
            raise NotSupportedError(f"SERDE '{serde}' is not supported", hint=f"Known: {', '.join(SERDES)}")
        return found
    if input_format:
        found = INPUTS.get(input_format)
        if found is None:
            raise NotSupportedError(f"INPUTFORMAT '{input_format}' is not supported")
        return found
    return None
