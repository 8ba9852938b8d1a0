"""The texts of bound views when a relation that they read gets another name, its schema or one of its columns does.

Redshift's views know what they read by its number and follow it. Here a view is a text (create_view.py), so the text
changes with the name, and goes on calling things as it did:

    select a, t.b from s.t        t becomes u          select a, t.b from s.u as t
    select a, t.b from s.t        s becomes r          select a, t.b from r.t as t
    select a, t.b from s.t        b becomes c          select a, t.b from (select a, c as b from s.t) as t

Only what stands in FROM is touched, and names of columns with a schema before them (s.t.b), which lose it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlglot import exp

from ...planner.syntax import parse_query
from ...reserved_words import quoted
from ...storage.schema import CatalogView, Table, View
from .dependencies import key, read_tables, relations_in

Key = tuple[str, str]


def renamed_relation(relation: Table | View, name: str, view: CatalogView) -> tuple[View, ...]:
    """The views that read the relation, as they read under its new name."""
    return _changed({key(relation): f"{quoted(relation.schema)}.{quoted(name)}"}, view)


def renamed_schema(inside: Iterable[Table | View], name: str, view: CatalogView) -> tuple[View, ...]:
    """The views that read a relation of a schema, as they read when the schema has the new name."""
    return _changed({key(r): f"{quoted(name)}.{quoted(r.name)}" for r in inside}, view)


def renamed_column(table: Table, old: str, new: str, view: CatalogView) -> tuple[View, ...]:
    """The views that read the table, as they read when its column has the new name."""
    columns = [f"{quoted(new)} as {quoted(old)}" if c.name == old else quoted(c.name) for c in table.columns]
    source = f"(select {', '.join(columns)} from {quoted(table.schema)}.{quoted(table.name)})"
    return _changed({key(table): source}, view)


def _changed(sources: dict[Key, str], view: CatalogView) -> tuple[View, ...]:
    readers = [r for r in view.relations() if isinstance(r, View) and not r.late_binding]
    return tuple([
        replace(r, sql=_following(r, sources)) for r in readers
        if not relations_in(r.sql, r.exact_names).isdisjoint(sources)
    ])


def _following(reader: View, sources: dict[Key, str]) -> str:
    """The view's text with what now stands for them in the place of relations."""
    tree = parse_query(reader.sql, None, reader.exact_names)
    edits: list[tuple[int, int, str]] = []  # from, to, what stands there instead
    for table in read_tables(tree):
        target = (table.db.lower(), table.name.lower())
        if target in sources:
            start, end = _place(table.args.get("catalog") or table.args["db"])[0], _place(table.this)[1]
            name = "" if table.args.get("alias") else f" as {quoted(target[1])}"
            edits.append((start, end, sources[target] + name))
    for column in tree.find_all(exp.Column):
        target = (column.db.lower(), column.table.lower())
        if target in sources:
            edits.append((_place(column.args["db"])[0], _place(column.args["table"])[1], quoted(target[1])))
    text = reader.sql
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _place(identifier: exp.Expr) -> tuple[int, int]:
    """Where a name begins and ends, with its quotes."""
    start, end = int(identifier.meta["start"]), int(identifier.meta["end"])
    return start, end + 1
