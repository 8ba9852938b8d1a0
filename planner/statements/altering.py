"""Statements that change tables and databases. Their parser is alter.py; external tables' are in external.py."""
from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from ...records import dataclass
from .names import RelationName

if TYPE_CHECKING:
    from ...storage.schema import Constraint, DistStyle
    from ...storage.types import SqlType
    from . import ColumnDefinition


@dataclass(frozen=True, slots=True)
class AlterTable:
    """action: 'rename' (name: the new one), 'owner' (name: the new one), 'rename column', 'drop column', 'type'
    (name: the column)."""

    table: RelationName
    action: str
    name: str
    new_name: str = ""
    type: SqlType | None = None
    cascade: bool = False
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AddColumn:
    """ALTER TABLE ADD COLUMN."""

    table: RelationName
    column: ColumnDefinition


@dataclass(frozen=True, slots=True)
class AddConstraint:
    """ALTER TABLE ADD table_constraint."""

    table: RelationName
    constraint: Constraint
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class DropConstraint:
    """ALTER TABLE DROP CONSTRAINT."""

    table: RelationName
    name: str
    cascade: bool = False
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AlterDesign:
    """ALTER TABLE ... ALTER DISTSTYLE | DISTKEY | SORTKEY | ENCODE, several in one: what is not named stays.

    `sort_key`: None: stays, (): SORTKEY NONE. `encodings`: (column, encoding, position).
    """

    table: RelationName
    dist_style: DistStyle | None = None
    dist_key: str | None = None
    sort_key: tuple[str, ...] | None = None
    sort_auto: bool = False
    encodings: tuple[tuple[str, str, int | None], ...] = ()
    encode_auto: bool = False
    position: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class AppendTable:
    """ALTER TABLE target APPEND FROM source [IGNOREEXTRA | FILLTARGET]."""

    table: RelationName
    source: RelationName
    ignore_extra: bool = False
    fill_target: bool = False


@dataclass(frozen=True, slots=True)
class AlterDatabase:
    """ALTER DATABASE name ISOLATION LEVEL SERIALIZABLE | SNAPSHOT, in lower case"""

    name: str
    isolation: str
    position: int | None = field(default=None, compare=False)
