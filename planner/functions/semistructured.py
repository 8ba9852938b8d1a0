"""Functions that make, take apart and look into SUPER values (json-functions, c_Array_Functions, Object_Functions,
c_Type_Info_Functions), and the forms of mathematical functions that keep a SUPER's dynamic type.

What the session's settings say goes into the calls as constants: how strict JSON_PARSE is.
"""
from __future__ import annotations

from ...errors import DatatypeMismatch, NotSupportedError, ProgrammingError
from ...storage.types import BIGINT, BOOLEAN, INTEGER, MAX_VARBYTE, MAX_VARCHAR, SUPER, Kind, SqlType, varbyte, varchar
from ..coercion import coerce, goes_into_super
from ..expressions import Call, Expr, Literal
from .binary import binary
from .signature import Build, Signature, Site, anything, boolean, only_super, semistructured, string, whole

_TYPES = ("array", "bigint", "boolean", "char", "decimal", "float", "integer", "object", "scalar", "smallint",
          "varchar")
_SAME_TYPE = {"abs": ("abs",), "ceil": ("ceil", "ceiling"), "floor": ("floor",), "round": ("round",),
              "sign": ("sign",), "trunc": ("trunc",)}
_JSON = (string, binary)  # what holds JSON
_SEARCHES = {"array_contains": BOOLEAN, "array_position": INTEGER, "array_positions": SUPER}
REFUSED = "refused"
_READING = ("json_parse_dedup_attributes", "json_parse_truncate_strings", "parse_super_null_on_error")


def _on(site: Site, setting: str) -> Literal:
    return Literal(site.context.settings.get(setting) == "on", BOOLEAN)


def _parse(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Call("json_parse", (*args, *(_on(site, s) for s in _READING)), SUPER, site.span)


def _can_parse(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Call("can_json_parse", (*args, *(_on(site, s) for s in _READING[:2])), BOOLEAN, site.span)


def _made(site: Site, args: tuple[Expr, ...]) -> Expr:
    """ARRAY, OBJECT: dates and times are no SUPER values."""
    for arg in args:
        if not goes_into_super(arg.type):
            raise DatatypeMismatch(f"{site.name.upper()} could not convert type {arg.type.kind.value} to super",
                                   position=site.position)
    return Call(site.name, tuple([coerce(a, SUPER) for a in args]), SUPER, site.span)


def _object(site: Site, args: tuple[Expr, ...]) -> Expr:
    if len(args) % 2:
        raise ProgrammingError("OBJECT takes pairs of a key and a value", sqlstate="42883", position=site.position)
    for key in args[::2]:
        if not (key.type.is_string or key.type.kind in (Kind.UNKNOWN, Kind.SUPER)):
            raise DatatypeMismatch(f"a key of OBJECT must be a string, not {key.type.kind.value}",
                                   position=site.position)
    return _made(site, args)


def _no_digits(site: Site, args: tuple[Expr, ...]) -> Expr:
    raise NotSupportedError(f"a number of digits in {site.name.upper()} is not supported for SUPER",
                            position=site.position, hint="Cast the value to DECIMAL.")


def _search(site: Site, args: tuple[Expr, ...]) -> Expr:
    """ARRAY_CONTAINS and the like: whether NULL is an element like others, unless the session says otherwise."""
    default = Literal(site.context.settings.get("default_array_search_null_handling") != "off", BOOLEAN)
    return Call(site.name, (*args, default)[:3], _SEARCHES[site.name], site.span)


def _sorted(site: Site, args: tuple[Expr, ...]) -> Expr:
    """ARRAY_SORT(array [, ascending [, nulls first]])."""
    return Call("array_sort", args if len(args) > 1 else (*args, Literal(True, BOOLEAN)), SUPER, site.span)


def _with_default(key: str, type: SqlType, default: Literal) -> Build:
    return lambda site, args: Call(key, (*args, default)[:2], type, site.span)


FUNCTIONS: tuple[Signature, ...] = (
    *(Signature(("json_parse",), "json_parse", (taken,), SUPER, fallible=True, build=_parse) for taken in _JSON),
    *(Signature(("can_json_parse",), "can_json_parse", (taken,), BOOLEAN, build=_can_parse) for taken in _JSON),
    Signature(("json_serialize_to_varbyte",), "json_serialize_to_varbyte", (semistructured,), varbyte(MAX_VARBYTE),
              fallible=True),
    Signature(("json_serialize",), "json_serialize", (semistructured,), varchar(MAX_VARCHAR), fallible=True),
    Signature(("json_typeof",), "json_typeof", (semistructured,), varchar(7), strict=False),
    Signature(("json_size",), "json_size", (semistructured,), INTEGER),
    Signature(("size",), "super_size", (semistructured,), INTEGER, strict=False),
    Signature(("decimal_precision",), "decimal_precision", (semistructured,), INTEGER),
    Signature(("decimal_scale",), "decimal_scale", (semistructured,), INTEGER),
    *(Signature((f"is_{t}",), f"is_{t}", (semistructured,), BOOLEAN, strict=False) for t in _TYPES),
    Signature(("array",), "array", (), SUPER, rest=anything, strict=False, fallible=True, build=_made),
    Signature(("object",), "object", (), SUPER, rest=anything, strict=False, fallible=True, build=_object),
    Signature(("array_concat",), "array_concat", (semistructured, semistructured), SUPER, fallible=True),
    Signature(("array_flatten",), "array_flatten", (semistructured,), SUPER, fallible=True, rest=semistructured),
    Signature(("get_array_length",), "get_array_length", (semistructured,), BIGINT),
    Signature(("split_to_array",), "split_to_array", (string, string), SUPER, optional=1, fallible=True,
              build=_with_default("split_to_array", SUPER, Literal(",", varchar(1)))),
    Signature(("subarray",), "subarray", (semistructured, whole, whole), SUPER),
    *(Signature((name,), name, (semistructured, semistructured, boolean), type, optional=1, strict=False, build=_search)
      for name, type in _SEARCHES.items()),
    Signature(("array_distinct",), "array_distinct", (semistructured,), SUPER),
    Signature(("array_union",), "array_union", (semistructured, semistructured), SUPER, fallible=True),
    Signature(("array_intersection",), "array_intersection", (semistructured, semistructured, boolean), SUPER,
              optional=1),
    Signature(("array_except",), "array_except", (semistructured, semistructured, boolean), SUPER, optional=1),
    Signature(("arrays_overlap",), "arrays_overlap", (semistructured, semistructured), BOOLEAN),
    Signature(("array_sort",), "array_sort", (semistructured, boolean, boolean), SUPER, optional=2, build=_sorted),
    Signature(("get_number_attributes",), "get_number_attributes", (semistructured,), INTEGER),
    Signature(("lower_attribute_names",), "lower_attribute_names", (semistructured,), SUPER, fallible=True),
    Signature(("upper_attribute_names",), "upper_attribute_names", (semistructured,), SUPER, fallible=True),
    Signature(("round", "trunc"), REFUSED, (only_super, anything), SUPER, build=_no_digits),
    *(Signature(names, f"super_{key}", (only_super,), SUPER) for key, names in _SAME_TYPE.items()),
)
# Keys of calls that are built: by the functions above, by operators and comparisons (planner/build.py), and by the
# rule that has values compared in their normal form (planner/rewrites/normalise_super.py).
_OPERATORS = ("add", "subtract", "multiply", "divide", "modulo", "negate")
KEYS = (
    *_SEARCHES, "array_sort", "object_transform", "json_parse",
    "can_json_parse", "array", "object", "split_to_array", "super_normal", "super_rank",
    "super_ranked", "super_of_ranked", "super_compare", "super_path", "super_path_strict", "super_element",
    "super_cast_strict", "super_exact_part", "super_middle_part", "super_high_part", "super_low_part",
    "super_float_part", "super_total", "super_average", *(f"super_{op}" for op in _OPERATORS),
)
INFALLIBLE_KEYS = ("super_normal", "super_rank", "super_ranked", "super_of_ranked", "super_compare", "super_path")
FALLIBLE_KEYS = (
    "object_transform",
    "super_cast_strict", "super_path_strict", "super_element", "super_exact_part", "super_total", "super_average",
    *(f"super_{op}" for op in _OPERATORS),
)
