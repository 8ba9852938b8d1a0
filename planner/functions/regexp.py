"""The REGEXP functions: missing arguments get their defaults here, so that the engine knows one form of each.

    regexp_count   (source, pattern, position 1, parameters)
    regexp_instr   (source, pattern, position 1, occurrence 1, option 0, parameters)
    regexp_replace (source, pattern, replacement '', position 1, parameters)
    regexp_substr  (source, pattern, position 1, occurrence 1, parameters)

Parameters: c case counts, i it does not, e the first group only, p Perl's dialect.
"""
from __future__ import annotations

from typing import Any

from ...storage.types import INTEGER, SqlType, varchar
from ..expressions import Call, Expr, Literal
from .signature import Build, Signature, Site, string, text, whole
from .string import ANY_TEXT

_NO_TEXT = Literal("", varchar(1))
_ONE, _ZERO = Literal(1, INTEGER), Literal(0, INTEGER)


def _complete(key: str, type: SqlType | None, defaults: tuple[Literal, ...]) -> Build:
    def make(site: Site, args: tuple[Expr, ...]) -> Expr:
        given = len(args) - 2
        return Call(key, (*args, *defaults[given:]), type or args[0].type, site.span)

    return make


def _function(name: str, rules: tuple[Any, ...], type: SqlType | None, *defaults: Literal) -> Signature:
    return Signature((name,), name, (text, string, *rules), type or ANY_TEXT, optional=len(rules), fallible=True,
                     build=_complete(name, type, defaults))


FUNCTIONS: tuple[Signature, ...] = (
    _function("regexp_count", (whole, string), INTEGER, _ONE, _NO_TEXT),
    _function("regexp_instr", (whole, whole, whole, string), INTEGER, _ONE, _ONE, _ZERO, _NO_TEXT),
    _function("regexp_replace", (string, whole, string), ANY_TEXT, _NO_TEXT, _ONE, _NO_TEXT),
    _function("regexp_substr", (whole, whole, string), None, _ONE, _ONE, _NO_TEXT),
)
KEYS = ("regexp_count", "regexp_instr", "regexp_replace", "regexp_substr", "regexp_found", "like_regexp",
        "similar_regexp")
FALLIBLE_KEYS = ("regexp_found", "like_regexp", "similar_regexp")  # of conditions on patterns (binder/patterns.py)
