"""Cut typed or piped text into statements and backslash commands, and fill in psql's variables.

    select ';' from t; \\d t          ->   SQL "select ';' from t", command "\\d t"
    insert into t values (1)         ->   nothing yet: no semicolon, so more is to come

A semicolon or backslash inside a 'string', an "identifier", a comment, $$dollar quotes$$ or
parentheses does not count. A command ends with its line. Variables follow psql: `:name` raw, `:'name'`
as a literal, `:"name"` as an identifier, only where such a variable is set and never inside quotes.
"""
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ...records import dataclass

_TOKEN = re.compile(
    r"""
    (?P<opaque> '(?:[^'\\]|\\.|'')*' | "(?:[^"]|"")*" | --[^\n]* | \$(?P<tag>[A-Za-z_]*)\$.*?\$(?P=tag)\$ )
  | (?P<comment> /\* )
  | (?P<open> ' | " | \$[A-Za-z_]*\$ )
  | (?P<variable> (?<![:\w]):(?:(?P<raw>[A-Za-z_]\w*)|'(?P<literal>\w+)'|"(?P<identifier>\w+)") )
  | (?P<paren> [()] )
  | (?P<end> ; )
  | (?P<command> \\ )
    """,
    re.VERBOSE | re.DOTALL,
)
_EDGE = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement (without its semicolon) or one backslash command (with its backslash)."""

    text: str
    line: int  # of the script, counted from 1
    is_command: bool = False


def split(text: str, variables: Mapping[str, str] | None = None) -> tuple[list[Piece], str]:
    """The complete pieces of a text and what is left over (an unfinished statement, or '')."""
    script = Script(text, variables or {})
    pieces = list(script)
    return pieces, script.rest


def is_complete(text: str) -> bool:
    """Whether Enter should run the text: it ends with a semicolon or is a backslash command."""
    if text.lstrip().startswith("\\") or not text.strip():
        return True
    return split(text)[1] == ""


def only_blank(text: str) -> bool:
    """Whether nothing but blanks and comments is there."""
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text.startswith("--", at):
            at = text.find("\n", at)
            if at < 0:
                return True
        elif text.startswith("/*", at):
            at = comment_end(text, at + 2)
        else:
            return False
    return True


def comment_end(text: str, at: int) -> int:
    """Behind the block comment whose inside starts at `at`; they nest."""
    depth = 1
    for edge in _EDGE.finditer(text, at):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(text)


class Script:
    """One pass over a text: iterate for its pieces, then look at `rest`.

    Pieces come as they are found, so that a command may set variables that later pieces use.
    """

    def __init__(self, text: str, variables: Mapping[str, str]) -> None:
        self.text = text
        self.variables = variables
        self.start = 0  # of the piece at hand
        self.parts: list[str] = []  # its text so far, variables filled in
        self.copied = 0
        self.counted, self.line = 0, 1

    def __iter__(self) -> Iterator[Piece]:
        at, depth = 0, 0
        while (match := _TOKEN.search(self.text, at)) is not None:
            at = match.end()
            if match.group("comment"):
                at = comment_end(self.text, at)
            elif match.group("open"):
                return  # an open quote: the rest is unfinished
            elif match.group("variable"):
                self.fill(match)
            elif match.group("paren"):
                depth = depth + 1 if match.group() == "(" else max(depth - 1, 0)
            elif match.group("end") and depth == 0:
                statement = self.take(match.start(), at)
                if statement is not None:
                    yield statement
            elif match.group("command") and depth == 0 and only_blank(self.text[self.start : match.start()]):
                end = self.text.find("\n", at)
                at = len(self.text) if end < 0 else end
                line = self.line_of(match.start())
                self.start = self.copied = at
                self.parts = []
                yield Piece(self.text[match.start() : at].strip(), line, is_command=True)

    def take(self, end: int, behind: int) -> Piece | None:
        """The statement that ends here; None for an empty one."""
        raw = self.text[self.start : end]
        filled = "".join([*self.parts, self.text[self.copied : end]])
        line = self.line_of(self.start + len(raw) - len(raw.lstrip()))
        self.start = self.copied = behind
        self.parts = []
        return None if only_blank(raw) else Piece(filled.strip(), line)

    @property
    def rest(self) -> str:
        """What is behind the last complete piece, variables filled in; '' if nothing but blanks."""
        rest = "".join([*self.parts, self.text[self.copied :]])
        return "" if only_blank(rest) else rest

    def last(self) -> Piece | None:
        """The rest as a statement that needs no semicolon."""
        rest = self.rest
        line = self.line_of(self.start + len(rest) - len(rest.lstrip()))
        return Piece(rest.strip(), line) if rest else None

    def line_of(self, at: int) -> int:
        """The line at an offset; asked in rising order."""
        self.line += self.text.count("\n", self.counted, at)
        self.counted = max(self.counted, at)
        return self.line

    def fill(self, match: re.Match[str]) -> None:
        name = match.group("raw") or match.group("literal") or match.group("identifier")
        value = self.variables.get(name)
        if value is None:
            return
        if match.group("literal"):
            value = "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
        elif match.group("identifier"):
            value = '"' + value.replace('"', '""') + '"'
        self.parts += (self.text[self.copied : match.start()], value)
        self.copied = match.end()
