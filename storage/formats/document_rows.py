"""Rows of documents (JSON, Avro) into batches: many at a time by the text formats' fast path, or one by one.

    values of a document    1, "x", null, [1, 2]
    as a line               1\\x1fx\\x1f\\x1e\\x1f[1,2]\\n         \\x1f between fields, \\x1e alone means NULL
    many lines              --> text.py's FastParser --> a batch

Where the fast path refuses, or a text holds one of these characters or a line end, the rows are taken in halves,
down to a few, and then one by one: rows.py converts them, or says why not. The strict way says what is right.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from ...records import dataclass
from ..schema import Column
from ..semistructured.form import Number, dump
from .chunks import Chunk
from .documents import document, field
from .options import TextOptions
from .records import Record
from .rejected import Findings
from .rows import RowReader, to_batch
from .text import FastParser
from .values import BadValue

_FIELD_END, NULL = "\x1f", "\x1e"
# Rows in one batch, and how few the fast path is still tried for.
BATCH_ROWS = 16_384
FEWEST_ROWS = 64


@dataclass(frozen=True, slots=True)
class Row:
    """The values of a document, one a column; `text` gives what stl_load_errors shows of it. `line`: its last."""

    line: int
    values: Sequence[Any]
    text: Callable[[], bytes]


class DocumentRows:
    """Takes documents of one file. Batches come in the order of rows, as do rejections."""

    def __init__(self, path: str, columns: tuple[Column, ...], options: TextOptions, findings: Findings | None) -> None:
        self._columns = columns
        self._options = options
        self._strict = RowReader(path, columns, options, findings or Findings())
        self.fast = FastParser(columns, replace(options, delimiter=_FIELD_END, null_string=NULL, csv=False))
        self._texts = [_DOCUMENTS if column.type.is_super else _TEXTS for column in columns]
        self._waiting: list[Row] = []

    def add(self, row: Row) -> Iterator[pa.RecordBatch]:
        self._waiting.append(row)
        if len(self._waiting) >= BATCH_ROWS:
            yield from self.flush()

    def reject(self, line: int, text: bytes, problem: BadValue) -> Iterator[pa.RecordBatch]:
        """A document that is none, or has no values; rows before it come first."""
        yield from self.flush()
        self._strict.reject(Record(line, text), None, 0, None, problem.code, problem.reason)

    def flush(self) -> Iterator[pa.RecordBatch]:
        """What waits."""
        rows, self._waiting = self._waiting, []
        if rows:
            yield from self._batches(rows)

    def _batches(self, rows: list[Row]) -> Iterator[pa.RecordBatch]:
        table = self._parsed(rows) if self.fast.usable else None
        if table is not None:
            yield from table.combine_chunks().to_batches()
        elif self.fast.usable and len(rows) > FEWEST_ROWS:
            half = len(rows) // 2
            yield from self._batches(rows[:half])
            yield from self._batches(rows[half:])
        else:
            made = [self._one(row) for row in rows]
            yield to_batch(self._columns, [values for values in made if values is not None])

    def _parsed(self, rows: list[Row]) -> pa.Table | None:
        """By the fast path; None where it had better not."""
        texts = self._texts
        lines = [
            _FIELD_END.join([text.get(type(v), _unknown)(v) for v, text in zip(row.values, texts)]) for row in rows
        ]
        whole = "\n".join(lines) + "\n"
        if whole.count("\n") != len(rows) or whole.count(_FIELD_END) != len(rows) * (len(texts) - 1) or "\r" in whole:
            return None
        if NULL in whole and whole.count(NULL) != sum(row.values.count(None) for row in rows):
            return None
        try:
            return self.fast.parse(Chunk(whole.encode(), 1))
        except UnicodeEncodeError:
            return None

    def _one(self, row: Row) -> list[Any] | None:
        fields = [field(value, column, self._options) for value, column in zip(row.values, self._columns)]
        return self._strict.row(Record(row.line, row.text()), fields)


def _unknown(value: Any) -> str:
    """Moments, bytes ...: the counts of fields come out wrong, so that these rows are taken one by one."""
    return _FIELD_END


def _itself(value: str) -> str:
    return value


def _json(value: Any) -> str:
    return dump(document(value))


# How a value of each type stands in a line, for most columns and for those of SUPER.
_TEXTS: dict[type, Callable[[Any], str]] = {
    str: _itself, Number: _itself, type(None): lambda value: NULL, int: str, float: repr, list: _json, dict: _json,
    bool: lambda value: "true" if value else "false",
}  # fmt: skip
_DOCUMENTS = {**dict.fromkeys(_TEXTS, _json), type(None): _TEXTS[type(None)]}
