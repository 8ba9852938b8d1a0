"""Tables and views as JSON text, the form in which the catalogue keeps definitions.

JSON and not pickle: it can be read by any later release, by a person with the sqlite3 shell, and it
cannot run code. A field that an older release did not know is absent and gets its default.
"""
from __future__ import annotations

import json
from typing import Any

from ..schema import Column, Constraint, DistStyle, InterleavedIndex, Table, Topology, View
from ..types import Kind, SqlType, shared


def type_to_list(type_: SqlType) -> list[Any]:
    return [type_.kind.value, type_.precision, type_.scale, type_.length, type_.case_insensitive]


def type_from_list(fields: list[Any]) -> SqlType:
    return shared(Kind(fields[0]), *fields[1:])


def _column_to_dict(column: Column) -> dict[str, Any]:
    return {
        "id": column.id,
        "name": column.name,
        "type": type_to_list(column.type),
        "nullable": column.nullable,
        "encoding": column.encoding,
        "default": column.default_sql,
        "identity": column.identity,
        "primary_key": column.primary_key,
        **({} if column.added is None else {"added": column.added}),
    }


def _column_from_dict(d: dict[str, Any]) -> Column:
    identity = d["identity"]
    return Column(
        id=d["id"],
        name=d["name"],
        type=type_from_list(d["type"]),
        nullable=d["nullable"],
        encoding=d["encoding"],
        default_sql=d["default"],
        identity=(identity[0], identity[1]) if identity else None,
        primary_key=d["primary_key"],
        added=d.get("added"),
    )


def _constraint_to_list(constraint: Constraint) -> list[Any]:
    plain = [constraint.kind, constraint.columns, constraint.references]
    return [*plain, constraint.name] if constraint.name else plain


def table_to_json(table: Table) -> str:
    return json.dumps(
        {
            "columns": [_column_to_dict(c) for c in table.columns],
            "dist_style": table.dist_style.value,
            "dist_key": table.dist_key,
            "sort_key": table.sort_key,
            "interleaved": table.interleaved,
            "owner": table.owner,
            "constraints": [_constraint_to_list(c) for c in table.constraints],
            "backup": table.backup,
            "last_column": table.last_column,
            **({"auto_key": True} if table.auto_key else {}),
            "index": None if table.index is None else [table.index.built, table.index.bounds],
        },
        separators=(",", ":"),
    )


def table_from_json(id_: int, schema: str, name: str, version: int, text: str) -> Table:
    d = json.loads(text)
    return Table(
        id=id_,
        schema=schema,
        name=name,
        columns=tuple(_column_from_dict(c) for c in d["columns"]),
        dist_style=DistStyle(d["dist_style"]),
        dist_key=d["dist_key"],
        sort_key=tuple(d["sort_key"]),
        interleaved=d["interleaved"],
        version=version,
        owner=d["owner"],
        constraints=tuple(Constraint(kind, tuple(columns), *rest) for kind, columns, *rest in d["constraints"]),
        backup=d["backup"],
        last_column=d.get("last_column", 0),
        auto_key=d.get("auto_key", False),
        index=_index_from_list(d.get("index")),
    )


def _index_from_list(fields: list[Any] | None) -> InterleavedIndex | None:
    return None if fields is None else InterleavedIndex(tuple(tuple(bounds) for bounds in fields[1]), fields[0])


def view_to_json(view: View) -> str:
    return json.dumps(
        {
            "sql": view.sql,
            "columns": view.columns,
            "late_binding": view.late_binding,
            "exact_names": view.exact_names,
            "owner": view.owner,
        },
        separators=(",", ":"),
    )


def view_from_json(id_: int, schema: str, name: str, version: int, text: str) -> View:
    d = json.loads(text)
    return View(
        id=id_,
        schema=schema,
        name=name,
        sql=d["sql"],
        columns=tuple(d["columns"]),
        late_binding=d["late_binding"],
        exact_names=d.get("exact_names", False),
        version=version,
        owner=d["owner"],
    )


def topology_to_json(topology: Topology) -> str:
    return json.dumps(
        {
            "nodes": topology.nodes,
            "slices_per_node": topology.slices_per_node,
            "node_of_slice": topology.node_of_slice,
        }
    )


def topology_from_json(text: str) -> Topology:
    d = json.loads(text)
    return Topology(d["nodes"], d["slices_per_node"], tuple(d["node_of_slice"]))
