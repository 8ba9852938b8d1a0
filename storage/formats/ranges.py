"""Ranges of one large text file, to be read at the same time: each from the start of a record to the start of another.

    1,a\\n2,"x\\n | y"\\n3,b\\n        the range behind the bar begins with 3,b, the one before it ends there

A line end need not end a record: of CSV not inside quotes, with ESCAPE not behind a backslash. So it must be known what
stands before the bar. Backslashes are told by a look back. Quotes have to be counted from the file's first record on;
that is done once, piece by piece, by whichever reader first asks for a place, and takes a small part of the time that
parsing does (decision 0032). It reads the file once more, though: CSV files elsewhere than on this machine are not
split.

A range asks for its two ends (`span`); places are settled from left to right, so that a record longer than a range is
looked through once.
"""
from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from .listing import SourceFile
from .options import TextOptions
from .source import Part
from .streams import UTF8

# A large file is read in ranges of this size, as on Redshift.
RANGE_BYTES = 64 << 20
# Read at a time: to count quotes, and to look for the end of a record.
COUNT_BYTES, LOOK_BYTES = 1 << 20, 64 << 10
_BACKSLASH = 0x5C


def splits(file: SourceFile, options: TextOptions) -> bool:
    """May the file be read in ranges?"""
    readable = options.compression is None and options.encoding == UTF8
    return readable and (not options.csv or file.local_path is not None)


class Ranges:
    """The ranges of a file, nominally `RANGE_BYTES` each; header lines belong to the first one."""

    def __init__(self, file: SourceFile, options: TextOptions) -> None:
        self._file = file
        self._quote = options.quote.encode()[0] if options.csv else None
        self._escape = options.escape
        first = _behind_header(file, options.ignore_header)
        self._places = [0, *range(first + RANGE_BYTES, file.bytes, RANGE_BYTES), file.bytes]
        self._starts = [0]  # of the first record at or behind each place, as far as they are known
        self._counted, self._inside = first, False  # up to where quotes are counted, and whether one is open there
        self._lock = threading.Lock()

    def parts(self) -> Iterator[Part]:
        for start, stop in zip(self._places, self._places[1:]):
            yield Part(self._file, start, stop, stop - start)

    def span(self, part: Part) -> tuple[int, int]:
        """The bytes of the part's records: from, to."""
        first = self._places.index(part.start)
        with self._lock:
            while len(self._starts) <= first + 1:
                self._starts.append(self._start(self._places[len(self._starts)]))
        return self._starts[first], self._starts[first + 1]

    def lines_before(self, place: int) -> int:
        """How many line ends stand there."""
        with self._file.open() as file:
            return sum(piece.count(b"\n") for piece in _pieces(file, 0, place))

    def _start(self, place: int) -> int:
        """Where the first record begins at or behind a place."""
        if self._starts[-1] >= place or place >= self._file.bytes:
            return max(self._starts[-1], place)
        with self._file.open() as file:
            if self._quote is not None:
                return self._behind_quotes(file, place - 1)
            return self._behind_line(file, place - 1)

    def _behind_quotes(self, file: BinaryIO, place: int) -> int:
        """Behind the first line end at or behind `place` that is not inside quotes."""
        assert self._quote is not None
        for piece in _pieces(file, self._counted, place):
            self._inside ^= bool(np.count_nonzero(np.frombuffer(piece, np.uint8) == self._quote) & 1)
        self._counted = place
        inside, quote = self._inside, bytes((self._quote,))
        for piece in _pieces(file, place, self._file.bytes, LOOK_BYTES):
            at = 0
            while (end := piece.find(b"\n", at)) >= 0:
                inside ^= bool(piece.count(quote, at, end) & 1)
                if not inside:
                    return place + end + 1
                at = end + 1
            inside ^= bool(piece.count(quote, at) & 1)
            place += len(piece)
        return self._file.bytes

    def _behind_line(self, file: BinaryIO, place: int) -> int:
        """Behind the first line end at or behind `place` that no backslash escapes."""
        before = _backslashes_before(file, place) if self._escape else 0
        for piece in _pieces(file, place, self._file.bytes, LOOK_BYTES):
            end = -1
            while (end := piece.find(b"\n", end + 1)) >= 0:
                if not self._escape or not _run(piece, end, before) & 1:
                    return place + end + 1
            before = _run(piece, len(piece), before)
            place += len(piece)
        return self._file.bytes


def _pieces(file: BinaryIO, start: int, stop: int, size: int = COUNT_BYTES) -> Iterator[bytes]:
    """The bytes from `start` to `stop`; fewer where the file ends before."""
    file.seek(start)
    while start < stop and (piece := file.read(min(size, stop - start))):
        start += len(piece)
        yield piece


def _behind_header(file: SourceFile, lines: int) -> int:
    """Where the first line behind the header begins."""
    if not lines:
        return 0
    place = 0
    with file.open() as raw:
        for piece in _pieces(raw, 0, file.bytes):
            at = 0
            while lines and (end := piece.find(b"\n", at)) >= 0:
                at, lines = end + 1, lines - 1
            if not lines:
                return place + at
            place += len(piece)
    return file.bytes


def _run(piece: bytes, end: int, before: int) -> int:
    """How many backslashes stand in a row before `end`; `before`: the same of the piece's first byte."""
    start = end
    while start and piece[start - 1] == _BACKSLASH:
        start -= 1
    return end - start + (0 if start else before)


def _backslashes_before(file: BinaryIO, place: int) -> int:
    found, size = 0, 64
    while True:
        size = min(size, place)
        file.seek(place - size)
        found = _run(file.read(size), size, 0)
        if found < size or size == place:
            return found
        size *= 2
