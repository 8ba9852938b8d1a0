"""What is remembered of an UNLOAD: the session's last one, and the record that its system tables show.

    told = Unloaded.begun(context, ...)    PG_LAST_UNLOAD_ID is this query from now on, PG_LAST_UNLOAD_COUNT 0
    told.done(rows, files)                 or told.failed(error)

Records are events of the database's history (storage/catalog/history.py); engine/virtual/unloads.py reads them.
"""
from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ..planner.statements import Unload
from ..records import dataclass
from ..storage.writers.base import WrittenFile
from .context import Context

EVENT = "unload"
_FORMATS = {"parquet": "Parquet", "csv": "CSV", "json": "JSON"}


@dataclass(frozen=True, slots=True)
class Unloaded:
    """One UNLOAD that writes."""

    context: Context
    record: dict[str, Any]

    @classmethod
    def begun(cls, context: Context, location: str, statement: Unload) -> Unloaded:
        context.session.last.update({"unload id": context.query_id, "unload count": 0})
        packed = next((name for name in ("GZIP", "BZIP2", "ZSTD") if name in statement.options), "")
        record = {
            "userid": context.view.facts.directory.user_id(context.user), "query": context.query_id,
            "xid": context.transaction.id, "pid": context.session_id, "start": _now(), "location": location,
            "format": _FORMATS.get(statement.format, "Text"), "compression": packed.lower(),
        }  # fmt: skip
        return cls(context, record)

    def done(self, rows: int, files: Sequence[WrittenFile]) -> None:
        self.context.session.last["unload count"] = rows
        self._keep("completed", rows, files, "")

    def failed(self, error: BaseException) -> None:
        self._keep("aborted", 0, (), str(error))

    def _keep(self, status: str, rows: int, files: Sequence[WrittenFile], error: str) -> None:
        listed = [[f.slice, f.url, f.rows, f.bytes] for f in files]
        told = {"end": _now(), "status": status, "rows": rows, "files": listed, "error": error}
        self.context.database.history.record_event(EVENT, {**self.record, **told})


def _now() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000)
