"""A file's bytes as its reader wants them: decompressed, in UTF-8, counted for the progress bar.

    file --counted--> [gzip | bzip2 | zstd] --> [UTF-16 or ISO 8859-1 to UTF-8] --> read(size)

Decompression is Arrow's: streamed, outside the interpreter's lock, over files of several members.
A file that is compressed though nobody said so is recognised and refused (by its first bytes).
"""
from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Protocol

import pyarrow as pa

from ... import errors
from .listing import SourceFile
from .source import Progress

# COPY's words -> Arrow's codec, and how such a file begins.
CODECS = {"GZIP": "gzip", "BZIP2": "bz2", "ZSTD": "zstd"}
_MAGIC = {"GZIP": b"\x1f\x8b", "BZIP2": b"BZh", "ZSTD": b"\x28\xb5\x2f\xfd"}
_MARKS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
UTF8 = "UTF8"
ENCODINGS = {UTF8: "utf-8", "UTF16": "utf-16", "UTF16LE": "utf-16-le", "UTF16BE": "utf-16-be", "ISO88591": "iso-8859-1"}


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@contextmanager
def reading(
    file: SourceFile, compression: str | None = None, encoding: str = UTF8, on_progress: Progress | None = None,
    start: int = 0,
) -> Iterator[Readable]:
    """The file's text from byte `start` on. Errors of the file or its compression are FileError or LoadError,
    naming it."""
    with telling(file), file.open() as raw:
        if start:
            raw.seek(start)
        if compression is None and not start:
            _refuse_compressed(file, raw)
        counting = Counting(raw, on_progress)
        stream: Readable = counting
        if compression is not None:
            stream = pa.CompressedInputStream(pa.PythonFile(counting, mode="r"), CODECS[compression])
        if encoding != UTF8:
            stream = Transcoded(file, stream, encoding)
        yield stream


@contextmanager
def telling(file: SourceFile) -> Iterator[None]:
    """What libraries say about a file they cannot read, as our errors."""
    try:
        yield
    except (OSError, EOFError, pa.ArrowException) as e:
        reason = (getattr(e, "strerror", None) or str(e)).split("\n", 1)[0]
        raise errors.FileError(f'file "{file.path}" cannot be read: {reason}') from e


class Counting(io.RawIOBase):
    """A file that tells the bytes taken from it."""

    def __init__(self, raw: BinaryIO, on_progress: Progress | None) -> None:
        super().__init__()
        self._raw = raw
        self._on_progress = on_progress

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self._raw.read(size)
        if self._on_progress is not None and data:
            self._on_progress(len(data))
        return data


def _refuse_compressed(file: SourceFile, raw: BinaryIO) -> None:
    first = raw.read(4)
    raw.seek(0)
    for word, magic in _MAGIC.items():
        if first.startswith(magic) and not (word == "BZIP2" and not first[3:4].isdigit()):
            raise errors.LoadError(
                f'file "{file.path}" is compressed with {word.lower()}', hint=f"Add {word} to the COPY statement."
            )


class Piece:
    """So many bytes of a stream."""

    def __init__(self, stream: Readable, size: int) -> None:
        self._stream = stream
        self._left = size

    def read(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._left)) if self._left else b""
        self._left -= len(data)
        return data


class Transcoded:
    """Text of another encoding as UTF-8. UTF16 needs a byte order mark; the others take it away if it is there."""

    def __init__(self, file: SourceFile, stream: Readable, encoding: str) -> None:
        self._file = file
        self._stream = stream
        self._encoding = encoding
        self._decoder: Any = None

    def read(self, size: int) -> bytes:
        while True:
            data = self._stream.read(size)
            if self._decoder is None:
                data = self._begin(data)
            try:
                text = self._decoder.decode(data, final=not data)
            except UnicodeDecodeError as e:
                raise self._wrong(f"{e.reason} at {e.object[e.start : e.start + 4].hex(' ')}") from e
            if text or not data:
                return str(text).encode()

    def _begin(self, data: bytes) -> bytes:
        name = ENCODINGS[self._encoding]
        marks = _MARKS.values() if self._encoding.startswith("UTF16") else ()
        mark = next((mark for mark in marks if data.startswith(mark)), None)
        if self._encoding == "UTF16":
            if mark is None and data:
                raise self._wrong("there is no byte order mark", hint="ENCODING UTF16LE or UTF16BE needs none.")
            name = "utf-16-be" if mark == codecs.BOM_UTF16_BE else "utf-16-le"
        elif mark is not None and mark != _MARKS[name]:
            raise self._wrong("its byte order mark says the other byte order")
        self._decoder = codecs.getincrementaldecoder(name)()
        return data[len(mark or b"") :]

    def _wrong(self, why: str, hint: str | None = None) -> errors.Error:
        return errors.LoadError(
            f'file "{self._file.path}" is not encoded in {self._encoding}: {why}', hint=hint
        )
