"""COALESCE, NVL, NVL2, NULLIF, DECODE, GREATEST, LEAST: all become searched CASE expressions.

Arguments stand in them more than once, so that calls inside calls grow by their depth (`bounded`).
"""
from __future__ import annotations

from collections.abc import Sequence

from ...errors import ProgrammingError, UndefinedFunction
from ...storage.types import BOOLEAN, UNKNOWN
from .. import build
from ..coercion import unify
from ..expressions import Case, Cast, Expr, IsNull, Literal
from ..traverse import children
from .signature import Build, Signature, Site, anything, by_arguments, first

MAX_NODES = 40_000  # of one written out; a few steps of a nest further they are millions


def bounded(args: Sequence[Expr], times: int, name: str, position: int | None) -> None:
    """Refuse arguments that are too large to be written out so many times."""
    for arg in args:
        if children(arg) and _size(arg, {}) * times > MAX_NODES:
            raise ProgrammingError(f"{name.upper()} and its like are nested too deeply", sqlstate="54001",
                                   position=position)


def _size(expr: Expr, known: dict[int, int]) -> int:
    """How many nodes the expression has, written out; equal objects are counted once and remembered by `known`."""
    size = known.get(id(expr))
    if size is None:
        size = known[id(expr)] = 1 + sum(_size(child, known) for child in children(expr))
    return size


def _coalesce(site: Site, args: tuple[Expr, ...]) -> Expr:
    bounded(args[:-1], 2, site.name, site.position)
    results, type = unify(args, site.name.upper(), site.position)
    if len(args) == 1:
        return results[0]
    whens = tuple((IsNull(arg, True), result) for arg, result in zip(args[:-1], results))
    return Case(whens, results[-1], type, site.span)


def _nvl2(site: Site, args: tuple[Expr, ...]) -> Expr:
    """The second argument's type wins where one of both is text and the other a number (r_NVL2)."""
    given, absent = args[1:]
    if _is_text(given) and absent.type.is_numeric:
        given, absent = build.as_text(given), build.as_text(absent)
    elif given.type.is_numeric and absent.type.is_string:
        absent = Cast(absent, given.type, True, site.span)
    (given, absent), type = unify((given, absent), "NVL2", site.position)
    return Case(((IsNull(args[0], True), given),), absent, type, site.span)


def _is_text(expr: Expr) -> bool:
    """Text, or quoted text that has no type yet."""
    return expr.type.is_string or (expr.type == UNKNOWN and isinstance(expr, Literal) and expr.value is not None)


def _nullif(site: Site, args: tuple[Expr, ...]) -> Expr:
    """NULL when both are equal, else the first."""
    bounded(args[:1], 2, site.name, site.position)
    given = args[0]
    (given, other), type = unify(args, "NULLIF", site.position) if given.type == UNKNOWN else (args, given.type)
    return Case(((build.compare("=", given, other, site.span), Literal(None, type)),), given, type, site.span)


def _decode(site: Site, args: tuple[Expr, ...]) -> Expr:
    """DECODE(x, search, result [, search, result ...] [, default]); two NULLs are equal here."""
    bounded(args[:1], len(args) // 2, site.name, site.position)
    operand, rest = args[0], args[1:]
    pairs = [(rest[i], rest[i + 1]) for i in range(0, len(rest) - 1, 2)]
    default: Expr = rest[-1] if len(rest) % 2 else Literal(None, UNKNOWN)
    results, type = unify((*(r for _, r in pairs), default), "DECODE", site.position)
    whens = tuple((_same(operand, search, site), r) for (search, _), r in zip(pairs, results))
    return Case(whens, results[-1], type, site.span)


def _same(operand: Expr, search: Expr, site: Site) -> Expr:
    if isinstance(search, Literal):
        if search.value is None:
            return IsNull(operand)
        return build.compare("=", operand, search, site.span)
    both_null = build.conjunction((IsNull(operand), IsNull(search)))
    return build.disjunction((both_null, build.compare("=", operand, search, site.span)))


def _extreme(op: str) -> Build:
    """GREATEST and LEAST pass over NULLs: the argument that no other one beats."""

    def make(site: Site, args: tuple[Expr, ...]) -> Expr:
        bounded(args, 2 * len(args), site.name, site.position)
        args, type = unify(args, site.name.upper(), site.position)
        if type == BOOLEAN:
            raise UndefinedFunction(f"function {site.name}(boolean) does not exist", position=site.position)
        args = tuple(a for a in args if not (isinstance(a, Literal) and a.value is None)) or args[:1]
        if len(args) == 1:
            return args[0]
        whens = []
        for i, arg in enumerate(args):
            beats = [
                build.disjunction((IsNull(other), build.compare(op, arg, other, site.span)))
                for j, other in enumerate(args) if j != i
            ]
            whens.append((build.conjunction((IsNull(arg, True), *beats)), arg))
        return Case(tuple(whens), Literal(None, type), type, site.span)

    return make


FUNCTIONS: tuple[Signature, ...] = (
    Signature(("coalesce", "nvl"), "coalesce", (anything,), by_arguments, rest=anything, strict=False,
              build=_coalesce),
    Signature(("nvl2",), "nvl2", (anything, anything, anything), by_arguments, strict=False, build=_nvl2),
    Signature(("nullif",), "nullif", (anything, anything), first, strict=False, build=_nullif),
    Signature(("decode",), "decode", (anything, anything, anything), by_arguments, rest=anything, strict=False,
              build=_decode),
    Signature(("greatest",), "greatest", (anything,), by_arguments, rest=anything, strict=False,
              build=_extreme(">=")),
    Signature(("least",), "least", (anything,), by_arguments, rest=anything, strict=False, build=_extreme("<=")),
)
