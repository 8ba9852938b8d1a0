"""Files below a prefix as tables: which belong together, their columns and their partitions.

    s3://lake/sales/year=2024/a.parquet     table sales at s3://lake/sales/, partitioned by year (int)
    s3://lake/sales/year=2025/b.parquet     the same
    s3://lake/users.csv                     table users ... of a prefix s3://lake/: named after the prefix

A table is a folder: what comes before the first folder key=value. Its files must be of one format, written in one way,
with the same partition keys and columns that fit together:

    text      by position: one file's columns begin as the other's do
    others    by name: at least MOST of the names of the one with fewer are in both

A column that is of one type here and of another there becomes the wider one: INTEGER and BIGINT is BIGINT, numbers and
floats DOUBLE PRECISION, DATE and TIMESTAMP is TIMESTAMP, anything else VARCHAR (`conflicts` "cast"). Formats that
know their types are not read as other ones: there, and everywhere with "refuse", only numbers widen, those that are
not floats apart from floats. With "columns" the others become one column per type, code_int and code_string of code:
which values each has tells storage/lake/formats/choices.py. Files of one folder that do not fit are no table (a
location is a folder): `problem` says which file, and why.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field, replace

import pyarrow as pa

from ...records import dataclass
from ..lake.hive_types import of_sql
from ..objects.registry import Objects
from ..types import DATE, DOUBLE, TIMESTAMP, Kind, SqlType, decimal, varchar
from .files import Found, Inferred, infer
from .names import identifier, table_name
from .texts import type_of

MOST = 0.7
CAST, REFUSE, COLUMNS = "cast", "refuse", "columns"
_WIDTHS = {Kind.SMALLINT: 1, Kind.INTEGER: 2, Kind.BIGINT: 3}
_TYPED = ("parquet", "orc", "avro")
CHOOSING = ("parquet", "orc")  # formats whose files tell a column's type
TEXT_OF_OTHERS = 64  # characters that a number or moment takes as text, at most


@dataclass(frozen=True, slots=True)
class TableFound:
    """`inferred` has the columns of all files together; `partitions` each folder's values. `notes`: what was decided
        about types. `problem`: why it is none."""

    name: str
    location: str
    inferred: Inferred
    keys: tuple[Found, ...] = ()
    partitions: tuple[tuple[str, ...], ...] = ()
    files: int = 1
    notes: tuple[str, ...] = ()
    problem: str = ""


@dataclass(slots=True)
class _Folder:
    """Files of one table's folder, and what each says."""

    keys: tuple[str, ...]
    files: list[str] = field(default_factory=list)
    values: list[tuple[str, ...]] = field(default_factory=list)


def find_tables(
    objects: Objects, prefix: str, *, conflicts: str = CAST, looked_at: Callable[[str], None] = lambda name: None
) -> list[TableFound]:
    """All tables below `prefix`, by name. Each file's beginning is read; `looked_at` hears of it."""
    folders: dict[tuple[str, tuple[str, ...]], _Folder] = {}
    for info in objects.list(prefix):
        base, keys, values, last = _placed(info.url)
        if last.startswith((".", "_")) or not info.bytes:
            continue
        folder = folders.setdefault((base, keys), _Folder(keys))
        folder.files.append(info.url)
        folder.values.append(values)
    found: list[TableFound] = []
    for (base, _), folder in sorted(folders.items()):
        looks = []
        for url in folder.files:
            looked_at(url)
            looks.append(infer(objects, url))
        found.append(_table(base, folder, looks, conflicts))
    return _named_once(found)


def _placed(url: str) -> tuple[str, tuple[str, ...], tuple[str, ...], str]:
    """(the table's folder, partition keys, their values, the file's name)."""
    scheme, separator, path = url.partition("://") if "://" in url else ("", "", url)
    parts = path.split("/")
    first = next((i for i, part in enumerate(parts[:-1]) if "=" in part), len(parts) - 1)
    pairs = [part.partition("=") for part in parts[first:-1] if "=" in part]
    base = scheme + separator + "/".join(parts[:first]) + "/"
    return base, tuple(k for k, _, _ in pairs), tuple(v for _, _, v in pairs), parts[-1]


def _table(base: str, folder: _Folder, looks: list[Inferred], conflicts: str) -> TableFound:
    """The table of a folder's files."""
    notes: list[str] = []
    whole = looks[0]
    name = table_name(base) if base.rstrip("/").rpartition("/")[2] else table_name(folder.files[0])
    for url, look in zip(folder.files[1:], looks[1:], strict=True):
        together = _together(whole, look, conflicts, url, notes)
        if isinstance(together, str):
            return TableFound(name, base, whole, files=len(looks), problem=f"{url} does not fit {folder.files[0]}: "
                              f"{together}")  # fmt: skip
        whole = together
    whole = replace(whole, columns=_named_by_type(whole.columns))
    keys = tuple(Found(identifier(key, f"key{i}"), _key_type([v[i] for v in folder.values]), key)
                 for i, key in enumerate(folder.keys))  # fmt: skip
    partitions = tuple(sorted(set(folder.values))) if keys else ()
    return TableFound(name, base, whole, keys, partitions, len(looks), tuple(notes))


def _key_type(values: Sequence[str]) -> SqlType:
    return type_of(pa.array(["" if v == "__HIVE_DEFAULT_PARTITION__" else v for v in values], pa.string()), True)


def _named_once(found: list[TableFound]) -> list[TableFound]:
    names: list[str] = []
    for i, table in enumerate(found):
        name, turn = table.name, 2
        while name in names:
            name, turn = f"{table.name}_{turn}", turn + 1
        names.append(name)
        found[i] = replace(table, name=name)
    return sorted(found, key=lambda table: table.name)


# -- files that fit together -------------------------------------------------------------------------


def _together(whole: Inferred, more: Inferred, conflicts: str, url: str, notes: list[str]) -> Inferred | str:
    """The columns of both, or why the files do not fit."""
    if (whole.format, whole.delimiter, whole.header) != (more.format, more.delimiter, more.header):
        return f"it is {more.format}, written in another way" if whole.format == more.format else f"it is {more.format}"
    mine, theirs = list(dict.fromkeys(c.source for c in whole.columns)), [c.source for c in more.columns]
    if whole.delimiter:
        shorter = min(len(mine), len(theirs))
        if mine[:shorter] != theirs[:shorter]:
            return "its columns are others, or in another order"
    elif len(set(mine) & set(theirs)) < MOST * min(len(mine), len(theirs)):
        return "few of its columns are the same"
    known: dict[str, list[Found]] = {}
    for column in whole.columns:
        known.setdefault(column.source, []).append(column)
    for column in more.columns:
        types = known.setdefault(column.source, [column])
        problem = _added(types, column, whole.format, conflicts, url, notes)
        if problem:
            return problem
    return replace(whole, columns=tuple(c for types in known.values() for c in types))


def _added(types: list[Found], column: Found, format: str, conflicts: str, url: str, notes: list[str]) -> str:
    """Bring a column of one more file among the `types` it has had (one, but with "columns"); why it cannot be."""
    if any((t.type, t.nested) == (column.type, column.nested) for t in types):
        return ""
    for i, before in enumerate(types):
        wider = _wider(before, column, format in _TYPED, conflicts)
        if wider is not None:
            if before.said and column.said and before.type.kind is not column.type.kind:
                notes.append(f"column {column.name} is {before.type} and, in {url}, {column.type}: "
                             f"taken as {wider.type}")
            types[i] = wider
            return ""
    [before, *_] = types
    by_value = conflicts == COLUMNS and format not in CHOOSING
    if conflicts != COLUMNS or (by_value and (column.nested or before.nested)) or format == "avro":
        return f"column {column.name} is {column.nested or column.type}, not {before.nested or before.type}"
    notes.append(f"column {column.name} is {before.nested or before.type} and, in {url}, "
                 f"{column.nested or column.type}: one column for each")
    types.append(column)
    return ""


def _named_by_type(columns: Sequence[Found]) -> tuple[Found, ...]:
    """Columns of one origin are told apart by their types: code_int, code_string."""
    sources = [c.source for c in columns]
    taken = {c.name for c in columns if sources.count(c.source) == 1}
    found = []
    for column in columns:
        if sources.count(column.source) > 1:
            name = base = f"{column.name}_{_word(column)}"
            turn = 2
            while name in taken:
                name, turn = f"{base}_{turn}", turn + 1
            taken.add(name)
            column = replace(column, name=name, chosen=True)
        found.append(column)
    return tuple(found)


def _word(column: Found) -> str:
    """A type's name as the data catalogue has it, without its length."""
    if column.nested:
        return column.nested.partition("<")[0]
    if column.type.is_string or column.type.kind is Kind.SUPER:
        return "string"
    kind = TIMESTAMP if column.type.kind is Kind.TIMESTAMPTZ else column.type
    return of_sql(kind).text.partition("(")[0]


def _wider(a: Found, b: Found, typed: bool, conflicts: str) -> Found | None:
    """The column of the type that holds both; None where there is none, or may be none."""
    only_numbers = typed or conflicts != CAST
    if (a.nested or b.nested) and a.said and b.said:
        return None if only_numbers else replace(a, nested="string")
    if not (a.said and b.said):
        return a if a.said else b
    x, y = a.type, b.type
    if x.is_string and y.is_string:
        return a if x.length >= y.length else b
    if x.kind in _WIDTHS and y.kind in _WIDTHS:
        return a if _WIDTHS[x.kind] >= _WIDTHS[y.kind] else b
    if x.is_numeric and y.is_numeric:
        if x.is_float or y.is_float:
            return None if typed and x.is_float != y.is_float else replace(a, type=DOUBLE)
        return replace(a, type=decimal(38, max(x.scale, y.scale)))
    if {x.kind, y.kind} == {DATE.kind, TIMESTAMP.kind} and not typed and conflicts != REFUSE:
        return replace(a, type=TIMESTAMP)
    if only_numbers:
        return None
    return replace(a, type=varchar(max(x.length, y.length, TEXT_OF_OTHERS)))
