"""A cursor over a statement's tokens, for the small recursive parsers of this package.

    cursor.accept("if", "not", "exists")    moves on and says True, or stays and says False
    cursor.expect("as")                     accept, or a syntax error at the present token
    cursor.name(), .string(), .integer()    one token of that kind
    cursor.group()                          the tokens between the next pair of parentheses

sqlglot makes one token of some word pairs (PRIMARY KEY, CHARACTER VARYING); `accept` looks inside.
Identifiers fold to lower case, quoted ones too, as Redshift does by default (`exact_names`: those keep their case).
Users' names in double quotes keep theirs always (r_enable_case_sensitive_identifier).
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from sqlglot.tokens import Token, TokenType

from ...errors import SqlSyntaxError
from ...reserved_words import RESERVED
from ..syntax import parse_expression, parse_query, syntax_error
from .names import DATABASE, RelationName

T = TypeVar("T")
_OPEN, _CLOSE = TokenType.L_PAREN, TokenType.R_PAREN
_TEXT = (TokenType.STRING, TokenType.HEREDOC_STRING)
_NO_WORDS = (*_TEXT, TokenType.IDENTIFIER)
_NOT_A_NAME = frozenset((*_TEXT, TokenType.NUMBER))


class Cursor:
    """See the module's text. `tokens` hold offsets into `text`."""

    __slots__ = ("exact_names", "index", "text", "tokens")

    def __init__(self, tokens: Sequence[Token], text: str, index: int = 0, exact_names: bool = False) -> None:
        self.tokens = tokens
        self.text = text
        self.index = index
        self.exact_names = exact_names

    # -- looking ---------------------------------------------------------------------------------

    @property
    def token(self) -> Token | None:
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    @property
    def position(self) -> int | None:
        """Offset of the present token."""
        token = self.token
        return None if token is None else token.start

    @property
    def done(self) -> bool:
        return self.index >= len(self.tokens)

    def word(self) -> str:
        """The present token in upper case when it is a bare word or symbol, else ''."""
        token = self.token
        if token is None or token.token_type in _TEXT or token.token_type is TokenType.IDENTIFIER:
            return ""
        return token.text.upper()

    def at(self, *words: str) -> bool:
        """Whether the next tokens are these words."""
        return self._match(words) is not None

    def _match(self, words: Sequence[str]) -> int | None:
        """The index behind the words, of which a token may hold several (ORDER BY)."""
        if len(words) == 1:
            return self._match_one(words[0])
        index, matched = self.index, 0
        while matched < len(words):
            if index >= len(self.tokens):
                return None
            token = self.tokens[index]
            if token.token_type in _TEXT or token.token_type is TokenType.IDENTIFIER:
                return None
            for part in token.text.upper().split() or [""]:
                if matched >= len(words) or part != words[matched].upper():
                    return None
                matched += 1
            index += 1
        return index

    def _match_one(self, word: str) -> int | None:
        index = self.index
        if index >= len(self.tokens):
            return None
        token = self.tokens[index]
        text = token.text
        if text != word and text.upper() != word.upper():
            return None
        return None if token.token_type in _NO_WORDS else index + 1

    # -- moving ----------------------------------------------------------------------------------

    def accept(self, *words: str) -> bool:
        index = self._match(words)
        if index is None:
            return False
        self.index = index
        return True

    def accept_any(self, *words: str) -> str | None:
        """Accept one of several words; which."""
        for word in words:
            if self.accept(word):
                return word
        return None

    def at_any(self, *words: str) -> bool:
        """Whether the present token is one of several words."""
        return any(self.at(word) for word in words)

    def expect(self, *words: str) -> None:
        if not self.accept(*words):
            raise self.error()

    def next(self) -> Token:
        token = self.token
        if token is None:
            raise self.error()
        self.index += 1
        return token

    def error(self) -> SqlSyntaxError:
        """A syntax error at the present token."""
        token = self.token
        if token is None:
            return SqlSyntaxError("syntax error at end of input", position=len(self.text.rstrip()))
        return syntax_error(token)

    def finish(self) -> None:
        """Nothing may follow."""
        if not self.done:
            raise self.error()

    # -- reading ---------------------------------------------------------------------------------

    def name(self) -> str:
        """An identifier, folded to lower case; a reserved word is none unless it is quoted."""
        token = self.token
        if token is not None and token.text.lower() in RESERVED and token.token_type is not TokenType.IDENTIFIER:
            raise self.error()
        return self.any_word()

    def any_word(self) -> str:
        """A name or any keyword (of an encoding, a type, a setting), folded to lower case."""
        token = self.token
        if token is None or token.token_type in _NOT_A_NAME or not _wordlike(token):
            raise self.error()
        if not token.text:
            raise SqlSyntaxError('zero-length delimited identifier at or near """"', position=token.start)
        self.index += 1
        return token.text.lower()

    def string(self) -> str:
        token = self.token
        if token is None or token.token_type not in _TEXT:
            raise self.error()
        self.index += 1
        return token.text

    def name_or_string(self) -> str:
        """A name, which may be written as a string."""
        return self.string() if self.at_string() else self.name()

    def user(self) -> str:
        """A user's name, in one of the three ways to write it."""
        token = self.token
        if token is not None and token.token_type is TokenType.IDENTIFIER:
            self.index += 1
            return token.text
        return self.name_or_string()

    def at_string(self) -> bool:
        return self.token is not None and self.token.token_type in _TEXT

    def at_number(self) -> bool:
        return self.token is not None and self.token.token_type is TokenType.NUMBER

    def integer(self) -> int:
        """A whole number with an optional sign."""
        negative = self.accept("-")
        if not negative:
            self.accept("+")
        token = self.token
        if token is None or token.token_type is not TokenType.NUMBER or not token.text.isdigit():
            raise self.error()
        self.index += 1
        return -int(token.text) if negative else int(token.text)

    def number(self) -> Decimal:
        """A number without a sign."""
        if not self.at_number():
            raise self.error()
        return Decimal(self.next().text)

    def relation(self, part: Callable[[], str] | None = None) -> RelationName:
        """[[database.]schema.]name; another database than the session's is refused. `part` reads one: `name`,
        unless said otherwise."""
        position, part = self.position, part or self.name
        parts = [part()]
        while self.accept("."):
            parts.append(part())
        if len(parts) == 3 and parts[0].lower() == DATABASE:
            del parts[0]
        if len(parts) > 2:
            raise SqlSyntaxError(
                f'cross-database references are not supported here: "{".".join(parts)}"', position=position
            )
        return RelationName(parts[0] if len(parts) == 2 else None, parts[-1], position)

    def list_of(self, read: Callable[[], T]) -> tuple[T, ...]:
        """Items separated by commas, at least one."""
        items = [read()]
        while self.accept(","):
            items.append(read())
        return tuple(items)

    def names(self) -> tuple[str, ...]:
        """( name, ... )"""
        self.expect("(")
        names = self.list_of(self.name)
        self.expect(")")
        return names

    def group(self) -> tuple[int, int]:
        """(first, behind last) index of the tokens inside the next parentheses; moves behind them."""
        self.expect("(")
        start, depth = self.index, 1
        while self.index < len(self.tokens):
            kind = self.tokens[self.index].token_type
            depth += (kind is _OPEN) - (kind is _CLOSE)
            self.index += 1
            if depth == 0:
                return start, self.index - 1
        raise self.error()

    def expressions(self) -> tuple[Any, ...]:
        """( expression, ... ): their trees."""
        start, end = self.group()
        found, depth = [], 0
        for i in range(start, end + 1):
            kind = self.tokens[i].token_type
            depth += (kind is _OPEN) - (kind is _CLOSE)
            if i == end or (depth == 0 and kind is TokenType.COMMA):
                found.append(self.expression(start, i))
                start = i + 1
        return tuple(found)

    # -- sqlglot ---------------------------------------------------------------------------------

    def query(self) -> Any:
        """All that is left, as a query's tree."""
        if self.done:
            raise self.error()
        rest = self.tokens[self.index :]
        self.index = len(self.tokens)
        return parse_query(self.text, rest)

    def expression(self, start: int, end: int) -> Any:
        """The tree of the scalar expression in tokens[start:end]."""
        if start >= end:
            raise self.error()
        return parse_expression(self.text, self.tokens[start:end])

    def source(self, start: int, end: int) -> str:
        """The text of tokens[start:end]."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end + 1]


def _wordlike(token: Token) -> bool:
    """Whether the token could be an identifier: a quoted one, or a word (any keyword)."""
    if token.token_type is TokenType.IDENTIFIER:
        return True
    first = token.text[:1]
    return first.isalpha() or first in ("_", "#")
