"""What a virtual table is: columns and a function that makes its rows when a query asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...records import dataclass
from ...storage.arrow import arrow_type
from ...storage.arrow_values import array_of
from ...storage.types import SqlType, varchar

if TYPE_CHECKING:
    from ..context import Context

# PostgreSQL's type `name`, of which catalogue columns are.
NAME = varchar(128)
SUPERUSER_ID = 100
DATABASE = "dev"
NO_VALUES: Mapping[str, frozenset[Any]] = MappingProxyType({})
OWNER_COLUMNS = ("userid", "user_id")  # whose row it is

MakeRows = Callable[["Context"], Iterable[Sequence[Any]]]
MakeRowsOf = Callable[["Context", "frozenset[int] | None"], Iterable[Sequence[Any]]]
QUERY_COLUMNS = ("query", "query_id")  # which query's row it is


@dataclass(frozen=True, slots=True)
class VirtualTable:
    """A system table. `make` gives its rows as tuples in the order of `columns`.

    leader_only: Redshift keeps it on the leader, so it cannot be joined with user tables.
    by_query: `make` takes the numbers of the queries that are asked for, or None, as its second argument.
    superusers: nobody else sees it. Of a table with a column `userid` (SYS views: `user_id`) others see their
    own rows.
    """

    schema: str
    name: str
    columns: tuple[tuple[str, SqlType], ...]
    make: MakeRows | MakeRowsOf
    leader_only: bool = True
    superusers: bool = False
    by_query: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    def rows(self, context: Context, values: Mapping[str, frozenset[Any]] = NO_VALUES) -> pa.Table:
        """All rows as of the statement's snapshot. `values`: that columns must have, as far as the query says so; a
        hint, for the query filters anyway."""
        return arrow_table(self.columns, self._seen(context, values))

    def _seen(self, context: Context, values: Mapping[str, frozenset[Any]]) -> Iterable[Sequence[Any]]:
        """Without what other users did (c_visibility-of-data)."""
        made = self.made(context, values)
        place = next((i for i, (name, _) in enumerate(self.columns) if name in OWNER_COLUMNS), None)
        user = context.rights.user
        if place is None or context.rights.system("access system table") or (user is not None and user.unrestricted):
            return made
        own = 0 if user is None else user.id
        return (row for row in made if row[place] == own)

    def made(
        self, context: Context, values: Mapping[str, frozenset[Any]] = NO_VALUES
    ) -> Iterable[Sequence[Any]]:
        """The rows as tuples, whoever asks."""
        if not self.by_query:
            return self.make(context)  # type: ignore[call-arg]
        asked = next((values[name] for name in QUERY_COLUMNS if name in values), None)
        numbers = asked is not None and all(isinstance(value, int) for value in asked)
        return self.make(context, asked if numbers else None)  # type: ignore[call-arg]


def both(name: str, columns: tuple[tuple[str, SqlType], ...], make: MakeRowsOf,
         prefix: str = "stl") -> Iterator[VirtualTable]:
    """A table of queries, and its SVCS twin, which has those of concurrency scaling clusters too (svcs_views.md)."""
    for start in (prefix, "svcs"):
        yield VirtualTable("pg_catalog", f"{start}_{name}", columns, make, leader_only=False, by_query=True)


def arrow_table(columns: tuple[tuple[str, SqlType], ...], rows: Iterable[Sequence[Any]]) -> pa.Table:
    """Rows of Python values as an Arrow table with the columns' types."""
    schema = pa.schema([pa.field(name, arrow_type(type)) for name, type in columns])
    values = list(zip(*rows)) or [()] * len(columns)
    return pa.Table.from_arrays([array_of(v, f.type) for v, f in zip(values, schema)], schema=schema)


def clip(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, never half a character."""
    data = text.encode()
    return text if len(data) <= limit else data[:limit].decode(errors="ignore")
