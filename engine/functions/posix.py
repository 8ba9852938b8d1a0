"""Regular expressions: a pattern read once, in two dialects, and what the REGEXP functions ask of it.

    posix   (default) POSIX extended expressions with [[:alpha:]] classes and the Perl-like \\d \\D \\w \\W \\s \\S;
            `.` matches a newline, `^` and `$` are the ends of the text; the leftmost match, and of several
            there the longest
    pcre    ('p') Perl's: look-around, lazy quantifiers, back references; the leftmost match, alternatives in
            their order

A POSIX pattern is written out for Python's `re`, which takes the first alternative that leads to a match.
Where that can differ from the longest (`a|ab`) longer ends are tried. Letters and digits of the classes are
ASCII; without case, letters fold as Unicode says.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from ...errors import DataError
from ...records import dataclass

INVALID = "2201B"
_PERL = {"d": "0-9", "w": "0-9A-Za-z_", "s": r" \t\n\r\f\v"}
_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "0-9A-Za-z", "upper": "A-Z", "lower": "a-z",
    "space": r" \t\n\r\f\v", "blank": r" \t", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "word": "0-9A-Za-z_",
    "cntrl": r"\x00-\x1f\x7f", "graph": "!-~", "print": " -~",
}
_COUNT = re.compile(r"\{(\d+)(,\d*)?\}")
_PLAIN_GROUP = re.compile("\ue000" r"([^()|\[\]{}*+?.\\^$]*(?:\|[^()|\[\]{}*+?.\\^$]*)+)\)")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pattern:
    """`portable`: RE2 gives the same matches for `re2()`."""

    regex: re.Pattern[str]
    source: str  # with GROUP and END
    portable: bool
    longest: bool  # further ends have to be tried
    inner: re.Pattern[str]  # as `regex`, but `$` matches nothing: for ends before the text's
    insensitive: bool

    def re2(self, captured: str) -> str:
        """The pattern for RE2: `captured` stands for the opening of its first group, the others capture nothing."""
        options = "(?si)" if self.insensitive else "(?s)"
        first = self.source.replace(GROUP, captured, 1).replace(GROUP, "(?:")
        return options + first.replace(END, r"\z")

    def search(self, text: str, start: int = 0) -> re.Match[str] | None:
        """The leftmost match from character `start`."""
        found = self.regex.search(text, start)
        return found if found is None or not self.longest else self._longest(text, found)

    def _longest(self, text: str, found: re.Match[str]) -> re.Match[str]:
        start = found.start()
        whole = self.regex.fullmatch(text, start)
        if whole is not None:
            return whole
        for end in range(len(text) - 1, found.end(), -1):
            longer = self.inner.fullmatch(text, start, end)
            if longer is not None:
                return longer
        return found

    def matches(self, text: str, start: int) -> Iterator[re.Match[str]]:
        """All matches from character `start`, one behind the other."""
        while start <= len(text) and (found := self.search(text, start)) is not None:
            yield found
            start = found.end() if found.end() > found.start() else found.end() + 1


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, flags: str) -> Pattern:
    """`flags`: letters of c, i, e, p; the last of c and i counts."""
    unknown = set(flags) - set("ciep")
    if unknown:
        raise DataError(f'invalid option "{sorted(unknown)[0]}" of a regular expression: c, i, e or p',
                        sqlstate="22023")
    insensitive = flags.rfind("i") > flags.rfind("c")
    if "p" in flags:
        source, inner, portable, longest = _from_perl(pattern), "", False, False
        options = re.ASCII
    else:
        source = _Reader(pattern).read()
        inner, portable = source.replace(GROUP, "(").replace(END, "(?!)"), True
        options, longest = re.DOTALL, _ambiguous(source)
    if insensitive:
        options |= re.IGNORECASE
    try:
        regex = re.compile(source.replace(GROUP, "(").replace(END, r"\Z"), options)
        portable = portable and not longest and regex.search("") is None
        return Pattern(regex, source, portable, longest, re.compile(inner, options), insensitive)
    except (re.error, OverflowError, RecursionError) as error:
        reason = error.msg if _told(pattern) == "" and isinstance(error, re.error) else error
        raise DataError(f"invalid regular expression{_told(pattern)}: {reason}", sqlstate=INVALID) from None


def _told(pattern: str) -> str:
    """A pattern in messages. What SIMILAR TO and LIKE made of theirs (planner/like.py) nobody has written."""
    return "" if pattern.startswith("^(") and pattern.endswith(")$") else f' "{pattern}"'


GROUP, END = "\ue000", "\ue001"  # `(` and `$` while a pattern is on its way to one engine or the other


def _ambiguous(source: str) -> bool:
    """Whether taking alternatives in order may miss a longer match: all but groups of plain words of which
    none begins another."""
    rest = source
    for group in _PLAIN_GROUP.finditer(source):
        words = group.group(1).split("|")
        if any(a != b and b.startswith(a) for a in words for b in words):
            return True
        rest = rest.replace(group.group(0), "")
    return "|" in re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", rest)


class _Reader:
    """POSIX to Python, character by character."""

    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0

    def fail(self, what: str, hint: str | None = None) -> DataError:
        return DataError(f"invalid regular expression{_told(self.text)}: {what}", sqlstate=INVALID, hint=hint)

    def read(self) -> str:
        parts: list[str] = []
        while self.at < len(self.text):
            parts.append(self._next())
        return "".join(parts)

    def _next(self) -> str:
        c = self.text[self.at]
        if c == "[":
            return self._bracket()
        if c == "\\":
            return self._escape()
        if c == "{":
            return self._count()
        self.at += 1
        if c == "(" and self.text[self.at : self.at + 1] == "?":
            raise self.fail("(? is not part of POSIX", "Add 'p' for Perl's dialect.")
        if c == "(":
            return GROUP
        if c in "*+?":
            return self._quantifier(c)
        if c == "$":
            return END
        return c if c in ")|.^" else re.escape(c)

    def _quantifier(self, c: str) -> str:
        if self.text[self.at : self.at + 1] in tuple("*+?{"):
            raise self.fail("two quantifiers one behind the other", "Add 'p' for Perl's lazy quantifiers.")
        return c

    def _count(self) -> str:
        found = _COUNT.match(self.text, self.at)
        if found is None:
            raise self.fail("{ begins a count: {n}, {n,} or {n,m}")
        self.at = found.end()
        return self._quantifier(found.group(0))

    def _escape(self) -> str:
        if self.at + 1 >= len(self.text):
            raise self.fail("it ends in a backslash")
        c = self.text[self.at + 1]
        self.at += 2
        if c.lower() in _PERL:
            return f"[{'^' if c.isupper() else ''}{_PERL[c.lower()]}]"
        if c.isalnum():
            raise self.fail(f"\\{c} is not part of POSIX", "Add 'p' for Perl's dialect.")
        return re.escape(c)

    def _bracket(self) -> str:
        at = self.at + 1
        parts = ["["]
        if self.text[at : at + 1] == "^":
            parts.append("^")
            at += 1
        first = True
        while first or self.text[at : at + 1] != "]":
            if at >= len(self.text):
                raise self.fail("[ without ]")
            at, part = self._member(at)
            parts.append(part)
            first = False
        self.at = at + 1
        return "".join(parts) + "]"

    def _member(self, at: int) -> tuple[int, str]:
        """One member of a bracket expression: where the next one begins, and this one for Python."""
        rest = self.text[at:]
        named = re.match(r"\[([:.=])(.+?)\1\]", rest)
        if named is not None and named.group(1) == ":":
            if named.group(2) not in _CLASSES:
                raise self.fail(f"there is no class [:{named.group(2)}:]")
            return at + named.end(), _CLASSES[named.group(2)]
        if named is not None:
            return at + named.end(), re.escape(named.group(2))
        if rest[0] == "\\" and len(rest) > 1:
            if rest[1].lower() in _PERL:
                if rest[1].isupper():
                    raise self.fail(f"\\{rest[1]} inside brackets")
                return at + 2, _PERL[rest[1]]
            return at + 2, {"n": r"\n", "t": r"\t", "r": r"\r"}.get(rest[1], re.escape(rest[1]))
        return at + 1, "-" if rest[0] == "-" else re.escape(rest[0])


def _from_perl(pattern: str) -> str:
    """What Perl writes otherwise than Python."""
    def change(found: re.Match[str]) -> str:
        whole = found.group(0)
        if whole.startswith("[:"):
            if found.group(1) not in _CLASSES:
                raise DataError(f'invalid regular expression "{pattern}": there is no class {whole}', sqlstate=INVALID)
            return _CLASSES[found.group(1)]
        return {"\\z": r"\Z", "\\Z": r"(?=\n?\Z)", "\\h": r"[ \t]", "(?<": "(?P<"}.get(whole, whole)

    return re.sub(r"\[:(\w+):\]|\\.|\(\?<(?![=!])", change, pattern, flags=re.DOTALL)
