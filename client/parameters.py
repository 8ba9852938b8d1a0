"""Parameter styles: find the placeholders of PEP 249's five styles and number them `$1, $2, ...`.

Values never become SQL text. The scanner rewrites the placeholders to Redshift's own positional form
and hands the values beside the text; the binder gives each its type:

    select * from t where a = %s and b like '5%%'      (1,)       format
                              |               |
    select * from t where a = $1 and b like '5%'       [1]

    style      placeholder      parameters        style      placeholder      parameters
    format     %s               sequence          named      :name            mapping
    pyformat   %(name)s         mapping           qmark      ?                sequence
                                                  numeric    :1               sequence

What stands in string literals, "quoted identifiers", comments, $$dollar quotes$$ and `::` casts is
never a placeholder. In the two % styles `%%` means one percent sign, inside string literals too (as
psycopg and redshift_connector have it); format and pyformat take each other's placeholders when the
parameters say so. Without parameters the text is left alone.

The rewritten text has other offsets than the user's; `Scanned.original` maps an error's position back.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from ..errors import DataError, InterfaceError, ProgrammingError
from ..records import dataclass

STYLES = ("format", "pyformat", "qmark", "numeric", "named")

# Parts that hide everything inside them. A backslash escapes in Redshift's string literals.
_OPAQUE = r"""
    (?P<string>'(?:[^'\\]|\\.|'')*(?:'|\Z))
  | (?P<identifier>"(?:[^"]|"")*(?:"|\Z))
  | (?P<line>--[^\n]*)
  | (?P<block>/\*)
  | (?P<dollar>\$(?P<tag>[A-Za-z_]*)\$)
  | (?P<cast>::)
"""
_PLACEHOLDERS = {
    "format": r"(?P<place>%s)|(?P<percent>%%)|(?P<bad>%\(?.?)",
    "pyformat": r"(?P<place>%\((?P<name>[^)]*)\)s)|(?P<percent>%%)|(?P<bad>%.?)",
    "qmark": r"(?P<place>\?)",
    "numeric": r"(?P<place>(?<![\w:]):(?P<name>\d+))",
    "named": r"(?P<place>(?<![\w:]):(?P<name>[A-Za-z_]\w*))",
}
_SENT_AS_THEY_ARE = frozenset((int, bool, float, type(None), bytes, Decimal, date, datetime, timedelta))
_COMMENT_EDGE = re.compile(r"/\*|\*/")


@cache
def _scanner(style: str) -> re.Pattern[str]:
    return re.compile(f"{_OPAQUE}|{_PLACEHOLDERS[style]}", re.VERBOSE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Scanned:
    """A statement whose placeholders are `$n`. names[i]: the key (or number) that `$i+1` stands for."""

    text: str
    names: tuple[str, ...]
    by_name: bool
    edits: tuple[tuple[int, int], ...]  # (offset in `text` behind an edit, offset in the user's text)

    def original(self, position: int) -> int:
        """The user's offset for an offset in `text`."""
        i = bisect_right(self.edits, (position, 1 << 62)) - 1
        if i < 0:
            return position
        new, old = self.edits[i]
        return old + position - new


def bind(text: str, parameters: Any, style: str) -> tuple[Scanned | None, tuple[Any, ...]]:
    """Scan `text` and order `parameters`; (None, ()) where there are no parameters. What cannot be sent is refused
    here (InterfaceError), before it is a statement: a transaction goes on then, as with other drivers."""
    check_statement(text)
    if parameters is None:
        return None, ()
    mapping = isinstance(parameters, Mapping)
    if not mapping and (not isinstance(parameters, Sequence) or isinstance(parameters, (str, bytes))):
        raise InterfaceError(
            f"parameters must be a sequence or a mapping, not {type(parameters).__name__}",
            hint="for one parameter write a tuple of one: (value,)",
        )
    if not parameters and not mapping:
        scanned = scan(text, style if style != "pyformat" else "format")
    else:
        scanned = scan(text, _accepted(style, mapping))
    values = order(scanned, parameters)
    for value in values:
        if type(value) not in _SENT_AS_THEY_ARE:
            _check_value(value)
    return scanned, values


def check_statement(text: str) -> None:
    """Refuse what cannot be sent as a statement's text."""
    if not isinstance(text, str):
        raise InterfaceError(f"a statement must be a str, not {type(text).__name__}")
    if not text.isascii():
        _check_encodable(text, "the statement")


def _check_value(value: Any) -> None:
    if isinstance(value, str):
        if not value.isascii():
            _check_encodable(value, "a parameter")
    else:
        from ..planner.constants import parameter

        with suppress(DataError):  # a value out of range is the statement's error
            parameter(value)


def _check_encodable(text: str, what: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InterfaceError(f"{what} is no text in UTF-8: {error.reason} (character {error.start + 1})") from None


def _accepted(style: str, mapping: bool) -> str:
    """The style to scan by: format and pyformat are told apart by the parameters."""
    if style in ("format", "pyformat"):
        return "pyformat" if mapping else "format"
    if mapping != (style == "named"):
        wanted, given = ("a mapping", "a sequence") if style == "named" else ("a sequence", "a mapping")
        raise ProgrammingError(f"paramstyle {style!r} takes {wanted} of parameters, not {given}")
    return style


def order(scanned: Scanned, parameters: Any) -> tuple[Any, ...]:
    """The values for `$1, $2, ...`; a ProgrammingError with the counts when they do not fit."""
    if scanned.by_name and isinstance(parameters, Mapping):
        missing = [name for name in scanned.names if name not in parameters]
        if missing:
            raise ProgrammingError(f"no value given for parameter {missing[0]!r}")
        return tuple(parameters[name] for name in scanned.names)
    if scanned.by_name:  # numeric: the numbers may repeat and come in any order
        top = max((int(name) for name in scanned.names), default=0)
        _check_count(top, len(parameters))
        return tuple(parameters[int(name) - 1] for name in scanned.names)
    _check_count(len(scanned.names), len(parameters))
    return tuple(parameters)


def _check_count(wanted: int, given: int) -> None:
    if wanted != given:
        raise ProgrammingError(
            f"the statement has {wanted} parameter placeholder{'s' * (wanted != 1)}, "
            f"but {given} value{'s were' if given != 1 else ' was'} given"
        )


@lru_cache(maxsize=512)
def scan(text: str, style: str) -> Scanned:
    """Rewrite the placeholders of `style` in `text` to `$1, $2, ...`."""
    return _Scan(text, style).run()


class _Scan:
    """One pass over a text; see `scan`."""

    def __init__(self, text: str, style: str) -> None:
        self.text = text
        self.style = style
        self.pattern = _scanner(style)
        self.by_name = style in ("pyformat", "named", "numeric")
        self.out: list[str] = []
        self.length = 0  # of `out`
        self.copied = 0  # how much of `text` is in `out`
        self.names: list[str] = []
        self.edits: list[tuple[int, int]] = []

    def run(self) -> Scanned:
        at = 0
        while (match := self.pattern.search(self.text, at)) is not None:
            at = self.step(match)
        self.out.append(self.text[self.copied :])
        return Scanned("".join(self.out), tuple(self.names), self.by_name, tuple(self.edits))

    def step(self, match: re.Match[str]) -> int:
        """Deal with one match; the offset to go on from."""
        kind = match.lastgroup
        if kind == "string" and self.style in ("format", "pyformat"):
            for percent in re.finditer("%%", match.group()):
                self.replace(match.start() + percent.start(), match.start() + percent.end(), "%")
        elif match.group("block"):
            return self.comment_end(match.end())
        elif match.group("dollar"):
            end = self.text.find(match.group("dollar"), match.end())
            return len(self.text) if end < 0 else end + len(match.group("dollar"))
        elif kind == "percent":
            self.replace(match.start(), match.end(), "%")
        elif kind == "bad":
            self.refuse(match)
        elif kind == "place":
            self.place(match)
        return match.end()

    def place(self, match: re.Match[str]) -> None:
        if not self.by_name:
            number = len(self.names) + 1
            self.names.append(str(number))
        else:
            name = match.group("name")
            if self.style == "numeric" and int(name) == 0:
                raise ProgrammingError("numeric parameters count from :1", position=match.start())
            if name not in self.names:
                self.names.append(name)
            number = self.names.index(name) + 1
        # The blank keeps `$1,$2` from being read as the start of a dollar quote with the tag "1,".
        self.replace(match.start(), match.end(), f"${number} ")

    def replace(self, start: int, end: int, by: str) -> None:
        kept = self.text[self.copied : start]
        self.out += (kept, by)
        self.length += len(kept) + len(by)
        self.copied = end
        self.edits.append((self.length, end))

    def comment_end(self, at: int) -> int:
        """The end of a block comment whose inside starts at `at`; they nest."""
        depth = 1
        for edge in _COMMENT_EDGE.finditer(self.text, at):
            depth += 1 if edge.group() == "/*" else -1
            if depth == 0:
                return edge.end()
        return len(self.text)

    def refuse(self, match: re.Match[str]) -> None:
        place = "%(name)s" if self.style == "pyformat" else "%s"
        raise ProgrammingError(
            f"{match.group()!r} is not a parameter placeholder; write {place}, or %% for a percent sign",
            position=match.start(),
        )
