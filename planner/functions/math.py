"""Mathematical functions.

ROUND, TRUNC, CEILING and FLOOR of a DECIMAL have as many digits behind the point as they leave; of an
integer they are the integer. ROUND of a DECIMAL is the rounding cast.
"""
from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from ...errors import NotSupportedError
from ...storage.types import DOUBLE, INTEGER, MAX_PRECISION, Kind, SqlType, decimal
from .. import build
from ..expressions import Call, Cast, Expr, Literal
from .signature import Build, Signature, Site, decimals, double, exact, first, integers, number, whole


def _sign_type(types: Sequence[SqlType]) -> SqlType:
    return decimal(1, 0) if types[0].kind is Kind.DECIMAL else types[0]


def _whole_type(types: Sequence[SqlType]) -> SqlType:
    """Whole digits of a DECIMAL, and one more for the carry."""
    return _at_digits(types[0], 0)


def _at_digits(type: SqlType, digits: int) -> SqlType:
    scale = min(max(digits, 0), type.scale)
    return decimal(min(type.precision - type.scale + scale + 1, MAX_PRECISION), scale)


def _digits(site: Site, args: tuple[Expr, ...]) -> int:
    """The second argument of ROUND and TRUNC of a DECIMAL: it decides the type, so it is a constant."""
    if len(args) < 2:
        return 0
    given = args[1]
    if isinstance(given, Call) and given.key == "negate" and isinstance(given.args[0], Literal):
        given = Literal(-given.args[0].value, INTEGER)
    if not isinstance(given, Literal) or given.value is None:
        raise NotSupportedError(
            f"{site.name.upper()} of a NUMERIC needs a constant number of digits", position=site.position
        )
    return max(int(given.value), -MAX_PRECISION + 1)


def _same(site: Site, args: tuple[Expr, ...]) -> Expr:
    return args[0]


def _round_decimal(site: Site, args: tuple[Expr, ...]) -> Expr:
    digits, arg = _digits(site, args), args[0]
    if digits >= arg.type.scale:
        return arg
    if digits >= 0:
        return Cast(arg, _at_digits(arg.type, digits), True, site.span)
    shifted = build.arithmetic("multiply", arg, _power_of_ten(digits), site.span)
    whole = Cast(shifted, _at_digits(arg.type, 0), True, site.span)
    return _scaled_back(whole, digits, site)


def _trunc_decimal(site: Site, args: tuple[Expr, ...]) -> Expr:
    """A product whose type has fewer digits than its factors is cut off there."""
    digits, arg = _digits(site, args), args[0]
    if digits >= arg.type.scale:
        return arg
    cut = Call("multiply", (arg, _power_of_ten(min(digits, 0))), _at_digits(arg.type, digits), site.span)
    return cut if digits >= 0 else _scaled_back(cut, digits, site)


def _power_of_ten(digits: int) -> Literal:
    """10 ** digits as a DECIMAL, digits <= 0."""
    return Literal(1, decimal(max(-digits, 1), -digits))


def _scaled_back(whole: Expr, digits: int, site: Site) -> Expr:
    """A whole DECIMAL times 10 ** -digits, in its own type."""
    return Call("multiply", (whole, Literal(10**-digits, decimal(1 - digits, 0))), whole.type, site.span)


def _digits_of_float(key: str) -> Build:
    """ROUND and TRUNC of a float: scaled, made whole, scaled back."""

    def make(site: Site, args: tuple[Expr, ...]) -> Expr:
        if len(args) == 1:
            return Call(key, args, DOUBLE, site.span)
        digits = args[1]
        factor: Expr
        if isinstance(digits, Literal) and digits.value is not None and abs(digits.value) < 300:
            factor = Literal(10.0**digits.value, DOUBLE)
        else:
            factor = Call("power", (Literal(10.0, DOUBLE), Cast(digits, DOUBLE)), DOUBLE, site.span)
        scaled = Call("multiply", (args[0], factor), DOUBLE, site.span)
        return Call("divide", (Call(key, (scaled,), DOUBLE, site.span), factor), DOUBLE, site.span)

    return make


def _dividend(type: SqlType) -> SqlType | None:
    return INTEGER if type.kind is Kind.UNKNOWN else exact(type)


def _modulo(site: Site, args: tuple[Expr, ...]) -> Expr:
    return build.arithmetic("modulo", args[0], args[1], site.span)


def _pi(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Literal(math.pi, DOUBLE, -1, site.span)


def _cotangent(site: Site, args: tuple[Expr, ...]) -> Expr:
    """COT: its argument must not be 0."""
    return Call("divide", (Literal(1.0, DOUBLE), Call("tan", args, DOUBLE, site.span)), DOUBLE, site.span)


def _scaled(factor: float) -> Build:
    return lambda site, args: Call("multiply", (args[0], Literal(factor, DOUBLE)), DOUBLE, site.span)


_calls = itertools.count()


def _random(site: Site, args: tuple[Expr, ...]) -> Expr:
    """Each call has a number, so that two of them are two expressions; and, behind SET SEED, a seed of its own."""
    number: Expr = Literal(next(_calls) % (1 << 31), INTEGER)
    draw = site.context.draw
    if draw is None:
        return Call("random", (number,), DOUBLE, site.span)
    site.context.stable = True  # the next statement has another seed
    return Call("random", (number, Literal(draw(), INTEGER)), DOUBLE, site.span)


def _float(names: tuple[str, ...], key: str) -> Signature:
    return Signature(names, key, (double,), DOUBLE, fallible=True)


FUNCTIONS: tuple[Signature, ...] = (
    Signature(("abs",), "abs", (number,), first, fallible=True),
    Signature(("sign",), "sign", (number,), _sign_type),
    Signature(("floor",), "floor", (integers,), first, build=_same),
    Signature(("floor",), "floor", (decimals,), _whole_type),
    Signature(("floor",), "floor", (double,), DOUBLE),
    Signature(("ceil", "ceiling"), "ceil", (integers,), first, build=_same),
    Signature(("ceil", "ceiling"), "ceil", (decimals,), _whole_type),
    Signature(("ceil", "ceiling"), "ceil", (double,), DOUBLE),
    Signature(("round",), "round", (integers,), first, build=_same),
    Signature(("round",), "round", (decimals, whole), first, optional=1, fallible=True, build=_round_decimal),
    Signature(("round",), "round", (double, whole), DOUBLE, optional=1, fallible=True,
              build=_digits_of_float("round")),
    Signature(("trunc",), "trunc", (integers,), first, build=_same),
    Signature(("trunc",), "trunc", (decimals, whole), first, optional=1, fallible=True, build=_trunc_decimal),
    Signature(("trunc",), "trunc", (double, whole), DOUBLE, optional=1, fallible=True,
              build=_digits_of_float("trunc")),
    Signature(("mod",), "modulo", (_dividend, _dividend), first, fallible=True, build=_modulo),
    Signature(("power", "pow"), "power", (double, double), DOUBLE, fallible=True),
    _float(("sqrt",), "sqrt"),
    _float(("exp", "dexp"), "exp"),
    _float(("ln", "dlog1"), "ln"),
    _float(("log", "dlog10"), "log10"),
    _float(("sin",), "sin"),
    _float(("cos",), "cos"),
    _float(("tan",), "tan"),
    _float(("asin",), "asin"),
    _float(("acos",), "acos"),
    _float(("atan",), "atan"),
    Signature(("atan2",), "atan2", (double, double), DOUBLE),
    Signature(("cbrt",), "cbrt", (double,), DOUBLE),
    Signature(("cot",), "cot", (double,), DOUBLE, fallible=True, build=_cotangent),
    Signature(("degrees",), "degrees", (double,), DOUBLE, build=_scaled(180.0 / math.pi)),
    Signature(("radians",), "radians", (double,), DOUBLE, build=_scaled(math.pi / 180.0)),
    Signature(("pi",), "pi", (), DOUBLE, build=_pi),
    Signature(("random",), "random", (), DOUBLE, volatility="volatile", build=_random),
)
