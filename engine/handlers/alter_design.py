"""ALTER TABLE: another distribution, sort key or encodings; the rows are written anew and change with the definition.

    DISTSTYLE, DISTKEY     all rows pass through a writer of the new definition; its runs are merged where the table
                           has a sort key
    SORTKEY, ENCODE        rows stay on their slices: each slice is rewritten (storage/maintenance/rewrite.py)
    ENCODE AUTO, SORTKEY AUTO | NONE     only the definition changes

All in one commit, under the table's write lock; readers keep what they see.
"""

from __future__ import annotations

from dataclasses import replace

from ...errors import Error, InvalidDefinition, NotSupportedError, UndefinedColumn
from ...planner.statements import AlterDesign
from ...storage.catalog.delta import Delta
from ...storage.encodings import registry as encodings
from ...storage.maintenance.redesign import Redesign
from ...storage.maintenance.rewrite import MEMORY_BYTES
from ...storage.placement import AUTO_ALL_BYTES, AUTO_ALL_ROWS
from ...storage.schema import DistStyle, Table, TableData
from ..access import need_owner
from ..context import Charge, Context
from ..result import Result
from ..virtual.relations import shown_encoding
from ..workload.door import admit
from . import names

TAG = "ALTER TABLE"
STEP = "alter table"  # in messages
# Of a statement's memory, what the rows being rewritten may take.
MEMORY_SHARE = 0.5


def run(statement: AlterDesign, context: Context) -> Result:
    need_owner(context, names.table(statement.table, context), "alter", "alter table")
    # Others read on while only encodings change (r_ALTER_TABLE).
    moves = statement.dist_style is not None or statement.sort_key is not None
    table = names.locked(statement.table, context, closed=moves)
    new = _encoded(_sorted(_distributed(table, statement, context), statement), statement)
    if new == table:
        return Result(TAG, notices=context.notices)
    admit(context)
    data = context.view.data(table)
    redesign = Redesign(
        context.home(table), data, new, check=context.cancel.check, threads=context.workers.threads,
        charge=Charge(context.budget, STEP).add, memory=min(MEMORY_BYTES, int(context.budget.limit * MEMORY_SHARE)),
    )
    with redesign:
        delta = redesign.run() if data.extents else Delta(replace=(new,))
        context.session.commit_delta(delta)
    return Result(TAG, notices=context.notices)


# -- the new definition --------------------------------------------------------------------------------


def _distributed(table: Table, statement: AlterDesign, context: Context) -> Table:
    style = statement.dist_style
    if style is None:
        return table
    clause = "ALTER DISTKEY" if style is DistStyle.KEY else f"ALTER DISTSTYLE {style.value}"
    for what, holds in {"interleaved sort keys": table.interleaved, "temporary tables": table.temporary}.items():
        if holds:
            raise NotSupportedError(f"{clause} is not supported for {what}", position=statement.position)
    if style is DistStyle.AUTO and table.auto_key:
        return table
    if style is DistStyle.KEY:
        position = _position(table, statement.dist_key or "", statement)
        return replace(table, dist_style=style, dist_key=position, auto_key=False)
    if style is DistStyle.AUTO and table.dist_style is DistStyle.KEY and not _is_small(context.view.data(table)):
        return replace(table, auto_key=True)  # AUTO(KEY): the key stays
    return replace(table, dist_style=style, dist_key=None, auto_key=False)


def _is_small(data: TableData) -> bool:
    return data.statistics.rows <= AUTO_ALL_ROWS and data.statistics.bytes <= AUTO_ALL_BYTES


def _sorted(table: Table, statement: AlterDesign) -> Table:
    if statement.sort_key is None:
        return table
    key = tuple(_position(table, name, statement) for name in statement.sort_key)
    fixed = all(c.encoding != encodings.AUTO for c in table.columns)
    changed = replace(table, sort_key=key, interleaved=False, index=None)
    if not fixed:
        return changed
    # Columns of the new key are stored RAW, those that leave the old one as their types are by default.
    columns = tuple(
        replace(c, encoding=encodings.default_for(c.type, sort_key=i in key))
        if (i in key) is not (i in table.sort_key) else c
        for i, c in enumerate(table.columns)
    )
    return replace(changed, columns=columns)


def _encoded(table: Table, statement: AlterDesign) -> Table:
    if statement.encode_auto:
        return replace(table, columns=tuple(replace(c, encoding=encodings.AUTO) for c in table.columns))
    if not statement.encodings:
        return table
    if table.interleaved:
        raise NotSupportedError("ALTER COLUMN ... ENCODE is not supported for interleaved sort keys",
                                position=statement.position)
    wanted: dict[int, str] = {}
    for name, encoding, place in statement.encodings:
        position = _position(table, name, statement)
        column = table.columns[position]
        try:
            encodings.check_usable(encoding, column.type, name)
        except Error as error:
            error.position = place
            raise
        if position in wanted:
            raise InvalidDefinition(f'column "{name}" is altered twice', sqlstate="42601", position=place)
        if column.encoding == encoding.lower():
            raise InvalidDefinition(f'column "{name}" already has encoding {encoding.upper()}', position=place)
        wanted[position] = encoding.lower()
    columns = tuple(
        replace(c, encoding=wanted.get(i) or _kept(table, i)) for i, c in enumerate(table.columns)
    )
    return replace(table, columns=columns)


def _kept(table: Table, position: int) -> str:
    """The encoding of a column that stays as it is in a table that is no longer ENCODE AUTO."""
    shown = shown_encoding(table, position)
    return "raw" if shown == "none" else shown


def _position(table: Table, name: str, statement: AlterDesign) -> int:
    position = table.position(name)
    if position is None:
        raise UndefinedColumn(f'column "{name}" of relation "{table.name}" does not exist', position=statement.position)
    return position
