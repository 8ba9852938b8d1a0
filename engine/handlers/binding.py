"""From a syntax tree to a plan: the one place where handlers meet the binder and the optimizer.

tree --bind_query--> logical.Query --optimize--> physical.PhysicalQuery

A query that comes as text is looked up in the session's plan cache first (planner/plan_cache.py) and is
parsed only when its plan is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...planner.binder import BindContext, bind_insert, bind_query, bind_scalar
from ...planner.binder.named_columns import words_of
from ...planner.collector import at_rest
from ...planner.expressions import ColumnRef, Expr
from ...planner.logical import Query
from ...planner.optimize import optimize, optimize_insert, optimize_output
from ...planner.parse import parse_query_text, query_tokens
from ...planner.physical import PhysicalQuery
from ...planner.plan_cache import Binding
from ...planner.predicate_columns import predicate_columns
from ...planner.statements import Insert, QueryText
from ...planner.syntax import parse_expression, parse_query
from ...storage.schema import CatalogView, ExternalTable, Table
from ..context import Context
from ..evaluate import evaluate
from ..virtual import VIRTUAL_TABLES

if TYPE_CHECKING:
    from ...planner.binder.as_of import AsOf

_RESTRICTED = VIRTUAL_TABLES.restricted


class _Columns(Mapping[str, Any]):
    """The columns of system tables by name; a table's module is loaded when they are asked for."""

    def __getitem__(self, name: str) -> Any:
        return VIRTUAL_TABLES[name].columns

    def __contains__(self, name: object) -> bool:
        return name in VIRTUAL_TABLES

    def __iter__(self) -> Iterator[str]:
        return iter(VIRTUAL_TABLES)

    def __len__(self) -> int:
        return len(VIRTUAL_TABLES)


_VIRTUAL_COLUMNS = _Columns()


def bind_context(context: Context) -> BindContext:
    """What the binder may know of the statement's surroundings."""
    schemas = context.view.schemas()
    return BindContext(
        settings=context.settings,
        parameters=context.parameters or None,
        virtual_tables=_VIRTUAL_COLUMNS,
        leader_only=VIRTUAL_TABLES.leader_only,
        now=context.now,
        user=context.user,
        user_id=context.view.facts.directory.user_id(context.user),
        rights=context.rights,
        catalogue=lambda: catalogue_number(context),
        restricted=_RESTRICTED,
        session_id=context.session_id,
        transaction_id=context.transaction.id,
        last={} if context.session is None else context.session.last,
        current_schema=next((s for s in context.search_path if s in schemas), "public"),
        search_path=[s for s in context.search_path if s in schemas],
        external=_external(context),
        draw=None if context.session is None else context.session.draw,
    )


def _external(context: Context) -> Callable[[str, str, AsOf | None], ExternalTable | None] | None:
    """How the binder finds external tables; nothing where there is no external schema."""
    if not context.view.facts.keys("external schema"):
        return None
    from ..lake.statistics import with_statistics
    from ..lake.tables import find

    def outside(schema: str, name: str, wanted: AsOf | None) -> ExternalTable | None:
        table = find(schema, name, context)
        if wanted is not None and table is not None:
            from ..lake.snapshots import at

            table = at(table, wanted)
        return with_statistics(table, context)

    return outside


def catalogue_number(context: Context) -> int:
    """The number under which catalogue functions find the statement's snapshot."""
    from ..virtual.functions import register

    return register(context)


def bind(tree: Any, context: Context) -> Query:
    return bind_query(tree, context.view, bind_context(context))


def bind_text(text: str, exact_names: bool, context: Context) -> Query:
    """Bind a stored query (a view's)."""
    return bind(parse_query(text, None, exact_names), replace_parameters(context))


def bind_expression(node: Any, context: Context, clause: str = "VALUES") -> Expr:
    """An expression without columns."""
    return bind_scalar(node, context.view, bind_context(context), clause=clause)


def bind_expression_text(text: str, context: Context) -> Expr:
    """A stored expression (a column's DEFAULT)."""
    return bind_expression(parse_expression(text), replace_parameters(context), "DEFAULT")


def replace_parameters(context: Context) -> Context:
    """The same surroundings without parameters, for texts that are not the statement's."""
    return replace(context, parameters=()) if context.parameters else context


def plan(tree: Any, context: Context) -> PhysicalQuery:
    """The plan of a syntax tree, or of a QueryText."""
    if isinstance(tree, QueryText):
        return observed(_plan_text(tree, context), context)
    return observed(noted(_plan_tree(tree, context), context), context)


@at_rest
def _plan_tree(tree: Any, context: Context) -> PhysicalQuery:
    return optimize(bind(tree, context), context.view, evaluate)


def observed(physical: PhysicalQuery, context: Context) -> PhysicalQuery:
    """Remember which distribution keys AUTO tables lack, each time that it matters."""
    for table, column, size in physical.wanted:
        context.database.upkeep.want_key(table, column, size)
    return physical


def noted(physical: PhysicalQuery, context: Context) -> PhysicalQuery:
    """Remember which columns a new plan has predicates on, for ANALYZE ... PREDICATE COLUMNS."""
    for table, column in predicate_columns(physical.root):
        context.database.upkeep.predicates.setdefault(table, set()).add(column)
    return physical


def _plan_text(query: QueryText, context: Context) -> PhysicalQuery:
    around = bind_context(context)
    plans = context.session.plans
    before = plans.misses

    def bind_text(view: CatalogView, literals: Any) -> Binding:
        around.literals = literals
        tokens = query_tokens(query)
        around.words = words_of(query.text, tokens)
        bound = bind_query(parse_query_text(query, tokens).tree, view, around)
        return Binding(bound, keep=not around.stable)

    scope = _scope(around, context)
    found = plans.plan(query.text, scope, context.view, bind_text, evaluate, context.parameters)
    repeats = not (around.stable or around.reads_files)
    everything = (query.text, query.start, repr(context.parameters), scope, context.view.facts.version)
    context.repeats = everything if repeats else None
    return noted(found, context) if plans.misses > before else found


def _scope(around: BindContext, context: Context) -> Hashable:
    """What else than text, parameters and catalogue a plan depends on: values that mean the same to any process."""
    return around.user, around.current_schema, context.search_path, context.settings.every


@at_rest
def plan_insert(statement: Insert, table: Table, context: Context) -> tuple[PhysicalQuery, tuple[int, ...]]:
    """(plan that ends in the insert; positions of the columns that it has values for)."""
    bound = bind_insert(statement, table, context.view, bind_context(context))
    return plan_rows_into(bound.query, table, bound.targets, context), bound.targets


@at_rest
def plan_output(query: Query, partition_by: Sequence[ColumnRef], serial: bool, context: Context) -> PhysicalQuery:
    """The plan of an UNLOAD (planner/optimize.py)."""
    physical = optimize_output(query, context.view, evaluate, partition_by=partition_by, serial=serial)
    return noted(physical, context)


@at_rest
def plan_rows_into(query: Query, table: Table, positions: tuple[int, ...], context: Context) -> PhysicalQuery:
    """The plan that inserts the query's rows, which are in the types of the columns at `positions`."""
    return optimize_insert(query, table, positions, context.view, evaluate)
