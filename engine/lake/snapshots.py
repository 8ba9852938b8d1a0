"""Which snapshot of an Iceberg table a query means (FOR TIMESTAMP | VERSION AS OF; planner/binder/as_of.py).

    AsOf(value: now() - interval '1' day)  ->  Source.as_of = ("timestamp", microseconds)  ->  formats/iceberg.py

The columns are those that the table has now: a snapshot from before a column came reads it as NULL.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...errors import NotSupportedError, ProgrammingError
from ...planner.binder.as_of import AsOf
from ...storage.schema import ExternalTable
from ...storage.types import TIMESTAMPTZ, Kind
from ..compile.casts import MICROSECONDS_PER_DAY
from ..evaluate import CannotEvaluate, evaluate
from ..functions.text import parse_text


def at(table: ExternalTable, wanted: AsOf) -> ExternalTable:
    """The table as it was."""
    if table.source.format != "iceberg":
        raise NotSupportedError(f'"{table.schema}.{table.name}" has no snapshots', position=wanted.position,
                                hint="AS OF is for external tables in Iceberg format.")
    kind = "version" if wanted.is_version else "timestamp"
    value = _version(wanted) if wanted.is_version else _moment(wanted)
    return replace(table, source=replace(table.source, as_of=(kind, value)))


def _version(wanted: AsOf) -> int:
    if wanted.text is not None and wanted.text.strip().isdigit():
        return int(wanted.text)
    if wanted.value is None or not wanted.value.type.is_integer:
        raise _wrong("VERSION AS OF takes a snapshot's number", wanted)
    return int(_value(wanted))


def _moment(wanted: AsOf) -> int:
    """Microseconds since 1970 in UTC."""
    if wanted.text is not None:
        return int(parse_text(wanted.text, TIMESTAMPTZ))
    assert wanted.value is not None
    match wanted.value.type.kind:
        case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
            return int(_value(wanted))
        case Kind.DATE:
            return int(_value(wanted)) * MICROSECONDS_PER_DAY
        case _:
            raise _wrong("TIMESTAMP AS OF takes a moment", wanted)


def _value(wanted: AsOf) -> Any:
    assert wanted.value is not None
    try:
        found = evaluate(wanted.value)
    except CannotEvaluate:
        raise _wrong("AS OF takes a constant", wanted) from None
    if found is None:
        raise _wrong("AS OF takes no NULL", wanted)
    return found


def _wrong(what: str, wanted: AsOf) -> ProgrammingError:
    return ProgrammingError(what, sqlstate="42804", position=wanted.position)
