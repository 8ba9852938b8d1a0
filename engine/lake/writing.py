"""Rows into files of an external table: INSERT and CREATE EXTERNAL TABLE AS (r_INSERT_external_table).

    query --slices--> storage/writers' Output     <location>[k=v/]20200303_004509_810669_1007_0001_part_00.parquet
                  --> the data catalogue          partitions that are new, numRows, in one commit

All files appear at the end; when the commit fails they go again. CREATE EXTERNAL TABLE AS writes Parquet and delimited
text, as on Redshift, Athena's CREATE TABLE AS and INSERT also ORC, Avro and JSON. Texts that delimited files could not
give back are refused (decision 0049). Table properties say how: compression_type, write.parallel,
write.maxfilesize.mb, serialization.null.format; BUCKETS how many files a folder has.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ...errors import InvalidDefinition, NotSupportedError
from ...planner.logical import Query
from ...planner.syntax import has_limit
from ...storage.access.facts import Fact
from ...storage.lake.catalogue import partition_fact, table_fact
from ...storage.lake.definition import Source
from ...storage.lake.files import folder
from ...storage.lake.formats.text import NULL
from ...storage.lake.partitions import of_folders
from ...storage.lake.projection import is_projected
from ...storage.objects.registry import Objects
from ...storage.writers.ambiguous import AmbiguousTexts
from ...storage.writers.base import OutColumn, WrittenFile
from ...storage.writers.buckets import Buckets
from ...storage.writers.options import LARGEST_FILE, MEGABYTE, FileOptions
from ...storage.writers.output import Output
from ..context import Charge, Context
from ..execute import execute, unload
from ..handlers.binding import plan_output
from ..kept_results import keep_manifest
from ..workgroups import result_location
from .tables import commit, partitions

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlglot import exp

    Check = Callable[[pa.RecordBatch], None]

STEP = "writing of external files"
WRITTEN, WRITTEN_BY_ATHENA = ("parquet", "text"), ("parquet", "text", "orc", "avro", "json")
ONE_FILE = 1 << 62  # bytes: a bucket is never cut
BUCKETED_BY, BUCKETS = "bucketed_by", "bucket_count"  # properties of a table that is bucketed, as Athena says it
# The table properties that say how files are compressed, and what they may say.
ORC_CODEC, AVRO_CODEC = "orc.compress", "avro.output.codec"
_ORC_CODECS, _AVRO_CODECS = ("zlib", "snappy", "lz4", "zstd", "none"), ("deflate", "bzip2", "none")


def refuse_limit(tree: exp.Expression) -> None:
    """No LIMIT in the outer SELECT."""
    if has_limit(tree):
        raise NotSupportedError("the LIMIT clause isn't supported in the outer SELECT query of external tables",
                                hint="Use a nested LIMIT clause.")


def check_format(source: Source, written: Sequence[str] = WRITTEN_BY_ATHENA) -> None:
    if source.format not in written:
        names = ", ".join(name.upper().replace("TEXT", "TEXTFILE") for name in written)
        raise NotSupportedError(f"external tables of {source.format.upper()} files are only read here; written are "
                                f"{names}")
    if source.parameters.get("line.delim", "\n") != "\n":
        raise NotSupportedError("LINES TERMINATED BY is not supported where an external table is written")
    if is_projected(source) and source.option("storage.location.template"):
        raise NotSupportedError("a table with storage.location.template is only read")


def write(query: Query, names: Sequence[str], source: Source, context: Context, *, counted: bool,
          definition: Callable[[Source], Fact] = table_fact, manifest: str = "") -> int:
    """The rows of `query`, whose columns are named as the table's, become files; partitions and numRows (with `counted`
    in any case, else where the property is there) are told to the data catalogue. How many rows there were.
    `manifest`: where the list of files goes below the query result location, if there is one."""
    results = result_location(context)
    with _writing(query, names, source, context) as (output, keys, serial, check):
        physical = plan_output(query, keys, serial, context)

        def put(slice: int, batch: pa.RecordBatch) -> None:
            check(batch)
            output.write(slice, batch)

        if serial:
            for batch in execute(physical, context):
                put(0, batch)
        else:
            unload(physical, context, put, shared=not keys)
        files = output.finish()
        if results:
            keep_manifest([file.url for file in files], results + manifest, context)
        facts = list(_facts(source, files, output.rows, context, counted, definition))
        if facts:
            commit(facts, source.region, context)
        return output.rows


@contextmanager
def _writing(query: Query, names: Sequence[str], source: Source,
             context: Context) -> Iterator[tuple[Output, list[Any], bool, Check]]:
    objects = Objects(context.session.stores)
    base = folder(source.location)
    if not source.location.endswith("/") and any(f.url == source.location for f in objects.list(source.location)):
        raise NotSupportedError(f'the location "{source.location}" is a manifest: such a table is only read')
    keys = [query.columns[list(names).index(key.name)] for key in source.keys]
    columns = [OutColumn(name, ref.type) for name, ref in zip(names, query.columns, strict=True)]
    serial = source.option("write.parallel", "on").lower() == "off"
    held = Charge(context.budget, STEP)
    buckets, options = _buckets(source, columns), _options(source)
    if buckets is not None:
        options = replace(options, file_bytes=ONE_FILE)
    output = Output(
        objects, base, columns, options, prefix=f"{datetime.now(UTC):%Y%m%d_%H%M%S_%f}_{context.query_id}_",
        partition_by=[key.name for key in source.keys], serial=serial, buckets=buckets, charge=held.add,
        check=context.cancel.check,
    )
    ambiguous = AmbiguousTexts(columns, [key.name for key in source.keys], options)
    try:
        yield output, keys, serial, ambiguous.refuse if options.format == "delimited" else _as_it_is
    except BaseException:
        output.abort()
        raise


def _as_it_is(batch: pa.RecordBatch) -> None:
    """Formats that hold any text."""


def _options(source: Source) -> FileOptions:
    packed = source.option("compression_type", "").lower()
    size = int(source.option("write.maxfilesize.mb", "0")) * MEGABYTE or LARGEST_FILE
    if source.format == "parquet":
        if packed not in ("", "none", "snappy"):
            raise InvalidDefinition("compression_type is none or snappy where Parquet files are written")
        codec = packed or source.option("parquet.compression", "snappy").lower().replace("uncompressed", "none")
        if codec not in ("none", "snappy", "gzip", "zstd"):
            raise NotSupportedError(f"Parquet files are not written with parquet.compression {codec.upper()}")
        return FileOptions("parquet", file_bytes=size, codec=codec)
    if source.format == "orc":
        return FileOptions("orc", file_bytes=size, codec=_codec(source, ORC_CODEC, "zlib", _ORC_CODECS))
    if source.format == "avro":
        return FileOptions("avro", file_bytes=size, codec=_codec(source, AVRO_CODEC, "deflate", _AVRO_CODECS))
    kinds: dict[str, tuple[Any, str]] = {
        "": (None, ""), "none": (None, ""), "gzip": ("gzip", ".gz"), "bzip2": ("bzip2", ".bz2"),
        "zstd": ("zstd", ".zst"),
    }  # fmt: skip
    if packed not in kinds:
        raise NotSupportedError(f"text files are not written with compression_type {packed}")
    compression, ending = kinds[packed]
    extension = ("json" if source.format == "json" else "txt") + ending
    if source.format == "json":
        return FileOptions("json", compression=compression, extension=extension, file_bytes=size, words=True)
    parameters = source.parameters
    return FileOptions(
        "delimited", parameters.get("field.delim", "\x01"), escape=bool(parameters.get("escape.delim")),
        null=source.option("serialization.null.format", parameters.get("serialization.null.format", NULL)),
        compression=compression, extension=extension, file_bytes=size,
    )


def _codec(source: Source, name: str, usual: str, known: Sequence[str]) -> str:
    found = source.option(name, usual).lower()
    if found not in known:
        raise NotSupportedError(f"{source.format.upper()} files are not written with {name} {found.upper()}",
                                hint=f"Known: {', '.join(known).upper()}.")
    return found


def _buckets(source: Source, columns: Sequence[OutColumn]) -> Buckets | None:
    if not source.option(BUCKETS):
        return None
    return Buckets.of(columns, source.option(BUCKETED_BY).split(","), int(source.option(BUCKETS)))


def _facts(source: Source, files: Sequence[WrittenFile], rows: int, context: Context, counted: bool,
           definition: Callable[[Source], Fact]) -> Iterator[Fact]:
    if counted or source.option("numRows"):
        total = int(source.option("numRows", "0")) + rows
        properties = {**dict(source.properties), "numRows": str(total)}
        yield definition(replace(source, properties=tuple(properties.items())))
    elif definition is not table_fact:
        yield definition(source)
    if not source.keys or is_projected(source):
        return
    new = definition is not table_fact  # a table that comes with these files
    known = set() if new else {p.values for p in partitions(source, context)}
    for made in dict.fromkeys(file.partition for file in files):
        found = of_folders(made, source)
        if found is not None and found.values not in known:
            yield partition_fact(source, found)
