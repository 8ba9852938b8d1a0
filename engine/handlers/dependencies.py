"""Which views read which relations, found from their stored texts.

A bound view's text names every relation with its schema (create_view.py writes them in), so its
dependencies are the table names in the parsed text, less its own WITH names. Late-binding views
depend on nothing: that is what they are for.
"""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp

from ...planner.syntax import parse_query
from ...storage.schema import CatalogView, Table, View


@lru_cache(maxsize=1024)
def relations_in(sql: str, exact_names: bool) -> frozenset[tuple[str | None, str]]:
    """(schema, name) of every relation that a view's text reads."""
    tree = parse_query(sql, None, exact_names)
    return frozenset((t.db.lower() or None, t.name.lower()) for t in read_tables(tree))


def read_tables(tree: exp.Expr) -> list[exp.Table]:
    """Table nodes of a query that are relations of the catalogue, not WITH names."""
    found = []
    for node in tree.find_all(exp.Table):
        if isinstance(node.this, exp.Identifier) and not (not node.db and _is_cte(node)):
            found.append(node)
    return found


def _is_cte(node: exp.Table) -> bool:
    """Does a WITH around the table node define its name?"""
    above: exp.Expr | None = node.parent
    while above is not None:
        with_ = above.args.get("with_") or above.args.get("with")
        if with_ is not None and any(cte.alias == node.name for cte in with_.expressions):
            return True
        above = above.parent
    return False


def dependents(targets: set[tuple[str, str]], view: CatalogView) -> list[View]:
    """Bound views that read any of `targets` (schema, name), directly or through other views."""
    found: list[View] = []
    names = set(targets)
    candidates = [r for r in view.relations() if isinstance(r, View) and not r.late_binding]
    grown = True
    while grown:
        grown = False
        for v in candidates:
            if (v.schema, v.name) not in names and relations_in(v.sql, v.exact_names) & names:
                names.add((v.schema, v.name))
                found.append(v)
                grown = True
    return found


def dependents_of_column(table: Table, column: str, view: CatalogView) -> list[View]:
    """Bound views that may read the column, by its name or with a star, and the views that read those."""
    target = key(table)
    first = [
        v for v in dependents({target}, view)
        if target in relations_in(v.sql, v.exact_names) and _mentions(v.sql, v.exact_names, column)
    ]
    names = {key(v) for v in first}
    return first + [v for v in dependents(names, view) if key(v) not in names]


def _mentions(sql: str, exact_names: bool, column: str) -> bool:
    """A star, a NATURAL join or the name itself stands in the text."""
    tree = parse_query(sql, None, exact_names)
    return any(
        isinstance(node, exp.Star) or (isinstance(node, exp.Join) and node.args.get("method"))
        or (isinstance(node, exp.Identifier) and node.name.lower() == column.lower())
        for node in tree.find_all(exp.Star, exp.Join, exp.Identifier)
    )


def key(relation: Table | View) -> tuple[str, str]:
    return (relation.schema, relation.name)
