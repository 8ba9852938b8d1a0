"""One file: its format from its name, its columns from its own description or from a sample of its rows."""
from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from ... import errors
from ...records import dataclass
from ..formats.listing import SourceFile
from ..formats.streams import CODECS
from ..objects.registry import Objects
from ..types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    MAX_VARBYTE,
    REAL,
    SMALLINT,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    Kind,
    SqlType,
    decimal,
    varchar,
)  # fmt: skip
from .names import format_of, identifiers
from .texts import text_type, type_of

SAMPLE_BYTES = 4 << 20
MAX_ROWS = 20_000
_DELIMITERS = ",|\t;"
WIDE_TEXT = varchar(65535)


@dataclass(frozen=True, slots=True)
class Found:
    """A column. `source`: its name in the file; `nested`: of a SUPER, its type as the data catalogue writes it; `said`:
    there were values to tell the type by; `chosen`: one of several columns that have the values of `source` by type."""

    name: str
    type: SqlType
    source: str
    nested: str = ""
    said: bool = True
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Inferred:
    """format: 'parquet', 'orc', 'avro', 'json', 'csv' or 'delimited'; the others are of text. `compression`: COPY's
    word."""

    format: str
    columns: tuple[Found, ...]
    compression: str | None = None
    delimiter: str = ""
    header: bool = False

    def clauses(self) -> str:
        """What COPY is told."""
        words = [f"format {self.format}" if self.format in ("parquet", "orc") else ""]
        if self.format in ("json", "avro"):
            words = [f"format {self.format} 'auto ignorecase'"]
        elif self.format == "csv":
            words = ["csv"]
        if self.delimiter and self.delimiter != {"csv": ",", "delimited": "|"}[self.format]:
            shown = "\\t" if self.delimiter == "\t" else self.delimiter
            words.append(f"delimiter '{shown}'")
        if self.header:
            words.append("ignoreheader 1")
        if self.compression and self.format not in ("parquet", "orc"):
            words.append(self.compression.lower())
        if any(c.type.kind in (Kind.TIMESTAMP, Kind.TIMESTAMPTZ) for c in self.columns) and self.delimiter:
            words.append("timeformat 'auto'")
        return " ".join(filter(None, words))


def infer(objects: Objects, url: str, *, header: bool | None = None, delimiter: str | None = None) -> Inferred:
    """Look into a file. `header`, `delimiter`: of text, where it is known. Raises FileMissing, FileError, LoadError."""
    info = objects.info(url)
    file = SourceFile(url, info.bytes, objects=objects)
    format, packed = format_of(url)
    with _told(file):
        match format:
            case "parquet":
                return Inferred(format, _of_parquet(file))
            case "orc":
                return Inferred(format, _of_schema(_orc_schema(file)))
            case "avro":
                return Inferred(format, _of_avro(file), packed)
            case "json":
                return Inferred(format, _of_json(*_sample(file, packed)), packed)
            case _:
                text, whole = _sample(file, packed)
                return _of_text(format, text, whole, packed, header, delimiter)


@contextmanager
def _told(file: SourceFile) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException, EOFError, UnicodeDecodeError, csv.Error, json.JSONDecodeError) as error:
        raise errors.LoadError(f'file "{file.path}" cannot be read: {str(error).split(chr(10), 1)[0]}') from error


# -- files that know their types -----------------------------------------------------------------------


def _of_parquet(file: SourceFile) -> tuple[Found, ...]:
    import pyarrow.parquet as pq

    with file.open() as raw:
        return _of_schema(pq.read_schema(file.local_path or raw))


def _orc_schema(file: SourceFile) -> pa.Schema:
    from pyarrow import orc

    with file.open() as raw:
        return orc.ORCFile(file.local_path or raw).schema


def _of_schema(schema: pa.Schema) -> tuple[Found, ...]:
    names = identifiers(schema.names)
    return tuple(Found(n, sql_type(f.type), f.name, nested_text(f.type)) for n, f in zip(names, schema, strict=True))


def sql_type(type: pa.DataType) -> SqlType:
    """The SQL type that holds all values of an Arrow type; nested ones are SUPER."""
    if isinstance(type, pa.BaseExtensionType):
        return SqlType(Kind.SUPER)
    if pa.types.is_dictionary(type):
        return sql_type(type.value_type)
    if pa.types.is_decimal(type):
        return decimal(min(type.precision, 38), type.scale)
    if pa.types.is_timestamp(type):
        return TIMESTAMP if type.tz is None else TIMESTAMPTZ
    for test, found in _TYPES:
        if test(type):
            return found
    return SqlType(Kind.SUPER) if pa.types.is_nested(type) else WIDE_TEXT


_TYPES = (
    (pa.types.is_int8, SMALLINT), (pa.types.is_int16, SMALLINT), (pa.types.is_uint8, SMALLINT),
    (pa.types.is_int32, INTEGER), (pa.types.is_uint16, INTEGER), (pa.types.is_int64, BIGINT),
    (pa.types.is_uint32, BIGINT), (pa.types.is_uint64, decimal(20, 0)), (pa.types.is_float16, REAL),
    (pa.types.is_float32, REAL), (pa.types.is_float64, DOUBLE), (pa.types.is_boolean, BOOLEAN),
    (pa.types.is_date, DATE), (pa.types.is_time, TIME), (pa.types.is_binary, SqlType(Kind.VARBYTE, length=MAX_VARBYTE)),
    (pa.types.is_large_binary, SqlType(Kind.VARBYTE, length=MAX_VARBYTE)), (pa.types.is_null, varchar(256)),
)  # fmt: skip


def nested_text(type: pa.DataType) -> str:
    """A nested type as Hive writes it; empty for others."""
    return _hive(type) if pa.types.is_nested(type) else ""


def _hive(type: pa.DataType) -> str:
    if pa.types.is_struct(type):
        return "struct<" + ",".join(f"{type.field(i).name}:{_hive(type.field(i).type)}"
                                    for i in range(type.num_fields)) + ">"  # fmt: skip
    if pa.types.is_map(type):
        return f"map<{_hive(type.key_type)},{_hive(type.item_type)}>"
    if pa.types.is_nested(type):
        return f"array<{_hive(type.value_type)}>"
    found = sql_type(type)
    match found.kind:
        case Kind.VARCHAR | Kind.TIME | Kind.SUPER:
            return "string"
        case Kind.VARBYTE:
            return "binary"
        case Kind.DECIMAL:
            return f"decimal({found.precision},{found.scale})"
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
            return "timestamp"
        case kind:
            return {Kind.INTEGER: "int", Kind.REAL: "float", Kind.DOUBLE: "double"}.get(kind, kind.value)


def _of_avro(file: SourceFile) -> tuple[Found, ...]:
    """From the first records: Avro's own types are as JSON's, with logical ones."""
    from itertools import islice

    from ..formats.avro import records

    return _of_records(list(islice(records(file), MAX_ROWS)), whole=False)


# -- text ------------------------------------------------------------------------------------------------


def _sample(file: SourceFile, compression: str | None) -> tuple[str, bool]:
    """(the file's first lines, whether they are all)."""
    with file.open() as raw:
        stream: Any = raw
        if compression is not None:
            stream = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), CODECS[compression])
        parts, size = [], 0
        while size <= SAMPLE_BYTES and (data := stream.read(SAMPLE_BYTES + 1 - size)):
            parts.append(data)
            size += len(data)
    data = b"".join(parts)
    whole = size <= SAMPLE_BYTES
    if not whole:
        data = data[: data.rfind(b"\n") + 1]
    return data.decode("utf-8-sig"), whole


def _of_text(
    format: str, text: str, whole: bool, packed: str | None, header: bool | None, delimiter: str | None
) -> Inferred:
    delimiter = delimiter or _delimiter(text, format)
    rows = list(_rows(format, text, delimiter))
    whole = whole and len(rows) < MAX_ROWS
    if not rows:
        raise errors.LoadError("the file is empty: there is nothing to tell its columns by")
    width = max(len(row) for row in rows[:100])
    padded = [[*row, *[""] * (width - len(row))][:width] for row in rows]
    header = _has_header(padded) if header is None else header
    body = padded[1:] if header else padded
    names = padded[0] if header else [f"column{i}" for i in range(1, width + 1)]
    columns = [pa.array([row[i] for row in body], pa.string()) for i in range(width)]
    types = [type_of(c, whole) for c in columns]
    said = [any(row[i] for row in body) for i in range(width)]
    found = tuple(Found(n, t, s, "", told) for n, t, s, told in
                  zip(identifiers(names), types, names, said, strict=True))  # fmt: skip
    return Inferred(format, found, packed, delimiter, header)


def _rows(format: str, text: str, delimiter: str) -> Iterator[list[str]]:
    if format == "csv":
        reader: Iterator[list[str]] = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    else:
        reader = (_cut(line, delimiter) for line in text.splitlines())
    for number, row in enumerate(reader):
        if number >= MAX_ROWS:
            return
        if row:
            yield row


def _cut(line: str, delimiter: str) -> list[str]:
    """A delimited line's fields; one more delimiter may end it."""
    return line.removesuffix(delimiter).split(delimiter) if line else []


def _delimiter(text: str, format: str) -> str:
    """The character that divides the first lines into the most fields, the same number in each."""
    lines = text[:65536].splitlines()[:20]
    counts = {d: min((line.count(d) for line in lines), default=0) for d in _DELIMITERS}
    best = max(counts, key=lambda d: counts[d])
    return best if counts[best] else {"csv": ",", "delimited": "|"}[format]


def _has_header(rows: list[list[str]]) -> bool:
    """A first row of names: no numbers or dates in it, and all different; below it at least one column is no text, or
    none of its texts comes again there."""
    first, rest = rows[0], rows[1:]
    as_text = [type_of(pa.array([name]), True).is_string for name in first]
    if not all(as_text) or len(set(first)) != len(first) or "" in first:
        return False
    columns = [[row[i] for row in rest] for i in range(len(first))]
    if not rest:
        return True
    if any(not type_of(pa.array(c), True).is_string for c in columns if any(c)):
        return True
    return all(name not in c for name, c in zip(first, columns, strict=True)) and len(rest) > 1


# -- JSON ------------------------------------------------------------------------------------------------


def _of_json(text: str, whole: bool) -> tuple[Found, ...]:
    """Objects one after the other, or in one list."""
    decoder, at, found = json.JSONDecoder(), 0, []
    body = text.strip()
    if body.startswith("["):
        found = [v for v in json.loads(body) if isinstance(v, dict)][:MAX_ROWS]
    while not body.startswith("[") and at < len(body) and len(found) < MAX_ROWS:
        try:
            value, at = decoder.raw_decode(body, at)
        except json.JSONDecodeError:
            if whole or not found:
                raise
            break  # the sample ends inside an object
        if isinstance(value, dict):
            found.append(value)
        while at < len(body) and body[at] in " \t\r\n,":
            at += 1
    return _of_records(found, whole)


def _of_records(records: list[dict[str, Any]], whole: bool) -> tuple[Found, ...]:
    keys = list(dict.fromkeys(key for record in records for key in record))
    if not keys:
        raise errors.LoadError("the file has no objects to tell its columns by")
    values = [[r[k] for r in records if r.get(k) is not None] for k in keys]
    found = zip(identifiers(keys), keys, values, strict=True)
    return tuple(Found(n, _of_values(v, whole), k, _nested_values(v), bool(v)) for n, k, v in found)


def _nested_values(values: list[Any]) -> str:
    """As `nested_text`, of values; text where they are of several kinds."""
    if not any(isinstance(v, dict | list) for v in values):
        return ""
    try:
        return nested_text(pa.array(values).type) or "string"
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return "string"


def _of_values(values: list[Any], whole: bool) -> SqlType:
    if any(isinstance(v, dict | list) for v in values):
        return SqlType(Kind.SUPER)
    if values and all(isinstance(v, bool) for v in values):
        return BOOLEAN
    if values and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        if any(isinstance(v, float) for v in values):
            return DOUBLE
        return INTEGER if whole and max(map(abs, values)) < 10**9 else BIGINT
    texts = pa.array([v if isinstance(v, str) else str(v) for v in values], pa.string())
    found = type_of(texts, whole)
    # Numbers in quotation marks stay texts; dates have no other form in JSON.
    return found if found.kind in (Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ) else text_type(texts)
