"""Which columns of a table a statement can mean: those whose names stand in its text.

    select ss_item_sk from store_sales where ss_quantity < 10      2 of 23 columns

A table has dozens of columns and a query uses a few. Each that is bound is an object in the scan, in the scopes of all
joins above it and in whatever the rules ask of them, until the last rule takes it away again. So a scan begins with
the columns whose names are among the words of the text, each under the number that it would have among all, and with
the narrowest one, for queries that only count rows.

All columns are bound where names say nothing: in a SELECT with a star, under a list of other names (`t (a, b)`), in the
texts of views, and in statements with names in quotes, NATURAL joins or PIVOT.
"""
from __future__ import annotations

import re
from typing import Any

from sqlglot import exp

from ...storage.schema import Table
from ..expressions import ColumnRef
from .context import Binder

_WORD = re.compile(r"[a-z_$][\w$]{0,126}|\(\+\)")  # of longer names 127 bytes count (syntax.py)
_UNNAMED = frozenset({"natural", "pivot", "unpivot"})  # clauses that take columns which they do not name


def words_of(text: str) -> frozenset[str] | None:
    """The words of a statement's text, in lower case, (+) among them. None: columns may have other names, or none."""
    if '"' in text or not text.isascii():
        return None
    words = frozenset(_WORD.findall(text.lower()))
    return words if words.isdisjoint(_UNNAMED) else None


def has_star(node: exp.Select) -> bool:
    """Whether a select list asks for all columns of something."""
    for item in node.expressions:
        if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
            return True
    return False


def columns_named(b: Binder, table: Table, every: bool) -> list[tuple[ColumnRef, int]]:
    """New columns for a table's, and their places there; `every`: whatever the text names."""
    columns, first = table.columns, b.next_id
    b.next_id = first + len(columns)
    places = range(len(columns)) if every or b.every or b.words is None else _places(b, table, b.words)
    return [(ColumnRef(first + i, (c := columns[i]).type, c.name, c.nullable), i) for i in places]


def _places(b: Binder, table: Table, words: frozenset[str]) -> Any:
    found = b.places.get(table.id)
    if found is None:
        columns = table.columns
        widths = [c.type.storage_bytes or 1000 for c in columns]
        narrowest = widths.index(min(widths))
        found = b.places[table.id] = [i for i, c in enumerate(columns) if c.name in words or i == narrowest]
    return found
