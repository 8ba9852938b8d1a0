"""JSON files of documents, one a line, without Python over their values: json.py's fast path.

    bytes of the file  --kernels/json_rows.py-->  delimited text  --text.py's FastParser-->  batches
                            |                                           |
                            a line it does not take                     a value that must be looked at
                            v                                           v
                       Documents, from there on, for a few documents; then again from where they ended

The text is the one that document_rows.py makes of documents, so that both ways load the same. Values that do not fit
are found by halves: fewer and fewer rows are tried, down to FEWEST_ROWS, which go to Python.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from ...kernels import json_rows_layout as layout
from ...kernels import memory, pack
from ...records import dataclass
from ..schema import Column
from .chunks import Chunk
from .document_rows import BATCH_ROWS, FEWEST_ROWS
from .json_tree import PathTree
from .jsonpaths import Mapping
from .streams import Readable
from .text import FastParser

WINDOW_BYTES = 4 << 20
_MARK = b"\xef\xbb\xbf"
# Documents that Python reads at a time, at least; it is given twice as many when it is soon asked again.
FEW_DOCUMENTS = 16


class Window:
    """What has been read of a stream and not yet taken; `line`: the number of the first line in it."""

    def __init__(self, stream: Readable, header: int) -> None:
        self._stream = stream
        self._ended = False
        self.data, self.at, self.line = b"", 0, 1
        self._more()
        if self.data.startswith(_MARK):
            self.at = len(_MARK)
        self._skip(header)

    def _skip(self, lines: int) -> None:
        while lines:
            end = self.data.find(b"\n", self.at) + 1
            if end:
                self.at, self.line, lines = end, self.line + 1, lines - 1
            elif not self._more():
                self.at = len(self.data)
                return

    def _more(self) -> bool:
        """Read on; False at the end."""
        read = b"" if self._ended else self._stream.read(WINDOW_BYTES)
        self._ended = not read
        self.data, self.at = self.data[self.at :] + read, 0
        return bool(read)

    def lines(self) -> bytes:
        """Whole lines, the last one too; empty at the end of the file, and where a line is too long to be one here."""
        while True:
            end = self.data.rfind(b"\n", self.at) + 1
            if end:
                return self.data[self.at : end] if self.at or end < len(self.data) else self.data
            if self._ended:
                return self.data[self.at :] + b"\n" if self.at < len(self.data) else b""
            if len(self.data) - self.at > layout.MAX_LINE:
                return b""
            self._more()

    @property
    def is_empty(self) -> bool:
        return self._ended and self.at >= len(self.data)

    def taken(self, size: int, lines: int) -> None:
        self.at, self.line = min(self.at + size, len(self.data)), self.line + lines

    def read(self, size: int) -> bytes:
        """For who reads on in another way."""
        if self.at == len(self.data) and not self._more():
            return b""
        start = self.at
        self.at = min(start + size, len(self.data))
        return self.data[start : self.at]

    def back(self, rest: bytes, line: int) -> None:
        """What that one had read too much."""
        self.data, self.at, self.line = rest + self.data[self.at :], 0, line


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows as text, and what they took of the lines."""

    text: memoryview
    rows: int
    bytes: int
    lines: int


NONE = Taken(memoryview(b""), 0, 0, 0)


class LineRows:
    """Lines to text, for columns that are the values at paths, or one that is the document (jsonpaths.Mapping)."""

    def __init__(self, columns: tuple[Column, ...], mapped: Mapping) -> None:
        self._columns = len(columns)
        self._tree = PathTree(columns, mapped.paths or ())
        words = layout.STATE_WORDS + layout.FRAMES * layout.FRAME_WORDS + self._tree.slots * layout.SLOT_WORDS
        self._state = memory.zeros(words, np.int64)
        self._state[layout.FOLD], self._state[layout.WHOLE] = mapped.fold, mapped.whole
        self._state[layout.SLOTS] = self._tree.slots
        self._out = memory.empty(1 << 16, np.uint8)

    def take(self, lines: bytes, at: int, limit: int) -> Taken:
        """As many rows of whole lines as can be taken in one go, `limit` at most, from byte `at` on."""
        room = 2 * (len(lines) - at) + 4 * self._columns + 4
        if len(self._out) < room:
            self._out = memory.empty(room, np.uint8)
        state, data = self._state, np.frombuffer(lines, np.uint8)
        state[layout.LIMIT] = limit
        end = pack.native("json_rows")(
            data.ctypes.data, at, len(lines), memory.address(self._tree.nodes), self._columns,
            memory.address(self._out), len(self._out), memory.address(state),
        )  # fmt: skip
        written = int(state[layout.WRITTEN])
        return Taken(memoryview(self._out)[:written], int(state[layout.ROWS]), end - at, int(state[layout.LINES]))


def flat_batches(
    window: Window, native: LineRows, fast: FastParser, others: Callable[[int], Iterator[pa.RecordBatch]]
) -> Iterator[pa.RecordBatch]:
    """The batches of a file. `others(n)` reads about n documents from the window in Python."""
    lines, at, limit, few = b"", 0, BATCH_ROWS, FEW_DOCUMENTS
    while True:
        if at >= len(lines):
            lines, at = window.lines(), 0
            if not lines and window.is_empty:
                return
        taken = native.take(lines, at, limit) if lines else NONE
        table = fast.parse(Chunk(bytes(taken.text), 1)) if taken.rows else None
        if table is None and taken.rows > FEWEST_ROWS:
            limit = max(taken.rows // 2, FEWEST_ROWS)
        elif table is None and not taken.rows and taken.lines:
            window.taken(taken.bytes, taken.lines)
            at += taken.bytes
        elif table is None:
            yield from others(taken.rows or few)
            few *= 1 if taken.rows else 2
            lines, at = b"", 0
        else:
            yield from table.combine_chunks().to_batches()
            window.taken(taken.bytes, taken.lines)
            at, limit = at + taken.bytes, min(2 * limit, BATCH_ROWS)
            if taken.rows > 8 * few:
                few = FEW_DOCUMENTS
