"""Workgroups, as Athena has them: what a session's queries may scan, what they cost, where their results are kept.

    set workgroup to 'analysts'                          the session's queries run in it
    set query_result_location to 's3://results/mine/'    used where the workgroup does not say otherwise

    scan limit        a query that scans more bytes of external files is cancelled (workgroups-setting-control-limits)
    result location   each query's rows as <location><query id>.csv, beside it <...>.csv.metadata; with `enforce` the
                      workgroup's own, else the session's if it has one (workgroups-settings-override)
    price             of a terabyte scanned: a megabyte begun counts as a whole one, a query that scans as ten at least

Workgroups are kept in the catalogue's settings; what ran in one is told by the query history (client/workgroups.py).
The metadata file is JSON; Athena's is in a form of its own that nobody else reads.
"""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from ..errors import UndefinedObject
from ..records import dataclass
from ..storage.objects.registry import Objects
from ..storage.writers.base import OutColumn
from ..storage.writers.options import FileOptions
from .context import Context
from .result import ResultColumn

SETTING, LOCATION_SETTING = "workgroup", "query_result_location"
KEPT_AS = "workgroups"  # in the catalogue's settings
LEAST_LIMIT = 10_000_000
MEGABYTE, LEAST_MEGABYTES, TERABYTE = 1_000_000, 10, 1_000_000_000_000
OVER_LIMIT = "Bytes scanned limit was exceeded"


@dataclass(frozen=True, slots=True)
class Workgroup:
    """`scan_limit`: bytes a query may scan; `price`: of a terabyte."""

    name: str
    scan_limit: int | None = None
    result_location: str = ""
    enforce: bool = False
    price: float = 5.0

    def cost(self, scanned: int) -> float:
        if not scanned:
            return 0.0
        megabytes = max(-(-scanned // MEGABYTE), LEAST_MEGABYTES)
        return megabytes * MEGABYTE / TERABYTE * self.price


def all_of(database: Any) -> dict[str, Workgroup]:
    """The database's workgroups by name."""
    text = database.newest.settings.get(KEPT_AS)
    return {} if text is None else {name: Workgroup(**value) for name, value in json.loads(text).items()}


def text_of(groups: Iterable[Workgroup]) -> str:
    """As they are kept."""
    return json.dumps({group.name: asdict(group) for group in groups})


def workgroup_of(context: Context) -> Workgroup | None:
    """The session's; UndefinedObject where it names none that there is."""
    name = context.settings[SETTING]
    if not name:
        return None
    found = all_of(context.database).get(name)
    if found is None:
        raise UndefinedObject(f'workgroup "{name}" does not exist', hint="connection.workgroups.create makes one.")
    return found


def check_scanned(context: Context, limit: int | None) -> None:
    """Cancel a query that has scanned more than its workgroup allows."""
    if limit is not None and sum(numbers.bytes for numbers, _, _ in context.scans) > limit:
        context.cancel.set(OVER_LIMIT)


def result_location(context: Context) -> str:
    """Where the statement's result is to be kept; "": nowhere."""
    own, group = context.settings[LOCATION_SETTING], workgroup_of(context)
    if group is None or (own and not group.enforce):
        return own
    return group.result_location or own


def keeping(
    batches: Iterable[pa.RecordBatch], columns: tuple[ResultColumn, ...], location: str, context: Context
) -> Iterator[pa.RecordBatch]:
    """The batches, which also go into the result's file: it appears when the last one has been read."""
    from ..storage.writers.text import TextFormat

    out = [OutColumn(c.name, c.type) for c in columns]
    form = TextFormat(out, FileOptions("csv", ",", header=True, quote_all=True))
    objects = Objects(context.session.stores)
    base = f"{location}{'' if location.endswith('/') else '/'}{context.query_id}.csv"
    with objects.create(base, overwrite=True) as writer:
        file = form.open(writer, lambda amount: None)
        for batch in batches:
            for piece in form.pieces(batch):
                file.write(piece)
            yield batch
        file.finish()
    with objects.create(f"{base}.metadata", overwrite=True) as writer:
        writer.write(json.dumps({"columns": [{"name": c.name, "type": str(c.type)} for c in columns]}).encode())
