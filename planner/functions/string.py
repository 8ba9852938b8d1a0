"""Character functions. All work on VARCHAR; CHAR arguments come without their trailing blanks."""
from __future__ import annotations

from collections.abc import Sequence

from ...errors import NotSupportedError, ProgrammingError
from ...storage.types import BIGINT, INTEGER, MAX_VARCHAR, SqlType, varchar
from .. import build, collation
from ..expressions import Call, Case, Expr, Literal
from .signature import Signature, Site, counted, first, string, text, whole

ANY_TEXT = varchar(MAX_VARCHAR)
_COLLATIONS = ("case_sensitive", "case_insensitive")


def _charindex(site: Site, args: tuple[Expr, ...]) -> Expr:
    """CHARINDEX(substring, string) and POSITION: STRPOS with its arguments turned round."""
    return Call("strpos", (args[1], args[0]), INTEGER, site.span)


def _concat(site: Site, args: tuple[Expr, ...]) -> Expr:
    result = args[0]
    for arg in args[1:]:
        result = build.concat(result, arg, site.span)
    return result


def _collate(site: Site, args: tuple[Expr, ...]) -> Expr:
    """COLLATE(text, collation)."""
    wanted = args[1]
    if not isinstance(wanted, Literal) or str(wanted.value).lower() not in _COLLATIONS:
        raise ProgrammingError("a collation is 'case_sensitive' or 'case_insensitive'", sqlstate="42704",
                               position=site.position)
    without_case = str(wanted.value).lower() == "case_insensitive"
    if without_case and site.context.leader:
        raise NotSupportedError("Case insensitive collation is not supported in leader node only query.",
                                position=site.position)
    return collation.with_collation(args[0], without_case)


def three_way(site: Site, args: tuple[Expr, ...]) -> Expr:
    """-1, 0 or 1 as the first argument is less than, equal to or greater than the second; else NULL."""
    a, b = args
    signs = (("=", 0), ("<", -1), (">", 1))
    whens = tuple((build.compare(op, a, b, site.span), Literal(n, INTEGER)) for op, n in signs)
    return Case(whens, Literal(None, INTEGER), INTEGER, site.span)


def _quoted(types: Sequence[SqlType]) -> SqlType:
    """Quotation marks around, and each character doubled at worst."""
    return varchar(min(2 * types[0].length + 2, MAX_VARCHAR))


FUNCTIONS: tuple[Signature, ...] = (
    Signature(("len", "length", "char_length", "character_length", "textlen"), "length", (text,), INTEGER),
    Signature(("octet_length",), "octet_length", (text,), INTEGER),
    Signature(("ascii",), "ascii", (text,), INTEGER),
    Signature(("chr",), "chr", (counted,), varchar(1)),
    Signature(("upper",), "upper", (text,), first),
    Signature(("lower",), "lower", (text,), first),
    Signature(("initcap",), "initcap", (text,), first),
    Signature(("reverse",), "reverse", (text,), first),
    Signature(("substring", "substr"), "substring", (text, whole, whole), first, optional=1, fallible=True),
    Signature(("left",), "left", (text, whole), first),
    Signature(("right",), "right", (text, whole), first),
    Signature(("trim", "btrim"), "trim", (text, string), first, optional=1),
    Signature(("ltrim",), "ltrim", (text, string), first, optional=1),
    Signature(("rtrim",), "rtrim", (text, string), first, optional=1),
    Signature(("lpad",), "lpad", (text, whole, string), ANY_TEXT, optional=1, fallible=True),
    Signature(("rpad",), "rpad", (text, whole, string), ANY_TEXT, optional=1, fallible=True),
    Signature(("repeat", "replicate"), "repeat", (text, whole), ANY_TEXT, fallible=True),
    Signature(("replace",), "replace", (text, string, string), ANY_TEXT, fallible=True),
    Signature(("translate",), "translate", (text, string, string), ANY_TEXT, fallible=True),
    Signature(("split_part",), "split_part", (text, string, whole), first, fallible=True),
    Signature(("strpos",), "strpos", (text, string), INTEGER),
    Signature(("charindex", "position"), "strpos", (string, text), INTEGER, build=_charindex),
    Signature(("collate",), "collate", (string, string), first, build=_collate),
    Signature(("octetindex",), "octetindex", (string, text), INTEGER),
    Signature(("concat",), "concat", (text, text), ANY_TEXT, build=_concat),
    Signature(("bpcharcmp", "bttext_pattern_cmp"), "three_way", (string, string), INTEGER, build=three_way),
    Signature(("quote_ident",), "quote_ident", (text,), _quoted),
    Signature(("quote_literal",), "quote_literal", (text,), _quoted),
    Signature(("soundex",), "soundex", (text,), varchar(4)),
    Signature(("difference",), "difference", (text, text), INTEGER),
    Signature(("strtol",), "strtol", (string, whole), BIGINT, fallible=True),
)
