"""What a COPY leaves in the history of loads, for STL_LOAD_ERRORS, STL_LOAD_COMMITS, SYS_LOAD_HISTORY and their kin.

The load's number becomes PG_LAST_COPY_ID() when it begins; its rows PG_LAST_COPY_COUNT() when it has ended well.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from ...planner.statements import Copy
from ...storage.catalog import loads
from ...storage.formats.rejected import Rejection, Replacement
from ...storage.formats.source import Part, Source
from ...storage.schema import Column
from ..context import Context
from ..virtual.relations import PG_TYPES
from .copy_findings import Findings
from .targets import Target

# STL_LOADERROR_DETAIL has so many errors a slice.
DETAILED_ERRORS = 20
RANGED = ("csv", "delimited")
_PACKED = {"GZIP", "BZIP2", "ZSTD"}
_FORMATS = {"delimited": "Text", "csv": "CSV", "fixedwidth": "FixedWidth", "json": "JSON", "avro": "Avro",
            "parquet": "Parquet", "orc": "ORC"}  # fmt: skip


class LoadRecord:
    """One COPY, from its first byte to its commit."""

    def __init__(
        self, statement: Copy, into: Target, source: Source, findings: Findings, context: Context, job: int | None
    ) -> None:
        self._statement = statement
        self._table = into.table
        self._columns = into.columns
        self._source = source
        self._findings = findings
        self._context = context
        self._job = job
        self._begun = datetime.now(UTC)
        self._rows: Counter[int] = Counter()
        self._times: dict[int, int] = {}
        self._taken: Counter[int] = Counter()  # microseconds that a part took: parts come one after the other
        self._last = _microseconds(self._begun)

    def begin(self) -> None:
        """The load begins: it shows as running, and is the session's last COPY, with no rows yet."""
        self._context.session.last.update({"copy id": self._context.query_id, "copy count": 0})
        self._context.database.loads.begin(self._context.query_id, self._load("running", 0), self._state)

    def loaded(self, part: int, rows: int) -> None:
        """Rows of a part are on their way into the table."""
        now = _now()
        self._rows[part] += rows
        self._taken[part] += now - self._last
        self._times[part] = self._last = now

    def file(self, part: int) -> str:
        return self._source.parts[part].file.path

    def end(self, rows: int | None) -> None:
        """`rows`: what is in the table now; None: it failed, nothing is."""
        status = "aborted" if rows is None else "completed"
        self._context.session.last["copy count"] = rows or 0
        self._context.database.loads.end(
            self._context.query_id,
            {
                loads.LOADS: [self._load(status, rows or 0)],
                loads.FILES: [] if rows is None else self._files(),
                loads.ERRORS: [self._error(part, r) for part, r in self._findings.rejections],
                loads.DETAILS: self._details(),
                loads.REPLACEMENTS: [self._replacement(part, r) for part, r in self._findings.replacements],
            },
        )

    def _state(self) -> list[dict[str, Any]]:
        """How far each slice is with its parts; other threads ask. A part is through when a later one has begun."""
        known = dict(self._rows)
        now, at = self._common() | {"time": self._last}, max(known, default=-1)
        by_slice: dict[int, dict[str, Any]] = {}
        for number, part in enumerate(self._source.parts):
            state = by_slice.setdefault(self._slice(number), now | {
                "slice": self._slice(number), "packed": self._statement.options.keys() & _PACKED, "to_load": 0,
                "loaded": 0, "lines": 0, "files": 0, "done": 0, "file": "",
            })  # fmt: skip
            state["to_load"] += part.bytes
            state["files"] += 1
            state["lines"] += known.get(number, 0)
            if number < at:
                state["loaded"] += part.bytes
                state["done"] += 1
            elif not state["file"]:
                state["file"] = part.file.path
        return list(by_slice.values())

    # -- records -----------------------------------------------------------------------------------

    def _common(self) -> dict[str, Any]:
        context = self._context
        return {
            "userid": context.view.facts.directory.user_id(context.user),
            "query": context.query_id,
            "xid": context.transaction.id,
            "pid": context.session_id,
            "job": self._job,
        }

    def _load(self, status: str, rows: int) -> dict[str, Any]:
        files = {part.file.path: part.file.bytes for part in self._source.parts}
        return self._common() | {
            "status": status,
            "table": self._table.name,
            "tbl": self._table.id,
            "start": _microseconds(self._begun),
            "end": None if status == "running" else _now(),
            "source": self._statement.source,
            "format": self._format,
            "rows": rows,
            "files": len(files),
            "bytes": sum(files.values()),
            "errors": self._findings.errors,
        }

    @property
    def _format(self) -> str:
        return _FORMATS[self._statement.format]

    def _files(self) -> list[dict[str, Any]]:
        """One a file; one a range where a file was read in ranges."""
        found: dict[tuple[str, int], dict[str, Any]] = {}
        ranged = Counter(part.file.path for part in self._source.parts)
        for number, part in enumerate(self._source.parts):
            partial = self._statement.format in RANGED and ranged[part.file.path] > 1
            offset = part.start if partial else 0
            record = found.setdefault((part.file.path, offset), self._file(number, part, partial, offset))
            record["lines"] += self._rows[number] + self._findings.errors_of_part[number]
            record["errors"] += self._findings.errors_of_part[number]
            record["taken"] += self._taken[number]
        return list(found.values())

    def _file(self, number: int, part: Part, partial: bool, offset: int) -> dict[str, Any]:
        return self._common() | {
            "slice": self._slice(number), "file": part.file.path, "lines": 0, "errors": 0, "taken": 0,
            "time": self._times.get(number, _microseconds(self._begun)), "format": self._format,
            "partial": int(partial), "offset": offset, "bytes": part.file.bytes,
        }  # fmt: skip

    def _error(self, part: int, r: Rejection) -> dict[str, Any]:
        ranged = self._statement.format in RANGED and self._source.parts[part].start > 0
        return self._common() | {
            "slice": self._slice(part), "tbl": self._table.id, "start": _microseconds(self._begun), "file": r.file,
            "line": r.line, "column": r.column or "", "type": self._type_of(r.column),
            "length": r.length,
            "position": r.position,
            "raw_line": r.raw_line, "raw_value": r.raw_value or "", "code": r.code, "reason": r.reason,
            "partial": int(ranged), "offset": r.start_offset,
        }  # fmt: skip

    def _details(self) -> list[dict[str, Any]]:
        """The fields of rows that were rejected, up to the wrong one."""
        found: list[dict[str, Any]] = []
        taken: Counter[int] = Counter()
        names = self._columns
        for part, r in self._findings.rejections:
            slice_ = self._slice(part)
            taken[slice_] += 1
            if taken[slice_] > DETAILED_ERRORS:
                continue
            for field, (value, column) in enumerate(zip(r.values, names)):
                length = str(column.type.length) if column.type.is_string else ""
                found.append(self._common() | {
                    "slice": slice_, "file": r.file, "line": r.line, "field": field, "column": column.name,
                    "value": value or "", "is_null": int(value is None), "type": _type_name(column),
                    "length": length,
                })  # fmt: skip
        return found

    def _replacement(self, part: int, r: Replacement) -> dict[str, Any]:
        return self._common() | {
            "slice": self._slice(part), "start": _microseconds(self._begun), "file": r.file, "line": r.line,
            "column": r.column, "raw_line": r.raw_line,
        }  # fmt: skip

    def _type_of(self, name: str | None) -> str:
        return next((_type_name(column) for column in self._columns if column.name == name), "")

    def _slice(self, part: int) -> int:
        return part % int(self._context.database.topology.slices)


def _type_name(column: Column) -> str:
    return PG_TYPES[column.type.kind][1]


def _now() -> int:
    return _microseconds(datetime.now(UTC))


def _microseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)
