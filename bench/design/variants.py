"""Tables loaded in a design, side by side in the scratch database, and names that lead to them.

    public.lineitem                        as staged: where all variants are loaded from
    design_variants.lineitem_3f9c0b12      KEY(l_orderkey) sorted by l_shipdate
    design_variants.lineitem_9d01aa77      EVEN, unsorted

A whole design is a choice of one variant for each table, so a table is loaded once for all designs that have it so.
Queries keep their texts: they run through a catalogue view in which the table's name leads to its variant
(engine/advisor/whatif.py).

A table with a sort key is loaded in two parts, nine tenths and the last tenth, so that the second leaves rows for
VACUUM to sort: load and VACUUM are timed apart.
"""
from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from ...engine.advisor.designs import Design, TableDesign, TableName
from ...engine.advisor.whatif import Routed
from ...engine.result import Result
from ...engine.virtual.definitions import create_table
from ...errors import Error
from ...reserved_words import quoted
from ...storage.schema import CatalogView, Table
from ...storage.types import Kind
from .source import without_encoding

if TYPE_CHECKING:
    from ...client.dbapi import Connection
    from ...engine.context import Context

SCHEMA = "design_variants"
TWO_PARTS_ROWS = 200_000  # fewer are loaded at once: VACUUM would have nothing to show
_HASHED = (Kind.SMALLINT, Kind.INTEGER, Kind.BIGINT, Kind.VARCHAR, Kind.CHAR, Kind.DATE)


class CannotLoad(Exception):
    """A design that the table cannot be loaded in; the text says why."""


@dataclass(slots=True)
class Loaded:
    """What loading a variant took. `stored`: bytes of one copy."""

    seconds: float
    cpu: float
    vacuum: float
    stored: int
    replicated: bool
    rows: int
    slice_rows: list[int]
    column_bytes: dict[str, int]

    @property
    def skew(self) -> float:
        """Rows of the fullest slice in fair shares."""
        return max(self.slice_rows) * len(self.slice_rows) / max(1, self.rows) if self.slice_rows else 1.0


class Variants:
    """Of one scratch database. `known`: what was loaded before, as JSON values; new ones are put into it."""

    def __init__(self, connection: Connection, known: dict[str, Any]) -> None:
        self.connection = connection
        self.known = known
        connection.execute(f"create schema if not exists {SCHEMA}")

    def loaded(self, name: TableName, design: TableDesign) -> Loaded | None:
        found = self.known.get(variant_name(name, design))
        return None if found is None else Loaded(**found)

    def ensure(self, name: TableName, design: TableDesign) -> Loaded:
        """Load the table in this design unless it is there; CannotLoad."""
        key = variant_name(name, design)
        if key not in self.known:
            try:
                self.known[key] = asdict(self._load(name, design, key))
            except Error as error:
                self.connection.execute(f"drop table if exists {SCHEMA}.{quoted(key)}")
                raise CannotLoad(f"{name[1]} as {design}: {error}") from error
        return Loaded(**self.known[key])

    def routed(self, view: CatalogView, design: Design) -> Routed:
        """The catalogue in which the tables are their variants."""
        routes: dict[TableName, Table] = {}
        for name, chosen in design.items():
            found = view.relation(SCHEMA, variant_name(name, chosen))
            assert isinstance(found, Table), (name, chosen)
            routes[name] = found
        return Routed(view, routes)

    def _load(self, name: TableName, design: TableDesign, key: str) -> Loaded:
        run = self.connection.execute
        base = table_of(self.connection, name)
        run(f"drop table if exists {SCHEMA}.{quoted(key)}")
        run(_definition(base, design, key))
        source, target = f"{quoted(name[0])}.{quoted(name[1])}", f"{SCHEMA}.{quoted(key)}"
        rows = run(f"select count(*) from {source}").fetchone()
        parts = _parts(base) if design.sort_key and rows is not None and rows[0] >= TWO_PARTS_ROWS else [""]
        wall, cpu = time.perf_counter(), time.process_time()
        for part in parts:
            run(f"insert into {target} select * from {source}{part}")
        loaded = time.perf_counter() - wall, time.process_time() - cpu
        vacuum = time.perf_counter()
        if len(parts) > 1:
            run(f"vacuum full {target} to 100 percent")
        vacuum = time.perf_counter() - vacuum if len(parts) > 1 else 0.0
        return _described(self.connection, key, loaded, vacuum)


def variant_name(name: TableName, design: TableDesign) -> str:
    """The same for the same design, whoever asks."""
    digest = hashlib.sha256(json.dumps([*name, design.to_json()]).encode()).hexdigest()[:10]
    return f"{name[1][:100]}_{digest}"


def table_of(connection: Connection, name: TableName) -> Table:
    """A table's definition."""
    found: list[Table] = []

    def look(context: Context) -> Result:
        table = context.view.relation(*name)
        if isinstance(table, Table):
            found.append(table)
        return Result("SHOW")

    connection.session.perform(f"-- show {name[1]}", "Show", look)
    if not found:
        raise CannotLoad(f"there is no table {name[0]}.{name[1]}")
    return found[0]


def _definition(base: Table, design: TableDesign, key: str) -> str:
    """CREATE TABLE of a variant; encodings that the design does not fix are chosen as rows are loaded."""
    made = replace(design.applied(base), schema=SCHEMA, name=key, constraints=())
    return definition(made, design)


def definition(table: Table, design: TableDesign) -> str:
    """CREATE TABLE of a table in a design, with the encodings that the design fixes and no others."""
    fixed = [f"    {quoted(c)} " for c, _ in design.encodings]
    return "\n".join(
        line if any(line.startswith(f) for f in fixed) else without_encoding(line)
        for line in create_table(table).split("\n")
    )


def _parts(base: Table) -> list[str]:
    """WHERE clauses of nine tenths and one tenth of the rows; one of all where no column serves."""
    column = next((c.name for c in base.columns if c.type.kind in _HASHED), None)
    if column is None:
        return [""]
    last = f"coalesce(mod(fnv_hash({quoted(column)}), 10), 0) = 0"
    return [f" where not ({last})", f" where {last}"]


def _described(connection: Connection, key: str, took: tuple[float, float], vacuum: float) -> Loaded:
    from ...storage.maintenance.sizes import table_column_bytes

    made: list[Loaded] = []

    def look(context: Context) -> Result:
        table = context.view.relation(SCHEMA, key)
        assert isinstance(table, Table)
        data = context.view.data(table)
        slices = [0] * context.view.topology.slices
        for extent in data.extents:
            if extent.slice >= 0:
                slices[extent.slice] += extent.rows
        sizes = table_column_bytes(context.home(table), data)
        made.append(Loaded(
            *took, vacuum, data.statistics.bytes, data.replicated, data.statistics.rows,
            [] if data.replicated else slices, {c.name: sizes[c.id] for c in table.columns},
        ))
        return Result("SHOW")

    connection.session.perform(f"-- show {key}", "Show", look)
    return made[0]
