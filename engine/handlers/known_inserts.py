"""INSERTs of one row whose shape was seen before: from the text to the row, without parser, binder and target.

    insert into t values (17, 'abc')             text
    insert into t values (?integer, ?text)       shape (planner/text_shapes.py)
                                                 ->  Recipe: the table, its columns, where their values stand

A recipe is kept when the general way (insert.py) has made a row of constants alone, and the table's other columns are
NULL or IDENTITY. Its `run` takes the statement's usual course: the privilege is looked at, the write lock taken, each
value converted by the general way's own code (assignment.py), the row given to the transaction: that of its block, or
one of its own that can do no more than this (row_transaction.py). Where anything is not as it was, or a value does not
fit, it answers None and has done nothing: the general way does it, or says why not.

What a name means is looked up each time; a recipe holds for one version of the table.
"""
from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from ...errors import Error
from ...planner.constants import number
from ...planner.expressions import Literal
from ...planner.parse import parse_statement
from ...planner.statements import Insert
from ...planner.text_shapes import Token, plain_pattern, shape_of
from ...records import dataclass
from ...storage.catalog.delta import AddExtents, Delta
from ...storage.catalog.state import CatalogState, TableEntry
from ...storage.one_row import RowForm, added_row
from ...storage.schema import Table
from ..access import need
from ..context import Context
from ..result import Result
from ..row_transaction import RowTransaction
from .assignment import Fitting
from .literals import literal, parameter

if TYPE_CHECKING:
    from ...storage.database import Database
    from ..session import Session
    from .targets import Target

MAX_TEXT = 4000  # longer texts are data rather than statements that come again
SHAPES = 100  # kept; the first ones go first
Literals = Sequence[Token | str]  # plain ones (text_shapes.py) are their texts
PLAIN_SHAPES = 4  # of texts that are looked at before any other is taken apart


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a column's value comes from: the literal at a `place` of the text, a parameter, or always `constant`."""

    place: int = -1
    negative: bool = False
    parameter: int = 0
    constant: Literal | None = None

    def fit(self, fitting: Fitting, literals: Literals, parameters: tuple[Any, ...]) -> Any:
        """The value as the column keeps it; of the literals, plain ones are their texts alone."""
        if self.place < 0:
            return fitting.value(parameter(self.parameter, parameters) if self.constant is None else self.constant)
        token = literals[self.place]
        if isinstance(token, str):
            return fitting.value(number(token, negative=True)) if self.negative else fitting.written(token)
        return fitting.value(number(token.text, negative=True) if self.negative else token.literal())


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """See the module's text. `positions`: of the columns that the slots are for; `around`: see `surroundings`."""

    table: Table
    schema: str | None  # as the statement names it
    slots: tuple[Slot, ...]
    positions: tuple[int, ...]
    fittings: tuple[Fitting, ...]
    zone: str
    form: RowForm
    around: Hashable

    def find(self, context: Context) -> Table | None:
        """The table, if it still is what it was."""
        found = context.view.relation(self.schema, self.table.name)
        same = isinstance(found, Table) and (found.id, found.version) == (self.table.id, self.table.version)
        return found if same and context.settings.zone == self.zone else None  # type: ignore[return-value]

    def run(self, literals: Literals, context: Context) -> Result | None:
        transaction = context.transaction
        if isinstance(transaction, RowTransaction):
            values = self._row(literals, context)
            if values is None or not transaction.append(partial(self._added, values, context)):
                return None
            return Result("INSERT", rowcount=1, notices=context.notices)
        table = self.find(context)
        if table is None:
            return None
        need(context, table, "insert")
        context.session.lock(context, [table])
        table = self.find(context)
        row = None if table is None else self._row(literals, context)
        if table is None or row is None:
            return None
        added = self._as_added(context.home(table), table, transaction.entry(table), row)
        if added is None:
            return None
        context.session.commit_delta(Delta(add_extents=(added,)))
        return Result("INSERT", rowcount=1, notices=context.notices)

    def _added(self, row: list[Any], context: Context, state: CatalogState) -> AddExtents | None:
        """What a commit on this state adds, if the table still is there and may be written to."""
        if context.view.snapshot != state.seq:
            context.view = context.transaction.view(context.search_path)
        table = self.find(context)
        if table is None:
            return None
        need(context, table, "insert")
        context.cancel.check()
        return self._as_added(context.database, table, state.entries[table.id], row)

    def _as_added(self, database: Database, table: Table, entry: TableEntry, row: list[Any]) -> AddExtents | None:
        return added_row(database, table, entry, row, self.positions, {}, self.form)

    def _row(self, literals: Literals, context: Context) -> list[Any] | None:
        """The values of all columns; None where one does not fit."""
        row: list[Any] = [None] * len(self.table.columns)
        try:
            for slot, position, fitting in zip(self.slots, self.positions, self.fittings):
                row[position] = slot.fit(fitting, literals, context.parameters)
        except Error:
            return None
        return row


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A statement with its recipe; `offset`: where it begins in the text that was given."""

    recipe: Recipe
    text: str
    offset: int
    literals: Literals
    exact_names: bool

    def into(self, session: Session) -> Table | None:
        """The table whose lock may be taken at once."""
        return self.recipe.table if self.recipe.around == surroundings(session) else None

    def run(self, context: Context) -> Result:
        done = self.recipe.run(self.literals, context)
        if done is not None:
            return done
        from .insert import run

        if isinstance(context.transaction, RowTransaction):
            context.transaction.rollback()
            context.transaction = context.session.block.for_statement()
            context.view = context.transaction.view(context.search_path)
        statement = parse_statement(self.text, exact_names=self.exact_names)
        assert isinstance(statement, Insert)
        return run(statement, context)


class KnownInserts:
    """The recipes of a session, by shape; the last ones first by what their texts look like."""

    def __init__(self) -> None:
        self._recipes: OrderedDict[tuple[str, bool], Recipe] = OrderedDict()
        self._plain: list[tuple[str, bool, re.Pattern[str], Recipe]] = []

    def find(self, given: str, exact_names: bool) -> Known | None:
        """The statement that is all of a text, if its shape is known."""
        if not self._recipes or len(given) > MAX_TEXT:
            return None
        for _, exact, pattern, plain in self._plain:
            if exact is exact_names and (match := pattern.fullmatch(given)) is not None:
                return Known(plain, given, 0, match.groups(), exact_names)
        text = given.strip()
        if text.endswith(";"):
            text = text[:-1].rstrip()
        shape, tokens = shape_of(text)
        recipe = self._recipes.get((shape, exact_names))
        if recipe is None or "\\" in text:  # a backslash may mean something in a string
            return None
        self._look_first_for(shape, exact_names, recipe)
        return Known(recipe, text, len(given) - len(given.lstrip()), tokens, exact_names)

    def _look_first_for(self, shape: str, exact_names: bool, recipe: Recipe) -> None:
        """It has come a second time."""
        self._forget(shape, exact_names)
        pattern = plain_pattern(shape)
        if pattern is not None:
            self._plain = [(shape, exact_names, pattern, recipe), *self._plain[: PLAIN_SHAPES - 1]]

    def _forget(self, shape: str, exact_names: bool) -> None:
        self._plain = [p for p in self._plain if p[:2] != (shape, exact_names)]

    def keep(self, statement: Insert, row: Sequence[exp.Expr], into: Target, context: Context) -> None:
        """The statement's only row fits: remember how it was read, if others of its shape can be read so."""
        table, text = into.table, context.text
        if len(text) > MAX_TEXT or into.filled or any(column.identity is not None for column in into.columns):
            return
        shape, tokens = shape_of(text)
        slots = _slots(row, tokens)
        if slots is None or text[:6].lower() != "insert":  # EXECUTE has another text than its statement
            return
        zone = context.settings.zone
        fittings = tuple([Fitting(column, zone) for column in into.columns])
        self._forget(shape, context.settings.exact_names)
        self._recipes[shape, context.settings.exact_names] = Recipe(
            table, statement.table.schema, slots, into.given, fittings, zone, RowForm(table.columns),
            surroundings(context.session),
        )
        while len(self._recipes) > SHAPES:
            self._recipes.popitem(last=False)


def surroundings(session: Session) -> Hashable:
    """By what a name means a table, and the user may insert into it: as long as it is the same, a statement may take
    the table's lock before it has asked."""
    facts = session.database.newest.facts
    return session.user, facts.version, session.settings["search_path"], session.temporary is None


def _slots(row: Sequence[exp.Expr], tokens: Sequence[Token]) -> tuple[Slot, ...] | None:
    """Where the values of a row are; None unless all are constants and the text's literals are just these."""
    slots: list[Slot] = []
    place = 0
    for node in row:
        inner = node.this if isinstance(node, exp.Neg) else node
        if isinstance(inner, exp.Literal):
            if place == len(tokens) or not _is_token(inner, tokens[place]):
                return None
            slots.append(Slot(place, negative=inner is not node))
            place += 1
        elif isinstance(node, exp.Parameter) and isinstance(node.this, exp.Literal):
            slots.append(Slot(parameter=int(node.this.this)))
        elif (constant := literal(node, ())) is not None:
            slots.append(Slot(constant=constant))
        else:
            return None
    return tuple(slots) if place == len(tokens) else None


def _is_token(node: exp.Literal, token: Token) -> bool:
    """Whether the parser has read a literal as `Token.literal` does."""
    if node.meta.get("start") != token.start or "\\" in token.text:
        return False
    return token.literal().value == node.this if node.is_string else token.text == node.this
