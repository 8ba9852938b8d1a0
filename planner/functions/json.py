"""JSON functions over text. The engine gets `null_if_invalid` always, in JSON_EXTRACT_PATH_TEXT before the path."""
from __future__ import annotations

from ...storage.types import BOOLEAN, INTEGER
from ..expressions import Call, Expr, Literal
from .signature import Signature, Site, boolean, first, string, whole

MAX_DEPTH = 5
_ERROR = Literal(False, BOOLEAN)


def _array_length(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Call("json_array_length", (*args, _ERROR)[:2], INTEGER, site.span)


def _array_element(site: Site, args: tuple[Expr, ...]) -> Expr:
    return Call("json_extract_array_element_text", (*args, _ERROR)[:3], args[0].type, site.span)


def _path(site: Site, args: tuple[Expr, ...]) -> Expr:
    text, *names = args
    mode: Expr = _ERROR
    if names[-1].type == BOOLEAN:
        mode = names.pop()
    return Call("json_extract_path_text", (text, mode, *names), text.type, site.span)


_PATH = "json_extract_path_text"

FUNCTIONS: tuple[Signature, ...] = (
    Signature(("is_valid_json",), "is_valid_json", (string,), BOOLEAN),
    Signature(("is_valid_json_array",), "is_valid_json_array", (string,), BOOLEAN),
    Signature(("json_array_length",), "json_array_length", (string, boolean), INTEGER, optional=1, fallible=True,
              build=_array_length),
    Signature(("json_extract_array_element_text",), "json_extract_array_element_text", (string, whole, boolean), first,
              optional=1, fallible=True, build=_array_element),
    Signature((_PATH,), _PATH, (string,) * (MAX_DEPTH + 1), first, optional=MAX_DEPTH - 1, fallible=True, build=_path),
    *(
        Signature((_PATH,), _PATH, (*(string,) * (depth + 1), boolean), first, fallible=True, build=_path)
        for depth in range(1, MAX_DEPTH + 1)
    ),
)
KEYS = ("json_array_length", "json_extract_array_element_text", _PATH)
