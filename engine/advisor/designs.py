"""A table's design as a value: distribution style and key, sort key, encodings; how to get there.

    TableDesign.of(table)                      what it has
    design.applied(table)                      the table's definition as it would be
    design.attributes()                        diststyle key distkey(l_orderkey) sortkey(l_shipdate)
    design.statements(table)                   ALTER TABLE ... that lead there, or the table made anew

An interleaved sort key cannot be altered to or from in every way (r_ALTER_TABLE.md); there the statements make a
new table, fill it and give it the name.
"""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...records import dataclass
from ...reserved_words import quoted
from ...storage.schema import DistStyle, Table

AUTO = "auto"
TableName = tuple[str, str]  # schema, table


@dataclass(frozen=True, slots=True)
class TableDesign:
    """`encodings`: those that are fixed, by column; all others choose for themselves, block by block (ENCODE AUTO)."""

    style: DistStyle
    dist_key: str | None = None
    sort_key: tuple[str, ...] = ()
    interleaved: bool = False
    encodings: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def of(table: Table) -> TableDesign:
        """The design that a table has, but for its encodings: a load keeps those that it chose as the table's own."""
        key = None if table.dist_key is None else table.columns[table.dist_key].name
        names = tuple(table.columns[i].name for i in table.sort_key)
        return TableDesign(table.dist_style, key, names, table.interleaved)

    def with_distribution(self, style: DistStyle, key: str | None = None) -> TableDesign:
        return replace(self, style=style, dist_key=key)

    def with_sort_key(self, names: tuple[str, ...], interleaved: bool = False) -> TableDesign:
        return replace(self, sort_key=names, interleaved=interleaved)

    @property
    def distribution(self) -> str:
        """KEY(l_orderkey), EVEN, ALL, AUTO."""
        return f"KEY({self.dist_key})" if self.style is DistStyle.KEY else self.style.value

    @property
    def sorting(self) -> str:
        """l_shipdate, l_orderkey; interleaved a, b; none."""
        return ("interleaved " if self.interleaved else "") + (", ".join(self.sort_key) or "none")

    def __str__(self) -> str:
        text = f"{self.distribution} sorted by {self.sorting}"
        return text + (f", {len(self.encodings)} encodings" if self.encodings else "")

    def attributes(self) -> str:
        """What stands behind the columns of CREATE TABLE."""
        text = f"diststyle {self.style.value.lower()}"
        if self.dist_key is not None:
            text += f" distkey({quoted(self.dist_key)})"
        if self.sort_key:
            text += f" {'interleaved' if self.interleaved else 'compound'} sortkey({_names(self.sort_key)})"
        return text

    def applied(self, table: Table) -> Table:
        """`table` with this design."""
        places = {c.name: i for i, c in enumerate(table.columns)}
        fixed = dict(self.encodings)
        return replace(
            table,
            columns=tuple(replace(c, encoding=fixed.get(c.name, AUTO)) for c in table.columns),
            dist_style=self.style,
            dist_key=None if self.dist_key is None else places[self.dist_key],
            sort_key=tuple(places[name] for name in self.sort_key),
            interleaved=self.interleaved,
            index=None,
            auto_key=False,
        )

    def statements(self, table: Table) -> list[str]:
        """What brings `table` to this design; none where it has it."""
        now = TableDesign.of(table)
        if self.interleaved and (now.sort_key, now.interleaved) != (self.sort_key, True):
            return self._anew(table)
        if now.interleaved and now.distribution != self.distribution:
            return self._anew(table)
        clauses = [*self._distributed(now), *self._sorted(now)]
        lines = [f"alter table {_name(table)} {', '.join(clauses)}"] if clauses else []
        encodings = self._encoded(table)
        return [*lines, *([f"alter table {_name(table)} {encodings}"] if encodings else [])]

    def _distributed(self, now: TableDesign) -> list[str]:
        if now.distribution == self.distribution:
            return []
        if self.style is DistStyle.KEY:
            assert self.dist_key is not None
            return [f"alter diststyle key distkey {quoted(self.dist_key)}"]
        return [f"alter diststyle {self.style.value.lower()}"]

    def _sorted(self, now: TableDesign) -> list[str]:
        if (now.sort_key, now.interleaved) == (self.sort_key, self.interleaved):
            return []
        return [f"alter compound sortkey ({_names(self.sort_key)})" if self.sort_key else "alter sortkey none"]

    def _encoded(self, table: Table) -> str:
        before = {c.name: c.encoding for c in table.columns}
        changed = [(c, e) for c, e in self.encodings if before.get(c) != e]
        return ", ".join(f"alter column {quoted(c)} encode {e}" for c, e in changed)

    def _anew(self, table: Table) -> list[str]:
        from ..virtual.definitions import create_table

        new = replace(self.applied(table), name=f"{table.name}_new")
        names = _names(c.name for c in table.columns)
        fresh = f"{quoted(table.schema)}.{quoted(new.name)}"
        return [
            create_table(new).rstrip(";"),
            f"insert into {fresh} ({names}) select {names} from {_name(table)}",
            f"alter table {_name(table)} rename to {quoted(f'{table.name}_old')}",
            f"alter table {fresh} rename to {quoted(table.name)}",
            f"drop table {quoted(table.schema)}.{quoted(f'{table.name}_old')}",
        ]

    def to_json(self) -> dict[str, Any]:
        return {
            "style": self.style.value, "dist_key": self.dist_key, "sort_key": [*self.sort_key],
            "interleaved": self.interleaved, "encodings": [[*pair] for pair in self.encodings],
        }

    @staticmethod
    def from_json(found: Mapping[str, Any]) -> TableDesign:
        return TableDesign(
            DistStyle(found["style"]), found["dist_key"], tuple(found["sort_key"]), found["interleaved"],
            tuple((c, e) for c, e in found["encodings"]),
        )


Design = Mapping[TableName, TableDesign]


def name_of(table: Table) -> TableName:
    return table.schema, table.name


def shown(name: TableName) -> str:
    """As people write it: without the schema that all have."""
    return name[1] if name[0] == "public" else f"{name[0]}.{name[1]}"


def _names(columns: Any) -> str:
    return ", ".join(quoted(c) for c in columns)


def _name(table: Table) -> str:
    return f"{quoted(table.schema)}.{quoted(table.name)}"
