r"""Text files as chunks of whole lines, decompressed; and the reader that formats made of lines have in common.

    file --[gzip | bzip2 | zstd | snappy]--> chunks of some megabytes, each ends behind a line
    part [start, stop) of an uncompressed file: the lines that begin there

A file's compression is told by its extension, or by the table property compression_type, which is stronger. .snappy
means Hadoop's framing: blocks of pieces, each with its length before it. Headers are skipped in each file.
"""
from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import BinaryIO, Protocol

import pyarrow as pa

from .... import errors
from ...objects.base import ObjectInfo
from ...objects.registry import Objects
from ..definition import Field, Source
from .base import BATCH_ROWS, Part, Plain

CHUNK_BYTES = 4 << 20
PART_BYTES = 32 << 20  # of an uncompressed file, for one worker
ROW_BYTES = 100  # at a guess
_CODECS = {"gzip": "gzip", "bzip2": "bz2", "zstd": "zstd", "snappy": "snappy", "none": ""}
_EXTENSIONS = {".gz": "gzip", ".gzip": "gzip", ".bz2": "bz2", ".zst": "zstd", ".zstd": "zstd", ".snappy": "snappy"}
LINE_END = re.compile(rb"\r\n|\n|\r")


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class LineReader(Plain, ABC):
    """A reader of files made of lines. Subclasses give `rows`."""

    divisible = True  # whether lines stand by themselves, so that a file may be read in parts

    def __init__(self, source: Source, objects: Objects) -> None:
        self.source = source
        self._objects = objects
        self._codec = _CODECS.get(source.option("compression_type").lower())
        self._header = int(source.option("skip.header.line.count", "0"))
        delimiter = source.parameters.get("line.delim", "\n")
        if delimiter not in ("\n", "\r\n", "\r") and len(delimiter.encode()) != 1:
            raise errors.NotSupportedError(f"lines that end by {delimiter!r} are not supported")
        self.line_end = b"\n" if delimiter in ("\n", "\r\n", "\r") else delimiter.encode()

    def parts(self, file: ObjectInfo) -> list[Part]:
        pieces = 1
        if self.divisible and not self.codec(file):
            pieces = max(1, -(-file.bytes // PART_BYTES))
        bounds = [file.bytes * i // pieces for i in range(pieces + 1)]
        return [Part(file, max((b - a) // ROW_BYTES, 1), b - a, a, b) for a, b in pairwise(bounds)]

    def read(
        self, part: Part, columns: Sequence[Field], coded: Collection[str] = ()
    ) -> Iterator[tuple[int, list[pa.Array]]]:
        for chunk in self._chunks(part):
            rows, arrays = self.rows(chunk, columns, part.file)
            yield from cut_rows(rows, arrays)

    @abstractmethod
    def rows(self, chunk: bytes, columns: Sequence[Field], file: ObjectInfo) -> tuple[int, list[pa.Array]]:
        """The rows of some lines: how many, and an array for each column."""

    def codec(self, file: ObjectInfo) -> str:
        """Arrow's name of the compression, "" for none."""
        if self._codec is not None:
            return self._codec
        return next((codec for end, codec in _EXTENSIONS.items() if file.url.lower().endswith(end)), "")

    def _chunks(self, part: Part) -> Iterator[bytes]:
        codec = self.codec(part.file)
        with told(part.file), self._objects.open(part.file.url) as raw:
            if codec:
                found = _whole_lines(_opened(raw, codec), self.line_end)
            else:
                found = _lines_of_range(raw, part, self.line_end)
            yield from self._without_header(found) if part.start == 0 and self._header else found

    def _without_header(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        left = self._header
        for chunk in chunks:
            at = 0
            while left and at < len(chunk):
                end = chunk.find(self.line_end, at)
                at, left = (len(chunk) if end < 0 else end + 1), left - 1
            if at < len(chunk):
                yield chunk[at:] if at else chunk

    def lines(self, chunk: bytes) -> list[bytes]:
        """The lines of a chunk without their ends."""
        found = LINE_END.split(chunk) if self.line_end == b"\n" else chunk.split(self.line_end)
        if found and not found[-1]:
            found.pop()
        return found


def cut_rows(rows: int, arrays: list[pa.Array]) -> Iterator[tuple[int, list[pa.Array]]]:
    """Rows in batches of at most BATCH_ROWS."""
    for start in range(0, rows, BATCH_ROWS):
        count = min(BATCH_ROWS, rows - start)
        yield count, [array.slice(start, count) for array in arrays]


@contextmanager
def told(file: ObjectInfo) -> Iterator[None]:
    """What libraries say about a file they cannot read, as our errors."""
    try:
        yield
    except (OSError, EOFError, pa.ArrowException) as error:
        reason = (getattr(error, "strerror", None) or str(error)).split("\n", 1)[0]
        raise errors.FileError(f'file "{file.url}" cannot be read: {reason}') from error


def _opened(raw: BinaryIO, codec: str) -> Readable:
    if codec == "snappy":
        return _Snappy(raw)
    return pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), codec)  # type: ignore[no-any-return]


def _whole_lines(stream: Readable, end: bytes) -> Iterator[bytes]:
    rest = b""
    while data := stream.read(CHUNK_BYTES):
        cut = data.rfind(end)
        if cut < 0:
            rest += data
            continue
        yield rest + data[: cut + 1]
        rest = data[cut + 1 :]
    if rest:
        yield rest


def _lines_of_range(raw: BinaryIO, part: Part, end: bytes) -> Iterator[bytes]:
    """The lines that begin in [start, stop)."""
    at = part.start
    rest = b""
    if at >= part.stop:
        return
    if at:
        raw.seek(at - 1)
        while True:
            data = raw.read(CHUNK_BYTES)
            found = data.find(end)
            if found >= 0:
                at += found  # read began one byte earlier
                rest = data[found + 1 :]
                break
            if not data:
                return
            at += len(data)
        if at >= part.stop:
            return
    while True:
        behind = at + len(rest)
        if behind >= part.stop:  # up to the end of the line that has the last byte
            cut = rest.find(end, part.stop - 1 - at)
            if cut >= 0:
                yield rest[: cut + 1]
                return
        data = raw.read(CHUNK_BYTES)
        if not data:
            if rest:
                yield rest
            return
        rest += data
        cut = rest.rfind(end)
        if at + len(rest) < part.stop and cut >= 0:
            yield rest[: cut + 1]
            at, rest = at + cut + 1, rest[cut + 1 :]


class _Snappy:
    """Hadoop's block framing: | length of a block, opened | length of a piece | piece | ... |, big endian."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw

    def read(self, size: int, /) -> bytes:
        made: list[bytes] = []
        total = 0
        while total < size:
            head = self._raw.read(4)
            if not head:
                break
            wanted = int.from_bytes(head, "big")
            while wanted > 0:
                piece = self._exactly(int.from_bytes(self._exactly(4), "big"))
                opened = pa.decompress(piece, _length(piece), codec="snappy", asbytes=True)
                made.append(opened)
                wanted -= len(opened)
                total += len(opened)
        return b"".join(made)

    def _exactly(self, size: int) -> bytes:
        data = self._raw.read(size)
        if len(data) < size:
            raise EOFError("it ends inside a block of Snappy")
        return data


def _length(piece: bytes) -> int:
    """What a raw Snappy piece says it is long once opened."""
    size = shift = 0
    for byte in piece[:5]:
        size |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return size
    raise EOFError("a block of Snappy is broken")


