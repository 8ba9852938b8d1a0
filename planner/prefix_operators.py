"""The operators that stand before their operand: ~ (bits), @ (absolute value), |/ and ||/ (roots).

In PostgreSQL's grammar, which Redshift has, they bind less than arithmetic does:

    ~ 1 + 1       ~ (1 + 1)          |/ 16 + 9       |/ (16 + 9)          @ -5 + 3      abs(-5 + 3)

sqlglot's parser lets them bind more than everything and knows no @, so their operands get parentheses before it reads
them. An operand ends where the next operator binds no more than they do: a comparison, |, &, #, ||, <<, a keyword.
"""
from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from sqlglot.dialects.redshift import Redshift
from sqlglot.tokens import Token, TokenType

PREFIXES = ("~", "@", "|/", "||/")
_ARITHMETIC = ("+", "-", "*", "/", "%", "^")
_OPENING, _CLOSING = ("(", "["), (")", "]")
_LITERALS = ("DATE", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TIMETZ", "INTERVAL")
# Tokens behind which a value has ended, so that ~ is the operator of patterns and @ part of another one.
_VALUES = (TokenType.VAR, TokenType.IDENTIFIER, TokenType.NUMBER, TokenType.STRING)
_NO_VALUES = ("AND", "OR", "NOT", "SELECT", "WHERE", "ON", "HAVING", "WHEN", "THEN", "ELSE", "BETWEEN", "IN", "LIKE",
              "BY", "DISTINCT", "ALL", "!", "QUALIFY", "RETURNING", "AS", "CASE", "LIMIT", "OFFSET")


def parenthesised(tokens: Sequence[Token]) -> list[Token]:
    """The tokens with parentheses around the operands of prefix operators; @ becomes a call of abs."""
    found = list(tokens)
    for sign, word in pairwise(found):
        if sign.text == "@" and word.token_type is TokenType.VAR:  # the tokenizer takes any word there for a variable
            word.token_type = Redshift.Tokenizer.KEYWORDS.get(word.text.upper(), word.token_type)
    for i in range(len(found) - 1, -1, -1):  # from the right: inner ones first
        token = found[i]
        if token.text in PREFIXES and token.token_type not in (TokenType.STRING, TokenType.IDENTIFIER) and (
                _is_prefix(found, i)):
            end = _operand(found, i + 1)
            if end > i + 1:
                first, last = found[i + 1], found[end - 1]
                found.insert(end, _mark(TokenType.R_PAREN, ")", last))
                found.insert(i + 1, _mark(TokenType.L_PAREN, "(", first))
                if token.text == "@":
                    found[i] = _mark(TokenType.VAR, "abs", token)
    return found


def _mark(kind: TokenType, text: str, place: Token) -> Token:
    return Token(kind, text, place.line, place.col, place.start, place.end)


def _is_prefix(tokens: Sequence[Token], at: int) -> bool:
    """Whether no value stands before."""
    if at == 0:
        return True
    before = tokens[at - 1]
    if before.token_type in _VALUES:
        return before.token_type is TokenType.VAR and before.text.upper() in _NO_VALUES
    return before.text not in _CLOSING and before.text.upper() != "END" and (
        not before.text[:1].isalpha() or before.text.upper().split()[-1] in _NO_VALUES)


def _operand(tokens: Sequence[Token], start: int) -> int:
    """The index behind the arithmetic that begins at `start`; `start` where there is none."""
    at = start
    while True:
        while at < len(tokens) and tokens[at].text in ("+", "-"):
            at += 1
        behind = _value(tokens, at)
        if behind == at:
            return start
        at = behind
        if at >= len(tokens) or tokens[at].text not in _ARITHMETIC or tokens[at].token_type is TokenType.STRING:
            return at
        at += 1


def _value(tokens: Sequence[Token], at: int) -> int:
    """The index behind one value with its casts, elements and calls."""
    if at >= len(tokens):
        return at
    token = tokens[at]
    if token.text in _OPENING:
        end = _group(tokens, at)
    elif token.text == "$" and token.token_type is TokenType.PARAMETER:  # $1
        end = at + 2
    elif token.text.upper() == "CASE" and token.token_type is TokenType.CASE:
        end = _case(tokens, at)
    elif token.token_type in _VALUES or token.text[:1].isalpha():
        end = at + 1
        if token.text.upper() in _LITERALS and end < len(tokens) and tokens[end].token_type is TokenType.STRING:
            end += 1
    else:
        return at
    while end < len(tokens) and tokens[end].token_type is not TokenType.STRING:
        text = tokens[end].text
        if text in _OPENING:
            end = _group(tokens, end)
        elif text in (".", "::") and end + 1 < len(tokens):
            end += 2
        else:
            break
    return end


def _group(tokens: Sequence[Token], at: int) -> int:
    depth = 0
    for i in range(at, len(tokens)):
        if tokens[i].token_type is not TokenType.STRING:
            depth += (tokens[i].text in _OPENING) - (tokens[i].text in _CLOSING)
        if depth == 0:
            return i + 1
    return len(tokens)


def _case(tokens: Sequence[Token], at: int) -> int:
    depth = 0
    for i in range(at, len(tokens)):
        depth += (tokens[i].token_type is TokenType.CASE) - (tokens[i].token_type is TokenType.END)
        if depth == 0:
            return i + 1
    return len(tokens)
