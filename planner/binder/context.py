"""What a binder may know about its surroundings, and what it keeps while it binds one statement."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from ...errors import SqlSyntaxError
from ...records import dataclass
from ...reserved_words import RESERVED
from ...storage.timezones import zone_name
from ...storage.types import SqlType
from ..expressions import ColumnRef, Span

if TYPE_CHECKING:
    from ...storage.access.rights import Rights
    from ...storage.lake.hive_types import HiveType
    from ...storage.schema import CatalogView, ExternalTable
    from ..logical import Logical
    from .as_of import AsOf

MAX_DEPTH = 64  # views within views


def _epoch() -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class BindContext:
    """The session's part of binding.

    parameters      typed Python values of $1, $2 ...; None: the statement was given none
    virtual_tables  "schema.name" -> ((column name, type), ...)
    leader_only     names in virtual_tables that may not be joined with user tables
    stable          set by the binder when a value of now (GETDATE ...) went into the plan
    reads_files     set when it reads external tables: the plan may be used again, its result may not
    external        the external table that (schema, name, AS OF) means to the user, or None
    draw            gives the next seed of the session's sequence; None without SET SEED
    literals        a list that gets (span, type) of each plain literal of the text, in the order of binding; its
                    place there is the `parameter` of the Literal, as long as nothing but casts was done to it.
                    None: not wanted
    words           the words of the statement's text, if they are the only names of columns there (named_columns.py)
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    parameters: Sequence[Any] | None = None
    virtual_tables: Mapping[str, Sequence[tuple[str, SqlType]]] = field(default_factory=dict)
    leader_only: frozenset[str] = frozenset()
    now: datetime = field(default_factory=_epoch)
    user: str = "dev"
    user_id: int = 1
    session_id: int = 0
    transaction_id: int = 0
    last: Mapping[str, int] = field(default_factory=dict)  # of the session: its last query, COPY ...
    database: str = "dev"
    current_schema: str = "public"
    search_path: Sequence[str] = ("public",)  # the schemas of it that are there
    rights: Rights | None = None  # of the user; None: everything is allowed
    restricted: frozenset[str] = frozenset()  # names in virtual_tables that superusers alone see
    catalogue: Callable[[], int] | None = None  # the number under which functions of the leader find the snapshot
    external: Callable[[str, str, AsOf | None], ExternalTable | None] | None = None
    draw: Callable[[], int] | None = None
    leader: bool = False  # the query reads system tables only: what PostgreSQL can, it can
    stable: bool = False
    reads_files: bool = False
    literals: list[tuple[Span, SqlType]] | None = None
    words: frozenset[str] | None = None

    @property
    def zone(self) -> str:
        """The session's time zone, by a name that the zone functions know."""
        return zone_name(self.settings.get("timezone", "UTC"))

    @property
    def exact_names(self) -> bool:
        """Names in double quotes keep their case."""
        return (self.settings.get("enable_case_sensitive_identifier") == "on"
                or self.settings.get("downcase_delimited_identifier") == "off")

    @property
    def extended(self) -> bool:
        """compatibility = 'extended': forms that Redshift refuses are run."""
        return self.leader or self.settings.get("compatibility", "redshift") == "extended"


# Reserved, and in queries all the same: a column of the catalogue's tables; an alias of the manual's (query-super.md).
_ASKED_FOR = ("oid", "array")


class Binder:
    """State of one statement: column numbers, shared CTEs, and which text spans refer to."""

    __slots__ = (
        "any_elements", "arguments", "context", "ctes", "depth", "every", "has_spans", "hidden", "leader_tables",
        "nested", "next_id", "places", "rights", "user_tables", "view", "words",
    )

    def __init__(self, view: CatalogView, context: BindContext) -> None:
        self.view = view
        self.context = context
        self.next_id = 1
        self.ctes: list[tuple[int, Logical, tuple[ColumnRef, ...]]] = []
        self.depth = 0  # of views being bound
        self.has_spans = True  # False inside a view: its text is another one
        self.leader_tables: list[str] = []
        self.user_tables: list[str] = []
        self.any_elements = False  # whether elements of arrays have names
        self.arguments: tuple[ColumnRef, ...] | None = None  # what $1, $2 ... are inside a function's body
        self.nested: dict[int, HiveType] = {}  # columns of external tables that are structs, arrays and maps
        self.rights = context.rights  # inside a view: its owner's
        self.hidden: dict[int, str] = {}  # columns that may not be read -> their relation's name
        self.words = context.words  # None inside a view
        self.every = False  # the SELECT whose FROM is being bound has a star
        self.places: dict[int, list[int]] = {}  # table id -> places of the columns that the words name

    def column(
        self, type: SqlType, name: str, nullable: bool = True, span: Span | None = None
    ) -> ColumnRef:
        """A new column."""
        id = self.next_id
        self.next_id = id + 1
        return ColumnRef(id, type, name, nullable, span)

    def name(self, identifier: Any) -> str:
        """An identifier folded to lower case; a reserved word is none unless it is quoted."""
        name: str = identifier.name.lower()
        if name in RESERVED:
            self.check_reserved(identifier, name)
        return name

    def check_reserved(self, identifier: Any, name: str) -> None:
        if self.has_spans and not identifier.args.get("quoted") and name not in _ASKED_FOR:
            raise SqlSyntaxError(f'syntax error at or near "{identifier.name}"', position=self.position(identifier))

    def span(self, node: Any) -> Span | None:
        """Where a node stands in the statement's text."""
        return span_of(node) if self.has_spans else None

    def span_between(self, first: Any, last: Any) -> Span | None:
        """From the first to the last part of a node whose parts stand in order; None where one has no place."""
        start, end = self.span(first), self.span(last)
        return None if start is None or end is None else (start[0], end[1])

    def position(self, node: Any) -> int | None:
        span = self.span(node)
        return None if span is None else span[0]


def span_of(node: Any) -> Span | None:
    """The node's own place, or from the first to the last place below it. Found once, then noted in the node: it is
    asked for again for nodes above."""
    meta = node._meta
    if meta:
        if "start" in meta:
            return meta["start"], meta["end"] + 1
        if "place" in meta:
            return meta["place"]  # type: ignore[no-any-return]
    first, last = _FAR, -1
    below = [node]
    for part in below:
        meta = part._meta
        if meta and "start" in meta:
            start, end = meta["start"], meta["end"] + 1
        elif meta and "place" in meta:
            start, end = meta["place"]
        else:
            for value in part.args.values():  # as iter_expressions, which takes longer
                if value.__class__ is list:
                    below.extend([child for child in value if isinstance(child, _NODE)])
                elif isinstance(value, _NODE):
                    below.append(value)
            continue
        if start < first:
            first = start
        if end > last:
            last = end
    if last < 0:
        return None
    place = first, last
    node.meta["place"] = place
    return place


_NODE = exp.Expr
_FAR = 1 << 62
