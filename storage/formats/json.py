"""COPY ... FORMAT JSON: a file of objects or arrays, one after the other, each a row.

    {"id": 1, "a": "x"}            a document ends where its bracket closes: lines mean nothing,
    {"id": 2,                      blanks or nothing may stand between
     "a": "y"}{"id": 3}

What is no document is one rejected row (so for MAXERROR), and the next is looked for where a line begins with a
bracket. The line of a rejected row is the document's last. Keys and paths: jsonpaths.py; values: documents.py. Objects
of a line each, by far the most, are read without Python over their values: json_lines.py.
"""
from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as OptionMap
from itertools import islice
from typing import Any

import pyarrow as pa

from ...records import dataclass
from ..schema import Column
from ..semistructured.form import Number
from .document_rows import DocumentRows, Row
from .json_lines import LineRows, Window, flat_batches
from .jsonpaths import AUTO, Mapping, mapping
from .listing import SourceFile
from .options import text_options
from .rejected import BAD_LINE, Findings
from .source import Part, PartsOfFiles, Progress
from .streams import Readable, reading
from .text import check_formats
from .values import BadValue

# The manual's limit of one document.
MAX_DOCUMENT = 4 << 20
READ_BYTES = 1 << 20
# So near the end of what has been read, an error may be due to what has not.
_DOUBT = 16
_BLANKS = re.compile(r"[ \t\r\n]*")
_NEXT_LINE = re.compile(r"\n[ \t\r]*(?=[{\[])")
_OPENING = re.compile(r"[{\[]")


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


_decoder = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_constant)


class JsonSource(PartsOfFiles):
    """JSON files; `options["JSON"]`: auto, auto ignorecase, noshred, or the name of a JSONPaths file."""

    def __init__(self, files: tuple[SourceFile, ...], options: OptionMap[str, Any]) -> None:
        super().__init__(files)
        self.options = text_options("json", options)
        check_formats(self.options)
        self._argument = options.get("JSON", AUTO)

    def read(
        self,
        part: Part,
        columns: tuple[Column, ...],
        on_progress: Progress | None = None,
        findings: Findings | None = None,
    ) -> Iterator[pa.RecordBatch]:
        options = self.options
        mapped = mapping(self._argument, part.file.objects, columns)
        rows = DocumentRows(part.file.path, columns, options, findings)
        with reading(part.file, options.compression, options.encoding, on_progress) as stream:
            window = Window(stream, options.ignore_header)
            if mapped.paths is not None and columns:
                flat = LineRows(columns, mapped)
                yield from flat_batches(window, flat, rows.fast, lambda count: _some(window, count, mapped, rows))
            else:
                yield from _loaded(Documents(window), mapped, rows)


def _some(window: Window, count: int, mapped: Mapping, rows: DocumentRows) -> Iterator[pa.RecordBatch]:
    """The next documents of a file of which others are read otherwise."""
    documents = Documents(window, window.line)
    yield from _loaded(islice(documents, count), mapped, rows)
    window.back(documents.rest(), documents.line)


def _loaded(documents: Iterable[Document], mapped: Mapping, rows: DocumentRows) -> Iterator[pa.RecordBatch]:
    """Documents as batches."""
    for found in documents:
        try:
            if found.problem is not None:
                raise BadValue(BAD_LINE, found.problem)
            values = mapped.values(found.value)
        except BadValue as e:
            yield from rows.reject(found.line, found.raw(), e)
        else:
            yield from rows.add(Row(found.line, values, found.raw))
    yield from rows.flush()


@dataclass(frozen=True, slots=True)
class Document:
    """One document, or what stands where one should: then `problem` says what is wrong. `line`: its last."""

    line: int
    text: str
    value: Any = None
    problem: str | None = None

    def raw(self) -> bytes:
        """As it stands in the file."""
        return self.text.encode(errors="surrogateescape")


class Documents:
    """The documents of a stream of UTF-8; bytes that are none come as surrogates. `line`: the first one's number."""

    def __init__(self, stream: Readable, line: int = 1) -> None:
        self._stream = stream
        self._buffer = ""
        self._at = 0
        self.line = line
        self._ended = False
        self._rest = b""

    def rest(self) -> bytes:
        """What has been read and is behind the last document."""
        return self._buffer[self._at :].encode(errors="surrogateescape") + self._rest

    def __iter__(self) -> Iterator[Document]:
        while True:
            self._move(_BLANKS.match(self._buffer, self._at).end())  # type: ignore[union-attr]
            if self._at < len(self._buffer):
                yield self._document() if self._buffer[self._at] in "{[" else self._garbage()
            elif not self._more():
                return

    def _document(self) -> Document:
        while True:
            try:
                value, end = _decoder.raw_decode(self._buffer, self._at)
            except json.JSONDecodeError as error:
                if self._may_go_on(error) and self._more():
                    continue
                return self._malformed(f"Invalid JSON: {error.msg}")
            except (ValueError, RecursionError) as error:
                return self._malformed(f"Invalid JSON: {error or 'nested too deeply'}")
            if end - self._at > MAX_DOCUMENT:
                return self._malformed("Invalid JSON: an object or array is larger than 4 MB")
            return self._taken(end, value)

    def _may_go_on(self, error: json.JSONDecodeError) -> bool:
        """May the document be right, as far as it has been read?"""
        if self._ended or len(self._buffer) - self._at > MAX_DOCUMENT + READ_BYTES:
            return False
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - _DOUBT

    def _malformed(self, problem: str) -> Document:
        """Up to where the next document may begin."""
        while (found := _NEXT_LINE.search(self._buffer, self._at + 1)) is None:
            if len(self._buffer) - self._at > MAX_DOCUMENT or not self._more():
                return self._taken(len(self._buffer), None, problem)
        return self._taken(found.start() + 1, None, problem)

    def _garbage(self) -> Document:
        while (found := _OPENING.search(self._buffer, self._at)) is None:
            if len(self._buffer) - self._at > MAX_DOCUMENT or not self._more():
                break
        end = len(self._buffer) if found is None else found.start()
        return self._taken(end, None, "Invalid value: an object or array is expected")

    def _taken(self, end: int, value: Any, problem: str | None = None) -> Document:
        text = self._buffer[self._at : end]
        if problem is None:
            self._move(end)
            return Document(self.line, text, value)
        self._move(end)
        last = self.line - (1 if text.endswith("\n") else 0)
        return Document(last, text.rstrip(), None, problem)

    def _move(self, to: int) -> None:
        self.line += self._buffer.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Read on; False at the end. At least doubles a document that did not fit, so that all is read in few tries."""
        kept = self._buffer[self._at :]
        data = b"" if self._ended else self._stream.read(max(READ_BYTES, len(kept)))
        self._ended = not data
        data = self._rest + data
        cut = len(data) if self._ended else _whole_characters(data)
        data, self._rest = data[:cut], data[cut:]
        self._buffer, self._at = kept + data.decode(errors="surrogateescape"), 0
        return not self._ended or bool(data)


def _whole_characters(data: bytes) -> int:
    """How many bytes do not cut a character at the end."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            return len(data) - back
        if byte < 0x80:
            break
    return len(data)
