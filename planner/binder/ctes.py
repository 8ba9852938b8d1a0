"""WITH: common table expressions.

Used once, a CTE is bound where it is used, like a derived table. Used more often it is bound once, its
plan goes to `Query.ctes`, and every use is a `CteRef`. One that depends on columns of a query around it
cannot be computed once and is bound anew at each use. Recursive ones: recursive_ctes.py.

An `Env` is what names mean in one place: WITH makes a new one, the old stays as it was.
"""
from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlglot import exp

from ...errors import DuplicateTable, NotSupportedError
from ...records import dataclass
from ..expressions import ColumnRef
from ..logical import CteRef
from .bound import Bound, finished, renamed
from .context import Binder
from .recursive_ctes import Working, bind_recursive, check_place, references
from .scope import Scope


@dataclass(slots=True)
class Cte:
    """One member of a WITH clause."""

    name: str
    node: Any
    names: tuple[str, ...]  # given behind its name
    env: Mapping[str, Cte]  # what its own text sees
    outer: Scope | None
    uses: int
    shared: tuple[int, tuple[ColumnRef, ...], tuple[str, ...]] | None = None  # number, columns, names
    recursive: bool = False
    working: Working | None = None  # inside its own step: the rows that came last


Env = Mapping[str, Cte]
EMPTY: Env = MappingProxyType({})


def extended(b: Binder, node: Any, outer: Scope | None, env: Env) -> Env:
    """`env` with the CTEs that `node` (a query) defines."""
    with_ = node.args.get("with_")
    if with_ is None:
        return env
    recursive = bool(with_.args.get("recursive"))
    if recursive:
        check_place(b, with_)
    behind = _names([value for value in node.args.values() if value is not with_])
    within = [_names([member.this]) for member in with_.expressions]
    known = dict(env)
    seen: set[str] = set()
    for i, member in enumerate(with_.expressions):
        # what stands before a member, or in it, does not see it
        cte = _member(b, member, outer, MappingProxyType(dict(known)), [behind, *within[i + 1 :]])
        if cte.name in seen:
            raise DuplicateTable(
                f'WITH query name "{cte.name}" specified more than once', sqlstate="42712",
                position=b.position(member.args["alias"]),
            )
        seen.add(cte.name)
        if recursive and references(member.this, cte.name):
            cte.recursive = True
        known[cte.name] = cte
        if cte.uses == 0:
            _check_unused(b, cte)
    return MappingProxyType(known)


_LEAVES = frozenset({type(None), bool, str, exp.Column, exp.Literal, exp.Identifier})  # no table stands below these


def _names(parts: list[Any]) -> list[str]:
    """The names without a schema in FROM; `parts`: nodes and lists of nodes."""
    found = []
    leaves = _LEAVES
    for part in parts:
        kind = part.__class__
        if kind in leaves:
            continue
        if kind is list:
            parts.extend(part)
        elif isinstance(part, exp.Expr):
            if kind is exp.Table and part.args.get("db") is None:
                found.append(part.name.lower())
            parts.extend(filter(None, part.args.values()))
    return found


def _member(b: Binder, member: Any, outer: Scope | None, env: Env, seen_by: list[list[str]]) -> Cte:
    """`seen_by`: the names in FROM of what may use it."""
    alias = member.args["alias"]
    if member.args.get("materialized") is not None:
        raise NotSupportedError("MATERIALIZED of a WITH query is not supported by Redshift", position=b.position(alias))
    if not isinstance(member.this, (exp.Query, exp.Subquery)):
        raise NotSupportedError("WITH is for queries only", position=b.position(alias))
    name = b.name(alias.this)
    names = tuple(b.name(c) for c in alias.args.get("columns") or ())
    return Cte(name, member.this, names, env, outer, sum([used.count(name) for used in seen_by]))


def _check_unused(b: Binder, cte: Cte) -> None:
    """Bind a CTE that nobody uses, for its errors only."""
    kept = len(b.ctes)
    _bind(b, cte, cte.outer)
    del b.ctes[kept:]


def _bind(b: Binder, cte: Cte, outer: Scope | None) -> Bound:
    from .query import bind_tree

    if cte.recursive:
        return bind_recursive(b, cte, outer)
    bound = finished(b, bind_tree(b, cte.node, outer, cte.env))
    return Bound(bound.plan, bound.columns, renamed(bound.names, cte.names, cte.name, lambda: b.position(cte.node)))


def use(b: Binder, cte: Cte) -> Bound:
    """One use of a CTE in FROM."""
    if cte.working is not None:
        return cte.working.bound(b, cte.name)
    if cte.uses <= 1:
        return _bind(b, cte, cte.outer)
    if cte.shared is None or not _kept(b, cte.shared):
        border = Scope(cte.outer, is_block=False)
        bound = _bind(b, cte, border)
        if border.correlated:
            return bound
        number = len(b.ctes)
        b.ctes.append((number, bound.plan, bound.columns))
        cte.shared = (number, bound.columns, bound.names)
    number, columns, names = cte.shared
    here = tuple(b.column(c.type, c.name, c.nullable) for c in columns)
    return Bound(CteRef(number, tuple(zip(here, columns))), here, names)


def _kept(b: Binder, shared: tuple[int, tuple[ColumnRef, ...], tuple[str, ...]]) -> bool:
    """Whether the plan is still there: it may have been bound only for the errors of an unused CTE."""
    number, columns, _ = shared
    return number < len(b.ctes) and b.ctes[number][2] is columns
