"""INSERTs of one row whose shape was seen before: from the text to the row, without parser, binder and target.

    insert into t values (17, 'abc')             text
    insert into t values (?integer, ?text)       shape (planner/text_shapes.py)
                                                 ->  Recipe: the table, its columns, where their values stand

A recipe is kept when the general way (insert.py) has made a row of constants alone, and the table's other columns are
NULL or IDENTITY. A statement that stands by itself is run with it by row_transaction.py. In a block, or where somebody
has the table, `Recipe.run` takes the usual course: the privilege is looked at, the write lock taken, each value
converted by the general way's own code (assignment.py), the row given to the transaction. Where anything is not as it
was, or a value does not fit, both answer None and have done nothing: the general way does it, or says why not.

A recipe holds for one version of the table. What the name means, and whether the user may insert, is looked up anew
when the names, the grants, the settings or the user are others than at the last look.
"""
from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from ...errors import Error
from ...planner.constants import number
from ...planner.expressions import Literal
from ...planner.parse import parse_statement
from ...planner.statements import Insert
from ...planner.text_shapes import Token, plain_pattern, shape_of
from ...records import dataclass
from ...storage.catalog.delta import Delta, NewRow
from ...storage.catalog.state import CatalogState, TableEntry
from ...storage.catalog.view import SnapshotView
from ...storage.one_row import RowForm, added_row
from ...storage.schema import CatalogView, Table
from ..access import may, need
from ..context import Context
from ..result import Result
from .assignment import Fitting
from .literals import literal, parameter

if TYPE_CHECKING:
    from ...storage.database import Database
    from ..session import Session
    from .targets import Target

MAX_TEXT = 4000  # longer texts are data rather than statements that come again
SHAPES = 100  # kept; the first ones go first
Literals = Sequence[Token | str]  # plain ones (text_shapes.py) are their texts
_NO_COUNTERS: dict[int, int] = {}
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


@dataclass(slots=True, eq=False)
class Recipe:
    """See the module's text. `positions`: of the columns that the slots are for; `readers`: where the slots are the
    literals in their order, what makes their values of plain ones."""

    table: Table
    schema: str | None  # as the statement names it
    slots: tuple[Slot, ...]
    positions: tuple[int, ...]
    fittings: tuple[Fitting, ...]
    zone: str
    form: RowForm
    readers: tuple[Callable[[str], Any], ...] | None
    timeout: int = 0  # milliseconds that the statement may take, by the settings that `holds` has seen; 0: any time
    # What `holds` has found true with: objects that are never changed, but others take their place.
    _names: object = None
    _relations: object = None
    _facts: object = None
    _settings: object = None
    _user: str | None = None

    def holds(self, session: Session, state: CatalogState) -> bool:
        """Whether the statement's name means the table as it was, and the session's user may insert into it, as things
        stand in this state; and nothing is set that would want a whole statement around it."""
        if (
            self._names is state.names and self._relations is state.relations and self._facts is state.facts
            and self._settings is session.settings.values and self._user == session.identity.user
        ):
            return True
        if not self._look(session, state):
            return False
        self._names, self._relations, self._facts = state.names, state.relations, state.facts
        self._settings, self._user = session.settings.values, session.user
        return True

    def _look(self, session: Session, state: CatalogState) -> bool:
        settings, view = session.settings, SnapshotView(state, session.database.topology, session.search_path)
        if settings["workgroup"] or settings.zone != self.zone:
            return False
        self.timeout = settings.statement_timeout
        table = self._found(view)
        return table is not None and may(state.facts.directory.rights(session.user), table, "insert")

    def _found(self, view: CatalogView) -> Table | None:
        """The table, if it still is what it was."""
        found = view.relation(self.schema, self.table.name)
        same = isinstance(found, Table) and (found.id, found.version) == (self.table.id, self.table.version)
        return found if same else None  # type: ignore[return-value]

    def run(self, literals: Literals, context: Context) -> Result | None:
        """The statement in the transaction that it is given."""
        row = None
        if context.settings.zone == self.zone and (table := self._found(context.view)) is not None:
            need(context, table, "insert")
            context.session.lock(context, [table])
            table = self._found(context.view)
            row = None if table is None else self.row(literals, context.parameters)
        if row is None or table is None:
            return None
        added = self.added(context.home(table), table, context.transaction.entry(table), row)
        if added is None:
            return None
        context.session.commit_delta(Delta(add_extents=(added.as_extents(),)))
        return Result("INSERT", rowcount=1, notices=context.notices)

    def added(
        self, database: Database, table: Table, entry: TableEntry, row: list[Any], writer: int = 0
    ) -> NewRow | None:
        """What adds a row to the table (`writer`: see added_row); None: it takes the general way."""
        return added_row(database, table, entry, row, self.positions, _NO_COUNTERS, self.form, writer)

    def row(self, literals: Literals, parameters: tuple[Any, ...]) -> list[Any] | None:
        """The values of all columns; None where one does not fit."""
        row: list[Any] = [None] * len(self.table.columns)
        try:
            if self.readers is not None and literals and isinstance(literals[0], str):
                for position, read, literal in zip(self.positions, self.readers, literals):
                    row[position] = read(literal)  # type: ignore[arg-type]  # all of them are
                return row
            for slot, position, fitting in zip(self.slots, self.positions, self.fittings):
                row[position] = slot.fit(fitting, literals, parameters)
        except Error:
            return None
        return row


@dataclass(slots=True, eq=False)
class Known:
    """A statement with its recipe; `offset`: where it begins in the text that was given."""

    recipe: Recipe
    text: str
    offset: int
    literals: Literals
    exact_names: bool

    def into(self, session: Session) -> Table | None:
        """The table whose lock may be taken at once."""
        return self.recipe.table if self.recipe.holds(session, session.database.newest) else None

    def run(self, context: Context) -> Result:
        done = self.recipe.run(self.literals, context)
        if done is not None:
            return done
        from .insert import run

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
        readers = None
        if all(slot.place >= 0 and not slot.negative for slot in slots):
            readers = tuple([fitting.reader(token.text) for fitting, token in zip(fittings, tokens)])
        self._recipes[shape, context.settings.exact_names] = Recipe(
            table, statement.table.schema, slots, into.given, fittings, zone, RowForm(table.columns), readers
        )
        while len(self._recipes) > SHAPES:
            self._recipes.popitem(last=False)


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
