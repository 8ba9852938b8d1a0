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

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.tokens import Token

from ...storage.schema import Column, Table
from ..expressions import ColumnRef
from ..syntax import texts_of
from .context import Binder

_UNNAMED = frozenset({"natural", "pivot", "unpivot"})  # clauses that take columns which they do not name


def words_of(text: str, tokens: Sequence[Token]) -> frozenset[str] | None:
    """The words and signs of a statement, in lower case. None: columns may have other names, or none."""
    if '"' in text or not text.isascii():
        return None
    words = frozenset(" ".join(texts_of(tokens)).lower().split())  # a token may hold two words: GROUP BY
    return words if words.isdisjoint(_UNNAMED) else None


def has_star(node: exp.Select) -> bool:
    """Whether a select list asks for all columns of something."""
    for item in node.expressions:
        if item.__class__ is exp.Alias:
            continue
        if isinstance(item, exp.Star) or (isinstance(item, exp.Column) and isinstance(item.this, exp.Star)):
            return True
    return False


def columns_named(b: Binder, table: Table, every: bool) -> list[tuple[ColumnRef, int]]:
    """New columns for a table's, and their places there; `every`: whatever the text names."""
    columns, first = table.columns, b.next_id
    b.next_id = first + len(columns)
    if every or b.every or b.words is None:
        places: Sequence[int] = range(len(columns))
    else:
        places = b.places.get(table.id) or _places(b, table, b.words)
    return [(ColumnRef(first + i, (c := columns[i]).type, c.name, c.nullable), i) for i in places]


def _places(b: Binder, table: Table, words: frozenset[str]) -> list[int]:
    places, narrowest = _by_name(table.columns)
    found = b.places[table.id] = sorted({narrowest, *[places[name] for name in places.keys() & words]})
    return found


_Places = tuple[dict[str, int], int]
_KNOWN: dict[int, tuple[tuple[Column, ...], _Places]] = {}  # by the id of columns, kept so that no others get it
_MOST = 1000


def _by_name(columns: tuple[Column, ...]) -> _Places:
    """The places of a table's columns by their names, and that of the narrowest; remembered."""
    known = _KNOWN.get(id(columns))
    if known is None:
        widths = [c.type.storage_bytes or 1000 for c in columns]
        if len(_KNOWN) >= _MOST:
            _KNOWN.clear()
        known = columns, ({c.name: i for i, c in enumerate(columns)}, widths.index(min(widths)))
        _KNOWN[id(columns)] = known
    return known[1]
