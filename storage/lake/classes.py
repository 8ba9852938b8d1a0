"""The classes of the data catalogue, serdes and input formats, and the formats that they mean here.

    'org.openx.data.jsonserde.JsonSerDe' -> json      a serde decides, whatever the input format
    '...MapredParquetInputFormat' -> parquet

A class that is not known is refused by name: its files would be read as something that they are not.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import NotSupportedError

if TYPE_CHECKING:
    from .definition import Source

# format -> input format, output format, serde
_USUAL = {
    "parquet": ("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
                "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
                "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"),
    "orc": ("org.apache.hadoop.hive.ql.io.orc.OrcInputFormat", "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
            "org.apache.hadoop.hive.ql.io.orc.OrcSerde"),
    "avro": ("org.apache.hadoop.hive.ql.io.avro.AvroContainerInputFormat",
             "org.apache.hadoop.hive.ql.io.avro.AvroContainerOutputFormat",
             "org.apache.hadoop.hive.serde2.avro.AvroSerDe"),
    "ion": ("com.amazon.ionhiveserde.formats.IonInputFormat", "com.amazon.ionhiveserde.formats.IonOutputFormat",
            "com.amazon.ionhiveserde.IonHiveSerDe"),
}  # fmt: skip
_TEXT = ("org.apache.hadoop.mapred.TextInputFormat", "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat")
_TEXT_SERDES = {
    "text": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", "json": "org.openx.data.jsonserde.JsonSerDe",
}  # fmt: skip
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


def classes_of(source: Source) -> tuple[str, str, str]:
    """(input format, output format, serde) of a table, those of its format where it names none."""
    usual = _USUAL.get(source.format, (*_TEXT, _TEXT_SERDES.get(source.format, "")))
    return source.input_format or usual[0], source.output_format or usual[1], source.serde or usual[2]


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
