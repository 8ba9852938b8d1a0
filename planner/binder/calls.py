"""Function calls: the name looked up in the catalogue, the arguments cast to what a signature takes.

Of several signatures that fit, the one wins that changes the fewest argument kinds. Functions with
their own syntax (EXTRACT, SUBSTRING FROM, TRIM BOTH ...) come as nodes of their own and are brought to
plain calls here. Aggregates go to aggregates.py.
"""
from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from ...errors import NotSupportedError, SqlSyntaxError, UndefinedFunction
from ...patterns import pattern
from ...storage.dateparts import date_part
from ...storage.types import INTEGER, SUPER, Kind, SqlType, varchar
from .. import collation, functions
from ..coercion import coerce, goes_into_super, settle, settled
from ..expressions import Call, Cast, Expr, Literal, Span
from ..functions import Signature, Site
from ..functions.hyperloglog import AGGREGATES as SKETCHES
from . import grouping_sets
from .aggregates import aggregate, ordered_aggregate, sketch_aggregate
from .dispatch import binds
from .expressions import ExpressionBinder
from .moments import as_written, special
from .scope import near

_STEP = r'"((?:[^"]|"")+)"'
_SUPER_STEP = pattern(_STEP)
_SUPER_PATH = pattern(rf"{_STEP}(?:\.{_STEP})*")


@binds(exp.Anonymous)
def _anonymous(e: ExpressionBinder, node: exp.Anonymous) -> Expr:
    this = node.args["this"]
    name = (this if isinstance(this, str) else this.name).lower()
    return _named(e, name, node.args.get("expressions") or [], node)


def _named(e: ExpressionBinder, name: str, arguments: Sequence[Any], node: Any) -> Expr:
    if name == "array" and len(arguments) == 1 and isinstance(arguments[0], exp.Select):
        from .catalogue import array_of_rows

        return array_of_rows(e, arguments[0], node)
    if functions.resolve_aggregate(name) is not None:
        return aggregate(e, name, arguments, node)
    if name in grouping_sets.FUNCTIONS:
        return grouping_sets.grouping(e, name, arguments, node)
    if name in ("approximate_count", "hll"):
        return _approximate_count(e, name, arguments, node)
    if name in SKETCHES:
        return sketch_aggregate(e, name, arguments, node)
    if functions.resolve_ordered(name) is not None:
        return ordered_aggregate(e, name, arguments, node)
    if functions.is_only_window(name):
        raise SqlSyntaxError(f"window function {name} requires an OVER clause", sqlstate="42809",
                             position=e.b.position(node))
    signatures = functions.resolve(name)
    span = e.span(node)
    for argument in arguments:
        if isinstance(argument, exp.Distinct):
            raise SqlSyntaxError(f"DISTINCT is for aggregates, and {name}() is none", position=e.b.position(node))
    if signatures and signatures[0].takes_part and arguments:
        part = _part_name(e, arguments[0])
        return call(e, name, [e.bind(a) for a in arguments[1:]], span, part)
    if not signatures:
        made = users_function(e, None, name, arguments, node)
        if made is not None:
            return made
        raise _unknown(e, name, arguments, node)
    return call(e, name, [e.bind(a) for a in arguments], span)


def users_function(
    e: ExpressionBinder, schema: str | None, name: str, arguments: Sequence[Any], node: Any
) -> Expr | None:
    """A call of a function that a user made; None where there is none of that name."""
    places = e.b.context.search_path if schema is None else (schema,)
    if not any((place, name) in e.b.view.facts.directory.functions for place in places):
        return None
    from . import sql_functions

    values = [e.bind(a) for a in arguments]
    found = sql_functions.find(e.b, schema, name, [v.type for v in values])
    if found is None:
        raise _undefined(e, name, [v.type for v in values], e.span(node))
    return sql_functions.call(e, found, values, node)


def _approximate_count(e: ExpressionBinder, name: str, arguments: Sequence[Any], node: Any) -> Expr:
    """APPROXIMATE COUNT(DISTINCT x) and HLL(x): the exact count is within their 2 and 0.6 percent."""
    if name == "hll" and len(arguments) == 1 and not isinstance(arguments[0], exp.Distinct):
        arguments = [exp.Distinct(expressions=list(arguments))]
    elif name == "hll":
        raise SqlSyntaxError("HLL takes one expression", position=e.b.position(node))
    if len(arguments) != 1 or not isinstance(arguments[0], exp.Distinct):
        raise SqlSyntaxError("APPROXIMATE COUNT takes DISTINCT and one expression", position=e.b.position(node))
    for given in arguments[0].expressions:
        kind = _type_of(e, given).kind
        if kind in (Kind.VARBYTE, Kind.HLLSKETCH):
            raise NotSupportedError(f"{name.replace('_', ' ').upper()} of a {kind.name} is not supported by Redshift",
                                    position=e.b.position(node))
    return aggregate(e, "count", arguments, node)


def _type_of(e: ExpressionBinder, node: Any) -> SqlType:
    """The type of an aggregate's argument, which is bound once more by the aggregate itself."""
    aggregates, e.aggregates = e.aggregates, None
    try:
        return e.bind(node).type
    finally:
        e.aggregates = aggregates


_ROW_FUNCTIONS = ("generate_series", "pg_timezone_abbrevs", "pg_timezone_names", "pg_get_cols",
                  "pg_get_late_binding_view_cols")  # series.py


def _unknown(e: ExpressionBinder, name: str, arguments: Sequence[Any], node: Any) -> Exception:
    if name in _ROW_FUNCTIONS:
        raise NotSupportedError(f"{name} is supported in FROM and in a select list without FROM only",
                                position=e.b.position(node))
    if (refused := functions.refusal(name)) is not None:
        return NotSupportedError(refused, position=e.b.position(node))
    types = [e.bind(a).type for a in arguments if not isinstance(a, exp.Star)]
    return _undefined(e, name, types, e.span(node))


def _undefined(e: ExpressionBinder, name: str, types: Sequence[SqlType], span: Span | None) -> UndefinedFunction:
    shown = ", ".join('"unknown"' if t.kind is Kind.UNKNOWN else t.kind.value for t in types)
    known = bool(functions.resolve(name) or functions.resolve_aggregate(name))
    hint = (
        "No function matches the given name and argument types. You may need to add explicit type casts."
        if known else near(name, functions.names())
    )
    return UndefinedFunction(
        f"function {name}({shown}) does not exist", hint=hint, position=None if span is None else span[0]
    )


def call(e: ExpressionBinder, name: str, args: list[Expr], span: Span | None, part: str = "") -> Expr:
    """The expression for name(args)."""
    types = [a.type for a in args]
    best: tuple[int, Signature, tuple[SqlType, ...]] | None = None
    for signature in functions.resolve(name):
        targets = signature.targets(types)
        if targets is None:
            continue
        changed = sum(a.kind is not t.kind for a, t in zip(types, targets))
        if best is None or changed < best[0]:
            best = (changed, signature, targets)
    if best is None:
        raise _undefined(e, name, types, span)
    _, signature, targets = best
    if signature.leader_only:
        e.b.leader_tables.append(f"function {name}()")
    args = [special(e, a, t) for a, t in zip(args, targets)]
    targets = tuple(_sized(a, t) for a, t in zip(args, targets))
    cast = tuple(coerce(a, t, span) for a, t in zip(args, targets))

    def made(given: tuple[Expr, ...]) -> Expr:
        if signature.build is not None:
            return signature.build(Site(name, span, e.b.context, part, bool(e.b.user_tables)), given)
        return Call(signature.key, given, signature.result(targets), span)

    return collation.called(name, cast, made)


def _sized(arg: Expr, target: SqlType) -> SqlType:
    """Quoted text for a VARCHAR argument has its own length."""
    if target.kind is Kind.VARCHAR and arg.type.kind is Kind.UNKNOWN:
        return settled(arg)
    return target


def _part_name(e: ExpressionBinder, node: Any) -> str:
    """A date part: a bare word, a string, or sqlglot's Var."""
    position = e.b.position(node)
    if isinstance(node, exp.Column) and not node.table:
        return date_part(node.name, position)
    if isinstance(node, (exp.Var, exp.Literal, exp.Identifier)):
        return date_part(node.name, position)
    raise SqlSyntaxError("a date part is needed as the first argument", position=position)


# -- functions with their own syntax ---------------------------------------------------------------


@binds(exp.Extract)
def _extract(e: ExpressionBinder, node: exp.Extract) -> Expr:
    """EXTRACT(part FROM x)."""
    part, bound = _part_name(e, node.this), e.bind(node.expression)
    found = as_written(node.expression, part, bound)
    if found is not bound and found.type.is_integer:  # the zone of a literal
        return coerce(found, INTEGER)
    return call(e, "extract", [found], e.span(node), part)


@binds(exp.Substring)
def _substring(e: ExpressionBinder, node: exp.Substring) -> Expr:
    parts = [node.this, node.args.get("start"), node.args.get("length")]
    return call(e, "substring", [e.bind(p) for p in parts if p is not None], e.span(node))


@binds(exp.Trim)
def _trim(e: ExpressionBinder, node: exp.Trim) -> Expr:
    position = str(node.args.get("position") or "BOTH").upper()
    name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(position, "trim")
    characters = node.args.get("expression")
    args = [e.bind(node.this)] + ([] if characters is None else [e.bind(characters)])
    return call(e, name, args, e.span(node))


@binds(exp.StrPosition)
def _position(e: ExpressionBinder, node: exp.StrPosition) -> Expr:
    return call(e, "strpos", [e.bind(node.this), e.bind(node.args["substr"])], e.span(node))


@binds(exp.AtTimeZone)
def _at_time_zone(e: ExpressionBinder, node: exp.AtTimeZone) -> Expr:
    return call(e, "timezone", [e.bind(node.args["zone"]), e.bind(node.this)], e.span(node))


@binds(exp.TryCast)
def _try_cast(e: ExpressionBinder, node: exp.TryCast) -> Expr:
    """TRY_CAST(x AS type): NULL where x cannot be converted."""
    from .literals import cast, cast_type

    operand = settle(e.bind(node.this))
    to = cast_type(e.b, node.args["to"], operand.type)
    plain = cast(e, operand, to, node)  # refuses what no value can be cast to
    return Call("try_cast", (operand,), to, e.span(node)) if isinstance(plain, Cast) else plain


@binds(exp.Array)
def _array(e: ExpressionBinder, node: exp.Array) -> Expr:
    """ARRAY(...) where the parser takes it for its own; ARRAY[...] is PostgreSQL's, of the leader's catalogue."""
    if node.args.get("bracket_notation"):
        if len(node.expressions) == 1 and e.scope.find("array", None, None) is not None:  # a column of that name
            return e.bind(exp.Bracket(this=exp.column("array"), expressions=node.expressions))
        from .catalogue import array_of_values

        return array_of_values(e, node)
    return _named(e, "array", node.expressions, node)


@binds(exp.ObjectTransform)
def _object_transform(e: ExpressionBinder, node: exp.ObjectTransform) -> Expr:
    """OBJECT_TRANSFORM(input [KEEP path, ...] [SET path, value, ...]); paths are constants '"a"."b"'."""
    pairs = node.args.get("set_") or []
    if len(pairs) % 2:
        raise SqlSyntaxError("SET of OBJECT_TRANSFORM takes pairs of a path and a value", position=e.b.position(node))
    kept, changed = ([_super_path(e, p) for p in nodes] for nodes in (node.args.get("keep") or [], pairs[::2]))
    values = [e.bind(node.this), *[e.bind(v) for v in pairs[1::2]]]
    for value in values:
        if not goes_into_super(value.type):
            raise _undefined(e, "object_transform", [v.type for v in values], e.span(node))
    source, *rest = [coerce(v, SUPER) for v in values]
    texts = [json.dumps(paths) for paths in (kept, changed)]
    paths = [Literal(text, varchar(len(text.encode()))) for text in texts]
    return Call("object_transform", (source, *paths, *rest), SUPER, e.span(node))


def _super_path(e: ExpressionBinder, node: Any) -> list[str]:
    """The attributes of a path, each in double quotes."""
    text = node.this if isinstance(node, exp.Literal) and node.is_string else ""
    if not _SUPER_PATH.fullmatch(text):
        raise SqlSyntaxError("a path of OBJECT_TRANSFORM is a constant such as '\"a\".\"b\"'",
                             sqlstate="22023", position=e.b.position(node))
    return [step.replace('""', '"') for step in _SUPER_STEP.findall(text)]


@binds(exp.DecodeCase)
def _decode(e: ExpressionBinder, node: exp.DecodeCase) -> Expr:
    return call(e, "decode", [e.bind(x) for x in node.expressions], e.span(node))


@binds(exp.Decode)
def _too_short(e: ExpressionBinder, node: exp.Decode) -> Expr:
    """DECODE of two arguments, which is no DECODE of Redshift's."""
    return call(e, "decode", [e.bind(x) for x in (node.this, node.args.get("charset")) if x is not None], e.span(node))


_WORDS: dict[type, str] = {
    exp.CurrentDate: "current_date",
    exp.CurrentTime: "current_time",
    exp.CurrentUser: "current_user",
    exp.SessionUser: "session_user",
    exp.CurrentSchema: "current_schema",
    exp.CurrentUserId: "current_user_id",
    exp.Localtime: "localtime",
}


@binds(*_WORDS)
def _word(e: ExpressionBinder, node: Any) -> Expr:
    return _named(e, _WORDS[type(node)], [], node)


@binds(exp.CurrentTimestamp)
def _now(e: ExpressionBinder, node: exp.CurrentTimestamp) -> Expr:
    return call(e, "sysdate" if node.args.get("sysdate") else "current_timestamp", [], e.span(node))
