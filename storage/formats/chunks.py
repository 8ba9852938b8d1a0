"""A text file in pieces of whole records, so that it can be parsed piece by piece in bounded memory.

    file    1|a\n2|b\n3|"long
            text"\n4|d\n
    chunks  [1|a\n2|b\n]  [3|"long\ntext"\n4|d\n]        cut only where a record ends

Where a record may end depends on the format: in CSV a line end between quotes belongs to its field (an
even number of quotes stands before a real one), with ESCAPE one behind a backslash does.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from ... import errors
from ...records import dataclass
from .listing import SourceFile
from .options import TextOptions
from .source import Progress
from .streams import Piece, Readable, reading

CHUNK_BYTES = 16 << 20
# The longest record: Redshift's limit for a row.
MAX_RECORD_BYTES = 4 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_BACKSLASH = 0x5C


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole records of a file; `line` is the number of its first line, from 1."""

    data: bytes
    line: int

    def halves(self, options: TextOptions) -> tuple[Chunk, Chunk] | None:
        """Two chunks of whole records; None when there is only one record in the first half."""
        end = _last_record_end(self.data[: len(self.data) // 2], options)
        if not end:
            return None
        return Chunk(self.data[:end], self.line), Chunk(self.data[end:], self.line + self.data.count(b"\n", 0, end))


def read_chunks(
    file: SourceFile,
    options: TextOptions,
    on_progress: Progress | None,
    size: int = CHUNK_BYTES,
    span: tuple[int, int] | None = None,
    lines_before: Callable[[], int] = lambda: 0,
) -> Iterator[Chunk]:
    """The file's records behind its header lines. `span`: those between two bytes where records begin (ranges.py);
    lines are numbered from 1 there. `lines_before` is asked for an error alone."""
    start, stop = span or (0, 0)
    if span and start == stop:
        return
    try:
        with reading(file, options.compression, options.encoding, on_progress, start) as stream:
            if span:
                stream = Piece(stream, stop - start)
            if start:
                yield from _cut(stream, replace(options, ignore_header=0), size)
            else:
                yield from _cut(_Unmarked(stream), options, size)
    except _NoEnd as e:
        raise errors.LoadError(
            f'file "{file.path}", line {e.line + lines_before()}: no end of the record within {MAX_RECORD_BYTES} bytes'
        ) from None


class _NoEnd(Exception):
    """A record that is longer than any may be; `line`: its first."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class _Unmarked:
    """A stream behind its byte order mark."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._first = True

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        if self._first and data:
            self._first = False
            data = data.removeprefix(_BYTE_ORDER_MARK) or self._stream.read(size)
        return data


def _cut(lines: Readable, options: TextOptions, size: int) -> Iterator[Chunk]:
    rest, line, header = b"", 1, options.ignore_header
    while True:
        read = lines.read(size)
        data = rest + read if rest else read
        while header and data:
            end = data.find(b"\n")
            if end < 0:
                break
            data, header, line = data[end + 1 :], header - 1, line + 1
        if not read:
            if data and not header:
                yield Chunk(data, line)
            return
        end = 0 if header else _last_record_end(data, options)
        if end == 0 and len(data) > MAX_RECORD_BYTES + size:
            raise _NoEnd(line)
        if end:
            yield Chunk(data[:end], line)
            line += data.count(b"\n", 0, end)
        rest = data[end:]


def _last_record_end(data: bytes, options: TextOptions) -> int:
    """Where the last whole record in `data` (which starts with a record) ends; 0: nowhere."""
    if options.csv:
        return _last_end_outside_quotes(data, options.quote.encode())
    end = data.rfind(b"\n") + 1
    while options.escape and end and _escaped(data, end - 1):
        end = data.rfind(b"\n", 0, end - 1) + 1
    return end


def _last_end_outside_quotes(data: bytes, quote: bytes) -> int:
    if quote not in data:
        return data.rfind(b"\n") + 1
    quotes = np.flatnonzero(np.frombuffer(data, np.uint8) == quote[0])
    end = data.rfind(b"\n") + 1
    while end and np.searchsorted(quotes, end) % 2:
        # Inside quotes: go back to before the quote that opened them.
        end = data.rfind(b"\n", 0, int(quotes[np.searchsorted(quotes, end) - 1])) + 1
    return end


def _escaped(data: bytes, at: int) -> bool:
    """Does an odd number of backslashes stand before this byte?"""
    start = at
    while start and data[start - 1] == _BACKSLASH:
        start -= 1
    return (at - start) % 2 == 1
