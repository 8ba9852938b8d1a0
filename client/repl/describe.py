"""The \\d family: what the catalogue says about relations, asked in plain SQL and laid out for people.

    \\d             relations of the search path        \\d NAME    columns with ENCODE, DISTKEY, SORTKEY
    \\dt \\dv [P]    tables, views matching a pattern     \\dn        schemas
    \\l             databases                           \\dS \\dtS   system tables too
    \\df [P]        functions: supported, leader-only or refused

Patterns follow psql: `*` any text, `?` one character, `schema.name`, upper case only inside quotes.
Every answer is an Arrow table with a title and footnotes; how it is drawn is render.py's job.
"""
from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...errors import UndefinedTable
from ...records import dataclass
from ...storage.arrow_values import array_of

if TYPE_CHECKING:
    from ..dbapi import Connection

SYSTEM = ("pg_catalog", "information_schema")
TYPE_NAMES = {
    16: "boolean", 20: "bigint", 21: "smallint", 23: "integer", 25: "text", 700: "real",
    701: "double precision", 1082: "date", 1083: "time", 1114: "timestamp", 1184: "timestamptz",
    1042: "char", 1043: "varchar", 1186: "interval", 1700: "numeric",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listing:
    """One answer: a table to draw, a line above it, lines below it."""

    title: str
    table: pa.Table
    notes: tuple[str, ...] = field(default=())


def type_name(oid: int, modifier: int) -> str:
    """A type as it is declared: `numeric(12,2)`, `varchar(40)`."""
    name = TYPE_NAMES.get(oid, f"type {oid}")
    if modifier >= 4 and oid == 1700:
        return f"numeric({(modifier - 4) >> 16},{(modifier - 4) & 0xFFFF})"
    if modifier >= 4 and oid in (1042, 1043):
        return f"{name}({modifier - 4})"
    return name


def rows(connection: Connection, sql: str) -> list[tuple[Any, ...]]:
    return connection.cursor().execute(sql).fetchall()


def literal(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A psql pattern as two regular expressions."""

    schema: re.Pattern[str] | None
    name: re.Pattern[str]

    @staticmethod
    def of(text: str) -> Pattern:
        parts = [""]
        for quoted, dot, plain in re.findall(r'"((?:[^"]|"")*)"|(\.)|([^".]+)', text.strip().rstrip(";")):
            if dot:
                parts.append("")
            elif plain:
                parts[-1] += re.escape(plain.lower()).replace(r"\*", ".*").replace(r"\?", ".")
            else:
                parts[-1] += re.escape(quoted.replace('""', '"'))
        schema = re.compile(parts[-2] + r"\Z") if len(parts) > 1 else None
        return Pattern(schema, re.compile((parts[-1] or ".*") + r"\Z"))

    def fits(self, schema: str, name: str) -> bool:
        return bool(self.name.match(name)) and (self.schema is None or bool(self.schema.match(schema)))


@dataclass(frozen=True, slots=True)
class Relation:
    oid: int
    schema: str
    name: str
    kind: str  # 'r' table, 'v' view
    dist_style: int


def relations(connection: Connection, pattern: Pattern | None, kinds: str, system: bool) -> list[Relation]:
    """Relations that fit, by schema and name."""
    schemas = dict(rows(connection, "select oid, nspname from pg_namespace"))
    found = [
        Relation(oid, schemas.get(namespace, "?"), name, kind.strip(), style)
        for oid, name, namespace, kind, style in rows(
            connection, "select oid, relname, relnamespace, relkind, reldiststyle from pg_class"
        )
    ]
    named = pattern is not None and pattern.schema is not None
    return sorted(
        (
            r for r in found
            if r.kind in kinds
            and (pattern is None or pattern.fits(r.schema, r.name))
            and (system or named or r.schema not in SYSTEM)
        ),
        key=lambda r: (r.schema, r.name),
    )  # fmt: skip


def listing(connection: Connection, what: str, pattern: str, system: bool) -> Listing:
    """\\d, \\dt and \\dv: a line per relation."""
    kinds = {"t": "r", "v": "v"}.get(what, "rv")
    found = relations(connection, Pattern.of(pattern) if pattern else None, kinds, system)
    sizes = {
        (schema, name): (style, megabytes, int(count))
        for schema, name, style, megabytes, count in rows(
            connection, 'select "schema", "table", diststyle, size, tbl_rows from svv_table_info'
        )
    }
    lines: dict[str, list[Any]] = {
        "schema": [], "name": [], "type": [], "diststyle": [], "rows": [], "MB": [],
    }  # fmt: skip
    for r in found:
        style, megabytes, count = sizes.get((r.schema, r.name), (style_text(r.dist_style), None, None))
        if r.kind == "r":
            count, megabytes = count or 0, megabytes or 0
        values = (r.schema, r.name, "table" if r.kind == "r" else "view", style if r.kind == "r" else None)
        for column, value in zip(lines.values(), (*values, count, megabytes)):
            column.append(value)
    return Listing({"t": "Tables", "v": "Views"}.get(what, "Relations"), _table(lines))


def style_text(code: int) -> str:
    """pg_class.reldiststyle as DISTSTYLE writes it."""
    return {0: "EVEN", 1: "KEY", 8: "ALL", 9: "AUTO", 10: "AUTO(ALL)", 11: "AUTO(EVEN)"}.get(code, str(code))


def one(connection: Connection, name: str) -> list[Listing]:
    """\\d NAME: each relation that fits, with its columns."""
    pattern = Pattern.of(name)
    found = relations(connection, pattern, "rv", system=True)
    if not found:
        virtual = columns_by_name(connection, pattern)
        if virtual is None:
            raise UndefinedTable(f'Did not find any relation named "{name}".')
        return [virtual]
    return [described(connection, relation) for relation in found]


def columns_by_name(connection: Connection, pattern: Pattern) -> Listing | None:
    """A system table: its columns, from an empty result."""
    plain = pattern.name.pattern.removesuffix(r"\Z").replace("\\", "")
    if not re.fullmatch(r"\w+", plain):
        return None
    schema = pattern.schema.pattern.removesuffix(r"\Z").replace("\\", "") if pattern.schema else "pg_catalog"
    try:
        cursor = connection.cursor().execute(f'select * from "{schema}"."{plain}" limit 0')
    except UndefinedTable:
        return None
    lines = {"column": [], "type": []}  # type: dict[str, list[Any]]
    for column in cursor.description or ():
        lines["column"].append(column[0])
        lines["type"].append(column_type(column))
    return Listing(f'System table "{schema}.{plain}"', _table(lines))


def column_type(description: tuple[Any, ...]) -> str:
    """The type of a result column, from its PEP 249 description."""
    oid, length, precision, scale = description[1], description[3], description[4], description[5]
    if oid == 1700 and precision is not None:
        return f"numeric({precision},{scale})"
    name = TYPE_NAMES.get(oid, "?")
    return f"{name}({length})" if oid in (1042, 1043) and length else name


def described(connection: Connection, relation: Relation) -> Listing:
    """One table or view: columns, then how it is distributed and sorted."""
    columns = rows(
        connection,
        "select attnum, attname, atttypid, atttypmod, attnotnull, attencoding, attisdistkey, attsortkeyord "
        f"from pg_attribute where attrelid = {relation.oid} and attnum > 0 order by attnum",
    )
    defaults = dict(rows(connection, f"select adnum, adsrc from pg_attrdef where adrelid = {relation.oid}"))
    is_table = relation.kind == "r"
    lines: dict[str, list[Any]] = {"column": [], "type": [], "nullable": [], "default": []}
    if is_table:
        lines |= {"encode": [], "distkey": [], "sortkey": []}
    for number, name, oid, modifier, notnull, encoding, distkey, sortkey in columns:
        values: list[Any] = [name, type_name(oid, modifier), "not null" if notnull else ""]
        values.append(defaults.get(number, ""))
        if is_table:
            values += [encoding.strip(), "DISTKEY" if distkey else "", str(sortkey) if sortkey else ""]
        for column, value in zip(lines.values(), values):
            column.append(value)
    title = f'{"Table" if is_table else "View"} "{relation.schema}.{relation.name}"'
    notes = table_notes(connection, relation, columns) if is_table else view_notes(connection, relation)
    return Listing(title, _table(lines), tuple(notes))


def table_notes(connection: Connection, relation: Relation, columns: list[tuple[Any, ...]]) -> list[str]:
    """DISTSTYLE, DISTKEY and SORTKEY as the DDL writes them; size and skew where there are rows."""
    style = style_text(relation.dist_style)
    info = rows(
        connection,
        "select diststyle, tbl_rows, size, unsorted, skew_rows from svv_table_info "
        f"where table_id = {relation.oid}",
    )
    if info and not info[0][0].startswith("KEY"):
        style = info[0][0]
    notes = [f"DISTSTYLE {style}" + "".join(f" DISTKEY({c[1]})" for c in columns if c[6])]
    sort = sorted((abs(c[7]), c[1], c[7] < 0) for c in columns if c[7])
    if sort:
        kind = "INTERLEAVED " if any(interleaved for _, _, interleaved in sort) else ""
        notes.append(f"{kind}SORTKEY({', '.join(name for _, name, _ in sort)})")
    if info:
        _, count, megabytes, unsorted, skew = info[0]
        note = f"{int(count):,} rows, {megabytes:,} MB"
        note += f", {unsorted} % unsorted" if unsorted is not None else ""
        notes.append(note + (f", skew {skew}" if skew is not None else ""))
    return notes


def view_notes(connection: Connection, relation: Relation) -> list[str]:
    definition = rows(
        connection,
        f"select definition from pg_views where schemaname = {literal(relation.schema)} "
        f"and viewname = {literal(relation.name)}",
    )
    return ["View definition:", *(f"  {line}" for (text,) in definition for line in text.splitlines())]


def schemas(connection: Connection) -> Listing:
    """\\dn"""
    names = sorted(name for (name,) in rows(connection, "select nspname from pg_namespace"))
    return Listing("Schemas", _table({"name": [n for n in names if n not in SYSTEM]}))


def databases(connection: Connection) -> Listing:
    """\\l"""
    names = sorted(name for (name,) in rows(connection, "select datname from pg_database"))
    return Listing("Databases", _table({"name": names}))


def functions(pattern: str) -> Listing:
    """\\df: a line per way to call a function."""
    from ...engine.functions.listing import listed

    lines: dict[str, list[Any]] = {"name": [], "family": [], "call": [], "status": []}
    for entry in listed(pattern):
        for call in entry.calls or ("",):
            status = f"{entry.status}: {entry.why}" if entry.why else entry.status
            for column, value in zip(lines.values(), (entry.name, entry.family, call, status)):
                column.append(value)
    return Listing("Functions", _table(lines))


def _table(columns: dict[str, list[Any]]) -> pa.Table:
    numbers = ("rows", "MB")
    return pa.table({n: array_of(v, pa.int64() if n in numbers else pa.string()) for n, v in columns.items()})
