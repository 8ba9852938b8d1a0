"""The texts of bound views when a relation that they read gets another name, or one of its columns does.

Redshift's views know what they read by its number and follow it. Here a view is a text (create_view.py), so the text
changes with the name, and goes on calling things as it did:

    select a, t.b from s.t        t becomes u          select a, t.b from s.u as t
    select a, t.b from s.t        b becomes c          select a, t.b from (select a, c as b from s.t) as t

Only what stands in FROM is touched, and names of columns with a schema before them (s.t.b), which lose it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from ...planner.syntax import parse_query
from ...reserved_words import quoted
from ...storage.schema import CatalogView, Table, View
from .dependencies import key, read_tables, relations_in

Key = tuple[str, str]


def renamed_relation(relation: Table | View, name: str, view: CatalogView) -> tuple[View, ...]:
    """The views that read the relation, as they read under its new name."""
    return _changed(key(relation), view, lambda t: f"{quoted(relation.schema)}.{quoted(name)}")


def renamed_column(table: Table, old: str, new: str, view: CatalogView) -> tuple[View, ...]:
    """The views that read the table, as they read when its column has the new name."""
    columns = [f"{quoted(new)} as {quoted(old)}" if c.name == old else quoted(c.name) for c in table.columns]
    source = f"(select {', '.join(columns)} from {quoted(table.schema)}.{quoted(table.name)})"
    return _changed(key(table), view, lambda t: source)


def _changed(target: Key, view: CatalogView, source: Callable[[exp.Table], str]) -> tuple[View, ...]:
    readers = [r for r in view.relations() if isinstance(r, View) and not r.late_binding]
    return tuple([
        replace(r, sql=_following(r, target, source)) for r in readers if target in relations_in(r.sql, r.exact_names)
    ])


def _following(reader: View, target: Key, source: Callable[[exp.Table], str]) -> str:
    """The view's text with `source` in the place of the relation."""
    tree = parse_query(reader.sql, None, reader.exact_names)
    edits: list[tuple[int, int, str]] = []  # from, to, what stands there instead
    for table in read_tables(tree):
        if (table.db.lower(), table.name.lower()) == target:
            start, end = _place(table.args.get("catalog") or table.args["db"])[0], _place(table.this)[1]
            name = "" if table.args.get("alias") else f" as {quoted(target[1])}"
            edits.append((start, end, source(table) + name))
    for column in tree.find_all(exp.Column):
        if column.db and (column.db.lower(), column.table.lower()) == target:
            edits.append((_place(column.args["db"])[0], _place(column.args["table"])[1], quoted(target[1])))
    text = reader.sql
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _place(identifier: exp.Expr) -> tuple[int, int]:
    """Where a name begins and ends, with its quotes."""
    start, end = int(identifier.meta["start"]), int(identifier.meta["end"])
    return start, end + 1
