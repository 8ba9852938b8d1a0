"""What one commit changes: a plain value made by a statement, checked and applied as a whole.

A `Delta` says what shall be different *and* what its maker saw: a table that is replaced, dropped or
loaded is given as the maker's own `Table` value, whose id and version must still be the current ones
when the commit runs. So two commits can never build on each other's unseen changes:

    session A: sees t (version 7) ... Delta(drop=(t,)) ............ commit -> t is gone
    session B: sees t (version 7) ... Delta(add_extents=(t ...)) ... commit -> UndefinedTable

New relations may carry the id 0 (the commit numbers them) or one from `Database.new_id`, which a
CREATE TABLE AS needs: it writes the extents of a table that the same commit creates.

Applying a delta to the catalogue's state is in state.py, writing it to SQLite in store.py.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..schema import ExtentRef, Table, View
from ..statistics import ColumnSketch


@dataclass(frozen=True, slots=True)
class AddExtents:
    """New rows of a table: extents with id 0 (the commit numbers them) and what they hold.

    `replicated`: the rows are one copy that counts on every node; all rows of a table are either
    replicated or not, so a writer that turns a small AUTO table into an EVEN one drops the
    replicated extents in the same delta.
    """

    table: Table
    extents: tuple[ExtentRef, ...]
    sketches: Mapping[int, ColumnSketch]  # by Column.id; merged into the table's statistics
    replicated: bool = False
    identity: Mapping[int, int] = field(default_factory=dict)  # Column.id -> next free value
    # Column.id -> encoding chosen at load, which becomes the column's own.
    encodings: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DropExtents:
    """Extents that leave a table; None: all of them (TRUNCATE).

    Sketches cannot forget values, so unless the table becomes empty or `keep_sketches` says that the
    rows stay (a rewrite), bounds are no longer exact.
    """

    table: Table
    extents: tuple[int, ...] | None = None
    keep_sketches: bool = False


@dataclass(frozen=True, slots=True)
class SetStatistics:
    """Statistics computed anew (ANALYZE) in place of the merged ones.

    They describe the rows of `snapshot`. When a later commit has changed the rows, the merged ones stay:
    bounds are proofs, and new ones would not cover the new rows.
    """

    table: Table
    sketches: Mapping[int, ColumnSketch]
    snapshot: int


@dataclass(frozen=True, slots=True)
class Delta:
    """Everything one commit does, applied in the order of the fields."""

    create_schemas: tuple[str, ...] = ()
    drop: tuple[Table | View, ...] = ()
    replace: tuple[Table | View, ...] = ()  # the new definition with the id and version last seen
    create: tuple[Table | View, ...] = ()
    drop_extents: tuple[DropExtents, ...] = ()
    add_extents: tuple[AddExtents, ...] = ()
    statistics: tuple[SetStatistics, ...] = ()
    settings: Mapping[str, str | None] = field(default_factory=dict)  # None: back to the default
    drop_schemas: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.create_schemas or self.drop or self.replace or self.create or self.drop_extents
            or self.add_extents or self.statistics or self.settings or self.drop_schemas
        )
