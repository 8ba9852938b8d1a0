"""How a statement names a relation."""
from __future__ import annotations

from dataclasses import field

from ...records import dataclass

DATABASE = "dev"  # the name of every database: a folder, and a session has one


@dataclass(frozen=True, slots=True)
class RelationName:
    schema: str | None
    name: str
    position: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name
