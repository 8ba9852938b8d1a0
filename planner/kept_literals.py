"""Which literals of its text a kept plan depends on (plan_cache.py).

    select l_tax from lineitem where l_quantity < 24 and l_shipdate < date '1998-12-01' - 90 limit 10
                                                  |                        |            |          |
                                                free                    free in a recipe         verbatim

    free       stands in the plan as a Literal that carries its number, or in the recipe of one that was
               folded from it: another value may take its place
    verbatim   all others: consumed by the binder (LIMIT, LIKE patterns, IN lists, ordinals), pinned by a
               rule that looked at the value, or gone from the plan. The kept plan holds only for the same text.

Planning notes what it did with each literal (rewrites/context.py: LiteralTrace); what follows from that for the plan is
found out by a walk over its expressions, when it is first asked for.

A literal inside of nested /* comments */ may be read wrongly here; it is none of the binder's then, so it counts as
verbatim.
"""
from __future__ import annotations

from ..errors import Error
from ..records import dataclass
from ..storage.types import SqlType
from .coercion import coerce
from .expressions import Call, ColumnRef, Expr, Literal, Span
from .physical import PhysicalQuery
from .physical_traverse import expressions_of, walk_physical
from .rewrites.context import DERIVED, LiteralTrace
from .text_shapes import AnyToken
from .traverse import children

# Functions whose result type depends on their arguments' types alone. Others (substring) may look at values.
_TYPED_BY_TYPES = frozenset({"add", "subtract", "multiply", "divide", "modulo", "negate", "avg_divide"})
_MOMENTS = ("date_add", "ts_add", "date_diff")


@dataclass(frozen=True, slots=True)
class Origin:
    """What planning leaves of a text's literals: (place, type) of each by its number, and what became of them."""

    literals: list[tuple[Span, SqlType]]
    trace: LiteralTrace


@dataclass(frozen=True, slots=True)
class KeptLiterals:
    """See the module's text."""

    verbatim: tuple[tuple[int, str], ...]  # place among the tokens, text
    free: tuple[tuple[int, int, SqlType], ...]  # number in the plan, place, type there
    derived: tuple[tuple[int, Expr], ...]  # number, recipe; in an order in which they can be computed


def kept_literals(plan: PhysicalQuery, tokens: tuple[AnyToken, ...], origin: Origin) -> KeptLiterals:
    """Of the text with these tokens, from which the plan was made."""
    used, recipes = _used_literals(plan, origin.trace)
    place_at = {token.start: i for i, token in enumerate(tokens)}
    numbers: dict[int, list[int]] = {}  # place -> the numbers that the binder gave its literal
    for i, (span, _) in enumerate(origin.literals):
        if span[0] in place_at:
            numbers.setdefault(place_at[span[0]], []).append(i)
    free: list[tuple[int, int, SqlType]] = []
    verbatim: list[tuple[int, str]] = []
    for place, token in enumerate(tokens):
        given = numbers.get(place, [])
        if given and all(_is_free(n, token, used, origin.trace) for n in given):
            free.extend([(n, place, used[n].type) for n in given])  # type: ignore[union-attr]
        else:
            verbatim.append((place, token.text))
    return KeptLiterals(tuple(verbatim), tuple(free), recipes)


def _used_literals(
    plan: PhysicalQuery, trace: LiteralTrace
) -> tuple[dict[int, Literal | None], tuple[tuple[int, Expr], ...]]:
    """The numbered literals that stand in the plan or in recipes of derived ones that do, None for one that has several
    types there; and the recipes in an order in which they can be computed."""
    used: dict[int, Literal | None] = {}
    recipes: dict[int, Expr] = {}
    found = [e for node in walk_physical(plan.root) for e in expressions_of(node) if e.__class__ is not ColumnRef]
    for e in found:  # grows while it is gone through
        if not isinstance(e, Literal):
            found.extend(children(e))
            if e.__class__ is Call and e.key not in _TYPED_BY_TYPES and not e.key.startswith(_MOMENTS):  # type: ignore[union-attr]
                for arg in e.args:  # type: ignore[union-attr]
                    if isinstance(arg, Literal):
                        trace.pin(arg)
        elif e.parameter >= DERIVED:
            if e.parameter not in recipes:
                recipe = recipes[e.parameter] = trace.derived[e.parameter]
                found.append(recipe)
        elif e.parameter >= 0:
            known = used.setdefault(e.parameter, e)
            if known is not None and known is not e and known.type != e.type:
                used[e.parameter] = None
    return used, tuple(sorted(recipes.items()))  # a recipe's literals were there before it: they have smaller numbers


def _is_free(number: int, token: AnyToken, used: dict[int, Literal | None], trace: LiteralTrace) -> bool:
    """Another value can take its place: it is in the plan with one type, and its text gives its value."""
    found = used.get(number)
    if found is None or number in trace.pinned or "\\" in token.text:
        return False
    made = literal_of(token, found.type)
    return made is not None and made.value == found.value


def literal_of(token: AnyToken, type: SqlType) -> Literal | None:
    """The token as a literal of the type it has in the plan, or None if it cannot be one."""
    try:
        made = coerce(token.literal(), type)
    except Error:
        return None
    return made if isinstance(made, Literal) and made.type == type else None
