"""The binder: a syntax tree and a catalogue snapshot in, a typed logical plan out.

    bind_query(tree, view, context)     a whole query                         -> logical.Query
    bind_insert(...)                    INSERT's rows, cast to the table      -> logical.Query
    bind_changes(...)                   row ids, and UPDATE's new rows         -> logical.Query
    bind_scalar(tree, view, context)    one expression without columns        -> Expr  (DEFAULT, VALUES)

    query.py        which kind of query            scope.py        what names mean where
    select.py       SELECT                         from_clause.py  tables, views, joins
    setops.py       UNION ..., ORDER BY, LIMIT     ctes.py         WITH
    aggregates.py   aggregates and GROUP BY        subqueries.py   subqueries in expressions
    windows.py      window functions, OVER         frames.py       ROWS and RANGE
    ordered.py      WITHIN GROUP
    expressions.py  the expression binder          dispatch.py     node class -> handler
    operators.py predicates.py patterns.py conditionals.py literals.py calls.py      the handlers
    sql_functions.py     functions that users made
    insert.py       rows into a table              bound.py        a bound query before it has a place
    dml.py          rows that DELETE, UPDATE and MERGE change

Types and casts are decided in planner/coercion.py and planner/build.py, functions in planner/functions/.
New syntax is a new handler in a new file, imported in entry.py.
"""
from __future__ import annotations

from .context import BindContext
from .dml import bind_changes
from .entry import bind_query, bind_scalar, check_function
from .insert import bind_insert, check_assignable

__all__ = [
    "BindContext", "bind_changes", "bind_insert", "bind_query", "bind_scalar", "check_assignable", "check_function",
]
