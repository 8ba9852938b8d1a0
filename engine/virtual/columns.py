"""Column lists of system tables, written short: `columns("oid:o relname:n relkind:c")`.

    o id (INTEGER)   i INTEGER   s SMALLINT   l BIGINT   r REAL   b BOOLEAN   d TIMESTAMP
    n name, VARCHAR(128)   t text, VARCHAR(65535)   c "char", CHAR(1)   a an array as its text
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...storage.types import BIGINT, BOOLEAN, INTEGER, REAL, SMALLINT, TEXT, TIMESTAMP, SqlType, char
from ..context import Context
from .base import NAME, MakeRows, VirtualTable

_TYPES: dict[str, SqlType] = {
    "o": INTEGER, "i": INTEGER, "s": SMALLINT, "l": BIGINT, "r": REAL, "b": BOOLEAN, "d": TIMESTAMP, "n": NAME,
    "t": TEXT, "c": char(1), "a": TEXT,
}  # fmt: skip


def columns(text: str) -> tuple[tuple[str, SqlType], ...]:
    return tuple((name, _TYPES[type]) for name, type in (word.split(":") for word in text.split()))


def _no_rows(context: Context) -> Iterator[tuple[Any, ...]]:
    return iter(())


def table(
    schema: str, name: str, text: str, make: MakeRows = _no_rows, *, leader_only: bool = True, superusers: bool = False
) -> VirtualTable:
    """A system table; without `make` it has no rows, since what it lists is not here."""
    return VirtualTable(schema, name, columns(text), make, leader_only=leader_only, superusers=superusers)
