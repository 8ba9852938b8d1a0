"""Character functions. All work on VARCHAR; CHAR arguments come without their trailing blanks."""
from __future__ import annotations

from collections.abc import Sequence

from ...storage.types import INTEGER, MAX_VARCHAR, SqlType, varchar
from .. import build
from ..expressions import Call, Expr
from .signature import Signature, Site, first, string, text, whole


def _charindex(site: Site, args: tuple[Expr, ...]) -> Expr:
    """CHARINDEX(substring, string) and POSITION: STRPOS with its arguments turned round."""
    return Call("strpos", (args[1], args[0]), INTEGER, site.span)


def _concat(site: Site, args: tuple[Expr, ...]) -> Expr:
    result = args[0]
    for arg in args[1:]:
        result = build.concat(result, arg, site.span)
    return result


def _replaced(types: Sequence[SqlType]) -> SqlType:
    return varchar(MAX_VARCHAR)


FUNCTIONS: tuple[Signature, ...] = (
    Signature(("len", "length", "char_length", "character_length", "textlen"), "length", (text,), INTEGER),
    Signature(("octet_length",), "octet_length", (text,), INTEGER),
    Signature(("upper",), "upper", (text,), first),
    Signature(("lower",), "lower", (text,), first),
    Signature(("substring", "substr"), "substring", (text, whole, whole), first, optional=1, fallible=True),
    Signature(("left",), "left", (text, whole), first),
    Signature(("right",), "right", (text, whole), first),
    Signature(("trim", "btrim"), "trim", (text, string), first, optional=1),
    Signature(("ltrim",), "ltrim", (text, string), first, optional=1),
    Signature(("rtrim",), "rtrim", (text, string), first, optional=1),
    Signature(("replace",), "replace", (text, string, string), _replaced),
    Signature(("strpos",), "strpos", (text, string), INTEGER),
    Signature(("charindex", "position"), "strpos", (string, text), INTEGER, build=_charindex),
    Signature(("concat",), "concat", (text, text), varchar(MAX_VARCHAR), build=_concat),
)
