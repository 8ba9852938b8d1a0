"""What applying deltas did (applying.py), for the store and the garbage collector; not for views."""
from __future__ import annotations

from dataclasses import field

from ...records import dataclass
from ..access.facts import FactKey
from ..deletes import DeleteVector, Group
from ..schema import ExtentRef, Table, View


@dataclass(slots=True)
class Changes:
    """See the module's text."""

    created_schemas: list[str] = field(default_factory=list)
    dropped_schemas: list[str] = field(default_factory=list)
    created: list[Table | View] = field(default_factory=list)
    dropped: list[Table | View] = field(default_factory=list)  # with the version that ended
    added_extents: list[tuple[int, ExtentRef]] = field(default_factory=list)  # (table id, extent)
    dropped_extents: list[ExtentRef] = field(default_factory=list)
    unborn_extents: list[ExtentRef] = field(default_factory=list)  # added and dropped: nobody will see them
    vectors: dict[Group, DeleteVector] = field(default_factory=dict)  # new ones
    touched: set[int] = field(default_factory=set)  # tables whose sketches or placement changed
    counted: set[int] = field(default_factory=set)  # tables whose number of modified rows changed
    identity: dict[tuple[int, int], int] = field(default_factory=dict)
    settings: dict[str, str | None] = field(default_factory=dict)
    facts: set[FactKey] = field(default_factory=set)  # keys that were set or removed
