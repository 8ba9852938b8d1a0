"""Results of queries as files of the query result location, as Athena leaves them (Working with query results).

    <location>/<query>.csv              rows, with a header; quotation marks around all that is not NULL
    <location>/<query>.csv.metadata     names and types of the columns, in Athena's own binary form (below)
    <location>/tables/<query>/...       files of a CREATE TABLE AS (workgroups.table_location)
    <location>[tables/]<query>-manifest.csv   the files that an INSERT or CREATE TABLE AS has written, one a line

The metadata's form is not in Athena's guide; readers of it are public (burtcorp/athena-jdbc), and it is simple. It is a
protocol buffer, in which what is 0 is left out:

    1: an id that the engine gave the query       4: one message a column
                                                       1: 'hive'  4: name  5: label  6: type  7: precision  8: scale
                                                       9: nullable (3: unknown)  10: 1 where case matters

Nothing is kept of statements that return no rows; Athena leaves a text file of those.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa

from ..storage.objects.registry import Objects
from ..storage.types import Kind, SqlType
from ..storage.writers.base import OutColumn
from ..storage.writers.options import FileOptions
from .context import Context
from .result import ResultColumn

_MOST_TEXT = 2_147_483_647
# kind -> (Athena's type, precision)
_TYPES = {
    Kind.SMALLINT: ("smallint", 5), Kind.INTEGER: ("integer", 10), Kind.BIGINT: ("bigint", 19),
    Kind.REAL: ("float", 17), Kind.DOUBLE: ("double", 17), Kind.BOOLEAN: ("boolean", 0), Kind.DATE: ("date", 0),
    Kind.TIMESTAMP: ("timestamp", 3), Kind.TIMESTAMPTZ: ("timestamp with time zone", 3), Kind.TIME: ("time", 3),
    Kind.TIMETZ: ("time with time zone", 3), Kind.VARBYTE: ("varbinary", 1_073_741_824),
}  # fmt: skip
_UNKNOWN = 3  # whether there are NULLs


def keeping(
    batches: Iterable[pa.RecordBatch], columns: tuple[ResultColumn, ...], location: str, context: Context
) -> Iterator[pa.RecordBatch]:
    """The batches, which also go into the result's file: it appears when the last one has been read."""
    from ..storage.writers.text import TextFormat

    out = [OutColumn(c.name, c.type) for c in columns]
    form = TextFormat(out, FileOptions("csv", ",", header=True, quote_all=True))
    objects = Objects(context.session.stores)
    base = f"{location}{context.query_id}.csv"
    with objects.create(base, overwrite=True) as writer:
        file = form.open(writer, lambda amount: None)
        for batch in batches:
            for piece in form.pieces(batch):
                file.write(piece)
            yield batch
        file.finish()
    with objects.create(f"{base}.metadata", overwrite=True) as writer:
        writer.write(metadata(f"{context.now:%Y%m%d_%H%M%S}_{context.query_id:05d}_local", columns))


def keep_manifest(files: Iterable[str], location: str, context: Context) -> None:
    """The list of files that a statement writes: it is there before the data catalogue knows of them, so that they are
    found should it never."""
    url = f"{location}{context.query_id}-manifest.csv"
    with Objects(context.session.stores).create(url, overwrite=True) as writer:
        writer.write("".join(f"{url}\n" for url in files).encode())


def metadata(query: str, columns: Iterable[ResultColumn]) -> bytes:
    """The metadata file's content."""
    return _text(1, query) + b"".join(_bytes(4, _column(column.name, column.type)) for column in columns)


def _column(name: str, type: SqlType) -> bytes:
    kind, precision, scale = _described(type)
    found = _text(1, "hive") + _text(4, name) + _text(5, name) + _text(6, kind)
    return found + _number(7, precision) + _number(8, scale) + _number(9, _UNKNOWN) + _number(10, int(type.is_string))


def _described(type: SqlType) -> tuple[str, int, int]:
    """(Athena's type, precision, scale)"""
    if type.kind is Kind.DECIMAL:
        return "decimal", type.precision, type.scale
    if type.kind is Kind.CHAR:
        return "char", type.length, 0
    name, precision = _TYPES.get(type.kind, ("varchar", _MOST_TEXT))
    return name, precision, 0


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _bytes(field: int, content: bytes) -> bytes:
    return bytes((field << 3 | 2,)) + _varint(len(content)) + content


def _number(field: int, number: int) -> bytes:
    return bytes((field << 3,)) + _varint(number) if number else b""


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
