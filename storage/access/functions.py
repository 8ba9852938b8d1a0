"""SQL functions that users made: facts of kind "function", told apart by schema, name and argument types.

    ("function", "public.f_greater(double precision,double precision)")    {"id": 100012, "owner": "ann", ...}

A function's types are kept with their lengths and precisions; two functions that differ only in those are one.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...records import dataclass
from ..catalog.codec import type_from_list, type_to_list
from ..types import SqlType
from .facts import Fact

KIND = "function"


@dataclass(frozen=True, slots=True)
class SqlFunction:
    """`body`: a SELECT of one expression, with $1, $2 ... for the arguments. owner: a user's name."""

    id: int
    schema: str
    name: str
    arguments: tuple[SqlType, ...]
    returns: SqlType
    volatility: str  # volatile, stable, immutable
    body: str
    owner: str

    @property
    def signature(self) -> str:
        """f(integer,character varying)."""
        return f"{self.name}({signature(self.arguments)})"

    @property
    def key(self) -> str:
        return f"{self.schema}.{self.signature}"

    @property
    def object(self) -> str:
        """What grants on it are kept under."""
        return f"function:{self.id}"

    def fact(self) -> Fact:
        """The fact that says so."""
        value = {
            "id": self.id, "schema": self.schema, "name": self.name, "volatility": self.volatility,
            "arguments": [type_to_list(t) for t in self.arguments], "returns": type_to_list(self.returns),
            "body": self.body, "owner": self.owner,
        }
        return Fact(KIND, self.key, value)

    def gone(self) -> Fact:
        return Fact(KIND, self.key)

    @staticmethod
    def of(value: Mapping[str, Any]) -> SqlFunction:
        return SqlFunction(
            value["id"], value["schema"], value["name"], tuple(type_from_list(t) for t in value["arguments"]),
            type_from_list(value["returns"]), value["volatility"], value["body"], value["owner"],
        )


def signature(types: Sequence[SqlType]) -> str:
    """Argument types as they tell functions apart."""
    return ",".join(t.kind.value for t in types)
