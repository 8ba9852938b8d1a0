"""How files are written. Errors about combinations are the statement's parser's; here they hold already."""
from __future__ import annotations

from typing import Literal

from ...records import dataclass

FormatName = Literal["parquet", "orc", "avro", "csv", "delimited", "fixedwidth", "json"]
Compression = Literal["gzip", "bzip2", "zstd"]

MEGABYTE = 1 << 20
LARGEST_FILE = int(6.2 * (1 << 30))
ROW_GROUP_BYTES = 32 * MEGABYTE
SUFFIXES: dict[str | None, str] = {None: "", "gzip": ".gz", "bzip2": ".bz2", "zstd": ".zst"}


@dataclass(frozen=True, slots=True)
class FileOptions:
    """`delimiter`: one ASCII character, not for fixed width, JSON, binary formats. `widths`: in characters, by column.
    `extension`: in place of the format's own. `file_bytes`: a file is closed before it grows beyond that (Parquet:
    about). `row_group_bytes`: of Parquet's row groups and ORC's stripes, in memory. `codec`: of Parquet and ORC one of
    pyarrow's, of Avro one of fastavro's, or none. `words`: JSON's booleans as true and false, not as "t" and "f".
    `quote_all`: CSV with quotation marks around all that is not NULL."""

    format: FormatName = "delimited"
    delimiter: str = "|"
    header: bool = False
    null: str = ""
    add_quotes: bool = False
    escape: bool = False
    widths: tuple[int, ...] = ()
    compression: Compression | None = None
    extension: str | None = None
    file_bytes: int = LARGEST_FILE
    row_group_bytes: int = ROW_GROUP_BYTES
    codec: str = "snappy"
    quote_all: bool = False
    words: bool = False

    @property
    def suffix(self) -> str:
        """What ends the files' names, with its point."""
        if self.extension is not None:
            return self.extension if self.extension.startswith(".") else f".{self.extension}"
        return f".{self.format}" if self.format in ("parquet", "orc", "avro") else SUFFIXES[self.compression]
