"""The plan cache: a statement whose shape was seen before is neither parsed nor planned again.

    select * from t where a = 17 and d < '1998-01-01'      text
    select * from t where a = ?integer and d < ?text       shape = key
                              |0            |1             literals by their place

A plan is kept under its text's shape: every plain literal replaced by its type (numbers: with precision
and scale, since they decide result types). When the shape comes again, the new values are put into the
kept plan, as far as it does not depend on them: which literals those are, kept_literals.py finds out when a text with
others first comes. For most it never does.

A kept plan is dropped when a name would now mean something else (the binder's look-ups were recorded and
are repeated), when users or rights changed, or when the rows of a table moved by more than DRIFT and FEW_ROWS. What
else a plan depends on (user, search path, settings) is `scope`, which the caller makes.

What is not here may be on a shelf (kept_plans.py), where a process before has left it.

Values bound to $1, $2 ... are literals like those of the text, only that they have their types already and
stand at no place of it.

Not kept: plans that hold the value of GETDATE() and the like.
"""
from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import field, replace
from time import thread_time
from typing import TYPE_CHECKING, Any

from ..records import dataclass
from ..storage.access.facts import Facts
from ..storage.schema import CatalogView, Table, TableData, Topology, View
from ..storage.types import SqlType
from .collector import at_rest
from .expressions import Call, Cast, Expr, Literal, Span
from .kept_literals import KeptLiterals, Origin, kept_literals, literal_of
from .logical import Query
from .optimize import optimize_traced
from .physical import PhysicalQuery
from .physical_traverse import map_physical
from .rewrites.context import Evaluate
from .text_shapes import AnyToken, Token, bound_tokens, shape_of
from .traverse import rewrite

if TYPE_CHECKING:
    from .kept_plans import Shelf

DRIFT = 0.1  # share by which a table may grow or shrink under a kept plan,
FEW_ROWS = 100  # and rows by which any may: so few make no other plan worth its planning
SHAPES = 500  # kept shapes; the least recently used goes first
PLANS_PER_SHAPE = 8  # with different verbatim literals
WORTH_KEEPING = 0.003  # seconds of planning, at least, for a plan to be kept for other processes
MAX_TEXT = 100_000  # longer texts are data (VALUES lists), not queries that come again


class RecordingView:
    """A catalogue view that notes what it was asked for, to ask again later."""

    def __init__(self, view: CatalogView) -> None:
        self.view = view
        self.snapshot = view.snapshot
        self.topology: Topology = view.topology
        self.relations_seen: dict[tuple[str | None, str], Table | View | None] = {}
        self.data_seen: dict[int, TableData] = {}

    def relation(self, schema: str | None, name: str) -> Table | View | None:
        found = self.view.relation(schema, name)
        self.relations_seen[schema, name] = found
        return found

    def data(self, table: Table) -> TableData:
        found = self.view.data(table)
        self.data_seen[table.id] = found
        return found

    @property
    def facts(self) -> Facts:
        return self.view.facts

    def schemas(self) -> tuple[str, ...]:
        return self.view.schemas()

    def relations(self, schema: str | None = None) -> tuple[Table | View, ...]:
        return self.view.relations(schema)


@dataclass(slots=True)
class Binding:
    """What `bind` gives back: the bound query, and whether its plan may be kept."""

    query: Query
    keep: bool = True


# Binds the statement with a view that records; the list gets (span, type) of each literal.
Bind = Callable[[CatalogView, "list[tuple[Span, SqlType]]"], Binding]


@dataclass(slots=True)
class Entry:
    """A kept plan and what it is good for."""

    plan: PhysicalQuery
    tokens: tuple[AnyToken, ...]
    names: tuple[tuple[str | None, str, Table | View | None], ...]  # schema, name, what it means
    rows: tuple[tuple[Table, int, bool, int], ...]  # with replicated and modified
    topology: Topology
    origin: Origin | None = None  # until `literals` has been asked for
    _literals: KeptLiterals | None = None

    def literals(self) -> KeptLiterals:
        """Those that must be the same in another text, and those that may be others. For any thread."""
        origin = self.origin  # before the other, which is set first
        if self._literals is None:
            assert origin is not None
            self._literals = kept_literals(self.plan, self.tokens, origin)
            self.origin = None
        return self._literals


@dataclass(slots=True)
class PlanCache:
    """Plans by shape. Safe for several threads: planning itself runs outside the lock."""

    shelf: Shelf | None = None  # kept_plans.py: those of processes before
    hits: int = 0
    misses: int = 0
    texts: OrderedDict[int, Any] = field(default_factory=OrderedDict)  # EXPLAIN's, by id of a plan
    _shapes: OrderedDict[Hashable, tuple[Entry, ...]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def plan(
        self, text: str, scope: Hashable, view: CatalogView, bind: Bind, evaluate: Evaluate | None = None,
        parameters: Sequence[Any] = (),
    ) -> PhysicalQuery:
        """The physical plan of a query's text: from the cache, or made (and kept)."""
        if len(text) > MAX_TEXT:
            return at_rest(lambda: optimize_traced(bind(view, []).query, view, evaluate)[0])()
        shape, literals_of_text = shape_of(text)
        values = bound_tokens(parameters)
        tokens: tuple[AnyToken, ...] = literals_of_text + values
        lasting = (shape, scope, tuple([(str(v.value.type), v.value.value is None) for v in values]))
        key = (view.facts.version, lasting)
        with self._lock:
            entries = self._shapes.get(key, ())
            if entries:
                self._shapes.move_to_end(key)
        for entry in entries:
            if (found := _fitted(entry, tokens, view, evaluate)) is not None:
                self.hits += 1
                return found
        self.misses += 1
        place = None if self.shelf is None else self.shelf.place(lasting, view)
        if self.shelf is not None and place and (shelved := self.shelf.find(place, view)) is not None:
            found = _fitted(shelved, tokens, view, evaluate)
            if found is not None:
                self._keep(key, shelved, view)
                return found
        started = thread_time()
        plan, kept = _planned(view, bind, evaluate, tokens)
        if kept is not None:
            self._keep(key, kept, view)
            if self.shelf is not None and place and thread_time() - started >= WORTH_KEEPING:
                self.shelf.put(place, view, kept)
        return plan

    def _keep(self, key: Hashable, entry: Entry, view: CatalogView) -> None:
        with self._lock:
            old = self._shapes.get(key, ())
            current = [
                e for e in old if e.literals().verbatim != entry.literals().verbatim and _is_current(e, view)
            ]
            self._shapes[key] = (entry, *current[: PLANS_PER_SHAPE - 1])
            self._shapes.move_to_end(key)
            while len(self._shapes) > SHAPES:
                self._shapes.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._shapes.clear()


# -- keeping ---------------------------------------------------------------------------------------


@at_rest
def _planned(
    view: CatalogView, bind: Bind, evaluate: Evaluate | None, tokens: tuple[AnyToken, ...]
) -> tuple[PhysicalQuery, Entry | None]:
    """The plan of a new shape, and what of it is kept."""
    recording = RecordingView(view)
    literals: list[tuple[Span, SqlType]] = []
    binding = bind(recording, literals)
    plan, trace = optimize_traced(binding.query, recording, evaluate)
    if not binding.keep:
        return plan, None
    names = tuple([(schema, name, found) for (schema, name), found in recording.relations_seen.items()])
    rows = tuple([(d.table, d.statistics.rows, d.replicated, d.modified) for d in recording.data_seen.values()])
    return plan, Entry(plan, tokens, names, rows, recording.topology, Origin(literals, trace))


# -- finding ---------------------------------------------------------------------------------------


def _is_current(entry: Entry, view: CatalogView) -> bool:
    """Every name means what it meant, and no table has changed its size much."""
    if view.topology != entry.topology:
        return False
    for schema, name, known in entry.names:
        found = view.relation(schema, name)
        if found is not known and found != known:
            return False
    for table, rows, replicated, modified in entry.rows:
        data = view.data(table)
        if data.replicated != replicated or abs(data.statistics.rows - rows) > max(DRIFT * rows, FEW_ROWS):
            return False
        if data.modified < modified:  # it was analyzed
            return False
    return True


def _fitted(
    entry: Entry, tokens: tuple[AnyToken, ...], view: CatalogView, evaluate: Evaluate | None
) -> PhysicalQuery | None:
    """The kept plan with the new literals, or None if it does not hold for them."""
    same = tokens == entry.tokens  # the very same text
    if same:
        return entry.plan if _is_current(entry, view) else None
    literals = entry.literals()
    if any(tokens[place].text != text for place, text in literals.verbatim) or not _is_current(entry, view):
        return None
    values: dict[int, Literal] = {}
    for given, place, type in literals.free:
        token = tokens[place]
        made = literal_of(token, type)
        if made is None or "\\" in token.text:
            return None
        span = (token.start, token.start + len(token.text)) if isinstance(token, Token) else None
        values[given] = replace(made, parameter=given, span=span)
    if not _derive(literals, values, evaluate):
        return None

    shift = _Shift(entry.tokens, tokens)

    def visit(expr: Expr) -> Expr:
        if isinstance(expr, Literal):
            return values.get(expr.parameter, expr)
        return shift.expression(expr) if shift else expr

    return replace(entry.plan, root=map_physical(entry.plan.root, lambda e: rewrite(e, visit)))


def _derive(literals: KeptLiterals, values: dict[int, Literal], evaluate: Evaluate | None) -> bool:
    """Computes the folded literals anew; False if that fails (then planning reports it, or run time)."""
    for given, recipe in literals.derived:
        expr = rewrite(recipe, lambda e: values.get(e.parameter, e) if isinstance(e, Literal) else e)
        try:
            value = None if evaluate is None else evaluate(expr)
        except Exception:  # whatever it is: the statement is planned as if it were new
            return False
        if value is None:
            return False
        values[given] = Literal(value, recipe.type, given, getattr(expr, "span", None))
    return True


class _Shift:
    """Where a place of the kept text is in the new one, whose literals may be longer or shorter."""

    def __init__(self, old: tuple[AnyToken, ...], new: tuple[AnyToken, ...]) -> None:
        self.ends = [t.start + len(t.text) for t in old if isinstance(t, Token)]
        self.moved = [n.start + len(n.text) - end for n, end in zip(new, self.ends)]

    def __bool__(self) -> bool:
        return any(self.moved)

    def place(self, at: int) -> int:
        i = bisect_right(self.ends, at)
        return at + (self.moved[i - 1] if i else 0)

    def expression(self, expr: Expr) -> Expr:
        """Only calls and casts fail at run time, and then tell their places."""
        if not isinstance(expr, Call | Cast) or expr.span is None:
            return expr
        return replace(expr, span=(self.place(expr.span[0]), self.place(expr.span[1])))
